// @ts-check
/**
 * When the floor is turned down under an interpreter. Pure: levels and times in, a decision out.
 */

/** What is left of the floor while the interpreter speaks: still there, never in the way. */
export const DUCKED = 0.18;
/** Time constants of the ramps, seconds: down at once, up without a jump. */
export const RAMP_DOWN_S = 0.06;
export const RAMP_UP_S = 0.35;
/** How often levels are looked at, milliseconds. */
export const LOOK_MS = 50;

const LOUD_DB = -48;
/** One loud look is a click; a voice is loud in two. */
const ATTACK_MS = 45;
/** Between two sentences the floor stays down. */
const HOLD_MS = 900;

/**
 * Loudness of samples in dBFS; -120 is silence.
 * @param {Float32Array} samples
 */
export function decibels(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 20 * Math.log10(Math.sqrt(sum / samples.length) + 1e-6);
}

/** Whether somebody speaks, from the loudness of the channel's voices. */
export class Duck {
  down = false;
  #loudSince = -1;
  #heardAt = -1;

  /**
   * @param {number} level of the loudest voice of the channel, dBFS
   * @param {number} now milliseconds
   * @returns {boolean} the floor is to be down
   */
  hear(level, now) {
    if (level < LOUD_DB) {
      this.#loudSince = -1;
      if (this.down && now - this.#heardAt >= HOLD_MS) this.down = false;
      return this.down;
    }
    if (this.#loudSince < 0) this.#loudSince = now;
    if (this.down || now - this.#loudSince >= ATTACK_MS) {
      this.down = true;
      this.#heardAt = now;
    }
    return this.down;
  }
}
