// @ts-check
import { decibels, Duck, DUCKED, LOOK_MS, RAMP_DOWN_S, RAMP_UP_S } from "../audio/duck.js";

/**
 * All that this page hears, apart from the tiles, so that no change of the layout interrupts it.
 *
 * Each microphone is played by an audio element of its own. Only while an interpreter's channel is
 * heard, or where elements have no volume (iOS), the sounds go through Web Audio: the floor is then
 * turned down while a voice of the channel speaks.
 *
 * Events: `blocked` (the browser wants a tap before it plays sound), `ducked` (the floor went down
 * or up).
 *
 * @typedef {{ seat: string, stream: MediaStream }} Heard
 *
 * @typedef {object} Sound
 * @property {string} seat
 * @property {MediaStream} stream
 * @property {HTMLAudioElement} element
 * @property {{ source: MediaStreamAudioSourceNode, gain: GainNode, look: AnalyserNode } | null} path
 */
export class Mixer extends EventTarget {
  /** Play no sound: the kit check hears only itself. */
  silent = false;
  /** @type {Map<MediaStreamTrack, Sound>} */
  #sounds = new Map();
  /** @type {Record<string, number>} volume by seat, 0..1 */
  #volumes = {};
  #speaker = "";
  /** @type {Set<string> | null} seats that speak in the chosen channel; null: the floor alone */
  #voices = null;
  /** @type {{ context: AudioContext, out: MediaStreamAudioDestinationNode, element: HTMLAudioElement } | null} */
  #desk = null;
  #duck = new Duck();
  #samples = new Float32Array(1024);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** The floor is down because an interpreter speaks. */
  get ducked() {
    return this.#duck.down;
  }

  /**
   * These microphones are to be heard, and no others.
   * @param {Map<MediaStreamTrack, Heard>} heard
   */
  play(heard) {
    for (const [track, sound] of this.#sounds) {
      if (heard.get(track)?.stream === sound.stream) continue;
      this.#unplug(sound);
      sound.element.remove();
      this.#sounds.delete(track);
    }
    for (const [track, { seat, stream }] of heard) {
      const sound = this.#sounds.get(track) ?? this.#start(track, seat, stream);
      sound.seat = seat;
      sound.element.dataset.seat = seat;
    }
    this.#apply();
  }

