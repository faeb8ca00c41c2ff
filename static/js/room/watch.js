// @ts-check
/**
 * What this page shows and how large, told to the server, so that no other picture is sent to it.
 * Every element with `data-track="<seat>/<source>"` is watched; its size in the document is that of
 * its picture. A hidden page, and one whose person wants sound only, shows nothing.
 *
 * @typedef {object} Seen
 * @property {string} track `<seat>/<source>`
 * @property {number} width CSS pixels
 * @property {number} height
 * @property {boolean} visible within what is scrolled to
 */

const WAIT_MS = 150;
/** Sizes are rounded up to these steps, so that a page that grows by a pixel says nothing. */
const STEP = 16;
const LARGEST = 16_384;
const MOST = 128;
const STORE = "mahdar.sound_only";

/**
 * The fields of a `layout` message. Of a track that is shown twice the larger picture counts.
 * @param {Seen[]} seen
 * @param {{ hidden: boolean, audioOnly: boolean, ratio: number }} page `ratio`: device pixels of a
 *   CSS pixel
 */
export function layoutOf(seen, { hidden, audioOnly, ratio }) {
  /** @type {Map<string, { seat: string, source: string, width: number, height: number }>} */
  const tracks = new Map();
  for (const { track, width, height, visible } of hidden ? [] : seen) {
    const [seat, source] = track.split("/");
    if (!visible || width < 1 || height < 1) continue;
    const size = { width: pixels(width * ratio), height: pixels(height * ratio) };
    const other = tracks.get(track);
    if (other === undefined || other.width < size.width) tracks.set(track, { seat, source, ...size });
  }
  const sorted = [...tracks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return { tracks: sorted.slice(0, MOST), audio_only: audioOnly };
}

/** @param {number} size */
const pixels = (size) => Math.min(LARGEST, Math.ceil(size / STEP) * STEP);

export class Watch {
  audioOnly = sessionStorage.getItem(STORE) === "yes";
  /** @type {Map<Element, boolean>} watched elements, and whether they are scrolled to */
  #elements = new Map();
  #told = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #sizes = new ResizeObserver(() => this.#soon());
  #scrolled = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (this.#elements.has(target)) this.#elements.set(target, isIntersecting);
    }
    this.#soon();
  });

  /** @param {import("./signal.js").Signal} signal */
  constructor(signal) {
    this.signal = signal;
    document.addEventListener("visibilitychange", () => this.#tell());
  }

  /** The page was drawn: find what is new and what is gone. @param {Element} root */
  look(root) {
    const there = new Set(root.querySelectorAll("[data-track]"));
    for (const element of this.#elements.keys()) {
      if (there.has(element)) continue;
      this.#elements.delete(element);
      this.#sizes.unobserve(element);
      this.#scrolled.unobserve(element);
      this.#soon();
    }
    for (const element of there) {
      if (this.#elements.has(element)) continue;
      this.#elements.set(element, true);
      this.#sizes.observe(element);
      this.#scrolled.observe(element);
      this.#soon();
    }
  }

  /** Sound only, or pictures again: the person's choice, which a reload does not undo. @param {boolean} on */
  setAudioOnly(on) {
    this.audioOnly = on;
    sessionStorage.setItem(STORE, on ? "yes" : "no");
    this.#tell();
  }

  /** After each welcome: the server knows nothing of this page. */
  tellAgain() {
    this.#told = "";
    this.#tell();
  }

  #soon() {
    this.#timer ??= setTimeout(() => this.#tell(), WAIT_MS);
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.signal.open) return;
    const seen = [...this.#elements].map(([element, visible]) => {
      const { width, height } = element.getBoundingClientRect();
      return { track: element.getAttribute("data-track") ?? "", width, height, visible };
    });
    const fields = layoutOf(seen, {
      hidden: document.hidden,
      audioOnly: this.audioOnly,
      ratio: window.devicePixelRatio || 1,
    });
    const text = JSON.stringify(fields);
    if (text !== this.#told && this.signal.tell("layout", fields)) this.#told = text;
  }
}
