// @ts-check
import { seatOf } from "./state.js";

/**
 * What this page sends: the person's wish, the devices and the court's leave brought together.
 * The wish survives reloads; the court can close a source, and nobody but the person opens it.
 *
 * @typedef {import("./types.js").Source} Source
 * @typedef {import("./types.js").RoomState} RoomState
 */

const STORE = "mahdar.sources";

export class Sources {
  /** @type {MediaStreamTrack | null} */
  screen = null;
  wish = remembered();
  /** @type {string} what was last told to the server, as JSON */
  #told = "";

  /**
   * @param {object} parts
   * @param {import("./devices.js").Devices} parts.devices
   * @param {import("./media.js").Media} parts.media
   * @param {import("./signal.js").Signal} parts.signal
   * @param {() => void} parts.changed
   */
  constructor({ devices, media, signal, changed }) {
    this.devices = devices;
    this.media = media;
    this.signal = signal;
    this.changed = changed;
    devices.addEventListener("change", () => void this.apply());
  }

  /** What goes out now. @returns {Record<Source, boolean>} */
  get on() {
    return {
      microphone: this.wish.microphone && this.devices.microphone !== null,
      camera: this.wish.camera && this.devices.camera !== null,
      screen: this.screen !== null,
    };
  }

  /**
   * @param {"microphone" | "camera"} kind @param {boolean} on
   * @returns {Promise<boolean>} false when the device did not open
   */
  async turn(kind, on) {
    this.wish = { ...this.wish, [kind]: on };
    sessionStorage.setItem(STORE, JSON.stringify(this.wish));
    let opened = true;
    if (on && this.devices[kind] === null) opened = await this.devices.open(kind);
    // A camera that is off must be off: its lamp goes out. A microphone stays open but silent,
    // so that opening it is instant and its owner can be told 'you are muted'.
    if (!on && kind === "camera") this.devices.close("camera");
    await this.apply();
    return opened;
  }

  /** Ask the browser for a screen and send it. @returns {Promise<void>} rejects if denied */
  async shareScreen() {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 15 } });
    this.screen = stream.getVideoTracks()[0];
    this.screen.addEventListener("ended", () => void this.stopScreen());
    await this.apply();
  }

  async stopScreen() {
    this.screen?.stop();
    this.screen = null;
    await this.apply();
  }

  /** Bring tracks and the server's knowledge in line with what is wished and possible. */
  async apply() {
    const { microphone, camera } = this.devices;
    const on = this.on;
    if (microphone !== null) microphone.enabled = on.microphone;
    await Promise.all([
      this.media.setTrack("microphone", on.microphone ? microphone : null),
      this.media.setTrack("camera", on.camera ? camera : null),
      this.media.setTrack("screen", this.screen),
    ]);
    this.#tell();
    this.changed();
  }

  /** After each welcome: the server may know nothing of us. */
  tellAgain() {
    this.#told = "";
    this.#tell();
  }

  /**
   * Obey the court: what it closed stays closed until the person opens it.
   * @param {RoomState} state @param {RoomState | null} before
   */
  obey(state, before) {
    const mine = seatOf(state, state.me.seat);
    const was = before === null ? undefined : seatOf(before, before.me.seat);
    if (mine === undefined) return;
    const closed = was?.sources.microphone === true && !mine.sources.microphone;
    const forbidden = !mine.permitted.includes("microphone"); // locked, or the person signs
    if (this.wish.microphone && (forbidden || (closed && this.#settled))) {
      void this.turn("microphone", false);
    }
    if (this.screen !== null && !mine.permitted.includes("screen") && was?.permitted.includes("screen")) {
      void this.stopScreen();
    }
  }

  /** Closed by the court (event `muted`). */
  closeMicrophone() {
    void this.turn("microphone", false);
  }

  #pending = 0;
  get #settled() {
    return this.#pending === 0;
  }

  #tell() {
    const on = this.on;
    const text = JSON.stringify(on);
    if (text === this.#told || !this.signal.open) return;
    this.#told = text;
    this.#pending++;
    this.signal
      .request("sources", on)
      .catch(() => {
        this.#told = ""; // a refusal (a locked microphone) is told by the state that follows
      })
      .finally(() => this.#pending--);
  }
}

/** @param {RoomState} state Leave to share the screen. */
export const mayShare = (state) =>
  seatOf(state, state.me.seat)?.permitted.includes("screen") === true;

/** @returns {{ microphone: boolean, camera: boolean }} */
function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
    return { microphone: kept.microphone !== false, camera: kept.camera !== false };
  } catch {
    return { microphone: true, camera: true };
  }
}
