// @ts-check
import { language, t } from "../i18n.js";
import { consultable } from "./consult.js";
import { dayAndTime, fieldToUtc } from "./format.js";
import { area, bdi, check, field, input } from "./parts.js";
import { DOCUMENTS, documentText, placeText, sourceText } from "./phrases.js";
import { seatOf } from "./state.js";
import { Refused } from "./signal.js";
import { h } from "./vdom.js";

/**
 * The dialogs of hosts and of everyone else. Each is a form whose answer is one command.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./room.js").Dialog} Dialog
 * @typedef {import("./types.js").Seat} Seat
 */

/** @param {FormData} form @param {string} name */
const text = (form, name) => String(form.get(name) ?? "").trim();

/** @param {string} label */
const reasonField = (label) => field("reason", label, area("reason", { required: true }));

/** @returns {Dialog} */
export const offRecord = () => ({
  key: "off_record",
  title: () => t("Go off record"),
  body: () => [
    h("p", { key: "lead" }, t("The recording stops. What follows is heard by all in the hearing but is not part of the record.")),
    reasonField(t("Reason, for the record")),
  ],
  confirm: () => t("Go off record"),
  submit: async (form, room) => void (await room.ask("off_record", { reason: text(form, "reason") })),
});

/** @returns {Dialog} */
export const recess = () => ({
  key: "recess",
  title: () => t("Recess"),
  body: () => [
    h("p", { key: "lead" }, t("Nobody hears anybody during the recess, and nothing is recorded.")),
    field("minutes", t("Minutes"), input("minutes", { type: "number", min: "1", max: "480", value: "10", required: true })),
    field("reason", t("Reason (may be empty)"), area("reason")),
  ],
  confirm: () => t("Start the recess"),
  submit: async (form, room) =>
    void (await room.ask("recess", { minutes: Number(form.get("minutes")), reason: text(form, "reason") })),
});

/** @returns {Dialog} */
export const delay = () => ({
  key: "delay",
  title: () => t("Tell those who wait about a delay"),
  body: (room) => [
    h("p", { key: "lead" }, t("Everybody in the lobby reads it at once. 0 takes it back.")),
    field("minutes", t("Minutes after the booked time (in a recess: from now)"), input("minutes", { type: "number", min: "0", max: "480", value: String(room.state.delay?.minutes ?? 10), required: true })),
  ],
  confirm: () => t("Tell them"),
  submit: async (form, room) => void (await room.ask("delay", { minutes: Number(form.get("minutes")) })),
});

/** @returns {Dialog} */
export const publicity = () => ({
  key: "publicity",
  title: (room) => (room.state.sitting.public ? t("Close the session to the public") : t("Open the session to the public")),
  body: () => [reasonField(t("Reason, for the record"))],
  confirm: (room) => (room.state.sitting.public ? t("Close to the public") : t("Open to the public")),
  submit: async (form, room) =>
    void (await room.ask("publicity", { public: !room.state.sitting.public, reason: text(form, "reason") })),
});

/** @param {boolean} required @param {string} label */
const when = (required, label) =>
  field("to", label, input("to", { type: "datetime-local", required, step: "300" }));

/** @param {FormData} form @param {Room} room */
const moment = (form, room) => fieldToUtc(text(form, "to"), room.page.zone);

/** @returns {Dialog} */
export const adjourn = () => ({
  key: "adjourn",
  title: () => t("Adjourn the sitting"),
  body: () => [
    h("p", { key: "lead" }, t("This sitting ends. It continues at the date you give.")),
    when(true, t("Continues at")),
    reasonField(t("Reason, for the record")),
  ],
  confirm: () => t("Adjourn"),
  danger: true,
  submit: async (form, room) =>
    void (await room.ask("adjourn", { to: moment(form, room), reason: text(form, "reason") })),
});

/** @returns {Dialog} */
export const reserve = () => ({
  key: "reserve",
  title: () => t("Reserve judgment"),
  body: () => [
    h("p", { key: "lead" }, t("The sitting ends and the case is kept for judgment.")),
    when(false, t("Judgment will be given at (may be empty)")),
    field("reason", t("Words for the record (may be empty)"), area("reason")),
  ],
  confirm: () => t("Reserve judgment"),
  danger: true,
  submit: async (form, room) =>
    void (await room.ask("reserve", { to: moment(form, room) || null, reason: text(form, "reason") })),
});

/** @returns {Dialog} */
export const closeSitting = () => ({
  key: "close",
  title: () => t("End the sitting"),
  body: () => [
    h("p", { key: "lead" }, t("Everybody leaves and the record is closed. This cannot be undone.")),
    check("sure", t("Yes, end this sitting"), { required: true }),
  ],
  confirm: () => t("End the sitting"),
  danger: true,
  submit: async (_form, room) => void (await room.ask("close")),
});

