// @ts-check
import { N_ } from "../i18n.js";
import { cameraWish, facingOf, otherFacing } from "./cameras.js";

/** @typedef {import("./types.js").Phrase} Phrase */
/** @typedef {"camera" | "microphone"} Kind */

/** What this browser lacks for a hearing; empty when it has all. */
export function missingParts() {
  const missing = [];
  if (!window.isSecureContext || navigator.mediaDevices === undefined) missing.push("devices");
  if (typeof RTCPeerConnection === "undefined") missing.push("connection");
  else if (!("replaceTrack" in RTCRtpSender.prototype)) missing.push("connection");
  if (typeof HTMLDialogElement === "undefined") missing.push("dialog");
  return missing;
}

const HELP = /** @type {Record<string, Record<Kind, string>>} */ ({
  denied: {
    camera: N_(
      "The browser may not use your camera. Press the camera or lock sign beside the address, allow the camera, then press 'Try again'.",
    ),
    microphone: N_(
      "The browser may not use your microphone. Press the microphone or lock sign beside the address, allow the microphone, then press 'Try again'.",
    ),
  },
  none: {
    camera: N_("No camera was found. Plug one in, then press 'Try again'. You can go on without."),
    microphone: N_("No microphone was found. Plug one in or use a telephone headset, then press 'Try again'."),
  },
  busy: {
    camera: N_("Another program is using your camera. Close it, then press 'Try again'."),
    microphone: N_("Another program is using your microphone. Close it, then press 'Try again'."),
  },
  other: {
    camera: N_("The camera did not start. Unplug it and plug it in again, then press 'Try again'."),
    microphone: N_("The microphone did not start. Unplug it and plug it in again, then press 'Try again'."),
  },
});

/** Why getUserMedia failed, as one of the causes above. @param {unknown} error */
export function causeOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "other";
}

/** What the person can do. @param {string} cause @param {Kind} kind @returns {string} */
export const helpFor = (cause, kind) => (HELP[cause] ?? HELP.other)[kind];

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const STORE = "mahdar.devices";

/**
 * The person's camera, microphone and speaker: opened, changed and closed here only.
 * Listeners of `change` are told when a track starts, ends, or the choice changes.
 */
export class Devices extends EventTarget {
  /** @type {MediaStreamTrack | null} */
  camera = null;
  /** @type {MediaStreamTrack | null} */
  microphone = null;
  /**
   * Tracks that ended by themselves (a call took the device, a plug was drawn) and have no successor.
   * @type {{ camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null }}
   */
  ended = { camera: null, microphone: null };
  /** @type {{ camera: string | null, microphone: string | null }} cause of the last failure */
  failed = { camera: null, microphone: null };
  /** @type {MediaDeviceInfo[]} */
  list = [];
  chosen = remembered();
  /** Where the person turned the camera; empty: the chosen device. @type {import("./cameras.js").Facing | ""} */
  facing = "";

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.refresh());
  }

  /**
   * Open one device; a failure is kept in `failed` and answered with false.
   * @param {Kind} kind
   * @returns {Promise<boolean>}
   */
  async open(kind) {
    const id = this.chosen[kind];
    const wish = kind === "camera"
      ? cameraWish(SIZE, id, this.facing)
      : { ...VOICE, ...(id ? { deviceId: { ideal: id } } : {}) };
    try {
      const stream = await navigator.mediaDevices.getUserMedia(
        kind === "camera" ? { video: wish } : { audio: wish },
      );
      this.#take(kind, stream.getTracks()[0]);
    } catch (error) {
      this.failed = { ...this.failed, [kind]: causeOf(error) };
      this.#changed();
      return false;
    }
    await this.refresh();
    return true;
  }

  /** Both at once, so that the browser asks once; each alone if one of them fails. */
  async openBoth() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: VOICE, video: SIZE });
      for (const track of stream.getTracks()) {
        this.#take(track.kind === "video" ? "camera" : "microphone", track);
      }
      await this.refresh();
    } catch {
      await this.open("microphone");
      await this.open("camera");
    }
  }

  /** @param {Kind} kind */
  close(kind) {
    const track = this[kind];
    this[kind] = null;
    this.ended[kind] = null;
    track?.stop();
    this.#changed();
  }

  /**
   * Use another device from now on. An open one is replaced without a pause in the hearing.
   * @param {Kind | "speaker"} kind @param {string} id
   */
  async choose(kind, id) {
    this.chosen = { ...this.chosen, [kind]: id };
    if (kind === "camera") this.facing = "";
    sessionStorage.setItem(STORE, JSON.stringify(this.chosen));
    if (kind !== "speaker" && this[kind] !== null) await this.open(kind);
    this.#changed();
  }

  /** The camera at the other side of a telephone. */
  async turnCamera() {
    this.facing = otherFacing(facingOf(this.camera));
    this.camera?.stop(); // many telephones open one camera at a time
    return this.open("camera");
  }

  async refresh() {
    this.list = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    this.#changed();
  }

  /** @param {"videoinput" | "audioinput" | "audiooutput"} kind */
  of(kind) {
    return this.list.filter((device) => device.kind === kind && device.deviceId !== "");
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track */
  #take(kind, track) {
    const old = this[kind];
    this[kind] = track;
    this.ended[kind] = null;
    this.failed = { ...this.failed, [kind]: null };
    old?.stop();
    track.addEventListener("ended", () => {
      if (this[kind] !== track) return; // closed or changed by the person
      this[kind] = null;
      this.ended[kind] = track;
      this.failed = { ...this.failed, [kind]: "none" };
      this.#changed();
    });
    // A telephone call on an iPhone mutes the track and sometimes never gives it back.
    track.addEventListener("mute", () => this.#changed());
    track.addEventListener("unmute", () => this.#changed());
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** @returns {{ camera: string, microphone: string, speaker: string }} */
function remembered() {
  const empty = { camera: "", microphone: "", speaker: "" };
  try {
    return { ...empty, ...JSON.parse(sessionStorage.getItem(STORE) ?? "{}") };
  } catch {
    return empty;
  }
}

/**
 * Level of a microphone track, 0..1, read when asked. Works on a clone, so that a muted
 * microphone can still warn its owner who is speaking into it.
 */
export class Level {
  /** @param {AudioContext} context @param {MediaStreamTrack} track */
  constructor(context, track) {
    this.track = track;
    this.clone = track.clone();
    this.clone.enabled = true;
    this.source = context.createMediaStreamSource(new MediaStream([this.clone]));
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 1024;
    this.source.connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  read() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const loudness = 20 * Math.log10(Math.sqrt(sum / this.samples.length) + 1e-6);
    return Math.min(1, Math.max(0, (loudness + 60) / 50)); // -60 dBFS: nothing, -10: full
  }

  close() {
    this.source.disconnect();
    this.clone.stop();
  }
}
