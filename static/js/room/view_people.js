// @ts-check
import { language, t, tn } from "../i18n.js";
import { languageName } from "../language.js";
import * as dialogs from "./dialogs.js";
import { doorActions, doorFacts, doorMenu, oathSign } from "./door.js";
import { clockOfDay, timeOfDay } from "./format.js";
import { badge, bdi, command, lineSign, menu } from "./parts.js";
import { documentText, identityText, placeText } from "./phrases.js";
import { reasonText } from "./quality.js";
import { h, icon } from "./vdom.js";

/**
 * Who is where. Hosts act from here; everybody else sees who hears them and sets volumes.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./types.js").Seat} Seat
 */

/** @typedef {{ key: string, title: string, seats: Seat[], actions?: import("./vdom.js").VChild[] }} Group */

/** @param {Room} room */
export function people(room) {
  return h(
    "div",
    { key: "people", class: "people" },
    ...groups(room)
      .filter((group) => group.seats.length > 0)
      .map((group) =>
        h(
          "section",
          { key: group.key, "aria-labelledby": `group-${group.key}` },
          h("div", { class: "group-head" },
            h("h2", { id: `group-${group.key}` }, group.title, h("span", { class: "count" }, String(group.seats.length))),
            ...(group.actions ?? [])),
          h("ul", { class: "seat-list" }, ...group.seats.map((seat) => person(room, seat))),
        ),
      ),
  );
}

/** @param {Room} room @returns {Group[]} */
function groups(room) {
  const { seats, me } = room.state;
  const at = (/** @type {string} */ place) => seats.filter((seat) => seat.place === place);
  const waiting = [...at("lobby"), ...at("witness_room")].filter((seat) => seat.present);
  const away = seats.filter((seat) => !seat.present && seat.place !== "removed" && seat.place !== "outside");
  const hands = seats.filter((seat) => seat.hand !== null).sort((a, b) => ((a.hand ?? "") < (b.hand ?? "") ? -1 : 1));
  const raised = new Set(me.host ? hands.map((seat) => seat.id) : []);
  const here = (/** @type {Seat} */ seat) => seat.present && !raised.has(seat.id);
  return [
    { key: "hands", title: t("Hands raised"), seats: me.host ? hands : [] },
    { key: "lobby", title: t(placeText("lobby")), seats: waiting.filter((s) => s.place === "lobby"), actions: [admitAll(room, waiting)] },
    { key: "witness_room", title: t("Witness room: called one by one"), seats: waiting.filter((s) => s.place === "witness_room") },
    { key: "hearing", title: t(placeText("hearing")), seats: at("hearing").filter(here) },
    { key: "private", title: t(placeText("private")), seats: at("private").filter(here), actions: recalls(room) },
    { key: "lost", title: t("Connection lost"), seats: away },
    { key: "outside", title: t(placeText("outside")), seats: at("outside") },
    { key: "removed", title: t(placeText("removed")), seats: at("removed") },
  ];
}

/** @param {Room} room @param {Seat[]} waiting */
function admitAll(room, waiting) {
  if (waiting.filter((seat) => seat.place === "lobby").length < 2) return null;
  return command(room, "admit", t("Admit all"), { fields: { seats: "all" }, kind: "btn-outline" });
}

/** @param {Room} room */
const recalls = (room) =>
  room.state.private
    .filter((item) => item.state === "open" && item.id !== room.state.me.private)
    .map((item) => command(room, "private_recall", t("Ask them back"), { fields: { room: item.id } }));

/** @param {Room} room @param {Seat} seat */
function person(room, seat) {
  const mine = seat.id === room.state.me.seat;
  const { host } = room.state.me;
  return h(
    "li",
    { key: seat.id, class: ["seat", room.model.speaking.includes(seat.id) && "seat-speaking"], "data-seat": seat.id },
    h("div", { class: "seat-head" },
      h("div", { class: "seat-name" },
        h("strong", { id: `name-${seat.id}` }, bdi(seat.name), mine ? h("span", { class: "you" }, ` ${t("(you)")}`) : null),
        h("span", { class: "seat-role" }, t(seat.role_title), counsel(room, seat), deputy(seat))),
      h("div", { class: "seat-signs" }, ...signs(seat), lineSign(seat.line, seat.line_why), host ? moreAbout(room, seat, mine) : null),
    ),
    host ? h("div", { class: "seat-facts" }, ...facts(room, seat)) : oathSign(seat),
    host ? h("div", { class: "seat-actions" }, ...actions(room, seat, mine)) : null,
    mine || !["hearing", "private"].includes(seat.place) ? null : volume(room, seat),
  );
}