const ROLLS = [
  { value: "present", label: () => t("Present") },
  { value: "absent", label: () => t("Absent") },
  { value: "represented", label: () => t("Represented") },
];

/** @param {Seat} seat */
const likely = (seat) => seat.roll || (seat.present ? "present" : "absent");

/** @returns {Dialog} */
export const rollCall = () => ({
  key: "roll_call",
  title: () => t("Roll call"),
  body: (room) => [
    h("p", { key: "lead" }, t("Call each person. What you choose here is written to the record.")),
    ...room.state.seats.map((seat) =>
      h(
        "fieldset",
        { key: seat.id, class: "roll" },
        h("legend", {}, h("span", {}, t(seat.role_title)), " ", bdi(seat.name)),
        ...ROLLS.map(({ value, label }) =>
          h(
            "label",
            { key: value, class: "check-row" },
            h("input", { type: "radio", name: seat.id, value, ...(likely(seat) === value ? { checked: true } : {}) }),
            h("span", {}, label()),
          ),
        ),
      ),
    ),
  ],
  confirm: () => t("Write to the record"),
  submit: async (form, room) => void (await room.ask("roll_call", { entries: Object.fromEntries(form) })),
});

/** @param {string} seat @returns {Dialog} */
export const remove = (seat) => ({
  key: `remove-${seat}`,
  title: (room) => t("Remove %(name)s from the sitting", { name: nameOf(room, seat) }),
  body: () => [
    h("p", { key: "lead" }, t("The person is put out at once and cannot come back by themselves. You can let them back to the lobby.")),
    reasonField(t("Reason, for the record")),
  ],
  confirm: () => t("Remove"),
  danger: true,
  submit: async (form, room) => void (await room.ask("remove", { seat, reason: text(form, "reason") })),
});

/** The camera of a seat that waits, while a dialog looks at it. @param {Room} room @param {string} seat */
export function camera(room, seat) {
  const stream = room.media.stream(seat, "camera");
  return [
    h("video", {
      key: "video", autoplay: true, playsinline: true, live: { muted: true }, hidden: stream === null,
      ref: (/** @type {HTMLVideoElement} */ el) => { if (el.srcObject !== stream) el.srcObject = stream; },
    }),
    stream === null ? h("p", { key: "none", class: "hint" }, t("No picture of this person comes in now. Ask them to turn on the camera.")) : null,
  ];
}

/** @param {string} seat @returns {Dialog} */
export const identity = (seat) => ({
  key: `identity-${seat}`,
  looksAt: seat,
  title: () => t("Check the identity"),
  body: (room) => {
    const person = seatOf(room.state, seat);
    return [
      h("div", { key: "face", class: "identity", "data-track": `${seat}/camera` },
        ...camera(room, seat),
        h("dl", { key: "facts", class: "facts" },
          h("div", {}, h("dt", {}, t("Name")), h("dd", {}, bdi(person?.name ?? ""))),
          h("div", {}, h("dt", {}, t("Role")), h("dd", {}, t(person?.role_title ?? ""))),
          h("div", {}, h("dt", {}, t("Identity number ends in")), h("dd", {}, bdi(person?.id_last4 || "—"))),
        ),
      ),
      field("document", t("Document that was shown"), (id) =>
        h("select", { id, name: "document" }, ...DOCUMENTS.map((code) => h("option", { value: code }, t(documentText(code)))))),
      field("last4", t("Last four characters of its number (empty if not read)"), input("last4", { maxlength: "4", pattern: "[0-9A-Za-z]{4}", dir: "ltr" })),
      h("fieldset", { key: "result", class: "roll" },
        h("legend", {}, t("Face and document")),
        h("label", { class: "check-row" }, h("input", { type: "radio", name: "result", value: "verified", required: true }), h("span", {}, t("match"))),
        h("label", { class: "check-row" }, h("input", { type: "radio", name: "result", value: "not_proved" }), h("span", {}, t("do not match, or cannot be compared"))),
      ),
    ];
  },
  confirm: () => t("Write to the record"),
  submit: async (form, room) =>
    void (await room.ask("identity", { seat, result: text(form, "result"), document: text(form, "document"), last4: text(form, "last4") })),
});

