// @ts-check
/** Waits before each try to come back, in milliseconds (docs/protocol.md, 'Coming in'). */
const WAITS = [300, 1000, 2000, 4000];
const STEADY = 5000;

/**
 * How long to wait before try number `attempt` (0 is the first).
 * @param {number} attempt
 */
export const waitBefore = (attempt) => WAITS[attempt] ?? STEADY;

/** Close codes after which the page must not come back by itself, and what it shows instead. */
const FINAL = new Map([
  [4400, "protocol"],
  [4401, "ticket"],
  [4403, "removed"],
  [4409, "taken_over"],
  [4410, "over"],
  [4429, "too_many"],
]);

/**
 * What a closed socket means: an end, or null when the page is to come back.
 * A ticket that was refused once (4401) is worth one new ticket: it may only have grown old.
 * @param {number} code
 * @param {number} attempt
 * @returns {string | null}
 */
export function endOf(code, attempt) {
  if (code === 4401 && attempt === 0) return null;
  return FINAL.get(code) ?? null;
}
