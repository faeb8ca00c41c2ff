// @ts-check
/** The time line: off-record stretches, chapters, and for each seat what was kept and what not. */
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { draw } from "./levels.js";
import { chapterText, reasonText, sourceText } from "./labels.js";
import { clockText } from "./model.js";

/** @typedef {import("./model.js").Timeline} Timeline */
/** @typedef {import("./model.js").Span} Span */

/**
 * @param {Timeline} data
 * @param {Map<string, import("./model.js").Seat>} seats
 * @param {(ms: number) => void} jump
 */
export function buildLanes(data, seats, jump) {
  const slider = h("input", {
    type: "range", class: "seek", min: 0, max: data.duration_ms, step: 1000, value: 0,
    "aria-label": t("Place in the record"),
  });
  slider.addEventListener("input", () => jump(Number(slider.value)));
  const marks = h("div", { class: "lane-marks", "aria-hidden": "true" });
  for (const pause of data.pauses) marks.append(bar("pause", pause, data, reasonText(pause.reason)));
  for (const chapter of data.chapters) {
    const mark = bar(`mark mark-${chapter.type.split(".")[0]}`, { start_ms: chapter.clock_ms, end_ms: chapter.clock_ms }, data, chapterText(chapter, seats));
    marks.append(mark);
  }
  const cursor = h("div", { class: "cursor", "aria-hidden": "true" });
  const lanes = data.seats.map((seat) => lane(data, seat));
  const own = h("div", { class: "lane-own", "aria-hidden": "true" });
  const element = h("div", { class: "timeline", dir: "ltr" },
    h("div", { class: "ruler" }, marks, own, slider),
    h("div", { class: "lanes" }, ...lanes, cursor),
  );
  element.querySelector(".lanes")?.addEventListener("click", (event) => {
    const strip = event.target instanceof Element ? event.target.closest(".lane-strip") : null;
    if (!strip) return;
    const box = strip.getBoundingClientRect();
    jump((((/** @type {MouseEvent} */ (event)).clientX - box.left) / box.width) * data.duration_ms);
  });
  /** @type {Map<HTMLCanvasElement, import("./levels.js").Levels>} */
  const waves = new Map();
  new ResizeObserver(() => { for (const [canvas, track] of waves) draw(canvas, track, data.duration_ms); }).observe(element);
  return {
    element,
    /** The viewer's own notes on the time line. @param {{at_ms: number, text: string}[]} found */
    mark(found) {
      own.replaceChildren(...found.map(({ at_ms, text }) => bar("own-mark", { start_ms: at_ms, end_ms: at_ms }, data, text || t("Bookmark"))));
    },
    /** Draw how loud everybody was. @param {Map<string, import("./levels.js").Levels>} found */
    levels(found) {
      data.seats.forEach((seat, index) => {
        const strip = lanes[index]?.querySelector(".lane-strip");
        for (const track of data.tracks) {
          const levels = found.get(track.id);
          if (!levels || track.seat !== seat.id || !strip) continue;
          const canvas = h("canvas", { class: `wave wave-${kind(track)}` });
          strip.setAttribute("data-levels", "");
          strip.append(canvas);
          waves.set(canvas, levels);
          draw(canvas, levels, data.duration_ms);
        }
      });
    },
    /** @param {number} ms */
    show(ms) {
      slider.value = String(ms);
      slider.setAttribute("aria-valuetext", clockText(ms));
      element.style.setProperty("--at", String(ms / Math.max(1, data.duration_ms)));
    },
  };
}

/**
 * @param {Timeline} data
 * @param {import("./model.js").Seat} seat
 */
function lane(data, seat) {
  const strip = h("div", { class: "lane-strip", "aria-hidden": "true" });
  for (const pause of data.pauses) strip.append(bar("pause", pause, data, reasonText(pause.reason)));
  for (const track of data.tracks.filter((track) => track.seat === seat.id)) {
    for (const run of joined(track.segments)) strip.append(bar(`kept kept-${kind(track)}`, run, data, sourceText(track.source)));
    for (const gap of track.gaps) {
      if (gap.reason === "absent" || gap.reason === "channel" || data.pauses.some((pause) => pause.start_ms <= gap.start_ms && gap.end_ms <= pause.end_ms)) continue;
      strip.append(bar(`gap gap-${kind(track)}`, gap, data, `${sourceText(track.source)}: ${reasonText(gap.reason)}`));
    }
  }
  return h("div", { class: "lane" }, h("bdi", { class: "lane-name" }, seat.name), strip);
}

/** An interpreter's channel stands where the microphone does. @param {import("./model.js").Track} track */
const kind = (track) => (track.channel === "" ? track.source : "channel");

/**
 * Neighbouring segments as one bar: a hearing of hours has thousands.
 * @param {Span[]} spans
 * @returns {Span[]}
 */
export function joined(spans) {
  /** @type {Span[]} */
  const out = [];
  for (const { start_ms, end_ms } of spans) {
    const last = out.at(-1);
    if (last && start_ms - last.end_ms <= 500) last.end_ms = end_ms;
    else out.push({ start_ms, end_ms });
  }
  return out;
}

/**
 * @param {string} name
 * @param {Span} span
 * @param {Timeline} data
 * @param {string} title
 */
function bar(name, span, data, title) {
  const element = h("span", { class: name, title });
  const whole = Math.max(1, data.duration_ms);
  element.style.setProperty("--from", String(span.start_ms / whole));
  element.style.setProperty("--size", String((span.end_ms - span.start_ms) / whole));
  return element;
}
