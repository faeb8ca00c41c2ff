// @ts-check
import { t } from "../i18n.js";
import { languageName, ownName, SIGN } from "../language.js";
import { heardChannel, offersChannels, ownLanguages } from "./channels.js";
import { bdi } from "./parts.js";
import { may, seatOf } from "./state.js";
import { inSession } from "./status.js";
import { h, icon } from "./vdom.js";

/**
 * What this person hears, and for interpreters where the microphone goes: always in sight.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./vdom.js").VChild} VChild
 */

/**
 * The bar above the controls; null where nobody interprets.
 * @param {Room} room
 */
export function channelBar(room) {
  const { state } = room;
  if (!offersChannels(state) || !may(state, "listen")) return null;
  const languages = ownLanguages(state);
  return h(
    "div",
    { key: "channels", class: ["channels", languages.length > 0 && "channels-interpreter"] },
    languages.length > 0 && state.me.place === "hearing" ? speak(room, languages) : null,
    listen(room),
  );
}

/** @param {Room} room */
function listen(room) {
  const { state } = room;
  const heard = heardChannel(state);
  const mine = seatOf(state, state.me.seat)?.speaks ?? "";
  const offered = state.channels.filter((item) => item.language !== mine || mine === SIGN);
  const now = (/** @type {string} */ tag) => state.channels.some((item) => item.language === tag && item.seats.length > 0);
  return h(
    "fieldset",
    { key: "listen", class: "choice choice-listen" },
    h("legend", { class: "choice-legend" }, icon("headphones", "icon-20"), h("span", {}, t("You hear"))),
    h("div", { class: "choice-options" },
      option(room, "listen", "", t("The floor"), heard === ""),
      ...offered.map(({ language }) => option(room, "listen", language, ownName(language), heard === language, {
        title: languageName(language), live: now(language),
      }))),
    h("p", { class: "choice-state", role: "status" }, heardState(room, heard)),
  );
}

/** What the choice means at this moment. @param {Room} room @param {string} heard @returns {VChild[]} */
function heardState(room, heard) {
  const { state } = room;
  if (heard === "" || state.me.place !== "hearing") return [];
  const channel = state.channels.find((item) => item.language === heard);
  const who = channel?.seats.map((seat) => seatOf(state, seat)?.name ?? "").filter(Boolean) ?? [];
  if (heard === SIGN) {
    return who.length > 0 ? [t("%(name)s interprets into sign language.", { name: who[0] })] : [t("Nobody interprets into sign language now.")];
  }
  if (who.length === 0) return [t("Nobody interprets into %(language)s now. You hear the floor.", { language: languageName(heard) })];
  if (!room.media.mixer.ducked) return [t("%(name)s interprets for you.", { name: who[0] })];
  return [icon("waveform", "icon-20"), t("%(name)s interprets for you. The floor is quieter.", { name: who[0] })];
}

/** @param {Room} room @param {string[]} languages */
function speak(room, languages) {
  const { state } = room;
  const seat = seatOf(state, state.me.seat);
  const channel = seat?.speaks ?? "";
  const on = room.sources.on.microphone;
  const kind = channel === "" ? "floor" : "channel";
  return h(
    "fieldset",
    { key: "speak", class: ["choice choice-speak", `choice-${kind}`, !on && channel !== SIGN && "choice-closed"] },
    h("legend", { class: "choice-legend" }, icon("microphone-stage", "icon-20"), h("span", {}, t("You speak to"))),
    h("div", { class: "choice-options" },
      option(room, "interpret", "", t("The floor"), channel === ""),
      ...languages.map((tag) => option(room, "interpret", tag, ownName(tag), channel === tag, { title: languageName(tag) }))),
    h("p", { class: "choice-state", role: "status" }, spokenState(room, channel, on)),
  );
}

/** @param {Room} room @param {string} channel @param {boolean} on @returns {VChild[]} */
function spokenState(room, channel, on) {
  const { state } = room;
  if (!inSession(state.phase)) return [t("Nobody hears anybody now.")];
  if (channel === SIGN) return [icon("hands-praying", "icon-20"), t("You sign: only your picture goes out.")];
  if (!on) return [icon("microphone-slash", "icon-20"), t("Your microphone is off.")];
  if (channel === "") return [icon("megaphone", "icon-20"), t("Everybody hears you.")];
  const listeners = state.channels.find((item) => item.language === channel)?.listeners ?? 0;
  return [
    icon("broadcast", "icon-20"),
    t("Only who listens to %(language)s hears you.", { language: languageName(channel) }),
    h("span", { class: "choice-count" }, icon("headphones", "icon-16"), bdi(String(listeners))),
  ];
}

/**
 * @param {Room} room @param {"listen" | "interpret"} command @param {string} channel
 * @param {string} label @param {boolean} chosen @param {{ title?: string, live?: boolean }} [more]
 */
function option(room, command, channel, label, chosen, more = {}) {
  const busy = room.busy(command, { channel: channel || null });
  // While the answer is awaited the choice itself shows; what is marked as so is the server's word.
  const waits = [...room.ui.busy].some((key) => key.startsWith(`${command}{`));
  const tag = channel === "" || channel === SIGN ? null : channel;
  return h(
    "label",
    { key: `${command}-${channel}`, class: ["choice-option", chosen && "choice-on", busy && "choice-busy"], title: more.title ?? null },
    h("input", {
      type: "radio",
      name: `channel-${command}`,
      value: channel,
      live: { checked: waits ? busy : chosen },
      onchange: () => void room.act(command, { channel: channel || null }),
    }),
    h("span", { lang: tag, dir: "auto" }, label),
    more.live ? h("span", { class: "choice-live", title: t("An interpreter is there") }, h("span", { class: "visually-hidden" }, t("An interpreter is there"))) : null,
  );
}
