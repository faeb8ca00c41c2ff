// @ts-check

/**
 * What a telephone does to camera and microphone: a call or the lock screen mutes the track, and
 * sometimes nothing ever unmutes it (Safari), or it ends. A track that should send and is taken
 * is opened again by itself, while the page is seen; when that does not help, the person is asked
 * to tap, because some browsers only obey a tap.
 *
 * @typedef {"camera" | "microphone"} Kind
 *
 * @typedef {object} Hands what this needs; replaced in tests
 * @property {(kind: Kind) => MediaStreamTrack | null} track the device's open track, or the one that
 *   ended by itself
 * @property {(kind: Kind) => boolean} wanted the person wants to send it
 * @property {(kind: Kind) => Promise<boolean>} open open the device anew
 * @property {() => boolean} hidden the page is out of sight
 * @property {() => number} now milliseconds
 * @property {() => void} changed `taken` is another
 */

/** A track that is muted for a moment (a headset changes) comes back by itself. */
const PATIENCE_MS = 1500;
/** Between two tries without a tap. */
const AGAIN_MS = [0, 3000, 8000];
const KINDS = /** @type {Kind[]} */ (["microphone", "camera"]);

export class Interruptions {
  /** Taken devices that need a tap. @type {Kind[]} */
  taken = [];
  /** @type {Record<Kind, { since: number, tries: number, triedAt: number } | null>} */
  #gone = { microphone: null, camera: null };
  /** @type {Record<Kind, boolean>} */
  #busy = { microphone: false, camera: false };

  /** @param {Hands} hands */
  constructor(hands) {
    this.hands = hands;
  }

  /** Look at the devices: once a second, when a track changes, when the page is seen again. */
  async look() {
    await Promise.all(KINDS.map((kind) => this.#look(kind)));
  }

  /** The page is seen again: what was taken meanwhile is tried at once, from the beginning. */
  async seen() {
    for (const kind of KINDS) {
      const gone = this.#gone[kind];
      if (gone !== null) this.#gone[kind] = { since: -Infinity, tries: 0, triedAt: -Infinity };
    }
    await this.look();
  }

  /** The person tapped. */
  async tap() {
    await Promise.all(this.taken.map((kind) => this.#open(kind)));
    await this.look();
  }

  /** @param {Kind} kind */
  async #look(kind) {
    const { hands } = this;
    const track = hands.track(kind);
    const lost = hands.wanted(kind) && track !== null && (track.muted || track.readyState === "ended");
    if (!lost) {
      this.#gone[kind] = null;
      this.#tell(kind, false);
      return;
    }
    const gone = (this.#gone[kind] ??= { since: hands.now(), tries: 0, triedAt: -Infinity });
    if (hands.hidden() || this.#busy[kind] || hands.now() - gone.since < PATIENCE_MS) return;
    const wait = AGAIN_MS[gone.tries];
    if (wait === undefined) {
      this.#tell(kind, true);
      return;
    }
    if (hands.now() - gone.triedAt < wait) return;
    gone.tries++;
    gone.triedAt = hands.now();
    if (gone.tries > 1) this.#tell(kind, true); // one quiet try, then say so while trying on
    await this.#open(kind);
    if (hands.track(kind)?.muted === false) await this.#look(kind);
  }

  /** @param {Kind} kind */
  async #open(kind) {
    if (this.#busy[kind]) return;
    this.#busy[kind] = true;
    try {
      await this.hands.open(kind);
    } finally {
      this.#busy[kind] = false;
    }
  }

  /** @param {Kind} kind @param {boolean} taken */
  #tell(kind, taken) {
    if (this.taken.includes(kind) === taken) return;
    this.taken = KINDS.filter((one) => (one === kind ? taken : this.taken.includes(one)));
    this.hands.changed();
  }
}
