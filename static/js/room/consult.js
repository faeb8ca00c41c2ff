// @ts-check
import { seatOf } from "./state.js";

/**
 * Private consultations as one seat sees them. The server decides; this only offers what it
 * would allow (docs/protocol.md, 'Private consultation').
 *
 * @typedef {import("./types.js").RoomState} RoomState
 * @typedef {import("./types.js").Seat} Seat
 */

/**
 * Seats that this seat may ask to a private consultation: clients, their counsel and guardians, and
 * interpreters; only counsel and client ask.
 * @param {RoomState} state
 * @returns {Seat[]}
 */
export function consultable(state) {
  const me = seatOf(state, state.me.seat);
  if (state.sitting.kind === "marriage_contract") return state.me.host ? heardAlone(state) : [];
  const clients = me?.represents.length ? me.represents : [me?.id ?? ""];
  const side = (/** @type {Seat} */ seat) => [seat.id, ...seat.represents].some((id) => clients.includes(id));
  const others = state.seats.filter((seat) => seat.id !== me?.id);
  if (!others.some(side)) return [];
  return others.filter((seat) => side(seat) || ["interpreter", "guardian"].includes(seat.role));
}

/** Whom an officiant hears alone, one at a time. @param {RoomState} state */
const heardAlone = (state) => state.seats.filter((seat) => ["bride", "groom", "marriage_agent", "interpreter"].includes(seat.role));

/**
 * The invitation that waits for this seat's answer, or null.
 * @param {RoomState} state
 */
export const invitation = (state) =>
  state.private.find((room) => room.state === "invited" && asks(room, state.me.seat)) ?? null;

/** @param {import("./types.js").PrivateRoom} room @param {string} seat */
const asks = (room, seat) => room.seats.includes(seat) && !room.accepted.includes(seat);

/**
 * The room that this seat has accepted and that is not open yet, or null.
 * @param {RoomState} state
 */
export function pending(state) {
  const { seat } = state.me;
  const waits = (/** @type {import("./types.js").PrivateRoom} */ room) =>
    room.state !== "open" && room.id !== MAIN && room.accepted.includes(seat);
  return state.private.find(waits) ?? null;
}

/** Not a private room: the whole sitting, where it is never recorded, waits for the officer. */
export const MAIN = "main";

/** @param {RoomState} state @param {string[]} seats Names of everybody else in a room. */
export function namesOf(state, seats) {
  return seats
    .filter((id) => id !== state.me.seat)
    .map((id) => seatOf(state, id)?.name ?? "")
    .filter((name) => name !== "");
}
