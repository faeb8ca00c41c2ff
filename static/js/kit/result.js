// @ts-check
import { N_ } from "../i18n.js";

/**
 * What a kit check found, as the room's command `kit` takes it (docs/protocol.md).
 *
 * @typedef {object} Measured what the server and the browser saw, one entry per second
 * @property {number | null} round_trip_ms
 * @property {number} loss_up share 0..1
 * @property {number} loss_down share 0..1
 *
 * @typedef {object} Findings
 * @property {boolean} camera
 * @property {boolean} microphone a level was seen
 * @property {boolean | null} speaker the person heard the tone; null: not answered
 * @property {Measured[]} line
 */

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.floor((sorted.length - 1) / 2)];
}

/**
 * The line over the whole check: median round trip, mean of the worse direction's loss.
 * The first second is left out: connections start with losses that mean nothing.
 * @param {Measured[]} line
 */
export function lineOf(line) {
  const steady = line.slice(1);
  const trips = steady.map((item) => item.round_trip_ms).filter((ms) => ms !== null);
  const losses = steady.map((item) => Math.max(item.loss_up, item.loss_down));
  const loss = losses.length === 0 ? null : losses.reduce((sum, item) => sum + item, 0) / losses.length;
  return { round_trip_ms: median(trips), loss };
}

/**
 * The fields of `kit`. Without a line that was measured the result is bad: nobody could be heard.
 * @param {Findings} found
 */
export function kitResult(found) {
  const { round_trip_ms, loss } = lineOf(found.line);
  /** @type {"good" | "poor" | "bad"} */
  let result = "good";
  if (loss === null || loss > 0.1 || (round_trip_ms ?? 0) > 600 || !found.microphone) result = "bad";
  else if (loss > 0.03 || (round_trip_ms ?? 0) > 300 || !found.camera || found.speaker === false) result = "poor";
  return {
    camera: found.camera ? "ok" : "fail",
    microphone: found.microphone ? "ok" : "fail",
    speaker: found.speaker === null ? "unknown" : found.speaker ? "ok" : "fail",
    round_trip_ms: round_trip_ms === null ? null : Math.round(round_trip_ms),
    loss: loss === null ? null : Math.round(loss * 1000) / 1000,
    result,
  };
}

const TEXTS = {
  good: N_("Everything is ready for the sitting."),
  poor: N_("You can take part, but something is weak. Read below what you can do."),
  bad: N_("You may not be heard in the sitting. Read below what you can do, and check again."),
};

/** @param {"good" | "poor" | "bad"} result */
export const resultText = (result) => TEXTS[result];

const KEY = "mahdar.kit";
const FRESH_MS = 2 * 3600_000;

/**
 * The result waits here until the room's page sends it, for it alone has the seat's socket.
 * @param {ReturnType<typeof kitResult>} result @param {number} now
 */
export const keep = (result, now) => localStorage.setItem(KEY, JSON.stringify({ at: now, result }));

/**
 * A kept result that is younger than two hours; it is given once.
 * @param {number} now
 * @returns {ReturnType<typeof kitResult> | null}
 */
export function take(now) {
  try {
    const { at, result } = JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {};
    localStorage.removeItem(KEY);
    return typeof at === "number" && now - at < FRESH_MS && at <= now ? result : null;
  } catch {
    return null;
  }
}

/** Other pages of this site hear of a new result at once. */
export const CHANNEL = "mahdar.kit";
