// @ts-check
import { language, setLanguage, t, tn } from "../i18n.js";
import { clockOfDay, minutesUntil, recordClock, timeOfDay } from "./format.js";
import { badge, bdi, button } from "./parts.js";
import { recordText } from "./phrases.js";
import { viewOf } from "./state.js";
import { inSession, phaseText, waitingStatus } from "./status.js";
import { h, icon } from "./vdom.js";
import { channelBar } from "./view_channels.js";
import { controls } from "./view_controls.js";
import { ended } from "./view_end.js";
import { hostBar } from "./view_host.js";
import { notices } from "./view_notices.js";
import { ago, clockNow, panel } from "./view_panel.js";
import { privateRoom, stepOut } from "./view_private.js";
import { preview, stage } from "./view_tiles.js";
import { waiting } from "./view_waiting.js";

/**
 * The page as a whole: what stands in every view, and the view in its middle.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./vdom.js").VChild} VChild
 */

/** Views that may be longer than a phone and hold little to focus. */
const SCROLLS = new Set(["lobby", "witness_room", "ended", "step_out"]);

/** @param {Room} room @returns {VChild[]} children of the page's root */
export function shell(room) {
  const view = viewOf(room.model);
  const { link, state } = room.model;
  Object.assign(document.documentElement.dataset, { view, link, phase: state?.phase ?? "", record: state?.record.state ?? "" });
  return [top(room, view), notices(room), h("div", { key: "view", class: ["view", `view-${view}`], tabindex: SCROLLS.has(view) ? "0" : null }, ...middle(room, view)), foot(room, view), dialog(room)];
}

/** @param {Room} room @param {string} view @returns {VChild[]} */
function middle(room, view) {
  if (view === "connecting") return [connecting()];
  if (view === "ended") return [ended(room)];
  if (view === "step_out") return [stepOut(room)];
  if (view === "private") return withPanel(room) ? [h("div", { key: "hearing", class: "hearing" }, privateRoom(room), panel(room))] : [privateRoom(room)];
  if (view === "lobby") return [waiting(room, false)];
  if (view === "witness_room") return [waiting(room, true)];
  return [hostBar(room), h("div", { key: "hearing", class: "hearing" }, stage(room, quiet(room)), panel(room))];
}

const connecting = () =>
  h("div", { key: "connecting", class: "connecting", role: "status" },
    h("span", { class: "spinner spinner-big", "aria-hidden": "true" }), h("p", {}, t("Connecting to the court's server")));

/** @param {Room} room @param {string} view */
function foot(room, view) {
  if (view === "connecting" || view === "ended" || view === "step_out") return null;
  return h("div", { key: "foot", class: "foot" },
    view === "private" ? null : channelBar(room), controls(room, { panel: view === "hearing" || (view === "private" && withPanel(room)) }));
}

/** An officiant hears somebody alone and writes the conclusion there; who cannot speak answers in writing.
 * @param {Room} room */
const withPanel = (room) => room.state.sitting.kind === "marriage_contract";

/** @param {Room} room @param {string} view */
function top(room, view) {
  const state = room.model.state;
  return h(
    "header",
    { key: "top", class: "top" },
    h("div", { key: "case", class: "top-case" },
      icon("scales-fill", "icon-24 top-mark"),
      h("h1", {}, state === null ? t("Mahdar") : h("bdi", { class: "top-number" }, state.sitting.case_number),
        state === null ? null : h("span", { class: "top-title" }, bdi(state.sitting.case_title)))),
    state === null || view === "ended" ? null : h("div", { key: "state", class: "top-state" }, ...status(room, view)),
    h("button", {
      key: "language", type: "button", class: "top-language", lang: room.otherLanguage(),
      onclick: () => void setLanguage(room.otherLanguage()),
    }, icon("translate"), h("span", {}, room.otherLanguage() === "ar" ? "العربية" : "English")),
  );
}