  /**
   * Hear a channel above the floor, or the floor alone.
   * @param {Set<string> | null} voices seats whose microphones are in the channel
   */
  listen(voices) {
    const same = voices !== null && this.#voices !== null && [...voices].join() === [...this.#voices].join();
    if (same || voices === this.#voices) return;
    this.#voices = voices;
    if (voices === null) this.#duck = new Duck();
    this.#apply();
    this.dispatchEvent(new Event("ducked"));
  }

  /** @param {string} seat */
  volume(seat) {
    return this.#volumes[seat] ?? 1;
  }

  /** @param {string} seat @param {number} volume 0..1, only on this page */
  setVolume(seat, volume) {
    this.#volumes = { ...this.#volumes, [seat]: volume };
    this.#apply();
  }

  /** @param {string} id of an audio output */
  async setSpeaker(id) {
    this.#speaker = id;
    const elements = [...this.#sounds.values()].map((sound) => sound.element);
    if (this.#desk !== null) elements.push(this.#desk.element);
    await Promise.all(elements.map((element) => route(element, id)));
  }

  /** After a tap: play what the browser had blocked. */
  async unblock() {
    await this.#desk?.context.resume().catch(() => {});
    const elements = [...this.#sounds.values()].map((sound) => sound.element);
    if (this.#desk !== null) elements.push(this.#desk.element);
    await Promise.all(elements.map((element) => element.play().catch(() => {})));
  }

  stop() {
    for (const sound of this.#sounds.values()) sound.element.remove();
    this.#sounds.clear();
    this.#apply();
  }

  // --- elements ------------------------------------------------------------------------------

  /** @param {MediaStreamTrack} track @param {string} seat @param {MediaStream} stream */
  #start(track, seat, stream) {
    const element = document.createElement("audio");
    element.autoplay = true;
    element.muted = this.silent;
    element.srcObject = stream;
    element.hidden = true;
    document.body.append(element);
    const sound = { seat, stream, element, path: null };
    this.#sounds.set(track, sound);
    if (this.#speaker !== "") void route(element, this.#speaker);
    this.#run(element);
    return sound;
  }

  /** @param {HTMLAudioElement} element */
  #run(element) {
    element.play().catch((error) => {
      if (error.name === "NotAllowedError") this.dispatchEvent(new Event("blocked"));
    });
  }

  // --- the mixing desk -----------------------------------------------------------------------

  get #wanted() {
    if (this.silent || this.#sounds.size === 0) return false;
    const turned = Object.values(this.#volumes).some((volume) => volume < 1);
    return this.#voices !== null || (turned && !elementsHaveVolume());
  }

  /** Bring elements, paths and gains in line with what is wanted and what the browser allows. */
  #apply() {
    if (this.#wanted) this.#open();
    else this.#close();
    const mixing = this.#desk?.context.state === "running";
    for (const sound of this.#sounds.values()) {
      if (mixing) this.#plug(sound);
      else this.#unplug(sound);
      // A muted element still pulls the packets that Web Audio needs.
      sound.element.muted = mixing || this.silent;
      sound.element.volume = this.volume(sound.seat);
    }
    this.#turn();
  }

  #open() {
    if (this.#desk !== null) return;
    const context = new AudioContext({ latencyHint: "interactive" });
    const out = context.createMediaStreamDestination();
    const element = document.createElement("audio");
    element.hidden = true;
    element.autoplay = true;
    element.dataset.mix = "";
    element.srcObject = out.stream;
    document.body.append(element);
    this.#desk = { context, out, element };
    if (this.#speaker !== "") void route(element, this.#speaker);
    this.#run(element);
    context.addEventListener("statechange", () => this.#apply());
    if (context.state !== "running") {
      void context.resume().catch(() => {});
      this.dispatchEvent(new Event("blocked"));
    }
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #close() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const desk = this.#desk;
    if (desk === null) return;
    this.#desk = null;
    for (const sound of this.#sounds.values()) this.#unplug(sound);
    desk.element.remove();
    void desk.context.close();
  }

  /** @param {Sound} sound */
  #plug(sound) {
    if (this.#desk === null || sound.path !== null) return;
    const { context, out } = this.#desk;
    const source = context.createMediaStreamSource(sound.stream);
    const gain = context.createGain();
    const look = context.createAnalyser();
    look.fftSize = this.#samples.length;
    gain.gain.value = this.#target(sound);
    source.connect(gain).connect(out);
    source.connect(look);
    sound.path = { source, gain, look };
  }

  /** @param {Sound} sound */
  #unplug(sound) {
    sound.path?.source.disconnect();
    sound.path?.gain.disconnect();
    sound.path = null;
    delete sound.element.dataset.gain;
  }

  /** @param {Sound} sound */
  #target(sound) {
    const floor = this.#voices !== null && !this.#voices.has(sound.seat);
    return this.volume(sound.seat) * (floor && this.ducked ? DUCKED : 1);
  }

  #turn() {
    const now = this.#desk?.context.currentTime ?? 0;
    for (const sound of this.#sounds.values()) {
      if (sound.path === null) continue;
      const target = this.#target(sound);
      const { gain } = sound.path.gain;
      gain.setTargetAtTime(target, now, target < gain.value ? RAMP_DOWN_S : RAMP_UP_S);
      sound.element.dataset.gain = target.toFixed(2);
    }
  }

  /** Does a voice of the channel speak? */
  #look() {
    if (this.#voices === null) return;
    let loudest = -120;
    for (const sound of this.#sounds.values()) {
      if (sound.path === null || !this.#voices.has(sound.seat)) continue;
      sound.path.look.getFloatTimeDomainData(this.#samples);
      loudest = Math.max(loudest, decibels(this.#samples));
    }
    const before = this.ducked;
    if (this.#duck.hear(loudest, performance.now()) === before) return;
    this.#turn();
    this.dispatchEvent(new Event("ducked"));
  }
}

/** @type {boolean | undefined} */
let haveVolume;

/** On iOS the volume of an element cannot be set. */
function elementsHaveVolume() {
  if (haveVolume === undefined) {
    const probe = document.createElement("audio");
    probe.volume = 0.5;
    haveVolume = probe.volume === 0.5;
  }
  return haveVolume;
}

/** @param {HTMLAudioElement} element @param {string} id */
async function route(element, id) {
  if (!("setSinkId" in element)) return;
  await /** @type {any} */ (element).setSinkId(id).catch(() => {});
}
