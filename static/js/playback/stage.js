// @ts-check
/** Who is seen and heard: one tile for each seat, and a wide one for each shared screen. */
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { reasonText } from "./labels.js";
import { chosenTrack, spanAt } from "./model.js";

/** @typedef {import("./model.js").Seat} Seat */
/** @typedef {import("./track.js").TrackPlayer} TrackPlayer */

export class Tile {
  /**
   * @param {Seat} seat
   * @param {TrackPlayer[]} tracks of this seat
   * @param {{mute: (seat: string) => void, alone: (seat: string) => void}} actions
   */
  constructor(seat, tracks, actions) {
    this.seat = seat;
    this.tracks = tracks;
    const name = { name: seat.name };
    this.muteButton = h("button", { type: "button", class: "tile-button", "aria-pressed": "false", "aria-label": t("Mute %(name)s", name), title: t("Mute %(name)s", name), onclick: () => actions.mute(seat.id) }, icon("speaker-high", { size: 20 }));
    this.aloneButton = h("button", { type: "button", class: "tile-button", "aria-pressed": "false", "aria-label": t("Hear only %(name)s", name), title: t("Hear only %(name)s", name), onclick: () => actions.alone(seat.id) }, icon("headphones", { size: 20 }));
    this.why = h("p", { class: "tile-why" });
    this.floor = h("span", { class: "tile-floor" }, t("Has the floor"));
    const pictures = tracks.filter((track) => track.element instanceof HTMLVideoElement);
    for (const picture of pictures) picture.element.classList.add(`tile-${picture.data.source}`);
    this.element = h("figure", { class: "tile" },
      h("div", { class: "tile-picture" }, this.why, ...pictures.map((picture) => picture.element)),
      h("figcaption", { class: "tile-caption" },
        h("span", { class: "tile-name" }, h("bdi", {}, seat.name), h("small", {}, t(seat.role_title))),
        this.floor,
        ...(tracks.some((track) => track.element instanceof HTMLAudioElement) ? [this.muteButton, this.aloneButton] : []),
      ),
    );
    for (const track of tracks) if (track.element instanceof HTMLAudioElement) this.element.append(track.element);
  }

  /**
   * @param {number} ms
   * @param {{audible: boolean, muted: boolean, alone: boolean, floor: boolean, heard: string, speaks: boolean}} state
   *   `heard`: the interpreter's language that was chosen, or empty
   */
  show(ms, { audible, muted, alone, floor, heard, speaks }) {
    let seen = false;
    for (const track of this.tracks) {
      if (!(track.element instanceof HTMLVideoElement)) {
        track.element.muted = !audible || !chosenTrack(track.data, heard);
        continue;
      }
      const here = track.stateAt(ms) !== "none";
      track.element.hidden = !here;
      if (here && track.data.source === "screen") this.element.dataset.wide = "";
      seen ||= here;
    }
    if (!this.tracks.some((track) => track.data.source === "screen" && track.stateAt(ms) !== "none")) delete this.element.dataset.wide;
    this.element.dataset.picture = seen ? "yes" : "no";
    this.why.textContent = seen ? "" : this.#reason(ms);
    this.floor.hidden = !floor;
    this.muteButton.setAttribute("aria-pressed", String(muted));
    this.aloneButton.setAttribute("aria-pressed", String(alone));
    this.element.classList.toggle("is-silent", !audible);
    this.element.classList.toggle("is-speaking", speaks);
  }

  /** @param {number} ms */
  #reason(ms) {
    const camera = this.tracks.find((track) => track.data.source === "camera");
    if (!camera) return t("No camera in the record");
    const gap = spanAt(camera.data.gaps, ms);
    return gap ? reasonText(gap.reason) : t("No picture at this moment");
  }
}
