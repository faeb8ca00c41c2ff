// @ts-check
import { t } from "../i18n.js";
import { clockOfDay, recordClock, secondsSince } from "./format.js";
import { area, badge, bdi, command, field, menu } from "./parts.js";
import { recordText, trackText } from "./phrases.js";
import { may, seatOf } from "./state.js";
import { h, icon } from "./vdom.js";
import { exhibits, hasExhibits } from "./view_exhibits.js";
import { people } from "./view_people.js";

/**
 * The side panel: people, agenda, log notes, the record.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {"people" | "deed" | "exhibits" | "agenda" | "notes" | "record"} Tab
 */

/** @param {Room} room */
export function panel(room) {
  const tabs = available(room);
  const tab = tabs.some((item) => item.id === room.ui.tab) ? room.ui.tab : "people";
  return h(
    "aside",
    { key: "panel", id: "panel", class: ["side", room.ui.panel && "side-open"], "aria-label": t("People, agenda and record") },
    h("div", { key: "tabs", class: "tabs", role: "tablist", "aria-label": t("Panel"), onkeydown: arrows },
      ...tabs.map((item) => tabButton(room, item, item.id === tab))),
    h("button", { key: "close", type: "button", class: "icon-button side-close", "aria-label": t("Close the panel"), onclick: () => room.set({ panel: false }) }, icon("x")),
    h("div", { key: "body", class: "side-body", role: "tabpanel", id: "panel-body", "aria-labelledby": `tab-${tab}`, tabindex: "0" }, content(room, tab)),
  );
}

/** The act of the sitting, in a word. @param {Room} room */
export const partTitle = (room) => (room.state.sitting.kind === "marriage_contract" ? t("Marriage") : t("Deed"));

/** @param {Room} room @returns {{ id: Tab, label: string }[]} */
function available(room) {
  const { agenda, notes, record, me } = room.state;
  const tabs = [{ id: /** @type {Tab} */ ("people"), label: t("People") }];
  if (room.deed !== null) tabs.push({ id: "deed", label: partTitle(room) });
  if (agenda.length > 0) tabs.push({ id: "agenda", label: t("Agenda") });
  if (hasExhibits(room)) tabs.push({ id: "exhibits", label: t("Exhibits") });
  if (notes.length > 0 || may(room.state, "note") || me.host) tabs.push({ id: "notes", label: t("Notes") });
  if (record.state !== "forbidden" && (me.host || record.tracks.length > 0)) tabs.push({ id: "record", label: t("Record") });
  return tabs;
}

/** @param {Room} room @param {{ id: Tab, label: string }} item @param {boolean} selected */
const tabButton = (room, item, selected) =>
  h(
    "button",
    {
      key: item.id,
      type: "button",
      id: `tab-${item.id}`,
      role: "tab",
      class: "tab",
      "aria-selected": String(selected),
      "aria-controls": "panel-body",
      tabindex: selected ? "0" : "-1",
      onclick: () => room.set({ tab: item.id }),
    },
    item.label,
  );

/** Arrow keys follow the direction of reading. @param {KeyboardEvent} event */
function arrows(event) {
  const rtl = document.documentElement.dir === "rtl";
  const step = event.key === (rtl ? "ArrowLeft" : "ArrowRight") ? 1 : event.key === (rtl ? "ArrowRight" : "ArrowLeft") ? -1 : 0;
  if (step === 0) return;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
  event.preventDefault();
}

/** @param {Room} room @param {Tab} tab */
function content(room, tab) {
  if (tab === "deed") return h("div", { key: "deed", class: "deed-host", foreign: true, ref: (/** @type {HTMLElement} */ node) => room.deed?.attach(node) });
  if (tab === "agenda") return agenda(room);
  if (tab === "exhibits") return exhibits(room);
  if (tab === "notes") return notes(room);
  return tab === "record" ? record(room) : people(room);
}

/** @param {Room} room */
function agenda(room) {
  const host = may(room.state, "agenda");
  return h(
    "ol",
    { key: "agenda", class: "agenda" },
    ...room.state.agenda.map((step) =>
      h(
        "li",
        { key: step.id, class: ["step", `step-${step.state}`], "aria-current": step.state === "current" ? "step" : null },
        h("span", { class: "step-sign", "aria-hidden": "true" }, stepSign(step.state)),
        h("div", { class: "step-text" },
          h("strong", { id: `step-${step.id}` }, t(step.title)),
          h("span", { class: "hint" }, stepState(step.state), step.at === null ? null : ` · ${clockOfDay(step.at, room.page.zone)}`)),
        host ? stepActions(room, step) : null,
      ),
    ),
  );
}

/** @param {string} state */
function stepSign(state) {
  if (state === "done") return icon("check-circle-fill");
  if (state === "skipped") return icon("minus-circle");
  return state === "current" ? icon("caret-circle-right-fill", "icon-24 icon-directional") : icon("circle");
}

/** @param {string} state */
function stepState(state) {
  if (state === "done") return t("Done");
  if (state === "skipped") return t("Skipped");
  return state === "current" ? t("Now") : t("To come");
}

/** @param {Room} room @param {import("./types.js").AgendaItem} step */
function stepActions(room, step) {
  const to = (/** @type {string} */ state) => ({ step: step.id, state });
  const about = `step-${step.id}`;
  return h(
    "div",
    { class: "step-actions" },
    step.state === "open" ? command(room, "agenda", t("Start"), { fields: to("current"), about }) : null,
    step.state === "current" ? command(room, "agenda", t("Done"), { fields: to("done"), kind: "", about }) : null,
    menu(room, `step-${step.id}`, [
      step.state === "open" || step.state === "current" ? command(room, "agenda", t("Skip"), { fields: to("skipped") }) : null,
      step.state === "current" || step.state === "done" || step.state === "skipped" ? command(room, "agenda", t("Open again"), { fields: to("open") }) : null,
    ], { about }),
  );
}

