// @ts-check
/** What every page does: dialogs, copy buttons, the language link, focus on what went wrong. */
import { ready, setLanguage, t } from "./i18n.js";
import { toast } from "./toast.js";

const loaded = ready();

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-opens]");
  if (opener) openDialog(opener.getAttribute("data-opens") ?? "");
  const closer = target?.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  const copier = target?.closest("[data-copies]");
  if (copier) copy(copier.getAttribute("data-copies") ?? "");
  if (target?.closest("[data-print]")) window.print();
  const switcher = target?.closest("a[data-language-switch]");
  if (switcher) keepPlace(/** @type {HTMLAnchorElement} */ (switcher));
  if (switcher && "liveLanguage" in document.documentElement.dataset) {
    event.preventDefault();
    switchHere(/** @type {HTMLAnchorElement} */ (switcher));
  }
  const toggle = target?.closest(".nav-toggle");
  if (toggle) toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
  closeMenus(target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeMenus(null);
  document.querySelector(".nav-toggle")?.setAttribute("aria-expanded", "false");
});

// A second click must not send a form twice; the server is idempotent where it matters, but
// people deserve to see that something is happening.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method === "dialog" || event.defaultPrevented) return;
  const button = event.submitter;
  setTimeout(() => button?.setAttribute("disabled", ""), 0);
  // The answer is a file: the page stays, and its button must work again.
  if (form.dataset.download !== undefined) setTimeout(() => button?.removeAttribute("disabled"), 500);
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll('button[type="submit"][disabled]')) button.removeAttribute("disabled");
});

for (const dialog of document.querySelectorAll("dialog[data-open-now]")) openDialog(dialog.id);
const wrong = document.querySelector("[data-focus]");
if (wrong instanceof HTMLElement) {
  wrong.tabIndex = -1;
  wrong.focus();
}

/** @param {string} id */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/** @param {string} id */
async function copy(id) {
  const field = document.getElementById(id);
  if (!(field instanceof HTMLInputElement)) return;
  await loaded;
  try {
    await navigator.clipboard.writeText(field.value);
    toast(t("Copied."));
  } catch {
    field.select(); // no permission or no https: the person copies it with the keyboard
    toast(t("Press Ctrl+C to copy the marked address."));
  }
}

/**
 * The other language opens at the same place of the page.
 * @param {HTMLAnchorElement} link
 */
function keepPlace(link) {
  link.hash = location.hash;
}

/** @param {HTMLAnchorElement} link */
async function switchHere(link) {
  await loaded;
  const wanted = link.hreflang;
  const before = document.documentElement.lang;
  await setLanguage(wanted);
  link.hreflang = link.lang = before;
  link.href = location.pathname.replace(`/${wanted}/`, `/${before}/`) + location.search;
  const text = [...link.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
  if (text) text.textContent = before === "ar" ? "العربية" : "English";
}

/** @param {Element | null} target */
function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!target || !menu.contains(target)) menu.removeAttribute("open");
  }
}
