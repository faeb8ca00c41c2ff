// @ts-check
/**
 * One track on one media element: fetches the segments around the moment, hands them to a
 * MediaSource at their place on the record's clock, and lets go of what is far behind. It never
 * runs the clock; the player tells it the moment.
 */
import { segmentsIn, spanAt, correction } from "./model.js";

/** @typedef {import("./model.js").Track} TrackData */
/** @typedef {import("./model.js").Segment} Segment */

const AHEAD_MS = 12_000;
const BEHIND_MS = 20_000;
const TYPES = /** @type {Record<string, string>} */ ({
  opus: 'audio/webm; codecs="opus"',
  vp8: 'video/webm; codecs="vp8"',
});

export class TrackPlayer {
  /**
   * @param {TrackData} data
   * @param {(track: string, seq: number) => string} address
   */
  constructor(data, address) {
    this.data = data;
    this.address = address;
    this.element = document.createElement(data.codec === "opus" ? "audio" : "video");
    this.element.preservesPitch = true;
    if (this.element instanceof HTMLVideoElement) {
      this.element.muted = true;
      this.element.playsInline = true;
    }
    /** Segments that could not be fetched or decoded: they are shown as missing. */
    this.broken = /** @type {Set<number>} */ (new Set());
    this.loaded = /** @type {Set<number>} */ (new Set());
    this.busy = false;
    /** @type {AbortController | null} */
    this.fetching = null;
    /** @type {SourceBuffer | null} */
    this.buffer = null;
    this.source = new MediaSource();
    this.source.addEventListener("sourceopen", () => this.#open(), { once: true });
    this.element.src = URL.createObjectURL(this.source);
  }

  /**
   * Whether there is something of this track at `ms`, and if so whether it can be played now.
   * @param {number} ms
   * @returns {"none" | "ready" | "waiting"}
   */
  stateAt(ms) {
    const segment = spanAt(this.data.segments, ms);
    if (!segment || this.broken.has(segment.seq)) return "none";
    return this.loaded.has(segment.seq) ? "ready" : "waiting";
  }

  /**
   * Be at `ms`, playing or not, at `rate`; and fetch what comes next.
   * @param {number} ms
   * @param {boolean} playing
   * @param {number} rate
   */
  follow(ms, playing, rate) {
    void this.#fill(ms);
    const { element } = this;
    if (this.stateAt(ms) !== "ready") {
      if (!element.paused) element.pause();
      return;
    }
    const step = correction(element.currentTime * 1000, ms, rate);
    if (step.seek || (!playing && Math.abs(element.currentTime * 1000 - ms) > 20)) element.currentTime = ms / 1000;
    if (Math.abs(element.playbackRate - step.rate) > 0.005) element.playbackRate = step.rate;
    if (playing && element.paused) element.play().catch(() => {}); // refused until a first click
    if (!playing && !element.paused) element.pause();
  }

  #open() {
    const type = TYPES[this.data.codec];
    if (!type || !MediaSource.isTypeSupported(type)) {
      for (const segment of this.data.segments) this.broken.add(segment.seq);
      return;
    }
    this.source.duration = (this.data.segments.at(-1)?.end_ms ?? 0) / 1000 + 1;
    this.buffer = this.source.addSourceBuffer(type);
  }

  /** @param {number} ms */
  async #fill(ms) {
    if (this.busy || !this.buffer) return;
    const wanted = segmentsIn(this.data.segments, ms - 500, ms + AHEAD_MS).find(
      (segment) => !this.loaded.has(segment.seq) && !this.broken.has(segment.seq),
    );
    if (!wanted) return;
    this.busy = true;
    try {
      await this.#drop(ms);
      await this.#load(wanted);
    } finally {
      this.busy = false;
    }
  }

  /** @param {Segment} segment */
  async #load(segment) {
    const buffer = /** @type {SourceBuffer} */ (this.buffer);
    this.fetching = new AbortController();
    try {
      const answer = await fetch(this.address(this.data.id, segment.seq), { signal: this.fetching.signal });
      if (!answer.ok) throw new Error(`segment ${segment.seq}: ${answer.status}`);
      const bytes = await answer.arrayBuffer();
      // A segment's own times start at 0; a late one must not spill over its neighbours.
      buffer.abort();
      buffer.timestampOffset = segment.start_ms / 1000;
      buffer.appendBuffer(bytes);
      await idle(buffer);
      this.loaded.add(segment.seq);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.broken.add(segment.seq);
    }
  }

  /**
   * Let go of what is far from `ms`, so that hours of hearing do not fill the memory.
   * @param {number} ms
   */
  async #drop(ms) {
    const buffer = /** @type {SourceBuffer} */ (this.buffer);
    for (const segment of this.data.segments) {
      const far = segment.end_ms < ms - BEHIND_MS || segment.start_ms > ms + 3 * AHEAD_MS;
      if (!far || !this.loaded.has(segment.seq)) continue;
      this.loaded.delete(segment.seq);
      buffer.remove(segment.start_ms / 1000, segment.end_ms / 1000);
      await idle(buffer);
    }
  }

  /** The moment jumped: a fetch for the old place is for nothing. */
  jumped() {
    this.fetching?.abort();
  }

  /** What a decoder or the network lost may be asked for again. */
  retry() {
    this.broken.clear();
  }
}

/**
 * @param {SourceBuffer} buffer
 * @returns {Promise<void>}
 */
function idle(buffer) {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve, reject) => {
    buffer.addEventListener("error", () => reject(new Error("not decodable")), { once: true });
    buffer.addEventListener("updateend", () => resolve(), { once: true });
  });
}
