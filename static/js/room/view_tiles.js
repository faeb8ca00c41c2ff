// @ts-check
import { t } from "../i18n.js";
import { facingOf } from "./cameras.js";
import { arrange, PHONE_WIDTH, place } from "./layout.js";
import { languageName, ownName, SIGN } from "../language.js";
import { signer, voices } from "./channels.js";
import { bdi, lineSign } from "./parts.js";
import { sourceText } from "./phrases.js";
import { isDetained, seatOf } from "./state.js";
import { h, icon } from "./vdom.js";
import { shownExhibit } from "./view_exhibits.js";

/**
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./layout.js").Tile} Tile
 * @typedef {import("./types.js").Seat} Seat
 */

/**
 * The stage: every tile in one container, placed by rectangles, so that a change of layout never
 * moves a playing video in the document.
 * @param {Room} room
 * @param {import("./vdom.js").VChild} [instead] shown when nobody is on the stage
 */
export function stage(room, instead = null) {
  const { w, h: height } = room.ui.stage;
  const phone = w < PHONE_WIDTH;
  const arrangement = arrange(room.state, {
    spotlight: room.model.spotlight,
    pinned: room.ui.pinned,
    signer: signer(room.state),
    even: room.ui.even || room.state.exhibit !== null, // the paper is what is large
    phone,
    detained: isDetained(room.state),
  });
  const { rects, height: needed, pages, page } = place(arrangement, w, height, phone, room.ui.page);
  const tiles = [...arrangement.large, ...arrangement.small].sort((a, b) => (a.key < b.key ? -1 : 1));
  const large = new Set(arrangement.large.map((item) => item.key));
  return h(
    "div",
    { key: "stage", class: ["stage", room.state.exhibit !== null && "stage-exhibit"], "data-stage": "" },
    instead,
    shownExhibit(room),
    h("div", { key: "box", class: "stage-box", ref: (/** @type {Element} */ el) => observe(room, el) },
      h(
        "ul",
        {
          key: "tiles",
          class: "tiles",
          "aria-label": t("Pictures of those who take part"),
          hidden: tiles.length === 0 || instead !== null,
          style: { "--height": `${needed}px` },
        },
        ...tiles.map((item) => tile(room, item, rects.get(item.key), large.has(item.key))),
      )),
    instead === null ? tools(room, arrangement, { phone, pages, page, away: away(arrangement, rects) }) : null,
  );
}

/** Seats that are on another page. @param {import("./layout.js").Arrangement} arrangement @param {Map<string, unknown>} rects */
const away = (arrangement, rects) =>
  [...arrangement.large, ...arrangement.small].filter((item) => !rects.has(item.key)).map((item) => item.seat);

/**
 * What changes the stage itself: the next page of people, and everybody equally large.
 * @param {Room} room @param {import("./layout.js").Arrangement} arrangement
 * @param {{ phone: boolean, pages: number, page: number, away: string[] }} at
 */
function tools(room, arrangement, { phone, pages, page, away: elsewhere }) {
  const count = arrangement.large.length + arrangement.small.length;
  const screen = arrangement.large[0]?.source === "screen";
  const views = !phone && !isDetained(room.state) && !screen && room.state.exhibit === null && (count > 4 || room.ui.even);
  if (pages < 2 && !views) return null;
  const speaks = room.model.speaking.find((seat) => elsewhere.includes(seat) && seat !== room.state.me.seat);
  const turn = (/** @type {number} */ by) => room.set({ page: (page + by + pages) % pages });
  return h("div", { key: "tools", class: "stage-tools", role: "toolbar", "aria-label": t("The stage") },
    views ? h("button", {
      key: "even", type: "button", class: "stage-tool", "aria-pressed": String(room.ui.even),
      onclick: () => room.set({ even: !room.ui.even, page: 0 }),
    }, icon("squares-four", "icon-20"), h("span", {}, t("All equally large"))) : null,
    pages < 2 ? null : h("span", { key: "pages", class: "stage-pages" },
      speaks === undefined ? null : h("span", { class: "stage-elsewhere" }, icon("waveform", "icon-16"), bdi(seatOf(room.state, speaks)?.name ?? "")),
      h("button", { key: "back", type: "button", class: "stage-tool", "aria-label": t("Previous people"), title: t("Previous people"), onclick: () => turn(-1) }, icon("caret-left", "icon-20")),
      h("span", { class: "stage-page", role: "status" }, t("%(page)s of %(pages)s", { page: page + 1, pages })),
      h("button", { key: "on", type: "button", class: "stage-tool", "aria-label": t("More people"), title: t("More people"), onclick: () => turn(1) }, icon("caret-right", "icon-20"))));
}

