// @ts-check
import { LANGUAGE_CHANGED, language, ready, t } from "../i18n.js";
import { CHANNEL, take } from "../kit/result.js";
import { enrolled, sign } from "../room_device.js";
import { DeedPart } from "../deed.js";
import { toast } from "../toast.js";
import { voices } from "./channels.js";
import { Devices, Level, missingParts } from "./devices.js";
import { Interruptions } from "./interruptions.js";
import { Media } from "./media.js";
import { eventPhrase, isUrgent } from "./phrases.js";
import { explain, Room } from "./room.js";
import { Refused, Signal } from "./signal.js";
import { Sources } from "./sources.js";
import { may, viewOf } from "./state.js";
import { h, patch } from "./vdom.js";
import { NARROW } from "./view_controls.js";
import { shell } from "./view_shell.js";
import { WakeLock } from "./wake_lock.js";
import { Watch } from "./watch.js";

/**
 * The live room's page: reads what the template says, wires signalling, media, devices and views.
 * The root element carries data-sitting, data-seat, data-zone, data-kit-url and data-exit-url,
 * and data-device where the person is signed in on a detention room's device.
 */

const root = /** @type {HTMLElement} */ (document.getElementById("room"));
const page = root.dataset;
const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
const TALKING = 0.45;
const LATE_S = 5;

function unsupported() {
  const parts = missingParts();
  const secure = parts.includes("devices") && !window.isSecureContext;
  patch(root, [
    h("div", { class: "view view-ended" },
      h("div", { class: "ended" },
        h("section", { class: "panel", role: "alert" },
          h("h2", { class: "page-title" }, t("This browser cannot take part in a sitting")),
          h("p", { class: "lead" }, secure
            ? t("Camera and microphone only work at an address that begins with https. Ask the clerk for the right link.")
            : t("Use a current Chrome, Edge, Firefox or Safari, on a computer or a telephone. Ask the clerk if you have none.")),
          h("p", {}, h("a", { class: "aegov-btn btn-outline", href: page.exitUrl }, t("To my sittings")))))),
  ]);
}

/**
 * What a detention room's device says of a ticket; the server refuses a page without it.
 * @param {string} device
 * @param {string} ticket
 */
async function prove(device, ticket) {
  const found = await enrolled();
  return found === null ? "" : sign(found.key, "join", device, page.sitting ?? "", ticket);
}

function start() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  /** @type {Room} */
  let room;
  const signal = new Signal({
    ticketUrl: `/api/live/${page.sitting}/ticket`,
    socketUrl: `${scheme}://${location.host}/live/ws`,
    csrf,
    seat: page.seat ?? "",
    language,
    ...(page.device ? { prove: (ticket) => prove(page.device ?? "", ticket) } : {}),
    onMessage: (message) => receive(message),
    onIce: (ice) => { media.ice = ice; },
  });
  const media = new Media(signal);
  const devices = new Devices();
  const sources = new Sources({ devices, media, signal, changed: () => room.refresh() });
  const interruptions = new Interruptions({
    track: (kind) => devices[kind] ?? devices.ended[kind],
    wanted: (kind) => sources.wish[kind] && room.model.end === null,
    open: (kind) => devices.open(kind),
    hidden: () => document.hidden,
    now: () => performance.now(),
    changed: () => room.refresh(),
  });
  devices.addEventListener("change", () => void interruptions.look());
  room = new Room({
    interruptions,
    signal,
    media,
    devices,
    sources,
    watch: new Watch(signal),
    page: { zone: page.zone ?? "Asia/Dubai", kitUrl: page.kitUrl ?? "", exitUrl: page.exitUrl ?? "/" },
    render: () => render(room),
  });
  const receive = (/** @type {Record<string, any>} */ message) => {
    handle(room, message);
    showDeed(room, message, deed);
  };

  const turn = (/** @type {Record<string, any>} */ fields) => room.act("turn", fields);
  const deed = new DeedPart("", turn, () => room.set({ tab: "deed", panel: true }));
  document.addEventListener(LANGUAGE_CHANGED, () => void deed.load());

  media.addEventListener("change", () => room.refresh());
  media.mixer.addEventListener("blocked", () => room.set({ blocked: true }));
  media.mixer.addEventListener("ducked", () => room.refresh());
  media.addEventListener("line", (event) => {
    const line = /** @type {CustomEvent} */ (event).detail;
    room.set({ line });
    if (++looks % 2 === 0) signal.tell("line", line);
  });
  let looks = 0;
  document.addEventListener(LANGUAGE_CHANGED, () => {
    room.refresh();
    if (signal.open) void signal.request("language", { language: language() }).catch(() => {});
  });
  const doubt = () => signal.doubt();
  window.addEventListener("online", doubt);
  /** @type {any} */ (navigator).connection?.addEventListener?.("change", doubt);
  window.addEventListener("pagehide", () => media.stop());
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escape(room);
  });
  window.addEventListener("pointerdown", (event) => {
    const inside = event.target instanceof Element && event.target.closest("[data-menu]");
    if (!inside && room.ui.menu !== "") room.set({ menu: "" });
  });
  new BroadcastChannel(CHANNEL).onmessage = () => sendKit(room);
  watchVisibility(room);
  navigator.mediaDevices.addEventListener("devicechange", () => reopen(room));
  watchLevel(room);
  setInterval(() => second(room), 1000);
  matchMedia(NARROW).addEventListener("change", () => room.refresh());
  room.refresh();
  void devices.openBoth().then(() => sources.apply());
  signal.start();
}

