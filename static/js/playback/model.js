// @ts-check
/**
 * The record as data: what is there at which moment. Pure; tested by tests/js/playback.test.js.
 * Times are milliseconds on the record's clock.
 */

/** @typedef {{start_ms: number, end_ms: number}} Span */
/** @typedef {Span & {seq: number}} Segment */
/** @typedef {Span & {reason: string}} Gap */
/**
 * `source` is microphone, camera, screen, or channel-<language>: an interpreter's voice, `channel`
 * then being the language and else empty.
 * @typedef {{id: string, seat: string, source: string, channel: string, codec: string, segments: Segment[], gaps: Gap[]}} Track
 */
/** @typedef {{id: string, name: string, role_title: string}} Seat */
/** @typedef {{clock_ms: number, type: string, seat?: string | null, title?: string, text?: string, seconds?: number, channel?: string, code?: string, exhibit?: string, page?: number, to_ms?: number}} Chapter `seconds` that the seat missed; `page` of the exhibit that was shown until `to_ms` */
/**
 * @typedef {object} Timeline
 * @property {string} epoch UTC of recording time 0
 * @property {number} duration_ms
 * @property {Span[]} stretches on record, in order
 * @property {Gap[]} pauses between the stretches
 * @property {Seat[]} seats
 * @property {Track[]} tracks
 * @property {string} mark the viewer's name and the time, shown over the pictures
 * @property {string} segment_url with {track} and {seq}
 * @property {Chapter[]} chapters
 * @property {string} [captions_url] certified transcripts
 * @property {string} [exhibit_url] a page of an exhibit that was shown, with {exhibit} and {page}
 * @property {string} [levels_url] how loud everybody was
 * @property {string} [marks_url] the viewer's own notes; empty for who has none
 */

/**
 * The span that holds `ms`, else null. `spans` are in order and do not overlap.
 * @template {Span} T
 * @param {T[]} spans
 * @param {number} ms
 * @returns {T | null}
 */
export function spanAt(spans, ms) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.end_ms ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span && span.start_ms <= ms ? span : null;
}

/**
 * Segments that meet [from, to), in order.
 * @param {Segment[]} segments
 * @param {number} from
 * @param {number} to
 */
export const segmentsIn = (segments, from, to) =>
  segments.filter((segment) => segment.end_ms > from && segment.start_ms < to);

/**
 * Where playing goes on from `ms`: `ms` itself on record, the next stretch's start between two,
 * null after the last.
 * @param {Span[]} stretches
 * @param {number} ms
 */
export function playableFrom(stretches, ms) {
  for (const stretch of stretches) {
    if (ms < stretch.start_ms) return stretch.start_ms;
    if (ms < stretch.end_ms) return ms;
  }
  return null;
}

/**
 * Who is to be heard: nobody who is muted, and if somebody is alone, only those.
 * @param {string} seat
 * @param {Set<string>} muted
 * @param {Set<string>} alone
 */
export const audible = (seat, muted, alone) =>
  alone.size > 0 ? alone.has(seat) : !muted.has(seat);

/**
 * Whether a track belongs to what was chosen: the floor always, an interpreter's channel only if
 * its language was.
 * @param {Track} track
 * @param {string} chosen language, or empty for the floor alone
 */
export const chosenTrack = (track, chosen) => track.channel === "" || track.channel === chosen;

/**
 * The languages that were interpreted into, in order of their first track.
 * @param {Track[]} tracks
 */
export const channelsOf = (tracks) => [...new Set(tracks.map((track) => track.channel).filter(Boolean))];

/**
 * What an element that shows `currentMs` must do to be at `ms`: seek when it is far off, else run
 * a little faster or slower, so that lips and voices of all tracks stay together.
 * @param {number} currentMs
 * @param {number} ms
 * @param {number} rate
 * @returns {{seek: boolean, rate: number}}
 */
export function correction(currentMs, ms, rate) {
  const behind = ms - currentMs;
  if (Math.abs(behind) > 350 * Math.max(1, rate)) return { seek: true, rate };
  // Each within 20 ms of the clock: no two tracks farther apart than 40, half of what may be.
  if (Math.abs(behind) < 20) return { seek: false, rate };
  // A busy machine takes more from an element than a tenth would bring back.
  return { seek: false, rate: rate * (1 + Math.max(-0.25, Math.min(0.25, behind / 500))) };
}

/**
 * The last chapter that has begun at `ms`, as an index, or -1.
 * @param {Chapter[]} chapters in order
 * @param {number} ms
 */
export function chapterAt(chapters, ms) {
  let found = -1;
  while (found + 1 < chapters.length && (chapters[found + 1]?.clock_ms ?? 0) <= ms) found += 1;
  return found;
}

/**
 * Who had the floor at `ms`, else null.
 * @param {Chapter[]} chapters
 * @param {number} ms
 */
export function floorAt(chapters, ms) {
  const given = chapters.filter((chapter) => chapter.type === "floor" && chapter.clock_ms <= ms);
  return given.at(-1)?.seat ?? null;
}

/** Chapters that change what is shown; the court's rulings do not. */
const SHOWS = new Set(["exhibit.shown", "exhibit.page", "exhibit.withdrawn"]);

/**
 * The exhibit that everybody saw at `ms`: shown and not yet taken away, else null.
 * @param {Chapter[]} chapters in order
 * @param {number} ms
 * @returns {Chapter | null}
 */
export function exhibitAt(chapters, ms) {
  const last = chapters.filter((chapter) => SHOWS.has(chapter.type) && chapter.clock_ms <= ms).at(-1);
  if (last === undefined || last.type === "exhibit.withdrawn") return null;
  return last.to_ms !== undefined && last.to_ms <= ms ? null : last; // taken away where nothing is open
}

/**
 * Where somebody next (by = 1) or last (by = -1) began to speak, else null. Who is a second into
 * a speech goes back to its beginning, and then to the one before.
 * @param {Span[]} spans of all, in any order
 * @param {number} ms
 * @param {number} by
 */
export function speechFrom(spans, ms, by) {
  const starts = spans.map((span) => span.start_ms).filter((start) => (by > 0 ? start > ms + 100 : start < ms - 1000));
  if (starts.length === 0) return null;
  return by > 0 ? Math.min(...starts) : Math.max(...starts);
}

/**
 * `1:02:03` or `2:03`.
 * @param {number} ms
 */
export function clockText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
