// @ts-check
/**
 * The one clock that all tracks follow. It runs on the browser's monotonic time, stops while what
 * is needed is not there yet, and jumps over what is not on record.
 */
import { playableFrom } from "./model.js";

/** How long the clock waits for a track before it goes on without it. */
const PATIENCE_MS = 6000;

export class Clock {
  /**
   * @param {import("./model.js").Span[]} stretches
   * @param {number} durationMs
   */
  constructor(stretches, durationMs) {
    this.stretches = stretches;
    this.durationMs = durationMs;
    this.ms = playableFrom(stretches, 0) ?? 0;
    this.rate = 1;
    this.playing = false;
    this.waiting = false;
    this.#last = 0;
  }

  #last;
  #waitedMs = 0;

  /** @param {number} now monotonic milliseconds */
  play(now) {
    if (playableFrom(this.stretches, this.ms) === null) this.ms = playableFrom(this.stretches, 0) ?? 0;
    this.playing = true;
    this.#last = now;
    this.#waitedMs = 0;
  }

  pause() {
    this.playing = false;
    this.waiting = false;
  }

  /** @param {number} ms */
  jump(ms) {
    this.ms = Math.max(0, Math.min(this.durationMs, ms));
    this.#waitedMs = 0;
  }

  /**
   * Time has passed. `ready` says whether all tracks that have something here can play.
   * @param {number} now monotonic milliseconds
   * @param {boolean} ready
   */
  tick(now, ready) {
    const passed = Math.min(500, now - this.#last); // a page in the background does not leap
    this.#last = now;
    if (!this.playing) return;
    this.waiting = !ready && this.#waitedMs < PATIENCE_MS;
    if (this.waiting) {
      this.#waitedMs += passed;
      return;
    }
    if (ready) this.#waitedMs = 0;
    const next = playableFrom(this.stretches, this.ms + passed * this.rate);
    if (next === null) {
      this.ms = this.durationMs;
      this.pause();
    } else this.ms = next;
  }
}
