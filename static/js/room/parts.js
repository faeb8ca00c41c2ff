// @ts-check
import { t } from "../i18n.js";
import { toast } from "../toast.js";
import { gradeText, reasonText } from "./quality.js";
import { h, icon } from "./vdom.js";

/**
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./vdom.js").VChild} VChild
 * @typedef {import("./vdom.js").VNode} VNode
 */

/**
 * A button with a word on it.
 * @param {string} label
 * @param {{ onclick: () => void, icon?: VNode, kind?: string, key?: string, busy?: boolean,
 *   why?: string, about?: string }} options `kind`: classes after aegov-btn; `why`: it is greyed
 *   for this reason; `about`: id of the element that tells whom or what it is about
 */
export function button(label, options) {
  const greyed = options.why !== undefined && options.why !== "";
  return h(
    "button",
    {
      key: options.key ?? label,
      type: "button",
      class: ["aegov-btn btn-sm", options.kind ?? ""],
      "aria-disabled": greyed || options.busy ? "true" : null,
      "aria-describedby": options.about ?? null,
      title: greyed ? options.why : null,
      onclick: () => {
        if (greyed) toast(options.why ?? "");
        else if (!options.busy) options.onclick();
      },
    },
    options.icon ?? null,
    h("span", {}, label),
    options.busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null,
  );
}

/**
 * The button of a host's command: absent where the policy says no, greyed with its reason where
 * the state says 'not now'.
 * @param {Room} room @param {string} type @param {string} label
 * @param {{ fields?: Record<string, any>, dialog?: import("./room.js").Dialog, icon?: VNode,
 *   kind?: string, about?: string }} [options]
 * @returns {VNode | null}
 */
export function command(room, type, label, options = {}) {
  const why = room.state.me.why_not[type];
  if (!room.state.me.may.includes(type) && why === undefined) return null;
  const { fields = {}, dialog } = options;
  return button(label, {
    key: type + JSON.stringify(fields),
    icon: options.icon,
    kind: options.kind ?? "btn-outline",
    about: options.about,
    busy: room.busy(type, fields),
    why: room.state.me.may.includes(type) ? "" : t(why?.message ?? "", why?.params),
    onclick: () => {
      if (dialog !== undefined) room.open(dialog);
      else void room.act(type, fields);
    },
  });
}

/** @param {string} text @param {"" | "success" | "warning" | "error" | "info"} [kind] @param {VNode | null} [sign] */
export const badge = (text, kind = "", sign = null) =>
  h("span", { class: ["aegov-badge tag", kind && `badge-${kind}`] }, sign, text);

/** Bars that tell the line's quality, with words for those who do not see them. */
/** @param {import("./types.js").Grade} grade @param {string[]} [why] reasons of the server */
export function lineSign(grade, why = []) {
  if (grade === "") return null;
  const reasons = why.map(reasonText).filter((text) => text !== "").map((text) => t(text));
  const text = [t(gradeText(grade)), reasons.join(", ")].filter((part) => part !== "").join(": ");
  const sign =
    grade === "good"
      ? icon("cell-signal-full", "icon-20")
      : grade === "poor"
        ? icon("cell-signal-medium", "icon-20")
        : icon("cell-signal-low", "icon-20");
  return h(
    "span",
    { class: ["line", `line-${grade}`], title: text },
    sign,
    h("span", { class: "visually-hidden" }, text),
  );
}

/** @param {string} text Isolated: a name keeps its own direction. */
export const bdi = (text) => h("bdi", {}, text);

/**
 * A menu under a button. Escape, a choice, or a click elsewhere closes it (main.js).
 * @param {Room} room @param {string} key @param {VChild[]} children
 * @param {{ word?: string, about?: string }} options `word`: shown on the button; `about`: id of
 *   the element that tells what it is about
 */
export function menu(room, key, children, { word = "", about } = {}) {
  const items = children.filter(Boolean);
  if (items.length === 0) return null;
  const open = room.ui.menu === key;
  return h(
    "div",
    { key, class: "menu", "data-menu": "" },
    h(
      "button",
      {
        type: "button",
        class: word === "" ? "icon-button" : "aegov-btn btn-sm btn-outline",
        "aria-label": word === "" ? t("More") : null,
        "aria-describedby": about ?? null,
        "aria-expanded": String(open),
        onclick: () => room.set({ menu: open ? "" : key }),
      },
      word === "" ? icon("dots-three-vertical") : h("span", {}, word),
      word === "" ? null : icon("caret-down", "icon-16"),
    ),
    open ? h("div", { class: "menu-sheet", onclick: () => room.set({ menu: "" }) }, ...items) : null,
  );
}

/**
 * A message that must be seen: red, with a sign and words, read out at once.
 * @param {string} key @param {string} text @param {VChild[]} [actions]
 */
export const alarm = (key, text, actions = []) =>
  h(
    "div",
    { key, class: "alarm", role: "alert" },
    icon("warning-octagon", "icon-32"),
    h("p", {}, text),
    h("div", { class: "row" }, ...actions),
  );

/**
 * A message that waits.
 * @param {string} key @param {string} text @param {VChild[]} [actions] @param {VNode} [sign]
 */
export const notice = (key, text, actions = [], sign = icon("info")) =>
  h(
    "div",
    { key, class: "notice", role: "status" },
    sign,
    h("p", {}, text),
    actions.length > 0 ? h("div", { class: "row" }, ...actions) : null,
  );

/**
 * A labelled field of a dialog. `input` gets the id.
 * @param {string} id @param {string} label @param {(id: string) => VNode} input @param {string} [hint]
 */
export const field = (id, label, input, hint = "") =>
  h(
    "div",
    { key: id, class: "aegov-form-control" },
    h("label", { for: id }, label),
    h("div", { class: "form-control-input" }, input(id)),
    hint === "" ? null : h("p", { class: "hint", id: `${id}-hint` }, hint),
  );

/** @param {string} name @param {Record<string, any>} [props] */
export const input = (name, props = {}) => (/** @type {string} */ id) =>
  h("input", { id, name, autocomplete: "off", ...props });

/** @param {string} name @param {Record<string, any>} [props] */
export const area = (name, props = {}) => (/** @type {string} */ id) =>
  h("textarea", { id, name, rows: 3, dir: "auto", maxlength: 500, ...props });

/** @param {string} name @param {string} label @param {Record<string, any>} [props] */
export const check = (name, label, props = {}) =>
  h(
    "label",
    { key: `${name}-${props.value ?? ""}`, class: "check-row" },
    h("input", { type: "checkbox", name, value: "1", ...props }),
    h("span", {}, label),
  );
