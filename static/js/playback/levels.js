// @ts-check
/** Waveforms and who spoke when, from the levels that the server measured. */

/** @typedef {import("./model.js").Span} Span */
/** @typedef {{id: string, step_ms: number, levels: Uint8Array, speech: Span[]}} Levels of one track */

/**
 * @param {{tracks: {id: string, step_ms: number, levels: string, speech: Span[]}[]}} answer of the server
 * @returns {Map<string, Levels>}
 */
export const parsed = (answer) => new Map(answer.tracks.map((track) => [
  track.id,
  { ...track, levels: Uint8Array.from(atob(track.levels), (one) => one.charCodeAt(0)) },
]));

/** Quieter than this draws nothing; the byte of -60 dBFS (recordings/study/levels.py). */
const FLOOR = 135;

/**
 * How high each of `columns` stands, 0 to 1, over `durationMs`.
 * @param {Levels} track
 * @param {number} columns
 * @param {number} durationMs
 */
export function heights(track, columns, durationMs) {
  const found = new Float32Array(columns);
  const perColumn = durationMs / columns / track.step_ms;
  for (let column = 0; column < columns; column += 1) {
    const first = Math.floor(column * perColumn);
    const last = Math.max(first + 1, Math.ceil((column + 1) * perColumn));
    let loudest = 0;
    for (let at = first; at < last && at < track.levels.length; at += 1) loudest = Math.max(loudest, track.levels[at] ?? 0);
    found[column] = Math.max(0, (loudest - FLOOR) / (255 - FLOOR));
  }
  return found;
}

/**
 * Draw a track's levels and where its person spoke.
 * @param {HTMLCanvasElement} canvas
 * @param {Levels} track
 * @param {number} durationMs
 */
export function draw(canvas, track, durationMs) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  const context = canvas.getContext("2d");
  if (!context || width === 0 || durationMs <= 0) return;
  canvas.width = width;
  canvas.height = height;
  const style = getComputedStyle(canvas);
  const quiet = style.getPropertyValue("--wave");
  const loud = style.getPropertyValue("--speech");
  let next = 0;
  heights(track, width, durationMs).forEach((share, column) => {
    const ms = ((column + 0.5) / width) * durationMs;
    while ((track.speech[next]?.end_ms ?? Infinity) <= ms) next += 1;
    const speaks = (track.speech[next]?.start_ms ?? Infinity) <= ms;
    const tall = Math.max(share > 0 ? 1 : 0, share * height);
    context.fillStyle = speaks ? loud : quiet;
    context.fillRect(column, (height - tall) / 2, 1, tall);
  });
}
