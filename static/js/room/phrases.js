// @ts-check
import { N_ } from "../i18n.js";
import { languageName } from "../language.js";
import { seatOf } from "./state.js";

/** @typedef {import("./types.js").Phrase} Phrase */
/** @typedef {import("./types.js").RoomState} RoomState */

/** What is said aloud (aria-live) and shown for a moment when something happens. */
const EVENTS = /** @type {Record<string, string>} */ ({
  admitted: N_("You are in the hearing."),
  returned_to_lobby: N_("The court sent you back to wait. It will call you again."),
  removed: N_("You were taken out of the sitting."),
  on_record: N_("The sitting is on record. Everything is recorded from now on."),
  off_record: N_("The sitting is off record. Nothing is recorded."),
  record_alarm: N_("The record has stopped. Nothing said now is recorded."),
  record_warning: N_("Something is not right with the record. It goes on."),
  hand_raised: N_("%(name)s asks to speak."),
  floor_given: N_("%(name)s has the floor."),
  muted: N_("The court closed your microphone."),
  unlocked: N_("You may open your microphone again."),
  private_invited: N_("You are invited to a private consultation."),
  private_opened: N_("The private room is open. Nobody else hears you, and nothing is recorded."),
  private_recalled: N_("The court asks you to come back to the sitting when you are ready."),
  cannot_hear: N_("%(name)s cannot hear."),
  media_silent: N_("Nothing comes in from %(name)s at the moment."),
  line_cut: N_("%(name)s hears nothing at the moment. The record notes the seconds."),
  no_room: N_("The server has no room for %(name)s. The administrator can make room."),
  media_interrupted: N_("Sound and picture of all were cut off and come back by themselves. Wait until you see each other again."),
  private_ended: N_("The private consultation has ended."),
  missed: N_("%(name)s missed %(seconds)s seconds of the sitting."),
  taken_back: N_("You are back in your place."),
  closed: N_("The sitting has ended."),
  exhibits_allowed: N_("The court lets you show exhibits. They are in the panel."),
});

/**
 * What to say about an event; null for one that this page does not know.
 * @param {RoomState | null} state
 * @param {{ name: string, params?: Record<string, any> }} event
 * @returns {Phrase | null}
 */
export function eventPhrase(state, event) {
  const text = EVENTS[event.name];
  if (text === undefined) return null;
  const params = event.params ?? {};
  if (event.name === "cannot_hear" && params.on === false) return null;
  const seat = state === null ? undefined : seatOf(state, String(params.seat ?? ""));
  if (event.name === "line_cut" && seat?.id === state?.me.seat) return null; // a notice says so
  if (text.includes("%(name)s") && seat === undefined) return null;
  return { text, params: { ...params, name: seat?.name ?? "" } };
}

const ALARMS = new Set(["record_alarm", "record_warning", "cannot_hear", "no_room", "removed", "muted", "returned_to_lobby"]);

/** @param {string} name An event that must interrupt what a screen reader says. */
export const isUrgent = (name) => ALARMS.has(name);

const RECORD = {
  off: N_("Not recording"),
  starting: N_("Starting the record and proving it"),
  recording: N_("Recording"),
  suspended: N_("The record is suspended"),
  interrupted: N_("The record was interrupted"),
  forbidden: N_("This sitting is never recorded"),
};

/** @param {import("./types.js").Record_["state"]} state */
export const recordText = (state) => RECORD[state] ?? state;

const SOURCES = {
  microphone: N_("Microphone"),
  camera: N_("Camera"),
  screen: N_("Screen"),
};

/** @param {import("./types.js").Source} source */
export const sourceText = (source) => SOURCES[source];

/** What a recorded track is called. @param {string} source a Source, or `channel-<language>` @returns {Phrase} */
export function trackText(source) {
  if (!source.startsWith("channel-")) return { text: SOURCES[/** @type {import("./types.js").Source} */ (source)] ?? source };
  return { text: N_("Interpreter into %(language)s"), params: { language: languageName(source.slice("channel-".length)) } };
}

const IDENTITY = {
  "": "",
  unknown: N_("Identity not known"),
  account: N_("Signed in, face not compared"),
  verified: N_("Identity verified"),
  not_proved: N_("Identity not proved"),
};