/** @returns {Dialog} */
export const attest = () => ({
  key: "attest",
  title: () => t("Attestation of the facility officer"),
  body: (room) => [
    h("p", { key: "lead" }, t("You state this to the court. The bench sees it, with the time and your name.")),
    h("dl", { key: "facts", class: "facts" },
      h("div", {}, h("dt", {}, t("Detained person")), h("dd", {}, bdi(nameOf(room, room.state.me.seat)))),
      lastFour(room),
    ),
    check("identity", t("I have checked that this is the person named above")),
    check("restraints_off", t("Restraints are off")),
    field("others", t("Who else is in the room, by role (empty if nobody)"), area("others", { rows: 2 })),
  ],
  confirm: () => t("State this to the court"),
  submit: async (form, room) => {
    const fields = {
      identity: form.has("identity"),
      restraints_off: form.has("restraints_off"),
      others: text(form, "others"),
    };
    await room.ask("attest", fields);
  },
});

/** @returns {Dialog} */
export const consultation = () => ({
  key: "consultation",
  title: () => t("Private consultation"),
  body: (room) => [
    h("p", { key: "lead" }, t("You step out of the hearing into a private room. Nobody else hears you there, and nothing is recorded. The record only says that it happened, and when.")),
    ...consultable(room.state).map((seat) =>
      check("seats", `${seat.name} — ${t(seat.role_title)}${seat.present ? "" : ` (${t(placeText("outside"))})`}`, {
        value: seat.id,
        disabled: !seat.present,
        ...(seat.present && seat.role !== "interpreter" && room.state.sitting.kind !== "marriage_contract" ? { checked: true } : {}),
      })),
  ],
  confirm: () => t("Invite"),
  submit: async (form, room) => {
    const seats = form.getAll("seats").map(String);
    if (seats.length === 0) throw new Refused("page.nobody", t("Choose whom you want to speak with."));
    await room.ask("private_invite", { seats });
  },
});

/** @returns {Dialog} */
export const leave = () => ({
  key: "leave",
  title: () => t("Leave the sitting"),
  body: () => [h("p", { key: "lead" }, t("The court sees that you leave. You can come back while the sitting lasts; you will wait in the lobby first."))],
  confirm: () => t("Leave"),
  danger: true,
  submit: async (_form, room) => {
    await room.ask("leave");
    room.signal.stop();
    room.take({ type: "end", reason: "left" });
  },
});

/** Change devices without leaving; nothing is sent to the server. @returns {Dialog} */
export const devices = () => ({
  key: "devices",
  title: () => t("Camera, microphone and speaker"),
  body: (room) => [
    deviceSelect(room, "camera", "videoinput", t(sourceText("camera"))),
    deviceSelect(room, "microphone", "audioinput", t(sourceText("microphone"))),
    h("div", { key: "level", class: "level level-wide", role: "img", "aria-label": t("Level of your microphone") },
      h("span", { style: { "inline-size": `${Math.round(room.ui.level * 100)}%` } })),
    deviceSelect(room, "speaker", "audiooutput", t("Speaker")),
  ],
  confirm: null,
});

/**
 * @param {Room} room @param {"camera" | "microphone" | "speaker"} kind
 * @param {"videoinput" | "audioinput" | "audiooutput"} list @param {string} label
 */
function deviceSelect(room, kind, list, label) {
  const found = room.devices.of(list);
  const used = kind === "speaker" ? "" : (room.devices[kind]?.getSettings().deviceId ?? "");
  const chosen = room.devices.chosen[kind] || used;
  const options = found.map((device, i) =>
    h("option", { key: device.deviceId, value: device.deviceId, ...(device.deviceId === chosen ? { selected: true } : {}) },
      device.label || `${label} ${i + 1}`));
  const change = (/** @type {Event} */ event) => {
    const id = /** @type {HTMLSelectElement} */ (event.target).value;
    void room.devices.choose(kind, id);
    if (kind === "speaker") void room.media.mixer.setSpeaker(id);
  };
  const none = h("option", { key: "", value: "" }, kind === "speaker" ? t("The one of your device's settings") : t("None found"));
  return field(`device-${kind}`, label, (id) =>
    h("select", { id, onchange: change }, ...(options.length > 0 ? options : [none])));
}

/** Known where the server tells it to this page. @param {Room} room */
function lastFour(room) {
  const digits = seatOf(room.state, room.state.me.seat)?.id_last4 ?? "";
  return digits === "" ? null : h("div", {}, h("dt", {}, t("Identity number ends in")), h("dd", {}, bdi(digits)));
}

/** When this sitting goes on, in words. @param {Room} room @param {string} at */
export const inWords = (room, at) => dayAndTime(at, language(), room.page.zone);

/** @param {Room} room @param {string} seat */
const nameOf = (room, seat) => seatOf(room.state, seat)?.name ?? "";
