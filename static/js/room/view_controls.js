// @ts-check
import { t } from "../i18n.js";
import { toast } from "../toast.js";
import { SIGN } from "../language.js";
import { canTurn } from "./cameras.js";
import { helpFor } from "./devices.js";
import * as dialogs from "./dialogs.js";
import { mayShare } from "./sources.js";
import { isDetained, may, seatOf } from "./state.js";
import { inSession } from "./status.js";
import { h, icon } from "./vdom.js";
import { partTitle } from "./view_panel.js";

/** @typedef {import("./room.js").Room} Room */

/**
 * One control: a sign with its word, large enough for a thumb.
 * @param {string} key @param {import("./vdom.js").VNode} sign @param {string} label
 * @param {() => void} onclick
 * @param {{ pressed?: boolean, kind?: string, why?: string }} [options]
 */
const control = (key, sign, label, onclick, options = {}) =>
  h(
    "button",
    {
      key,
      type: "button",
      class: ["control", options.kind],
      "data-control": key,
      "aria-pressed": options.pressed === undefined ? null : String(options.pressed),
      "aria-disabled": options.why ? "true" : null,
      title: options.why ?? null,
      onclick: () => (options.why ? toast(options.why) : onclick()),
    },
    sign,
    h("span", {}, label),
  );

/** Where the bar shows only what is needed at once, and the rest behind 'More'. */
export const NARROW = "(width < 40rem)";

/**
 * The bar at the foot of every view in which this person is connected.
 * @param {Room} room
 * @param {{ panel: boolean }} options `panel`: there is a side panel to open on phones
 */
export function controls(room, { panel }) {
  const detained = isDetained(room.state);
  const first = [microphone(room), camera(room), detained ? null : hand(room), cannotHear(room), panel ? panelControl(room) : null];
  const rest = [detained ? hand(room) : null, screen(room), turnCamera(room), consult(room), soundOnly(room), settings(room), exit(room)];
  const narrow = matchMedia(NARROW).matches;
  return h(
    "div",
    { key: "controls", class: "controls", role: "toolbar", "aria-label": t("Your controls") },
    ...first,
    ...(narrow ? [more(room, rest)] : rest),
  );
}

/** @param {Room} room @param {(import("./vdom.js").VNode | null)[]} rest */
function more(room, rest) {
  const open = room.ui.menu === "controls";
  return h(
    "div",
    { key: "more", class: "menu menu-up", "data-menu": "" },
    h("button", {
      type: "button", class: "control", "data-control": "more", "aria-expanded": String(open),
      onclick: () => room.set({ menu: open ? "" : "controls" }),
    }, icon("dots-three-outline"), h("span", {}, t("More"))),
    open ? h("div", { class: "menu-sheet", onclick: () => room.set({ menu: "" }) }, ...rest) : null,
  );
}

/** On a poor line a person may do without pictures before the server must. @param {Room} room */
function soundOnly(room) {
  if (!hearing(room) && room.state.me.place !== "private") return null;
  const on = room.watch.audioOnly;
  const choose = () => {
    room.watch.setAudioOnly(!on);
    room.refresh();
  };
  return control("sound_only", icon("speaker-high"), on ? t("Show pictures") : t("Sound only"), choose, { pressed: on, kind: on ? "control-on" : "" });
}

/** @param {Room} room */
const settings = (room) =>
  control("devices", icon("gear-six"), t("Devices"), () => {
    void room.devices.refresh();
    room.open(dialogs.devices());
  });

/** @param {Room} room */
const exit = (room) =>
  control("leave", icon("sign-out"), t("Leave"), () => room.open(dialogs.leave()), { kind: "control-leave" });

/** @param {Room} room */
function microphone(room) {
  const on = room.sources.on.microphone;
  const signs = seatOf(room.state, room.state.me.seat)?.speaks === SIGN;
  const why = signs
    ? t("You interpret into sign language: only your picture goes out. Choose the floor or a spoken language to speak.")
    : room.state.me.locked ? t("The court has closed your microphone. Raise your hand to ask for the floor.") : "";
  return control(
    "microphone",
    on ? icon("microphone") : icon("microphone-slash"),
    on ? t("Mute") : t("Unmute"),
    () => void turn(room, "microphone", !on),
    { kind: on ? "" : "control-off", why },
  );
}

