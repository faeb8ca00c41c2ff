// @ts-check
import { t } from "../i18n.js";
import { MAIN, namesOf } from "./consult.js";
import { button, command, notice } from "./parts.js";
import { seatOf, waitingForOfficer } from "./state.js";
import { h, icon } from "./vdom.js";
import { stage } from "./view_tiles.js";

/**
 * The private room, made to look like nothing else on the page, and the officer's way out of it.
 *
 * @typedef {import("./room.js").Room} Room
 */

/** @param {Room} room */
export function privateRoom(room) {
  const mine = room.state.private.find((item) => item.id === room.state.me.private);
  const names = mine === undefined ? [] : namesOf(room.state, mine.seats);
  return h(
    "div",
    { key: "private", class: "private" },
    h("div", { key: "banner", class: "private-banner", role: "status" },
      icon("lock-key-fill", "icon-32"),
      h("div", {},
        h("h2", {}, t("Private. Nobody else hears this. Not recorded.")),
        h("p", {}, t("Only here:"), " ", ...names.flatMap((name, i) => [i > 0 ? " · " : "", h("bdi", {}, name)]))),
      command(room, "private_return", t("Return to the sitting"), { kind: "btn-light", icon: icon("arrow-u-up-left") })),
    recalled(room),
    stage(room),
  );
}

/** @param {Room} room */
const recalled = (room) =>
  room.ui.recalled ? notice("recalled", t("The court asks you to come back when you are ready."), [], icon("gavel")) : null;

/** The whole screen is for the officer: nothing else may be pressed by mistake. @param {Room} room */
export function stepOut(room) {
  const asked = waitingForOfficer(room.state);
  const whole = asked?.id === MAIN;
  const seat = seatOf(room.state, room.state.me.seat);
  return h(
    "div",
    { key: "step-out", class: "step-out", role: "alertdialog", "aria-labelledby": "step-out-title" },
    icon("ear-slash", "icon-96"),
    h("h2", { id: "step-out-title" }, t("Officer: step out of earshot")),
    h("p", { class: "lead" }, t("%(name)s is about to speak in private with counsel. Stay in sight, but where you hear nothing.", { name: seat?.name ?? "" })),
    h("p", {}, whole
      ? t("The consultation begins only when you press this. The time is written down; nothing that is said is.")
      : t("The private room opens only when you press this. The time is written down; nothing that is said is.")),
    button(t("I am out of earshot"), {
      kind: "btn-huge",
      icon: icon("check-circle", "icon-32"),
      busy: room.busy("officer_out", { room: asked?.id ?? "" }),
      onclick: () => void room.act("officer_out", { room: asked?.id ?? "" }),
    }),
  );
}