/** The innermost open thing closes; the browser closes dialogs. @param {Room} room */
function escape(room) {
  if (room.ui.dialog !== null) return;
  if (room.ui.menu !== "") {
    /** @type {HTMLElement | null} */ (document.querySelector('[data-menu] > [aria-expanded="true"]'))?.focus();
    room.set({ menu: "" });
  } else if (room.ui.panel) room.set({ panel: false });
}

/** How many seconds media has been down. */
let late = 0;

/** Once a second: clocks go on. @param {Room} room */
function second(room) {
  const wanted = room.model.state !== null && room.model.end === null;
  late = wanted && room.media.state !== "connected" ? late + 1 : 0;
  room.set({ mediaLate: late > LATE_S });
  void room.interruptions.look();
}

/** Kinds of sitting with a part of their own in the panel, and where it comes from. */
const PARTS = /** @type {Record<string, string>} */ ({ notarial_act: "/deeds/session/", marriage_contract: "/marriages/session/" });

/** A notarial act has its deed in the panel, a marriage its steps. @param {Room} room @param {Record<string, any>} message @param {DeedPart} deed */
function showDeed(room, message, deed) {
  const { state } = room.model;
  if (state === null || !(state.sitting.kind in PARTS)) return;
  deed.source = PARTS[state.sitting.kind] + state.sitting.id;
  room.deed = deed;
  // The notary admits people first; then all look at the deed.
  const readNow = state.phase === "on_record" || !state.me.host || state.sitting.kind === "marriage_contract";
  if (readNow && !deed.offered) {
    deed.offered = true;
    room.set({ tab: "deed" });
  }
  if (message.type === "state" || message.type === "welcome") deed.changed(state.reading);
}

/** @param {Room} room @param {Record<string, any>} message */
function handle(room, message) {
  const before = room.model.state;
  const had = before !== null;
  if (typeof message.message === "string" && (message.type === "end" || message.type === "bye")) {
    const error = new Refused(message.code, message.message, message.params);
    room.ui.refused = { code: message.code, text: explain(error) };
  }
  room.take(message);
  const { state } = room.model;
  if (message.type === "welcome" || message.type === "state") room.media.mixer.listen(voices(state));
  if (message.type === "welcome" && state !== null) {
    room.sources.tellAgain();
    room.watch.tellAgain();
    room.media.resume(had);
    returned = had;
    sendKit(room);
  }
  if (message.type === "slots" || message.type === "dropped") room.media.setSlots(room.model.slots);
  if (message.type === "media_lost") room.media.lost(message.connection, message.direction);
  if (message.type === "event") say(room, /** @type {any} */ (message));
  if (message.type === "state" && state !== null) room.sources.obey(state, before);
  if (viewOf(room.model) === "ended") finish(room);
}