/** @param {Room} room */
function notes(room) {
  const write = may(room.state, "note");
  return h(
    "div",
    { key: "notes", class: "notes" },
    write ? noteForm(room) : null,
    room.state.notes.length === 0 ? h("p", { key: "none", class: "hint" }, t("No log notes yet.")) : null,
    h("ol", { key: "list", class: "note-list", reversed: true },
      ...[...room.state.notes].reverse().map((note, i) =>
        h("li", { key: `${note.at}-${room.state.notes.length - i}` },
          h("span", { class: "hint" },
            h("bdi", { class: "clock" }, clockOfDay(note.at, room.page.zone)),
            note.clock_ms === null ? null : h("bdi", { class: "clock" }, ` ${t("record %(clock)s", { clock: recordClock(note.clock_ms) })}`),
            " · ", bdi(note.by)),
          h("p", { dir: "auto" }, note.text)))),
  );
}

/** @param {Room} room */
function noteForm(room) {
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("note") ?? "").trim();
    if (text !== "" && (await room.act("note", { text }))) form.reset();
  };
  return h(
    "form",
    { key: "form", class: "note-form", onsubmit: submit },
    field("note-text", t("Log note"), area("note", { rows: 2, maxlength: 2000, required: true }), t("Stamped on the record's clock when you send it.")),
    h("button", { key: "send", type: "submit", class: "aegov-btn btn-sm" }, t("Add note")),
  );
}

/** @param {Room} room */
function record(room) {
  const { record: now } = room.state;
  const on = now.state === "recording";
  return h(
    "div",
    { key: "record", class: "record" },
    h("p", { key: "state", class: ["record-state", `record-${now.state}`] },
      h("span", { class: "dot", "aria-hidden": "true" }), t(recordText(now.state))),
    h("dl", { key: "facts", class: "facts" },
      now.since === null || !on ? null : fact("since", t("Since"), clockOfDay(now.since, room.page.zone)),
      now.verified_at === null ? null : fact("verified", t("Last written and decoded again"), ago(room, now.verified_at)),
      on ? fact("clock", t("Record's clock"), recordClock(clockNow(room))) : null,
      fact("tracks", t("Tracks"), String(now.tracks.length)),
    ),
    h("ul", { key: "tracks", class: "track-list" },
      ...now.tracks.map((track) =>
        h("li", { key: `${track.seat}/${track.source}`, class: track.ok && track.reason === "" ? "track-ok" : "track-bad" },
          track.ok && track.reason === "" ? icon("check-circle-fill", "icon-20") : icon("warning-circle-fill", "icon-20"),
          h("div", { class: "track-text" },
            h("span", {}, bdi(seatOf(room.state, track.seat)?.name ?? ""), " · ", named(track.source)),
            h("div", { class: "track-facts" },
              ...judged(track),
              measured(track),
              track.verified_at === null ? null : h("span", { class: "hint" }, bdi(ago(room, track.verified_at)))))))),
    ...alarms(room),
    h("p", { key: "hint", class: "hint" }, t("A track is proven when the server has decoded what it wrote in the last seconds.")),
  );
}

/** @param {import("./types.js").TrackProof} track */
function judged(track) {
  const state = track.ok ? badge(t("Proven"), "success") : badge(t("Not proven"), "error");
  return track.reason === "" ? [state] : [state, badge(track.reason_text, track.ok ? "warning" : "error")];
}

/** How loud the newest sound is, how bright the newest picture: as decoded from disk. @param {import("./types.js").TrackProof} track */
function measured(track) {
  if (track.level_db !== null) {
    const level = Math.max(0, Math.min(60, track.level_db + 60));
    return h("meter", { class: "track-level", min: "0", max: "60", value: String(level), "aria-label": t("Recorded sound level"), title: `${track.level_db} dB` });
  }
  if (track.luma === null) return null;
  return h("meter", { class: "track-level", min: "0", max: "255", value: String(track.luma), "aria-label": t("Recorded brightness"), title: String(track.luma) });
}

/** @param {Room} room */
function alarms(room) {
  const list = room.state.record.alarms;
  if (list.length === 0) return [];
  return [
    h("h2", { key: "alarms-title", class: "record-title" }, t("Alarms of this record")),
    h("ol", { key: "alarms", class: "alarm-list", reversed: true }, ...[...list].reverse().map((one) =>
      h("li", { key: String(one.id) },
        h("bdi", { class: "clock" }, clockOfDay(one.at, room.page.zone)),
        h("span", {}, one.text, ...one.tracks.flatMap((track) => [" · ", bdi(seatOf(room.state, track.seat)?.name ?? ""), " ", named(track.source)])),
        one.noted_by === ""
          ? badge(t("Nobody took note of it yet"), "warning")
          : h("span", { class: "hint" }, t("noted by %(name)s", { name: seatOf(room.state, one.noted_by)?.name ?? "" }))))),
  ];
}

/** @param {string} source of a track */
function named(source) {
  const { text, params } = trackText(source);
  return t(text, params);
}

/** @param {string} key @param {string} name @param {string} value */
const fact = (key, name, value) => h("div", { key }, h("dt", {}, name), h("dd", {}, bdi(value)));

/** @param {Room} room @param {string} moment */
export const ago = (room, moment) => t("%(seconds)s s ago", { seconds: secondsSince(moment, room.now()) });

/** The record's clock runs on between two states. @param {Room} room */
export function clockNow(room) {
  const { clock_ms, state } = room.state.record;
  if (clock_ms === null) return 0;
  return state === "recording" ? clock_ms + (Date.now() - room.model.stateAt) : clock_ms;
}
