// @ts-check
/** The player's page: loads the record, builds the parts and runs them on one clock. */
import { byId, h, icon } from "../dom.js";
import { api, Refused } from "../http.js";
import { ready, t } from "../i18n.js";
import { Captions } from "./captions.js";
import { Clock } from "./clock.js";
import { chapterText } from "./labels.js";
import { Interpreter } from "./interpreter.js";
import { actOf, keysOf, sheet } from "./keys.js";
import { buildLanes } from "./lanes.js";
import { parsed } from "./levels.js";
import { Marks } from "./marks.js";
import { ShownExhibit } from "./exhibit.js";
import { audible, chapterAt, clockText, exhibitAt, floorAt, spanAt, speechFrom } from "./model.js";
import { Tile } from "./stage.js";
import { TrackPlayer } from "./track.js";

/** @typedef {import("./model.js").Timeline} Timeline */

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
/** The tracks are held to the clock at each picture; what stands around them need not follow so fast. */
const DRAW_EVERY_MS = 100;

const root = byId("player");
start().catch((error) => {
  const text = error instanceof Refused ? error.message : t("The record could not be loaded. Reload the page.");
  root.replaceChildren(h("p", { role: "alert", class: "player-loading" }, text));
  if (!(error instanceof Refused)) throw error;
});

async function start() {
  await ready();
  /** @type {Timeline} */
  const data = await api(root.dataset.source ?? "");
  if (!data.tracks.length) {
    root.replaceChildren(h("p", { class: "player-loading" }, t("Nothing of this sitting was recorded.")));
    return;
  }
  if (!("MediaSource" in window)) throw new Error("no MediaSource");
  const found = data.captions_url ? await api(data.captions_url).catch(() => null) : null;
  build(data, found?.captions ?? []);
}

