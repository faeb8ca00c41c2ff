// @ts-check
import { minutesUntil } from "./format.js";
import { N_ } from "../i18n.js";

/** @typedef {import("./types.js").RoomState} RoomState */
/** @typedef {import("./types.js").Phrase} Phrase */

const SOON_MS = 2 * 60_000;
const FINAL = new Set(["adjourned", "reserved_for_judgment", "closed", "cancelled"]);
const IN_SESSION = new Set(["roll_call", "on_record", "off_record"]);

/** @param {string} phase */
export const isFinal = (phase) => FINAL.has(phase);
/** @param {string} phase People in the hearing see and hear each other. */
export const inSession = (phase) => IN_SESSION.has(phase) || phase === "tech_suspended";

/**
 * What a waiting person is told. It never promises more than the page knows.
 * @param {RoomState} state
 * @param {number} now milliseconds, by the server's clock
 * @returns {{ code: string, title: Phrase, detail: Phrase }}
 */
export function waitingStatus(state, now) {
  const starts = Date.parse(state.sitting.starts_at);
  const left = starts - now;
  if (isFinal(state.phase)) return status("over", N_("The sitting has ended"), ENDED);
  if (state.phase === "recess") {
    return status("recess", N_("The sitting is in recess"), recessDetail(state));
  }
  if (state.phase === "tech_suspended") {
    return status("suspended", N_("The sitting is stopped by a technical fault"), FAULT);
  }
  if (IN_SESSION.has(state.phase)) {
    return status("in_session", N_("The sitting is in session"), IN_SESSION_DETAIL);
  }
  if (state.delay !== null && Date.parse(state.delay.until) > now) {
    return status("delayed", N_("The sitting is delayed"), {
      text: N_("The court says about %(minutes)s minutes. Please stay on this page."),
      params: { minutes: minutesUntil(state.delay.until, now) },
    });
  }
  if (left > SOON_MS) return status("on_time", N_("The sitting is on time"), WAIT);
  if (left > -SOON_MS) return status("starting", N_("The sitting starts now"), SOON);
  return status("late", N_("The sitting has not started yet"), {
    text: N_("It was due %(minutes)s minutes ago. Nobody has forgotten you: please stay here."),
    params: { minutes: Math.floor(-left / 60_000) },
  });
}

const ENDED = { text: N_("You can close this page.") };
const FAULT = { text: N_("The court is repairing it. Please stay on this page.") };
const WAIT = { text: N_("You need to do nothing. The court lets you in when your turn comes.") };
const SOON = { text: N_("The court is getting ready. Please stay by your camera.") };
const IN_SESSION_DETAIL = {
  text: N_("The court has started and knows that you are waiting. You will be let in."),
};

/** @param {RoomState} state @returns {Phrase} */
function recessDetail(state) {
  if (state.recess_until === null) return { text: N_("The court has not said for how long.") };
  return { text: N_("It goes on at %(time)s."), params: { time: state.recess_until } };
}

/** @param {string} code @param {string} title @param {Phrase} detail */
const status = (code, title, detail) => ({ code, title: { text: title }, detail });

const PHASES = /** @type {Record<string, string>} */ ({
  scheduled: N_("Not started"),
  lobby: N_("Lobby open"),
  roll_call: N_("Roll call, not recorded"),
  on_record: N_("On record"),
  off_record: N_("Off record"),
  recess: N_("Recess"),
  tech_suspended: N_("Suspended: technical fault"),
  adjourned: N_("Adjourned"),
  reserved_for_judgment: N_("Reserved for judgment"),
  closed: N_("Closed"),
  cancelled: N_("Cancelled"),
});

/** @param {string} phase */
export const phaseText = (phase) => PHASES[phase] ?? phase;
