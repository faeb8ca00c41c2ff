// @ts-check
import { secondsSince } from "./format.js";
import { isFinal } from "./status.js";

/**
 * All that the page knows, changed only by `reduce`.
 *
 * @typedef {import("./types.js").RoomState} RoomState
 * @typedef {import("./types.js").Slot} Slot
 *
 * @typedef {object} Sent
 * @property {"l" | "m" | "h" | null} layer
 * @property {"none" | "line" | "hidden" | "audio_only" | "publisher_off" | "full"} why
 *
 * @typedef {object} Model
 * @property {"connecting" | "open" | "lost"} link of the signalling socket
 * @property {number} retryAt milliseconds by the page's clock; when the next try starts
 * @property {string | null} end why the page no longer comes back: taken_over, removed, over...
 * @property {RoomState | null} state
 * @property {number} stateAt milliseconds by the page's clock; when the record's clock was read
 * @property {number} offset server's clock minus the page's, milliseconds
 * @property {Record<string, Record<string, Slot>>} slots by connection, then by SDP mid
 * @property {Record<string, Sent>} pictures what this page is sent, by `<seat>/<source>`
 * @property {string[]} speaking loudest first
 * @property {string} spotlight the seat that spoke last; stays in silence
 * @property {{ seat: string, since: number } | null} rising a seat that may become the spotlight
 */

/** A new voice must be the loudest for this long before the large picture changes. */
const STEADY_MS = 900;

/** Goodbyes after which the page comes back by itself. */
const COMES_BACK = new Set(["restart", "too_slow", "no_hello"]);

/** @returns {Model} */
export const initial = () => ({
  link: "connecting",
  retryAt: 0,
  end: null,
  state: null,
  stateAt: 0,
  offset: 0,
  slots: {},
  pictures: {},
  speaking: [],
  spotlight: "",
  rising: null,
});

/**
 * The model after a message of the server, or after something that befell the link
 * (`{type: "link", link, retryAt}` and `{type: "end", reason}`). Unknown types change nothing.
 * @param {Model} model
 * @param {Record<string, any>} message
 * @param {number} now milliseconds by the page's clock
 * @returns {Model}
 */
export function reduce(model, message, now) {
  switch (message.type) {
    case "welcome":
      return {
        ...model,
        link: "open",
        state: message.state,
        stateAt: now,
        offset: Date.parse(message.now) - now,
        speaking: [],
      };
    case "state":
      // The version grows with commands only; lines and the record's proof come at the same one.
      if (model.state !== null && message.state.version < model.state.version) return model;
      return { ...model, state: message.state, stateAt: now };
    case "record":
      if (model.state === null) return model;
      return { ...model, state: { ...model.state, record: message.record }, stateAt: now };
    case "slots":
      return { ...model, slots: { ...model.slots, [message.connection]: message.slots } };
    case "dropped": {
      const slots = { ...model.slots };
      delete slots[message.connection];
      return { ...model, slots };
    }
    case "pictures": {
      const sent = message.pictures.map(
        (/** @type {Record<string, any>} */ { seat, source, layer, why }) => [`${seat}/${source}`, { layer, why }],
      );
      return { ...model, pictures: Object.fromEntries(sent) };
    }
    case "speaking":
      return follow(model, message.seats, now);
    case "link":
      return { ...model, link: message.link, retryAt: message.retryAt ?? 0, speaking: [] };
    case "bye":
      return COMES_BACK.has(message.reason) ? model : { ...model, end: message.reason };
    case "end":
      return { ...model, end: model.end ?? message.reason };
    default:
      return model;
  }
}

/**
 * @param {Model} model @param {string[]} speaking @param {number} now
 * @returns {Model}
 */
function follow(model, speaking, now) {
  const me = model.state?.me.seat;
  const loudest = speaking.find((seat) => seat !== me) ?? "";
  if (loudest === "" || loudest === model.spotlight) return { ...model, speaking, rising: null };
  if (model.spotlight === "") return { ...model, speaking, spotlight: loudest, rising: null };
  if (model.rising?.seat !== loudest) {
    return { ...model, speaking, rising: { seat: loudest, since: now } };
  }
  if (now - model.rising.since < STEADY_MS) return { ...model, speaking };
  return { ...model, speaking, spotlight: loudest, rising: null };
}

/**
 * Which of the page's views is shown.
 * @param {Model} model
 * @returns {"connecting" | "ended" | "step_out" | "private" | "lobby" | "witness_room" | "hearing"}
 */
export function viewOf(model) {
  const state = model.state;
  if (model.end !== null) return "ended";
  if (state === null) return "connecting";
  if (isFinal(state.phase) || state.me.place === "removed") return "ended";
  if (state.me.place === "private") return "private";
  if (waitingForOfficer(state)) return "step_out";
  if (state.me.place === "hearing" || state.me.host) return "hearing";
  return state.me.place === "witness_room" ? "witness_room" : "lobby";
}

/**
 * Why the page is at its end: a key of the 'ended' screen.
 * @param {Model} model
 */
export function endReason(model) {
  if (model.end !== null && model.end !== "over" && model.end !== "closed") return model.end;
  if (model.state?.me.place === "removed") return "removed";
  return model.state !== null && isFinal(model.state.phase) ? model.state.phase : "over";
}

/** @param {RoomState} state The private room that waits for this seat's facility officer. */
export function waitingForOfficer(state) {
  if (!isDetained(state)) return null;
  const { seat } = state.me;
  const mine = (/** @type {import("./types.js").PrivateRoom} */ room) =>
    room.state === "waiting_officer" && room.seats.includes(seat) && !room.officers_out.includes(seat);
  return state.private.find(mine) ?? null;
}

/** @param {RoomState} state This page is the detention room's: an officer operates the seat. */
export const isDetained = (state) => state.me.operates_room;

/** @param {RoomState} state @param {string} id */
export const seatOf = (state, id) => state.seats.find((seat) => seat.id === id);

/**
 * Seconds since a stretch of the record was last proven. One that has just begun counts from its
 * beginning: a server that stops before the first proof must not go unseen.
 *
 * @param {import("./types.js").Record_} record
 * @param {number} now milliseconds, the server's clock
 */
export function unprovenFor(record, now) {
  const known = [record.since, record.verified_at].filter((at) => at !== null);
  return known.length === 0 ? 0 : Math.min(...known.map((at) => secondsSince(at, now)));
}

/** @param {RoomState} state @param {string} command */
export const may = (state, command) => state.me.may.includes(command);
