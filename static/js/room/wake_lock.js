// @ts-check

/**
 * Keeps the screen lit while it is wanted. The browser takes the lock away whenever the page is
 * hidden and gives it back to nobody, so it is asked for again when the page comes into sight.
 *
 * @typedef {object} Sentinel what `navigator.wakeLock.request` gives
 * @property {() => Promise<void>} release
 * @property {(name: "release", act: () => void) => void} addEventListener
 *
 * @typedef {object} Screen_ what the page knows of the screen; replaced in tests
 * @property {(() => Promise<Sentinel>) | null} request null where the browser cannot
 * @property {() => boolean} hidden
 */
export class WakeLock {
  #wanted = false;
  /** @type {Sentinel | null} */
  #held = null;
  #asking = false;

  /** @param {Screen_} screen */
  constructor(screen = ofBrowser()) {
    this.screen = screen;
  }

  get held() {
    return this.#held !== null;
  }

  /** @param {boolean} wanted */
  async want(wanted) {
    this.#wanted = wanted;
    await this.renew();
  }

  /** Bring the lock in line with the wish: on every change, and when the page is seen again. */
  async renew() {
    if (!this.#wanted) {
      const held = this.#held;
      this.#held = null;
      await held?.release();
      return;
    }
    if (this.#held !== null || this.#asking || this.screen.request === null || this.screen.hidden()) return;
    this.#asking = true;
    try {
      const sentinel = await this.screen.request();
      sentinel.addEventListener("release", () => {
        if (this.#held === sentinel) this.#held = null;
      });
      this.#held = sentinel;
    } catch {
      this.#held = null; // a low battery: the browser decides, and is asked again later
    } finally {
      this.#asking = false;
    }
    if (!this.#wanted) await this.renew();
  }
}

/** @returns {Screen_} */
function ofBrowser() {
  const lock = "wakeLock" in navigator ? navigator.wakeLock : null;
  return {
    request: lock === null ? null : () => lock.request("screen"),
    hidden: () => document.hidden,
  };
}
