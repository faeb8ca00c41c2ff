// @ts-check
/**
 * A marriage file that two people fill in from two devices: look whether the other changed
 * something. A page on which nothing was typed shows it at once; another one says so.
 */
import { api } from "./http.js";

const EVERY_MS = 4000;

/**
 * What to do about a version that the server tells.
 * @param {number} shown @param {number} now @param {boolean} typed
 * @returns {"nothing" | "reload" | "tell"}
 */
export const next = (shown, now, typed) => (now <= shown ? "nothing" : typed ? "tell" : "reload");

/** Whether somebody typed into a form or is about to. @param {Document} page */
export function typed(page) {
  for (const form of page.forms) {
    for (const one of form.elements) {
      if (one instanceof HTMLInputElement && (one.type === "checkbox" || one.type === "radio") && one.checked !== one.defaultChecked) return true;
      if (one instanceof HTMLInputElement && one.type === "file" && one.value !== "") return true;
      if ((one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement) && one.type !== "checkbox" && one.type !== "radio" && one.type !== "file" && one.value !== one.defaultValue) return true;
      if (one instanceof HTMLSelectElement && [...one.options].some((option) => option.selected !== option.defaultSelected) && !(one.selectedIndex === 0 && [...one.options].every((option) => !option.defaultSelected))) return true;
    }
  }
  const active = page.activeElement;
  return active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement;
}

if (typeof document !== "undefined") {
  const notice = /** @type {HTMLElement | null} */ (document.querySelector("[data-marriage]"));
  const wrong = document.querySelector(".field-error, [data-focus]") !== null;
  if (notice !== null) {
    const shown = Number(notice.dataset.version);
    const look = async () => {
      const answer = await api(`/api/marriages/${notice.dataset.marriage}/version`).catch(() => null);
      if (answer === null) return;
      const what = next(shown, Number(answer.version), wrong || typed(document));
      if (what === "reload") location.reload();
      if (what === "tell") notice.hidden = false;
    };
    setInterval(() => void look(), EVERY_MS);
    notice.querySelector("[data-again]")?.addEventListener("click", (event) => {
      event.preventDefault();
      location.assign(location.pathname);
    });
  }
}
