// @ts-check
import { language, t, tn } from "../i18n.js";
import { invitation, namesOf, pending } from "./consult.js";
import { helpFor } from "./devices.js";
import * as dialogs from "./dialogs.js";
import { doorNotices } from "./door.js";
import { clockOfDay, timeOfDay } from "./format.js";
import { alarm, button, command, notice } from "./parts.js";
import { awayText, missedText, trackText } from "./phrases.js";
import { advice } from "./quality.js";
import { isDetained, may, seatOf, unprovenFor, viewOf } from "./state.js";
import { h, icon } from "./vdom.js";
import { turn } from "./view_controls.js";

/**
 * What must be seen whatever the view: alarms first, then invitations, then the rest.
 *
 * @typedef {import("./room.js").Room} Room
 */

/** A recording that was not proven for this long is shown as an alarm by the page itself: the
 * server may have stopped with it. In good order a proof is one to three seconds old. */
const STALE_S = 5;

/** Views that nothing may distract from. */
const QUIET = new Set(["step_out", "ended"]);

/** @param {Room} room */
export const notices = (room) =>
  h(
    "div",
    { key: "notices", class: "notices" },
    link(room),
    ...(room.model.state === null || QUIET.has(viewOf(room.model))
      ? []
      : [record(room), ...recordAlarms(room), ...absences(room), ...deaf(room), attestation(room), ...doorNotices(room), invite(room), waitingRoom(room), missing(room), missed(room), ...devices(room), sound(room), media(room), line(room)]),
  );

/** @param {Room} room */
function link(room) {
  if (room.model.link !== "lost" || room.model.end !== null) return null;
  const seconds = Math.max(0, Math.ceil((room.model.retryAt - Date.now()) / 1000));
  const flowing = room.media.state === "connected";
  const what = flowing
    ? t("The page lost the server's messages. Sound and picture go on.")
    : t("The connection is lost. Your seat is kept for you.");
  const when = seconds > 0 ? t("Trying again in %(seconds)s s.", { seconds }) : t("Trying again now.");
  return h("div", { key: "link", class: "notice notice-lost" }, icon("wifi-slash"),
    h("p", {}, h("span", { role: "status" }, what), " ", h("span", {}, when)),
    h("div", { class: "row" }, button(t("Try now"), { onclick: () => room.signal.hurry(), kind: "btn-outline" })));
}

/** @param {Room} room */
function record(room) {
  const { record: now, me, phase } = room.state;
  const show = me.host ? [button(t("Show the record"), { onclick: () => room.set({ tab: "record", panel: true }), kind: "btn-outline" })] : [];
  if (now.state === "suspended" || now.state === "interrupted" || phase === "tech_suspended") {
    const text = me.host
      ? t("THE RECORD HAS STOPPED. Nothing said now is recorded. See which track failed, then go on record again or call a recess.")
      : t("The record has stopped. Please say nothing about the case until the court goes on.");
    return alarm("record", text, show);
  }
  if (now.state !== "recording" || !me.host) return null;
  const age = unprovenFor(now, room.now());
  const bad = now.tracks.filter((track) => !track.ok);
  if (age > STALE_S) return alarm("record", t("The record was last proven %(seconds)s s ago. Check it before you go on.", { seconds: age }), show);
  if (bad.length === 0 || room.model.link !== "open") return null;
  return alarm("record", tn("%(n)s track of the record is not proven. See which.", "%(n)s tracks of the record are not proven. See which.", bad.length), show);
}

/** Alarms that no host took note of yet. @param {Room} room */
function recordAlarms(room) {
  return room.state.record.alarms
    .filter((one) => one.noted_by === "")
    .map((one) => {
      const names = one.tracks.map((track) => `${seatOf(room.state, track.seat)?.name ?? ""} (${trackName(track.source)})`);
      const who = names.length === 0 ? "" : `${names.join(language() === "ar" ? "، " : ", ")}: `;
      const text = `${clockOfDay(one.at, room.page.zone)} · ${who}${one.text}`;
      const note = command(room, "note_alarm", t("Noted for the record"), { fields: { alarm: one.id }, kind: "btn-outline" });
      return one.suspends ? alarm(`alarm-${one.id}`, text, [note]) : notice(`alarm-${one.id}`, text, [note], icon("warning"));
    });
}

/** What others missed, complete, that no host took note of. @param {Room} room */
function absences(room) {
  if (!room.state.me.host) return [];
  return room.state.seats.flatMap((seat) => {
    const open = seat.absences.filter((one) => one.noted_by === "");
    const last = open.at(-1);
    const seconds = open.reduce((sum, one) => sum + one.seconds, 0);
    if (last === undefined || seconds === 0 || seat.id === room.state.me.seat) return [];
    const clock = (/** @type {string} */ at) => clockOfDay(at, room.page.zone);
    const missed = tn("%(name)s missed %(n)s second of the sitting.", "%(name)s missed %(n)s seconds of the sitting.", seconds, { name: seat.name });
    const text = `${missed} ${clock(last.from)}–${clock(last.to)} · ${t(awayText(last.why))}`;
    const note = command(room, "note_absence", t("Noted for the record"), { fields: { seat: seat.id }, kind: "btn-outline" });
    return [notice(`absence-${seat.id}`, text, [note], icon("clock-counter-clockwise"))];
  });
}

/** @param {string} source */
function trackName(source) {
  const { text, params } = trackText(source);
  return t(text, params);
}