/** @param {Room} room */
function camera(room) {
  const on = room.sources.on.camera;
  return control(
    "camera",
    on ? icon("video-camera") : icon("video-camera-slash"),
    on ? t("Stop camera") : t("Start camera"),
    () => void turn(room, "camera", !on),
    { kind: on ? "" : "control-off" },
  );
}

/** @param {Room} room */
function turnCamera(room) {
  if (!room.sources.on.camera || !canTurn(room.devices.list, matchMedia("(hover: none)").matches)) return null;
  const act = async () => {
    const opened = await room.devices.turnCamera();
    if (!opened) toast(t("The other camera did not start."), { urgent: true });
  };
  return control("turn-camera", icon("camera-rotate"), t("Turn the camera"), () => void act());
}

/** @param {Room} room @param {"microphone" | "camera"} kind @param {boolean} on */
export async function turn(room, kind, on) {
  const opened = await room.sources.turn(kind, on);
  const cause = room.devices.failed[kind];
  if (!opened && cause !== null) toast(t(helpFor(cause, kind)), { urgent: true });
}

/** @param {Room} room */
const hearing = (room) => room.state.me.place === "hearing" && inSession(room.state.phase);

/** @param {Room} room */
function hand(room) {
  if (!may(room.state, "hand") || !hearing(room)) return null;
  const raised = seatOf(room.state, room.state.me.seat)?.hand != null;
  return control(
    "hand",
    icon("hand-palm"),
    raised ? t("Lower hand") : t("Raise hand"),
    () => void room.act("hand", { raised: !raised }),
    { pressed: raised, kind: raised ? "control-on" : "" },
  );
}

/** @param {Room} room */
function cannotHear(room) {
  if (!may(room.state, "cannot_hear") || !hearing(room)) return null;
  const on = seatOf(room.state, room.state.me.seat)?.cannot_hear ?? false;
  return control(
    "cannot_hear",
    icon("ear-slash"),
    on ? t("I can hear again") : t("I cannot hear"),
    () => void room.act("cannot_hear", { on: !on }),
    { pressed: on, kind: [on && "control-alarm", isDetained(room.state) && "control-big"].filter(Boolean).join(" ") },
  );
}

/** @param {Room} room */
function screen(room) {
  if (!hearing(room) || !("getDisplayMedia" in navigator.mediaDevices)) return null;
  if (isDetained(room.state)) return null;
  const on = room.sources.on.screen;
  const why = on || mayShare(room.state) ? "" : t("You need the court's leave to share your screen. Ask for the floor.");
  return control(
    "screen",
    icon("screencast"),
    on ? t("Stop sharing") : t("Share screen"),
    () => void (on ? room.sources.stopScreen() : share(room)),
    { pressed: on, kind: on ? "control-on" : "", why },
  );
}

/** @param {Room} room */
async function share(room) {
  try {
    await room.sources.shareScreen();
  } catch (error) {
    const denied = error instanceof Error && error.name === "NotAllowedError";
    toast(denied ? t("No screen was chosen. Nothing is shared.") : t("This device cannot share its screen."));
  }
}

/** @param {Room} room */
function consult(room) {
  if (!may(room.state, "private_invite") || room.state.me.private !== null) return null;
  return control("consult", icon("lock-key"), t("Private talk"), () => room.open(dialogs.consultation()));
}

/** Opens what the panel shows first: the act, where there is one. @param {Room} room */
const panelControl = (room) =>
  control(
    "panel",
    room.deed === null ? icon("users") : icon("file-text"),
    room.deed === null ? t("People") : partTitle(room),
    () => room.set({ panel: !room.ui.panel }),
    { pressed: room.ui.panel, kind: "control-panel" },
  );
