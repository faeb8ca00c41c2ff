// @ts-check
import { SIGN } from "../language.js";
import { seatOf } from "./state.js";

/**
 * Interpreters' channels as this page knows them. Pure.
 *
 * @typedef {import("./types.js").RoomState} RoomState
 * @typedef {import("./types.js").Seat} Seat
 */

/** @param {RoomState} state What this page hears besides the floor; empty: nothing. */
export const heardChannel = (state) => seatOf(state, state.me.seat)?.listens ?? "";

/**
 * Seats whose microphones are in the channel that this page hears; null: it hears the floor alone.
 * @param {RoomState | null} state
 * @returns {Set<string> | null}
 */
export function voices(state) {
  if (state === null || state.me.place !== "hearing") return null;
  const channel = heardChannel(state);
  if (channel === "" || channel === SIGN) return null;
  const speak = (/** @type {Seat} */ seat) => seat.speaks === channel && seat.id !== state.me.seat;
  return new Set(state.seats.filter(speak).map((seat) => seat.id));
}

/**
 * The seat whose picture who asked for sign language keeps large: who signs now, else who could.
 * @param {RoomState} state
 * @returns {string} empty where there is none, or nobody asked
 */
export function signer(state) {
  if (heardChannel(state) !== SIGN) return "";
  const here = state.seats.filter((seat) => seat.place === "hearing" && seat.present);
  const signs = here.find((seat) => seat.speaks === SIGN) ?? here.find((seat) => seat.interprets.includes(SIGN));
  return signs?.id ?? "";
}

/** @param {RoomState} state Into which languages this page may interpret. */
export const ownLanguages = (state) => seatOf(state, state.me.seat)?.interprets ?? [];

/** @param {RoomState} state There is something to choose, or something that was chosen. */
export function offersChannels(state) {
  if (!["hearing", "lobby", "witness_room"].includes(state.me.place)) return false;
  return state.channels.length > 0;
}