/** @param {Room} room @param {string} view @returns {VChild[]} */
function status(room, view) {
  const { phase, record, sitting, me } = room.state;
  if (view === "private" || view === "step_out") return [badge(t("Private, not recorded"), "", icon("lock-key", "icon-16"))];
  const seen = me.host || me.place === "hearing";
  return [
    seen ? h("span", { key: "record", class: ["rec", `rec-${record.state}`, phase === "on_record" && "rec-on"] },
      h("span", { class: "dot", "aria-hidden": "true" }),
      h("strong", {}, t(phaseText(phase))),
      ...proof(room)) : null,
    sitting.public || !seen ? null : badge(t("Closed session"), "warning", icon("eye-slash", "icon-16")),
    h("time", { key: "clock", class: "top-clock" }, clockOfDay(new Date(room.now()), room.page.zone)),
  ];
}

/** @param {Room} room */
function proof(room) {
  const { record, me } = room.state;
  if (record.state === "forbidden") return [h("span", { class: "proof" }, t(recordText("forbidden")))];
  if (record.state === "starting") return [h("span", { class: "proof" }, t(recordText("starting")))];
  if (record.state !== "recording") return [];
  const parts = [h("bdi", { key: "clock", class: "clock" }, recordClock(clockNow(room)))];
  if (me.host && record.verified_at !== null && record.since !== null) {
    const since = timeOfDay(record.since, language(), room.page.zone);
    const tracks = tn("%(n)s track", "%(n)s tracks", record.tracks.length);
    parts.push(h("span", { key: "proof", class: "proof" },
      t("since %(since)s, last proven %(ago)s, %(tracks)s", { since, ago: ago(room, record.verified_at), tracks })));
  }
  return parts;
}

/** What stands on the stage while nobody is heard. @param {Room} room @returns {VChild} */
function quiet(room) {
  const { phase, recess_until: until, me } = room.state;
  if (inSession(phase) && me.place === "hearing") return null;
  const recess = phase === "recess";
  const status = waitingStatus(room.state, room.now());
  const title = recess ? t("Recess") : me.host && !inSession(phase) ? t("The sitting is not open yet") : t(status.title.text);
  const detail = recess
    ? t("Nobody hears anybody, and nothing is recorded.")
    : t("Nobody hears anybody. Let people in once you have opened the sitting.");
  return h(
    "div",
    { key: "quiet", class: "quiet" },
    h("div", { class: "quiet-card" },
      recess ? icon("pause-circle", "icon-48") : icon("gavel", "icon-48"),
      h("h2", {}, title),
      h("p", {}, detail),
      recess && until !== null
        ? h("p", { class: "quiet-time" }, t("It goes on at %(time)s", { time: timeOfDay(until, language(), room.page.zone) }), " · ",
            tn("%(n)s minute left", "%(n)s minutes left", minutesUntil(until, room.now())))
        : null,
      preview(room)),
  );
}

/** The one dialog, filled from `ui.dialog`. @param {Room} room */
function dialog(room) {
  const open = room.ui.dialog;
  return h(
    "dialog",
    {
      key: "dialog",
      class: "dialog",
      "aria-labelledby": "dialog-title",
      oncancel: (/** @type {Event} */ event) => { event.preventDefault(); room.close(); },
      ref: (/** @type {HTMLDialogElement} */ element) => {
        if (open !== null && !element.open) element.showModal();
        if (open === null && element.open) element.close();
      },
    },
    open === null ? null : h(
      "form",
      { key: open.key, class: "dialog-body", onsubmit: (/** @type {SubmitEvent} */ event) => void room.submit(event) },
      h("h2", { key: "title", id: "dialog-title", class: "section-title mb-0" }, open.title(room)),
      room.ui.dialogError === "" ? null : h("p", { key: "error", class: "alarm alarm-small", role: "alert" }, room.ui.dialogError,
        room.ui.dialogWhy === "" ? null : h("a", { href: room.ui.dialogWhy, target: "_blank" }, t("Why may I not?"))),
      ...open.body(room),
      h("div", { key: "actions", class: "dialog-actions" },
        button(open.confirm === null ? t("Close") : t("Cancel"), { key: "cancel", onclick: () => room.close(), kind: "btn-outline" }),
        open.confirm === null ? null : h("button", {
          key: "ok", type: "submit", class: ["aegov-btn btn-sm", open.danger && "btn-danger"],
        }, open.confirm(room))),
    ),
  );
}
