// @ts-check
/** Derived works: progress while they are made, and the confirmation before one is taken. */
import { confirmAct, NotConfirmed } from "./confirm.js";
import { byId } from "./dom.js";
import { api } from "./http.js";
import { ready } from "./i18n.js";
import { toast } from "./toast.js";

const EVERY_MS = 2000;
const BUSY = ["asked", "running"];
const root = byId("works");

if (busy().length > 0) setTimeout(look, EVERY_MS);

/** The works on this page that are not finished. */
function busy() {
  return [...root.querySelectorAll("[data-work]")].filter((one) => BUSY.includes(one.getAttribute("data-state") ?? ""));
}

async function look() {
  /** @type {{works: {id: string, state: string, percent: number}[]}} */
  const { works } = await api(root.dataset.source ?? "").catch(() => ({ works: [] }));
  for (const work of works) {
    const element = root.querySelector(`[data-work="${CSS.escape(work.id)}"]`);
    if (!element) continue;
    if (element.getAttribute("data-state") !== work.state && !BUSY.includes(work.state)) {
      location.reload(); // it has become something else: the page says it all
      return;
    }
    element.querySelector("progress")?.setAttribute("value", String(work.percent));
    const shown = element.querySelector("[data-percent]");
    if (shown) shown.textContent = `${work.percent}%`;
  }
  if (busy().length > 0) setTimeout(look, EVERY_MS);
}

for (const form of root.querySelectorAll("form[data-confirms]")) {
  if (form instanceof HTMLFormElement) form.addEventListener("submit", (event) => void confirmed(event, form));
}

/** @param {SubmitEvent} event @param {HTMLFormElement} form */
async function confirmed(event, form) {
  event.preventDefault();
  await ready();
  const { confirms: act = "", object = "", digest = "" } = form.dataset;
  try {
    const token = await confirmAct({ act, object, digest });
    const field = form.elements.namedItem("authorisation");
    if (field instanceof HTMLInputElement) field.value = token;
    form.submit();
  } catch (error) {
    if (!(error instanceof NotConfirmed)) toast(error instanceof Error ? error.message : String(error));
  }
}
