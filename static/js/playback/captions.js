// @ts-check
/** Captions: a certified transcript under the pictures, where there is one. */
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { languageName } from "../language.js";
import { captionAt } from "../transcript/model.js";

/** @typedef {{start_ms: number, end_ms: number, speaker: string, text: string}} Caption */
/** @typedef {{id: string, language: string, lines: Caption[]}} CaptionTrack */

export class Captions {
  /** The chosen track, or empty. */
  #chosen = "";

  /** @param {CaptionTrack[]} tracks */
  constructor(tracks) {
    this.tracks = tracks;
    this.element = h("p", { class: "player-captions", dir: "auto", hidden: true });
    this.select = h("select", { class: "control-rate" },
      h("option", { value: "" }, t("Off")),
      ...tracks.map((track) => h("option", { value: track.id }, languageName(track.language))));
    this.select.addEventListener("change", () => { this.#chosen = this.select.value; });
    this.control = h("label", { class: "control-hear" }, h("span", {}, t("Captions")), this.select);
  }

  toggle() {
    this.#chosen = this.#chosen === "" ? (this.tracks[0]?.id ?? "") : "";
    this.select.value = this.#chosen;
  }

  /** @param {number} ms */
  show(ms) {
    const track = this.tracks.find((one) => one.id === this.#chosen);
    const line = track ? captionAt(track.lines, ms) : null;
    this.element.hidden = line === null;
    const text = line ? (line.speaker ? `${line.speaker}: ${line.text}` : line.text) : "";
    if (this.element.textContent !== text) {
      this.element.textContent = text;
      this.element.lang = track?.language ?? "";
    }
  }
}