/** Documents that may be shown at the door. */
export const DOCUMENTS = ["emirates_id", "passport", "gcc_id", "other"];

const DOCUMENT = /** @type {Record<string, string>} */ ({
  emirates_id: N_("Emirates ID"),
  passport: N_("Passport"),
  gcc_id: N_("Identity card of a GCC state"),
  other: N_("Another document"),
});

/** @param {string} code */
export const documentText = (code) => DOCUMENT[code] ?? code;

const ALONE = {
  "": "",
  asked: N_("Asked to show the room"),
  declared: N_("Declares to be alone in the room"),
  confirmed: N_("Alone in the room, seen by the court"),
  not_alone: N_("Not alone in the room"),
};

/** @param {import("./types.js").Seat["alone"]} alone */
export const aloneText = (alone) => ALONE[alone] ?? alone;

const OATH = {
  "": "",
  taken: N_("Oath taken"),
  affirmed: N_("Affirmed instead of an oath"),
  refused: N_("Oath refused"),
  not_sworn: N_("Heard without an oath: too young"),
};

/** @param {import("./types.js").Seat["oath"]} oath */
export const oathText = (oath) => OATH[oath] ?? oath;

/** @param {import("./types.js").Seat["identity"]} identity */
export const identityText = (identity) => IDENTITY[identity] ?? identity;

const PLACES = {
  hearing: N_("In the hearing"),
  lobby: N_("Waiting in the lobby"),
  witness_room: N_("In the witness room"),
  private: N_("In a private consultation"),
  outside: N_("Not here"),
  removed: N_("Removed"),
};

/** @param {import("./types.js").Place} place */
export const placeText = (place) => PLACES[place] ?? place;

const MISSED = /** @type {Record<string, string>} */ ({
  private: N_("you were in a private consultation"),
  disconnected: N_("your connection was lost"),
  lobby: N_("you were in the lobby"),
  removed: N_("you were taken out of the sitting"),
});

const AWAY = /** @type {Record<string, string>} */ ({
  private: N_("in a private consultation"),
  disconnected: N_("connection lost"),
  lobby: N_("in the lobby"),
  removed: N_("taken out of the sitting"),
});

/** Why somebody else was away. @param {string} why */
export const awayText = (why) => AWAY[why] ?? N_("connection lost");

/** @param {string} why */
export const missedText = (why) => MISSED[why] ?? N_("your connection was lost");

/**
 * The ended screens: title and what to do now.
 * @param {string} reason
 * @returns {{ title: string, detail: string, again: boolean }} `again`: offer to come back
 */
export function ending(reason) {
  const [title, detail, again] = ENDINGS[reason] ?? ENDINGS.over;
  return { title, detail, again };
}

const ENDINGS = /** @type {Record<string, [string, string, boolean]>} */ ({
  taken_over: [
    N_("Your seat is open in another window"),
    N_("This window no longer hears or sends anything. Use the other window, or take the seat back here."),
    true,
  ],
  removed: [
    N_("You were taken out of the sitting"),
    N_("The reason is on the record. If you think it was a mistake, telephone the clerk."),
    false,
  ],
  left: [
    N_("You have left the sitting"),
    N_("You can come back while the sitting lasts. You will wait in the lobby first."),
    true,
  ],
  ticket: [
    N_("Your way in has expired"),
    N_("Press 'Come back in'. If that does not help, sign in again or ask the clerk for a new link."),
    true,
  ],
  refused: [N_("You cannot enter this sitting"), "", false],
  signed_out: [N_("You are signed out"), N_("Sign in again to come back to your seat."), true],
  too_many: [
    N_("This page sent too much at once"),
    N_("Press 'Come back in' to load the page again. Tell the clerk if it happens twice."),
    true,
  ],
  protocol: [
    N_("This page and the server do not understand each other"),
    N_("Press 'Come back in' to load the page again. Tell the clerk if it happens twice."),
    true,
  ],
  adjourned: [N_("The sitting is adjourned"), N_("You can close this page."), false],
  reserved_for_judgment: [N_("Judgment is reserved"), N_("You can close this page."), false],
  closed: [N_("The sitting has ended"), N_("You can close this page."), false],
  cancelled: [N_("The sitting is cancelled"), N_("You can close this page."), false],
  over: [N_("The sitting has ended"), N_("You can close this page."), false],
});
