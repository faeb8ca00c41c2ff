// @ts-check
import { t } from "../i18n.js";
import { camera } from "./dialogs.js";
import { area, badge, bdi, button, command, field, notice } from "./parts.js";
import { aloneText, oathText } from "./phrases.js";
import { may, seatOf } from "./state.js";
import { h, icon } from "./vdom.js";

/**
 * At the door and before testimony: who is not proved, the room that is shown, the oath.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./room.js").Dialog} Dialog
 * @typedef {import("./types.js").Seat} Seat
 */

/** @param {FormData} form @param {string} name */
const text = (form, name) => String(form.get(name) ?? "").trim();

/** @param {Room} room @param {string} seat */
const nameOf = (room, seat) => seatOf(room.state, seat)?.name ?? "";

/** @param {string} name @param {string} value @param {string} label */
const choice = (name, value, label) =>
  h("label", { class: "check-row" }, h("input", { type: "radio", name, value, required: true }), h("span", {}, label));

/** @param {string} seat @returns {Dialog} */
const admitUnproved = (seat) => ({
  key: `admit-unproved-${seat}`,
  title: (room) => t("Admit %(name)s, whose identity is not proved", { name: nameOf(room, seat) }),
  body: () => [
    h("p", { key: "lead" }, t("The bench sees all the time that the identity is not proved, the record says so, and this person cannot take an oath.")),
    field("reason", t("Reason, for the record"), area("reason", { required: true })),
  ],
  confirm: () => t("Admit"),
  danger: true,
  submit: async (form, room) => void (await room.ask("admit_unproved", { seat, reason: text(form, "reason") })),
});

/** @param {Seat | undefined} seat */
const roomStep = (seat) =>
  seat === undefined || seat.alone === "" ? t("This person has not been asked yet to show the room.") : t(aloneText(seat.alone));

const KINDS = /** @type {Record<string, "" | "info" | "success" | "error">} */ ({ asked: "", declared: "info", confirmed: "success", not_alone: "error" });

/** @param {string} seat @returns {Dialog} */
const roomSeen = (seat) => ({
  key: `room-${seat}`,
  looksAt: seat,
  title: (room) => t("The room of %(name)s", { name: nameOf(room, seat) }),
  body: (room) => [
    h("div", { key: "face", class: "identity", "data-track": `${seat}/camera` }, ...camera(room, seat)),
    h("p", { key: "state", role: "status" }, roomStep(seatOf(room.state, seat))),
    h("fieldset", { key: "alone", class: "roll" },
      h("legend", {}, t("What the camera showed")),
      choice("alone", "yes", t("nobody else is in the room")),
      choice("alone", "no", t("somebody else is in the room"))),
    field("others", t("Who else is in the room, by role (empty if nobody)"), area("others", { rows: 2 })),
  ],
  confirm: () => t("Write to the record"),
  submit: async (form, room) =>
    void (await room.ask("room_seen", { seat, alone: text(form, "alone") === "yes", others: text(form, "others") })),
});

/** @param {string} seat @returns {Dialog} */
const oath = (seat) => ({
  key: `oath-${seat}`,
  title: (room) => t("Oath of %(name)s", { name: nameOf(room, seat) }),
  body: (room) => {
    const rule = seatOf(room.state, seat)?.oath_rule ?? null;
    if (rule === null) return [];
    return [
      h("blockquote", { key: "ar", class: "oath", lang: "ar", dir: "rtl" }, rule.ar),
      h("blockquote", { key: "en", class: "oath", lang: "en", dir: "ltr" }, rule.en),
      h("p", { key: "source", class: "hint" }, t("Source"), ": ", bdi(rule.source)),
      rule.from_age === 0 ? null : h("label", { key: "age", class: "check-row" },
        h("input", { type: "checkbox", name: "of_age" }),
        h("span", {}, t("The person is %(age)s years old or older", { age: rule.from_age }))),
      h("fieldset", { key: "result", class: "roll" },
        h("legend", {}, t("What became of the oath")),
        choice("result", "taken", t("taken")),
        choice("result", "affirmed", t("affirmed")),
        choice("result", "refused", t("refused")),
        rule.from_age === 0 ? null : choice("result", "not_sworn", t("heard without an oath, too young"))),
    ];
  },
  confirm: () => t("Write to the record"),
  submit: async (form, room) => {
    const rule = seatOf(room.state, seat)?.oath_rule;
    const of_age = !rule || rule.from_age === 0 || form.has("of_age");
    await room.ask("oath", { seat, result: text(form, "result"), of_age });
  },
});

/** What hosts see of a seat. @param {Seat} seat */
export const doorFacts = (seat) => [
  seat.unproved ? badge(t("Admitted by the presiding judge without proof"), "error", icon("warning", "icon-16")) : null,
  seat.alone === "" ? null : badge(t(aloneText(seat.alone)), KINDS[seat.alone]),
  oathSign(seat),
];

/** Everybody in the hearing knows who is sworn. @param {Seat} seat */
export const oathSign = (seat) =>
  seat.oath === "" ? null : badge(t(oathText(seat.oath)), seat.oath === "taken" || seat.oath === "affirmed" ? "success" : "warning");

/** What hosts may do with a seat, beside admitting it. @param {Room} room @param {Seat} seat */
export function doorActions(room, seat) {
  const about = `name-${seat.id}`;
  const waits = seat.place === "lobby" || seat.place === "witness_room";
  return [
    waits && seat.identity === "not_proved" ? command(room, "admit_unproved", t("Admit without proof"), { dialog: admitUnproved(seat.id), kind: "btn-outline btn-danger", about }) : null,
    seat.place === "hearing" && seat.oath_rule !== null && seat.oath === "" ? command(room, "oath", t("Oath"), { dialog: oath(seat.id), about }) : null,
  ];
}

/** The rarer ones. @param {Room} room @param {Seat} seat */
export const doorMenu = (room, seat) => [
  seat.shows_room && seat.present ? command(room, "ask_room", t("Ask to see the room"), { fields: { seat: seat.id }, icon: icon("video-camera") }) : null,
  seat.shows_room && seat.present ? command(room, "room_seen", t("Room seen"), { dialog: roomSeen(seat.id), icon: icon("eye") }) : null,
  seat.place === "hearing" && seat.oath_rule !== null && seat.oath !== "" ? command(room, "oath", t("Oath"), { dialog: oath(seat.id) }) : null,
];

/** What one's own page says: not proved, and the room to show. @param {Room} room */
export function doorNotices(room) {
  const seat = seatOf(room.state, room.state.me.seat);
  if (seat === undefined || room.state.me.host) return [];
  const unproved = seat.identity === "not_proved" && !seat.unproved;
  const asked = seat.alone === "asked";
  return [
    unproved ? notice("unproved", t("Your identity is not proved. Show your document again when the clerk asks; else only the presiding judge can let you in."), [], icon("identification-card")) : null,
    asked ? notice("alone", t("Turn your camera slowly once around the room, then declare that nobody else is in it."),
      [may(room.state, "declare_alone") ? button(t("I showed the room, and I am alone in it"), { onclick: () => void room.act("declare_alone", {}) }) : null], icon("video-camera")) : null,
  ];
}
