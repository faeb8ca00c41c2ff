// @ts-check
import { t } from "../i18n.js";
import * as dialogs from "./dialogs.js";
import { command, menu } from "./parts.js";
import { h, icon } from "./vdom.js";

/**
 * The bar of those who run the sitting: what can be done at this point of it, the usual next step
 * first and gold. What the state greys tells why when it is pressed.
 *
 * @typedef {import("./room.js").Room} Room
 */

/** The usual next step of each phase. */
const NEXT = /** @type {Record<string, string>} */ ({
  lobby: "open",
  roll_call: "on_record",
  off_record: "on_record",
  recess: "resume",
  tech_suspended: "on_record",
});

/** @param {Room} room */
export function hostBar(room) {
  if (!room.state.me.host) return null;
  const starting = room.state.record.state === "starting";
  return h(
    "div",
    { key: "hostbar", class: "hostbar", role: "toolbar", "aria-label": t("Running the sitting") },
    ...(starting ? [waiting()] : steps(room)),
    menu(room, "host", more(room), { word: t("More") }),
  );
}

const waiting = () =>
  h("p", { key: "starting", class: "starting", role: "status" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    t("Starting the record: it counts only when it is proven. A few seconds."));

/** @param {Room} room */
function steps(room) {
  const step = maker(room);
  return [
    step("open", t("Open the sitting"), { icon: icon("gavel") }),
    step("resume", t("Resume the sitting"), { icon: icon("play") }),
    step("on_record", t("Go on record"), { icon: icon("record-fill") }),
    step("roll_call", t("Roll call"), { icon: icon("list-checks"), dialog: dialogs.rollCall() }),
    step("off_record", t("Go off record"), { icon: icon("stop-circle"), dialog: dialogs.offRecord() }),
    step("recess", t("Recess"), { icon: icon("pause"), dialog: dialogs.recess() }),
    step("delay", t("Delay"), { icon: icon("timer"), dialog: dialogs.delay() }),
  ];
}

/** @param {Room} room */
function more(room) {
  const { public: open } = room.state.sitting;
  const may = room.state.me.may;
  return [
    command(room, "publicity", open ? t("Close to the public") : t("Open to the public"), { dialog: dialogs.publicity(), icon: icon("eye-slash") }),
    may.includes("mute") ? command(room, "mute", t("Mute everybody"), { fields: { seat: "all", lock: false }, icon: icon("microphone-slash") }) : null,
    may.includes("mute") ? command(room, "mute", t("Mute and lock everybody"), { fields: { seat: "all", lock: true }, icon: icon("lock") }) : null,
    may.includes("unlock") ? command(room, "unlock", t("Let everybody unmute"), { fields: { seat: "all" }, icon: icon("lock-open") }) : null,
    may.includes("lower_hand") ? command(room, "lower_hand", t("Lower all hands"), { fields: { seat: "all" }, icon: icon("hand-palm") }) : null,
    command(room, "adjourn", t("Adjourn"), { dialog: dialogs.adjourn(), icon: icon("calendar-blank") }),
    command(room, "reserve", t("Reserve judgment"), { dialog: dialogs.reserve(), icon: icon("scales") }),
    command(room, "close", t("End the sitting"), { dialog: dialogs.closeSitting(), icon: icon("x-circle"), kind: "btn-outline btn-danger" }),
  ];
}

/** @param {Room} room */
const maker = (room) =>
  /** @param {string} type @param {string} label @param {Record<string, any>} options */
  (type, label, options) => {
    const may = room.state.me.may.includes(type);
    const never = type === "on_record" && room.state.sitting.recording === "forbidden";
    const next = NEXT[room.state.phase] === type && !never;
    // What is neither possible now nor the usual next step only takes up room.
    if (!may && !next) return null;
    return command(room, type, label, { ...options, kind: next ? "" : "btn-outline" });
  };
