// @ts-check
/** The player's keys: one table for what they do and for the sheet that explains them. */
import { h } from "../dom.js";
import { N_, t } from "../i18n.js";

/**
 * `always`: also on a button or the slider, which have a use of their own for other keys.
 * @typedef {{keys: string[], shown: string, label: string, act: () => void, on?: "slider" | "button"}} Key
 */

/**
 * @param {Record<string, () => void>} acts by name
 * @returns {Key[]}
 */
export function keysOf(acts) {
  /** @type {[string, string[], string, string, ("slider" | "button")?][]} */
  const table = [
    ["play", ["k"], "K", N_("Play or pause")],
    ["play", [" "], "␣", N_("Play or pause"), "button"],
    ["back5", ["ArrowLeft"], "←", N_("Back 5 seconds"), "slider"],
    ["forward5", ["ArrowRight"], "→", N_("Forward 5 seconds"), "slider"],
    ["back", ["j"], "J", N_("Back 10 seconds")],
    ["forward", ["l"], "L", N_("Forward 10 seconds")],
    ["back1", [","], ",", N_("Back 1 second")],
    ["forward1", ["."], ".", N_("Forward 1 second")],
    ["next", ["n"], "N", N_("Next entry")],
    ["previous", ["p"], "P", N_("Previous entry")],
    ["nextSpeech", ["]"], "]", N_("To where somebody next begins to speak")],
    ["previousSpeech", ["["], "[", N_("To where somebody last began to speak")],
    ["start", ["Home"], "Home", N_("To the beginning"), "slider"],
    ["end", ["End"], "End", N_("To the end"), "slider"],
    ["faster", ["+", "="], "+", N_("Faster")],
    ["slower", ["-"], "-", N_("Slower")],
    ["mute", ["m"], "M", N_("Mute all, or no longer")],
    ["captions", ["c"], "C", N_("Captions on or off")],
    ["mark", ["b"], "B", N_("Bookmark this moment")],
    ["full", ["f"], "F", N_("Fill the screen")],
    ["help", ["?"], "?", N_("Show these keys")],
  ];
  return table.flatMap(([name, keys, shown, label, on]) => {
    const act = name in acts ? acts[name] : undefined;
    return act ? [{ keys, shown, label, act, ...(on ? { on } : {}) }] : [];
  });
}

/**
 * What a pressed key does here, or null: typing, and keys of the element itself, are left alone.
 * @param {Key[]} keys
 * @param {KeyboardEvent} event
 */
export function actOf(keys, event) {
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest("select, input:not([type=range]), textarea, dialog, [contenteditable]")) return null;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = keys.find((one) => one.keys.includes(pressed));
  if (!found) return null;
  if (found.on === "button" && target?.closest("button, a, summary")) return null;
  if (found.on === "slider" && target?.closest("input[type=range]")) return null;
  return found.act;
}

/** The sheet of all keys, a dialog that Escape closes. @param {Key[]} keys */
export function sheet(keys) {
  const rows = keys.filter((one) => one.shown !== "␣").map((one) =>
    h("div", { class: "key-row" },
      h("dt", {}, h("kbd", { dir: "ltr" }, one.shown), ...(one.shown === "K" ? [" ", h("kbd", {}, t("Space"))] : [])),
      h("dd", {}, t(one.label))));
  const close = h("button", { type: "button", class: "aegov-btn btn-outline", onclick: () => dialog.close() }, t("Close"));
  const dialog = h("dialog", { class: "dialog keys", "aria-labelledby": "keys-title" },
    h("div", { class: "dialog-body" },
      h("h2", { class: "section-title mb-0", id: "keys-title" }, t("Keys of the player")),
      h("dl", { class: "key-list" }, ...rows),
      h("p", { class: "row" }, close)));
  return dialog;
}