/** @param {Room} room @param {Seat} seat */
function counsel(room, seat) {
  const clients = room.state.seats.filter((other) => seat.represents.includes(other.id)).map((one) => one.name);
  return clients.length === 0 ? null : h("span", { class: "for" }, " · ", t("for %(name)s", { name: clients.join(document.documentElement.lang === "ar" ? "، " : ", ") }));
}

/** In whose place somebody sits here. @param {Seat} seat */
const deputy = (seat) =>
  seat.acts_for === "" ? null : h("span", { class: "for" }, " · ", t("in the place of %(name)s", { name: seat.acts_for }));

/** @param {Seat} seat */
const signs = (seat) => [
  seat.present && !seat.sources.microphone && seat.place === "hearing"
    ? h("span", { key: "mic", title: t("Microphone off") }, seat.locked ? icon("lock", "icon-20") : icon("microphone-slash", "icon-20"), h("span", { class: "visually-hidden" }, t("Microphone off")))
    : null,
];

/** What the clerk must know before letting somebody in. @param {Room} room @param {Seat} seat */
function facts(room, seat) {
  const kind = seat.identity === "verified" ? "success" : seat.identity === "not_proved" ? "error" : "";
  return [
    badge([t(identityText(seat.identity)), seat.document === "" ? "" : t(documentText(seat.document))].filter(Boolean).join(" · "), kind, icon("identification-card", "icon-16")),
    seat.guest ? badge(t("Guest"), "info") : null,
    seat.floor ? badge(t("Has the floor"), "success") : null,
    seat.speaks === "" ? null : badge(t("Interprets into %(language)s", { language: languageName(seat.speaks) }), "info", icon("broadcast", "icon-16")),
    seat.listens ? badge(t("Hears %(language)s", { language: languageName(seat.listens) }), "info", icon("headphones", "icon-16")) : null,
    seat.cannot_hear ? badge(t("Cannot hear"), "error", icon("ear-slash", "icon-16")) : null,
    seat.locked ? badge(t("Microphone locked"), "warning") : null,
    seat.hand !== null ? badge(t("Hand up since %(time)s", { time: clockOfDay(seat.hand, room.page.zone) }), "warning") : null,
    seat.missing_since ? badge(t("Hears nothing since %(time)s", { time: clockOfDay(seat.missing_since, room.page.zone) }), "error", icon("ear-slash", "icon-16")) : null,
    seat.missed_seconds > 0 ? badge(tn("Missed %(n)s second", "Missed %(n)s seconds", seat.missed_seconds), "warning", icon("clock-counter-clockwise", "icon-16")) : null,
    ...doorFacts(seat),
    ...(seat.line_why ?? []).map((why) => badge(t(reasonText(why)), seat.line === "bad" ? "error" : "warning", icon("cell-signal-low", "icon-16"))),
    kit(seat),
    attestation(room, seat),
  ];
}

/** @param {Seat} seat */
function kit(seat) {
  if (seat.kit === null) return null;
  const { result, camera, microphone } = seat.kit;
  if (camera === "fail") return badge(t("Kit check: no camera"), "warning");
  if (microphone === "fail") return badge(t("Kit check: no microphone"), "error");
  if (result === "good") return badge(t("Kit check: good"), "success");
  return result === "poor" ? badge(t("Kit check: weak line"), "warning") : badge(t("Kit check: bad line"), "error");
}

/** @param {Room} room @param {Seat} seat */
function attestation(room, seat) {
  if (seat.room === null || seat.room === "") return null;
  const a = seat.attestation;
  if (a === null) return badge(t("Officer has not attested yet"), "warning");
  const good = a.identity && a.restraints_off;
  const time = a.at === undefined ? "" : timeOfDay(a.at, language(), room.page.zone);
  return h(
    "details",
    { key: "attestation", class: "attestation" },
    h("summary", {}, badge(good ? t("Officer attested") : t("Officer's attestation is incomplete"), good ? "success" : "error")),
    h("ul", {},
      h("li", {}, a.identity ? t("Identity checked by the officer") : t("Identity not checked by the officer")),
      h("li", {}, a.restraints_off ? t("Restraints are off") : t("Restraints are not off")),
      h("li", {}, a.others === "" ? t("Nobody else is in the room") : t("Also in the room: %(others)s", { others: a.others })),
      time === "" ? null : h("li", {}, t("Stated at %(time)s", { time })),
    ),
  );
}

