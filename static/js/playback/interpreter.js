// @ts-check
/** The interpreter that a viewer chose, above the floor: one choice, and the floor turned down. */
import { decibels, Duck, DUCKED } from "../audio/duck.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { languageName } from "../language.js";
import { channelsOf } from "./model.js";

/** @typedef {import("./track.js").TrackPlayer} TrackPlayer */

/** Share of the way to the wanted volume in one frame of 60 a second. */
const DOWN = 0.25;
const UP = 0.05;

export class Interpreter {
  /** The chosen language, or empty: the floor alone. */
  chosen = "";
  #volume = 1;
  #duck = new Duck();
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Map<TrackPlayer, AnalyserNode>} */
  #looks = new Map();
  #samples = new Float32Array(1024);

  /** @param {TrackPlayer[]} tracks @param {() => void} changed */
  constructor(tracks, changed) {
    this.tracks = tracks;
    this.changed = changed;
  }

  /** The choice; null where nobody interpreted into a channel. */
  control() {
    const languages = channelsOf(this.tracks.map((track) => track.data));
    if (languages.length === 0) return null;
    const select = h("select", { class: "control-rate" },
      h("option", { value: "" }, t("The floor")),
      ...languages.map((tag) => h("option", { value: tag }, languageName(tag))));
    select.addEventListener("change", () => this.#choose(select.value));
    return h("label", { class: "control-hear" }, h("span", {}, t("You hear")), select);
  }

  /** @param {string} language */
  #choose(language) {
    this.chosen = language;
    this.#duck = new Duck();
    if (language !== "") this.#listen(language);
    this.changed();
  }

  /** Chosen by a click, so the browser lets the context run. @param {string} language */
  #listen(language) {
    const context = (this.#context ??= new AudioContext());
    void context.resume();
    for (const track of this.tracks) {
      if (track.data.channel !== language || this.#looks.has(track)) continue;
      const source = context.createMediaElementSource(track.element);
      const look = context.createAnalyser();
      look.fftSize = this.#samples.length;
      source.connect(look).connect(context.destination);
      this.#looks.set(track, look);
    }
  }

  /** Turn the floor down while the interpreter speaks; call every frame. @param {number} now */
  frame(now) {
    const wanted = this.#duck.hear(this.#level(), now) ? DUCKED : 1;
    if (Math.abs(wanted - this.#volume) < 0.005) this.#volume = wanted;
    else this.#volume += (wanted - this.#volume) * (wanted < this.#volume ? DOWN : UP);
    for (const track of this.tracks) {
      if (track.element instanceof HTMLAudioElement && track.data.channel === "" && track.element.volume !== this.#volume) {
        track.element.volume = this.#volume;
      }
    }
  }

  #level() {
    let loudest = -120;
    for (const [track, look] of this.#looks) {
      if (track.data.channel !== this.chosen || track.element.paused || track.element.muted) continue;
      look.getFloatTimeDomainData(this.#samples);
      loudest = Math.max(loudest, decibels(this.#samples));
    }
    return loudest;
  }
}
