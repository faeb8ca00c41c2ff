// @ts-check
/** Short messages that go away by themselves; the region is a popover and so above dialogs. */
import { h } from "./dom.js";
import { t } from "./i18n.js";

const SHOWN_MS = 6000;
/** With a link that a hand must reach (WCAG 2.2.1). */
const WHY_MS = 20_000;

/** @type {HTMLElement | null} */
let region = null;

/**
 * Show `text` for six seconds and read it out. `urgent` interrupts a screen reader.
 * @param {string} text
 * @param {{urgent?: boolean, why?: string}} [options] `why`: a page that explains it, for longer
 */
export function toast(text, { urgent = false, why = "" } = {}) {
  region ??= createRegion();
  const item = h("div", { class: "toast", role: urgent ? "alert" : "status" }, text,
    why === "" ? null : h("a", { href: why, target: "_blank" }, t("Why may I not?")));
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover(); // again, to stand above a dialog that was opened since
  region.append(item);
  setTimeout(() => {
    item.remove();
    if (region && !region.childElementCount) region.hidePopover();
  }, why === "" ? SHOWN_MS : WHY_MS);
}

function createRegion() {
  const element = h("div", { class: "toasts", popover: "manual" });
  document.body.append(element);
  return element;
}