/** What is done most, and what the next step needs. @param {Room} room @param {Seat} seat @param {boolean} mine */
function actions(room, seat, mine) {
  const about = `name-${seat.id}`;
  if (seat.place === "removed") {
    return [command(room, "readmit", t("Let back to the lobby"), { fields: { seat: seat.id }, about })];
  }
  if (!seat.present && seat.place === "outside") return [];
  const waits = seat.place === "lobby" || seat.place === "witness_room";
  const inHearing = seat.place === "hearing";
  return [
    waits && seat.guest && seat.identity !== "verified" ? identity(room, seat, "") : null,
    waits && seat.identity !== "not_proved" ? admit(room, seat) : null,
    ...doorActions(room, seat),
    inHearing ? floor(room, seat) : null,
    inHearing && !mine && seat.role !== "presiding_judge" && seat.sources.microphone
      ? command(room, "mute", t("Mute"), { fields: { seat: seat.id, lock: false }, about })
      : null,
  ];
}

/** @param {Room} room @param {Seat} seat */
function admit(room, seat) {
  const called = seat.place === "witness_room";
  const checked = !seat.guest || seat.identity === "verified";
  return command(room, "admit", called ? t("Call") : t("Admit"), {
    fields: { seats: [seat.id] },
    kind: checked ? "" : "btn-outline",
    about: `name-${seat.id}`,
  });
}

/** @param {Room} room @param {Seat} seat @param {string} kind */
function identity(room, seat, kind) {
  const dialog = dialogs.identity(seat.id);
  return command(room, "identity", t("Identity"), { dialog, kind, icon: icon("identification-card"), about: `name-${seat.id}` });
}

/** @param {Room} room @param {Seat} seat @param {boolean} mine */
function moreAbout(room, seat, mine) {
  if (seat.place === "removed" || (!seat.present && seat.place === "outside")) return null;
  const inHearing = seat.place === "hearing";
  const others = inHearing && !mine && seat.role !== "presiding_judge";
  const called = seat.role === "witness" || seat.role === "expert";
  const one = { seat: seat.id };
  return menu(room, `seat-${seat.id}`, [
    mine ? null : identity(room, seat, "btn-outline"),
    ...doorMenu(room, seat),
    others && !seat.locked ? command(room, "mute", t("Mute and lock"), { fields: { ...one, lock: true }, icon: icon("lock") }) : null,
    seat.locked ? command(room, "unlock", t("Let unmute"), { fields: one, icon: icon("lock-open") }) : null,
    seat.hand !== null ? command(room, "lower_hand", t("Lower hand"), { fields: one, icon: icon("hand-palm") }) : null,
    inHearing ? screenLeave(room, seat) : null,
    inHearing && !mine ? exhibitLeave(room, seat) : null,
    called && inHearing ? command(room, "heard", t("Has been heard"), { fields: one, icon: icon("check-circle") }) : null,
    others ? command(room, "to_lobby", called ? t("Back to the witness room") : t("Back to the lobby"), { fields: { seats: [seat.id] }, icon: icon("arrow-u-up-left") }) : null,
    mine || seat.role === "presiding_judge" ? null : command(room, "remove", t("Remove"), { dialog: dialogs.remove(seat.id), icon: icon("user-minus"), kind: "btn-outline btn-danger" }),
  ], { about: `name-${seat.id}` });
}

/** @param {Room} room @param {Seat} seat */
function floor(room, seat) {
  const fields = { seat: seat.floor ? null : seat.id };
  return command(room, "floor", seat.floor ? t("End the floor") : t("Give the floor"), { fields, about: `name-${seat.id}` });
}

/** @param {Room} room @param {Seat} seat */
function screenLeave(room, seat) {
  const allowed = seat.permitted.includes("screen");
  return command(room, "allow_screen", allowed ? t("Stop their screen") : t("Allow to share the screen"), {
    fields: { seat: seat.id, allowed: !allowed },
    icon: icon("screencast"),
  });
}

/** @param {Room} room @param {Seat} seat */
function exhibitLeave(room, seat) {
  if (seat.presents === null || seat.presents === undefined) return null;
  return command(room, "allow_exhibits", seat.presents ? t("Stop their exhibits") : t("Allow to show exhibits"), {
    fields: { seat: seat.id, allowed: !seat.presents },
    icon: icon("presentation"),
  });
}

/** @param {Room} room @param {Seat} seat */
const volume = (room, seat) =>
  h(
    "label",
    { key: "volume", class: "volume" },
    icon("speaker-high", "icon-20"),
    h("span", { class: "visually-hidden" }, t("Volume of %(name)s, only for you", { name: seat.name })),
    h("input", {
      type: "range",
      min: "0",
      max: "100",
      value: String(Math.round(room.media.mixer.volume(seat.id) * 100)),
      oninput: (/** @type {Event} */ event) =>
        room.media.mixer.setVolume(seat.id, Number(/** @type {HTMLInputElement} */ (event.target).value) / 100),
    }),
  );