/** A kit check that was made in another window goes to the clerk. @param {Room} room */
function sendKit(room) {
  if (room.model.state === null || !may(room.state, "kit") || !room.signal.open) return;
  const kept = take(Date.now());
  if (kept !== null) void room.act("kit", kept);
}

/** The page was connected before. */
let returned = false;

/** @param {Room} room @param {{ name: string, params?: Record<string, any> }} event */
function say(room, event) {
  if (event.name === "taken_back" && !returned) return; // a page that has just been opened
  if (event.name === "muted") room.sources.closeMicrophone();
  if (event.name === "private_recalled") room.set({ recalled: true });
  if (event.name === "private_ended") room.set({ recalled: false });
  const phrase = eventPhrase(room.model.state, event);
  if (phrase !== null) toast(t(phrase.text, phrase.params), { urgent: isUrgent(event.name) });
}

/** Nothing goes on behind an end screen: devices are let go. @param {Room} room */
function finish(room) {
  room.media.stop();
  room.signal.stop();
  void room.sources.stopScreen();
  room.devices.close("camera");
  room.devices.close("microphone");
  if (room.ui.dialog !== null) room.close();
}

/** @param {Room} room */
function render(room) {
  patch(root, shell(room));
  room.watch.look(root);
  page.phase = room.model.state?.phase ?? "";
  page.place = room.model.state?.me.place ?? "";
  const number = room.model.state?.sitting.case_number;
  const title = number === undefined ? t("Mahdar") : `${number} · ${t("Mahdar")}`;
  if (document.title !== title) document.title = title;
  void awake.want(viewOf(room.model) !== "ended" && room.model.state !== null);
}

/** The screen must not go dark in a hearing. */
const awake = new WakeLock();

/** A device that was gone is plugged in again. @param {Room} room */
function reopen(room) {
  for (const kind of /** @type {const} */ (["microphone", "camera"])) {
    const lost = room.devices.failed[kind] === "none" && room.devices[kind] === null;
    if (lost && room.sources.wish[kind] && room.model.end === null) void room.devices.open(kind);
  }
}

/** Coming back to the page: telephones stop microphones and sockets in the background. */
/** @param {Room} room */
function watchVisibility(room) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    room.signal.doubt();
    if (room.sources.wish.microphone && room.devices.microphone === null && room.model.end === null) {
      void room.devices.open("microphone");
    }
    void awake.renew();
    void room.interruptions.seen();
    room.refresh();
  });
}

/** The own level, ten times a second, and whether somebody speaks into a closed microphone. */
/** @param {Room} room */
function watchLevel(room) {
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {Level | null} */
  let level = null;
  let loud = 0;
  setInterval(() => {
    const track = room.devices.microphone;
    if (level?.track !== track) {
      level?.close();
      level = null;
      if (track !== null) level = new Level((context ??= new AudioContext()), track);
    }
    if (context?.state === "suspended") void context.resume();
    const now = level?.read() ?? 0;
    loud = now > TALKING && !room.sources.on.microphone ? loud + 1 : 0;
    const talkingMuted = loud > 8 || (room.ui.talkingMuted && now > 0.2 && !room.sources.on.microphone);
    // Only what is seen is rendered: a bar in the lobby or the devices dialog.
    const seen = document.querySelector(".level") !== null;
    if (talkingMuted !== room.ui.talkingMuted || (seen && Math.abs(now - room.ui.level) > 0.02)) {
      room.set({ level: now, talkingMuted });
    }
  }, 100);
}

await ready();
if (missingParts().length > 0) unsupported();
else start();