/** @param {Timeline} data @param {import("./captions.js").CaptionTrack[]} written */
function build(data, written) {
  const seats = new Map(data.seats.map((seat) => [seat.id, seat]));
  const clock = new Clock(data.stretches, data.duration_ms);
  const muted = /** @type {Set<string>} */ (new Set());
  const alone = /** @type {Set<string>} */ (new Set());
  let allMuted = false;
  // What stands on the page, so that only what changed is drawn.
  let drawn = { ms: -1, playing: false, waiting: false };
  let playShown = "";
  let chapterShown = -2;

  const address = (/** @type {string} */ track, /** @type {number} */ seq) =>
    data.segment_url.replace("{track}", encodeURIComponent(track)).replace("{seq}", String(seq));
  const tracks = data.tracks.map((track) => new TrackPlayer(track, address));
  const toggle = (/** @type {Set<string>} */ set, /** @type {string} */ seat) => {
    if (!set.delete(seat)) set.add(seat);
    draw();
  };
  const tiles = data.seats
    .map((seat) => new Tile(seat, tracks.filter((track) => track.data.seat === seat.id), {
      mute: (id) => toggle(muted, id),
      alone: (id) => toggle(alone, id),
    }))
    .filter((tile) => tile.tracks.length);

  const interpreter = new Interpreter(tracks, () => draw());
  /** Who spoke when, once the server has told. */
  const speech = /** @type {Map<string, import("./model.js").Span[]>} */ (new Map());
  const marks = data.marks_url ? new Marks(data.marks_url, { jump, now: () => clock.ms, changed: (found) => lanes.mark(found) }) : null;
  const lanes = buildLanes(data, seats, jump);
  const playButton = h("button", { type: "button", class: "control control-play", onclick: playOrPause });
  const time = h("output", { class: "player-time", "aria-live": "off" });
  const wall = h("output", { class: "player-wall", "aria-live": "off" });
  const status = h("p", { class: "player-status", role: "status" });
  const rate = h("select", { class: "control-rate", "aria-label": t("Speed") },
    ...RATES.map((value) => h("option", { value, selected: value === 1 }, `${value}×`)));
  rate.addEventListener("change", () => { clock.rate = Number(rate.value); });

  const captions = written.length > 0 ? new Captions(written) : null;
  const exhibit = new ShownExhibit(data.exhibit_url ?? "");
  // Above every picture, full screen too: whoever films the screen films this with it.
  const mark = h("p", { class: "stage-mark", "aria-hidden": "true" }, ...Array.from({ length: 6 }, () => h("bdi", {}, data.mark)));
  const stage = h("div", { class: "stage" }, ...tiles.map((tile) => tile.element), mark);
  const keys = keysOf({
    play: playOrPause,
    back5: () => jump(clock.ms - 5000), forward5: () => jump(clock.ms + 5000),
    back: () => jump(clock.ms - 10_000), forward: () => jump(clock.ms + 10_000),
    back1: () => jump(clock.ms - 1000), forward1: () => jump(clock.ms + 1000),
    next: () => step(1), previous: () => step(-1),
    nextSpeech: () => toSpeech(1), previousSpeech: () => toSpeech(-1),
    start: () => jump(0), end: () => jump(data.duration_ms),
    faster: () => faster(1), slower: () => faster(-1),
    mute: () => { allMuted = !allMuted; draw(); },
    full: fillScreen,
    help: () => help.showModal(),
    ...(marks ? { mark: () => void marks.add() } : {}),
    ...(captions ? { captions: () => { captions.toggle(); draw(); } } : {}),
  });
  const help = sheet(keys);

  const list = h("ol", { class: "chapters" }, ...data.chapters.map((chapter) =>
    h("li", {}, h("button", { type: "button", class: `chapter chapter-${chapter.type.split(".")[0]}`, onclick: () => jump(chapter.clock_ms) },
      h("bdi", { class: "chapter-time" }, clockText(chapter.clock_ms)),
      h("span", { dir: "auto" }, chapterText(chapter, seats))))));

  root.replaceChildren(
    stage,
    ...(captions ? [captions.element] : []),
    exhibit.element,
    h("div", { class: "controls" },
      playButton,
      control("skip-back", t("Previous entry"), () => step(-1)),
      control("rewind", t("Back 10 seconds"), () => jump(clock.ms - 10_000)),
      control("fast-forward", t("Forward 10 seconds"), () => jump(clock.ms + 10_000)),
      control("skip-forward", t("Next entry"), () => step(1)),
      h("span", { class: "times", dir: "ltr" }, time, wall),
      rate,
      ...[interpreter.control()].filter((part) => part !== null),
      ...(captions ? [captions.control] : []),
      control("corners-out", t("Fill the screen"), fillScreen),
      control("keyboard", t("Keys of the player"), () => help.showModal()),
    ),
    status,
    lanes.element,
    ...(marks ? [marks.element] : []),
    h("section", { class: "player-log", "aria-label": t("Entries of the record") },
      h("h2", { class: "section-title" }, t("Entries of the record")), list),
    h("p", { class: "hint" }, t("Press ? for the keys of the player.")),
    help,
  );
  document.addEventListener("keydown", (event) => {
    const act = actOf(keys, event);
    if (!act) return;
    event.preventDefault();
    act();
  });
  // A page that has the player beside something else tells it where to be.
  root.addEventListener("player-do", (event) => {
    const { act, ms } = /** @type {CustomEvent<{act: string, ms: number}>} */ (event).detail;
    if (act === "jump") jump(ms);
    else if (act === "toggle") playOrPause();
  });
  const asked = /^#t=(\d+)$/.exec(location.hash);
  if (asked) clock.jump(Number(asked[1]) * 1000);
  draw();
  requestAnimationFrame(frame);
  marks?.load().catch(() => marks.element.remove());
  if (data.levels_url) api(data.levels_url).then(showLevels, () => {}); // the player does without

  /** @param {any} answer of the server */
  function showLevels(answer) {
    const found = parsed(answer);
    lanes.levels(found);
    for (const { id, seat } of data.tracks) {
      const spoken = found.get(id)?.speech;
      if (spoken) speech.set(seat, [...(speech.get(seat) ?? []), ...spoken].sort((a, b) => a.start_ms - b.start_ms));
    }
    draw();
  }

  /** @param {number} now */
  function frame(now) {
    const ok = tracks.every((track) => track.stateAt(clock.ms) !== "waiting");
    clock.tick(now, ok);
    const running = clock.playing && !clock.waiting;
    for (const track of tracks) track.follow(clock.ms, running, clock.rate);
    interpreter.frame(now);
    const moved = Math.abs(clock.ms - drawn.ms) >= DRAW_EVERY_MS;
    if (moved || clock.playing !== drawn.playing || clock.waiting !== drawn.waiting) draw();
    requestAnimationFrame(frame);
  }

  function draw() {
    drawn = { ms: clock.ms, playing: clock.playing, waiting: clock.waiting };
    const floor = floorAt(data.chapters, clock.ms);
    for (const tile of tiles) {
      const id = tile.seat.id;
      tile.show(clock.ms, { audible: !allMuted && audible(id, muted, alone), muted: muted.has(id), alone: alone.has(id), floor: floor === id, heard: interpreter.chosen, speaks: spanAt(speech.get(id) ?? [], clock.ms) !== null });
    }
    captions?.show(clock.ms);
    const speaker = [...speech].find(([, spans]) => spanAt(spans, clock.ms) !== null)?.[0] ?? "";
    root.dispatchEvent(new CustomEvent("player-at", { detail: { ms: clock.ms, speaker } }));
    exhibit.show(exhibitAt(data.chapters, clock.ms));
    lanes.show(clock.ms);
    setText(time, `${clockText(clock.ms)} / ${clockText(data.duration_ms)}`);
    setText(wall, new Date(Date.parse(data.epoch) + clock.ms).toLocaleTimeString("en-GB", { timeZone: root.dataset.zone }));
    setText(status, clock.waiting ? t("Waiting for the recording") : "");
    const wanted = clock.playing ? "pause" : "play";
    if (wanted !== playShown) {
      playShown = wanted;
      playButton.replaceChildren(clock.playing ? icon("pause-fill", { size: 32 }) : icon("play-fill", { size: 32 }));
      playButton.setAttribute("aria-label", clock.playing ? t("Pause") : t("Play"));
    }
    const current = chapterAt(data.chapters, clock.ms);
    if (current !== chapterShown) {
      chapterShown = current;
      [...list.children].forEach((item, index) => item.firstElementChild?.toggleAttribute("aria-current", index === current));
      list.children[current]?.firstElementChild?.setAttribute("aria-current", "true");
      if (clock.playing) scrollInside(list, list.children[current]);
    }
  }

  function playOrPause() {
    if (clock.playing) {
      clock.pause();
      history.replaceState(history.state, "", `#t=${Math.floor(clock.ms / 1000)}`);
    } else {
      for (const track of tracks) track.retry();
      clock.play(performance.now());
    }
    draw();
  }

  /** @param {number} ms */
  function jump(ms) {
    clock.jump(ms);
    for (const track of tracks) track.jumped();
    draw();
  }

  /** @param {number} by */
  function step(by) {
    const here = chapterAt(data.chapters, clock.ms);
    // Back means to the beginning of this entry first, as every player does.
    const late = here >= 0 && clock.ms - (data.chapters[here]?.clock_ms ?? 0) > 2000;
    const next = data.chapters[by < 0 && late ? here : here + by];
    if (next) jump(next.clock_ms);
  }

  /** @param {number} by */
  function toSpeech(by) {
    const next = speechFrom([...speech.values()].flat(), clock.ms, by);
    if (next !== null) jump(next);
  }

  function fillScreen() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else stage.requestFullscreen().catch(() => {}); // a browser that has none
  }

  /** @param {number} by */
  function faster(by) {
    const next = RATES[RATES.indexOf(clock.rate) + by];
    if (!next) return;
    clock.rate = next;
    rate.value = String(next);
  }
}

/* icons: skip-back rewind fast-forward skip-forward corners-out keyboard */
/**
 * @param {string} name
 * @param {string} label
 * @param {() => void} act
 */
function control(name, label, act) {
  const sign = icon(name, { size: 24 });
  return h("button", { type: "button", class: "control", "aria-label": label, title: label, onclick: act }, sign);
}

/**
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Scroll the list, and not the page under the person's hands.
 * @param {HTMLElement} list
 * @param {Element | undefined} item
 */
function scrollInside(list, item) {
  if (item instanceof HTMLElement) list.scrollTop = item.offsetTop - list.offsetTop - list.clientHeight / 3;
}
