// @ts-check
/** A draft as data: pure, tested by tests/js/transcript.test.js. Times are of the record's clock. */

/** @typedef {{start_ms: number, end_ms: number, seat: string, speaker: string, text: string, machine: boolean}} Line */

/**
 * A new line at a moment: it ends where the next begins, 5 s on at most, and the one before it ends
 * here.
 * @param {Line[]} lines in order
 * @param {number} ms
 * @param {string} seat who speaks, or empty
 * @returns {{lines: Line[], at: number}} the lines and where the new one stands
 */
export function stamped(lines, ms, seat) {
  const start = Math.max(0, Math.round(ms));
  const at = lines.filter((line) => line.start_ms <= start).length;
  const next = lines[at]?.start_ms ?? Infinity;
  const made = { start_ms: start, end_ms: Math.min(next, start + 5000), seat, speaker: "", text: "", machine: false };
  const before = lines.slice(0, at).map((line, index) =>
    index === at - 1 && line.start_ms < start && line.end_ms > start ? { ...line, end_ms: start } : line);
  return { lines: [...before, made, ...lines.slice(at)], at };
}

/**
 * The line that is being said, else -1.
 * @param {Line[]} lines in order
 * @param {number} ms
 */
export function lineAt(lines, ms) {
  let found = -1;
  while (found + 1 < lines.length && (lines[found + 1]?.start_ms ?? 0) <= ms) found += 1;
  return found;
}

/**
 * What stays of lines that nobody wrote anything into is nothing.
 * @param {Line[]} lines
 */
export const written = (lines) => lines.filter((line) => line.text.trim() !== "");

/**
 * The caption at a moment, else null.
 * @template {{start_ms: number, end_ms: number}} T
 * @param {T[]} lines
 * @param {number} ms
 * @returns {T | null}
 */
export const captionAt = (lines, ms) =>
  lines.filter((line) => line.start_ms <= ms && ms < line.end_ms).at(-1) ?? null;