/** @type {WeakMap<Element, ResizeObserver>} */
const observers = new WeakMap();

/** @param {Room} room @param {Element} element */
function observe(room, element) {
  if (observers.has(element)) return;
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry.contentRect;
    if (width > 0 && height > 0) room.set({ stage: { w: width, h: height } });
  });
  observer.observe(element);
  observers.set(element, observer);
}

/**
 * @param {Room} room @param {Tile} item
 * @param {import("./layout.js").Rect | undefined} rect @param {boolean} large
 */
function tile(room, item, rect, large) {
  const seat = seatOf(room.state, item.seat);
  if (seat === undefined || rect === undefined) return null;
  const mine = seat.id === room.state.me.seat;
  const interprets = room.media.mixer.ducked && voices(room.state)?.has(seat.id) === true;
  const speaking = item.source === "camera" && (interprets || room.model.speaking.includes(seat.id));
  const stream = mine && item.source === "camera" ? ownStream(room) : room.media.stream(seat.id, item.source);
  const sent = mine || !seat.sources[item.source] ? undefined : room.model.pictures[item.key];
  const screened = seat.screened ? t("A protected person: you get neither picture nor sound") : "";
  const why = screened || (sent === undefined ? "" : pausedBecause(sent.why));
  const picture = mine ? room.sources.on.camera : seat.sources[item.source] && stream !== null && why === "";
  return h(
    "li",
    {
      key: item.key,
      onclick: () => touched(room, item, mine),
      class: ["tile", large && "tile-large", speaking && "tile-speaking", seat.floor && "tile-floor", `tile-${item.source}`],
      "data-seat": seat.id,
      "data-track": mine ? null : item.key,
      "data-role": seat.role,
      style: {
        "inset-inline-start": `${Math.round(rect.x)}px`,
        "inset-block-start": `${Math.round(rect.y)}px`,
        "inline-size": `${Math.floor(rect.w)}px`,
        "block-size": `${Math.floor(rect.h)}px`,
      },
    },
    video(stream, picture, mine && item.source === "camera" && mirrors(room)),
    picture || why !== "" ? null : h("div", { key: "empty", class: "tile-empty", "aria-hidden": "true" }, initials(seat.name)),
    why === "" ? null : h("p", { key: "paused", class: "tile-paused", "data-why": screened ? "screened" : sent?.why }, why),
    h("div", { key: "signs", class: "tile-signs" }, ...signs(room, seat, item, speaking)),
    plate(room, seat, item, mine),
    mine ? null : pin(room, item, seat),
  );
}

/** Why a picture that is there is not sent to this page; empty if nothing is to be said. @param {string} why */
function pausedBecause(why) {
  if (why === "line") return t("Video paused: weak line");
  if (why === "audio_only") return t("You chose sound only");
  return why === "full" ? t("Not shown: too many pictures at once") : "";
}

/** On a touch screen the whole tile is the button. @param {Room} room @param {Tile} item @param {boolean} mine */
function touched(room, item, mine) {
  if (mine || !matchMedia("(hover: none)").matches) return;
  room.set({ pinned: room.ui.pinned === item.key ? "" : item.key });
}

/**
 * @param {MediaStream | null} stream @param {boolean} shown @param {boolean} mirrored
 */
const video = (stream, shown, mirrored) =>
  h("video", {
    key: "video",
    class: [mirrored && "mirrored", !shown && "no-picture"],
    autoplay: true,
    playsinline: true,
    live: { muted: true }, // sound is played by media.js
    ref: (/** @type {HTMLVideoElement} */ element) => {
      if (element.srcObject === stream) return;
      element.srcObject = stream;
      if (stream !== null) element.play().catch(() => {});
    },
  });

