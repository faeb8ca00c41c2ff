// @ts-check
import { language, t } from "../i18n.js";
import { dayAndTime, timeOfDay } from "./format.js";
import { badge, bdi, button } from "./parts.js";
import { isDetained, seatOf } from "./state.js";
import { waitingStatus } from "./status.js";
import { h, icon } from "./vdom.js";
import { preview } from "./view_tiles.js";

/**
 * Each waits alone: the lobby, and the witness room, which is out of hearing.
 *
 * @typedef {import("./room.js").Room} Room
 */

/** @param {Room} room @param {boolean} witness */
export function waiting(room, witness) {
  const status = waitingStatus(room.state, room.now());
  const params = { ...status.detail.params };
  if (typeof params.time === "string") params.time = timeOfDay(params.time, language(), room.page.zone);
  return h(
    "div",
    { key: "waiting", class: "waiting" },
    h("section", { key: "card", class: "panel waiting-card" },
      h("p", { key: "where", class: "waiting-where" }, witness ? t("Witness room") : t("Lobby")),
      h("div", { key: "status", class: "stack-sm", role: "status" },
        h("h2", { class: ["waiting-status", `status-${status.code}`] }, statusSign(status.code), t(status.title.text, status.title.params)),
        h("p", { class: "lead" }, t(status.detail.text, params))),
      witness ? h("p", { key: "witness", class: "lead" }, t("Witnesses wait out of hearing and are called one by one. You hear nothing of the sitting until then.")) : null,
      h("p", { key: "alone", class: "hint" }, t("You are alone here. Nobody hears or sees you except the court's staff, who see your picture when they check your identity.")),
      h("div", { key: "looked", role: "status" },
        room.state.me.looked_at ? h("p", { class: "lead" }, t("The court's staff see your picture now, to check your identity.")) : null),
      facts(room),
    ),
    h("section", { key: "self", class: "panel waiting-self", "aria-label": t("You") },
      preview(room),
      who(room),
      h("div", { key: "kit", class: "row" }, kit(room)),
      h("p", { key: "recorded", class: "hint" }, recording(room)),
    ),
  );
}

/** @param {string} code */
function statusSign(code) {
  if (code === "in_session") return icon("gavel", "icon-32");
  if (code === "delayed" || code === "late") return icon("clock-countdown", "icon-32");
  return code === "suspended" ? icon("warning", "icon-32") : icon("clock", "icon-32");
}

/** @param {Room} room */
function facts(room) {
  const { sitting } = room.state;
  return h("dl", { key: "facts", class: "facts" },
    h("div", {}, h("dt", {}, t("Case")), h("dd", {}, bdi(sitting.case_number), h("small", {}, bdi(sitting.case_title)))),
    h("div", {}, h("dt", {}, t("Kind of sitting")), h("dd", {}, t(sitting.kind_title))),
    h("div", {}, h("dt", {}, t("Booked for")), h("dd", {}, dayAndTime(sitting.starts_at, language(), room.page.zone))),
  );
}

/** @param {Room} room */
function who(room) {
  const seat = seatOf(room.state, room.state.me.seat);
  if (seat === undefined) return null;
  return h("p", { key: "who", class: "waiting-who" },
    h("strong", {}, bdi(seat.name)), h("span", {}, t(seat.role_title)),
    seat.kit === null ? null : seat.kit.result === "good" ? badge(t("Kit check: good"), "success") : badge(t("Kit check done"), "warning"));
}

/** @param {Room} room */
function kit(room) {
  if (isDetained(room.state) || room.page.kitUrl === "") return null;
  return button(t("Check camera, sound and line"), {
    onclick: () => room.checkKit(),
    icon: icon("sliders-horizontal"),
    kind: "btn-outline",
  });
}

/** @param {Room} room */
function recording(room) {
  const wish = room.state.sitting.recording;
  if (wish === "forbidden") return t("This sitting is never recorded. The court, and everybody in it, must not record it either.");
  return t("The sitting is recorded while it is on record. To record it yourself is an offence.");
}