/** @param {Room} room */
function deaf(room) {
  if (room.state.me.place !== "hearing") return [];
  return room.state.seats
    .filter((seat) => seat.cannot_hear && seat.id !== room.state.me.seat)
    .map((seat) => alarm(`deaf-${seat.id}`, t("%(role)s %(name)s cannot hear. Wait until they can.", { role: t(seat.role_title), name: seat.name })));
}

/** @param {Room} room */
function attestation(room) {
  if (!isDetained(room.state) || !may(room.state, "attest")) return null;
  const done = seatOf(room.state, room.state.me.seat)?.attestation;
  if (done !== null && done !== undefined && done.identity && done.restraints_off) return null;
  return notice(
    "attest",
    t("Officer: state to the court who is here, that restraints are off, and who else is in the room."),
    [button(t("Attest"), { onclick: () => room.open(dialogs.attest()) })],
    icon("shield-check"),
  );
}

/** @param {Room} room */
function invite(room) {
  const asked = invitation(room.state);
  if (asked === null) return null;
  const answer = (/** @type {boolean} */ accept) => () =>
    void room.act("private_answer", { room: asked.id, accept });
  const names = namesOf(room.state, asked.seats).join(language() === "ar" ? "، " : ", ");
  return h("div", { key: "invite", class: "notice notice-private", role: "alert" }, icon("lock-key"),
    h("p", {}, t("%(names)s: private consultation. Nobody else hears you there, and nothing is recorded.", { names })),
    h("div", { class: "row" },
      button(t("Accept"), { onclick: answer(true) }),
      button(t("Not now"), { onclick: answer(false), kind: "btn-outline" })));
}

/** @param {Room} room */
function waitingRoom(room) {
  const mine = pending(room.state);
  if (mine === null || room.state.me.place === "private") return null;
  const text = mine.state === "waiting_officer"
    ? t("The officer is stepping out of earshot. The private room opens then.")
    : t("Waiting until everybody has accepted. You are still heard here.");
  return notice("pending", text, [command(room, "private_return", t("Withdraw"))], icon("lock-key"));
}

/** Sound and picture are cut, while the page still hears from the server. @param {Room} room */
function missing(room) {
  const { missing_since: since, place } = room.state.me;
  if (!since || place !== "hearing" || room.model.link !== "open") return null;
  return notice("missing", t("You have heard nothing of the sitting since %(time)s. The page connects again by itself, and the record notes what you miss.", { time: clockOfDay(since, room.page.zone) }), [], icon("ear-slash"));
}

/** @param {Room} room */
function missed(room) {
  const list = room.state.me.missed;
  if (list.length === 0 || room.state.me.place === "private") return null;
  const clock = (/** @type {string} */ at) => timeOfDay(at, language(), room.page.zone);
  return h("div", { key: "missed", class: "notice notice-missed", role: "status" }, icon("clock-counter-clockwise"),
    h("div", {}, h("p", {}, t("You missed part of the sitting. The record notes it. Ask the court if something must be repeated.")),
      h("ul", {}, ...list.map((item) =>
        h("li", {}, tn("%(n)s second", "%(n)s seconds", Math.round(item.seconds)), " · ", `${clock(item.from)}: `, t(missedText(item.why)))))),
    h("div", { class: "row" }, button(t("I have read this"), { onclick: () => void room.act("ack_missed"), kind: "btn-outline" })));
}

/** @param {Room} room */
function devices(room) {
  const kinds = /** @type {("camera" | "microphone")[]} */ (["microphone", "camera"]);
  const failed = kinds.filter((kind) => room.devices.failed[kind] !== null && room.sources.wish[kind]);
  const notes = failed.map((kind) =>
    notice(
      `device-${kind}`,
      t(helpFor(room.devices.failed[kind] ?? "", kind)),
      [
        button(t("Try again"), { onclick: () => void turn(room, kind, true), kind: "btn-outline" }),
        button(t("Go on without"), { onclick: () => void room.sources.turn(kind, false), kind: "btn-outline" }),
      ],
      kind === "camera" ? icon("video-camera-slash") : icon("microphone-slash"),
    ),
  );
  const { taken } = room.interruptions;
  const resume = notice("resume", takenText(taken), [button(t("Tap to resume"), { onclick: () => void room.interruptions.tap() })], icon(taken.includes("microphone") ? "microphone-slash" : "video-camera-slash"));
  const talking = notice("talking", t("You are speaking, but your microphone is off."), [], icon("microphone-slash"));
  return [...notes, taken.length > 0 ? resume : null, room.ui.talkingMuted ? talking : null];
}

/** @param {("camera" | "microphone")[]} taken */
function takenText(taken) {
  if (taken.length > 1) return t("A telephone call or the lock screen took your microphone and camera. Nobody hears or sees you.");
  return taken[0] === "camera"
    ? t("Another program or a telephone call took your camera. Nobody sees you.")
    : t("Another program or a telephone call took your microphone. Nobody hears you.");
}

/** @param {Room} room */
function sound(room) {
  if (!room.ui.blocked) return null;
  const start = () => void room.media.mixer.unblock().then(() => room.set({ blocked: false }));
  return notice("sound", t("The browser waits for you before it plays sound."), [button(t("Turn on the sound"), { onclick: start })], icon("speaker-slash"));
}

/** @param {Room} room */
function media(room) {
  if (!room.ui.mediaLate || room.model.link !== "open") return null;
  return notice("media", t("Sound and picture are not connected yet. The page keeps trying; you need to do nothing."), [], icon("wifi-x"));
}

/** @param {Room} room */
function line(room) {
  const text = advice(room.ui.line);
  return text === "" || room.model.link !== "open" ? null : notice("line", t(text), [], icon("wifi-medium"));
}