/** @param {Room} room @param {Seat} seat @param {Tile} item @param {boolean} speaking */
function signs(room, seat, item, speaking) {
  if (item.source === "screen") return [];
  const hearing = room.state.me.place === "hearing";
  const muted = seat.id === room.state.me.seat ? !room.sources.on.microphone : !seat.sources.microphone;
  return [
    hearing && seat.hand !== null ? sign("hand", icon("hand-palm", "icon-20"), t("Hand raised"), "sign-hand") : null,
    seat.cannot_hear ? sign("ear", icon("ear-slash", "icon-20"), t("Cannot hear"), "sign-alarm") : null,
    hearing && seat.floor ? sign("floor", icon("microphone-stage", "icon-20"), t("Has the floor"), "sign-floor") : null,
    hearing && seat.speaks !== "" ? channelSign(seat) : null,
    muted && seat.speaks !== SIGN ? sign("muted", icon("microphone-slash", "icon-20"), t("Microphone off"), "") : null,
    speaking ? sign("speaking", icon("waveform", "icon-20"), t("Speaking"), "sign-speaking") : null,
    lineSign(seat.line, seat.line_why),
  ];
}

/** Where an interpreter's voice goes. @param {Seat} seat */
const channelSign = (seat) =>
  h("span", { key: "channel", class: "sign sign-channel", title: t("Interprets into %(language)s", { language: languageName(seat.speaks) }) },
    icon(seat.speaks === SIGN ? "hands-praying" : "broadcast", "icon-16"),
    h("span", { dir: "auto" }, ownName(seat.speaks)));

/** @param {string} key @param {import("./vdom.js").VNode} picture @param {string} text @param {string} kind */
const sign = (key, picture, text, kind) =>
  h("span", { key, class: ["sign", kind], title: text }, picture, h("span", { class: "visually-hidden" }, text));

/** @param {Room} room @param {Seat} seat @param {Tile} item @param {boolean} mine */
function plate(room, seat, item, mine) {
  const role = item.source === "screen" ? t("Screen of") : t(seat.role_title);
  return h(
    "div",
    { key: "plate", class: "plate" },
    h("span", { class: "plate-role" }, role, mine ? h("b", { class: "you" }, ` ${t("(you)")}`) : null),
    h("span", { class: "plate-name" }, bdi(seat.name)),
  );
}

/** @param {Room} room @param {Tile} item @param {Seat} seat */
function pin(room, item, seat) {
  const on = room.ui.pinned === item.key;
  const name = on
    ? t("Stop showing %(name)s large", { name: seat.name })
    : t("Show %(name)s large", { name: seat.name });
  return h(
    "button",
    {
      key: "pin",
      type: "button",
      class: "pin",
      "aria-pressed": String(on),
      "aria-label": name,
      title: name,
      onclick: (/** @type {Event} */ event) => {
        event.stopPropagation();
        room.set({ pinned: on ? "" : item.key });
      },
    },
    on ? icon("push-pin-slash", "icon-20") : icon("push-pin", "icon-20"),
  );
}

/** One's own face is shown as in a mirror; what the back camera sees is not. @param {Room} room */
const mirrors = (room) => facingOf(room.devices.camera) === "user";

/** @type {{ track: MediaStreamTrack, stream: MediaStream } | null} */
let own = null;

/** @param {Room} room @returns {MediaStream | null} */
function ownStream(room) {
  const track = room.devices.camera;
  if (track === null) return null;
  if (own?.track !== track) own = { track, stream: new MediaStream([track]) };
  return own.stream;
}

/**
 * The own picture before the sitting, with what the browser says if it has none.
 * @param {Room} room
 */
export const preview = (room) =>
  h(
    "div",
    { key: "preview", class: "preview" },
    video(ownStream(room), room.sources.on.camera, mirrors(room)),
    room.sources.on.camera
      ? null
      : h("div", { key: "off", class: "tile-empty" }, icon("video-camera-slash", "icon-48"), h("p", {}, t("Your camera is off"))),
    h("div", { key: "level", class: "level", role: "img", "aria-label": t(sourceText("microphone")) },
      h("span", { style: { "inline-size": `${Math.round(room.ui.level * 100)}%` } })),
  );

/** @param {string} name */
const initials = (name) =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0])
    .join("\u200c ");
