// @ts-check
/** Short messages that go away by themselves; the region is a popover and so above dialogs. */
import { h } from "./dom.js";

const SHOWN_MS = 6000;

/** @type {HTMLElement | null} */
let region = null;

/**
 * Show `text` for six seconds and read it out. `urgent` interrupts a screen reader.
 * @param {string} text
 * @param {{urgent?: boolean}} [options]
 */
export function toast(text, { urgent = false } = {}) {
  region ??= createRegion();
  const item = h("div", { class: "toast", role: urgent ? "alert" : "status" }, text);
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover(); // again, to stand above a dialog that was opened since
  region.append(item);
  setTimeout(() => {
    item.remove();
    if (region && !region.childElementCount) region.hidePopover();
  }, SHOWN_MS);
}

function createRegion() {
  const element = h("div", { class: "toasts", popover: "manual" });
  document.body.append(element);
  return element;
}
