// @ts-check
/**
 * Forms of legal acts (`<form data-confirms>`): sent in the background, so that the person can be
 * asked for the confirmation that the server wants, and the same form goes again with it.
 */
import { confirmAct, NotConfirmed } from "./confirm.js";
import { h } from "./dom.js";
import { csrfToken, Refused } from "./http.js";
import { language, ready, t } from "./i18n.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("confirms" in form.dataset)) return;
  event.preventDefault();
  void send(form);
}, { capture: true });

/** @param {HTMLFormElement} form */
async function send(form) {
  await ready();
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  form.querySelector(".alarm")?.remove();
  try {
    location.assign(await confirmed(form));
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    if (error instanceof NotConfirmed) return;
    const words = error instanceof Refused ? error.message : t("The server did not answer. Try again.");
    form.append(h("p", { class: "alarm alarm-small", role: "alert" }, words));
  }
}

/** @param {HTMLFormElement} form @returns {Promise<string>} where to go */
async function confirmed(form) {
  try {
    return (await post(form)).next;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "policy.confirmation_needed") throw error;
    const act = /** @type {import("./confirm.js").Act} */ (/** @type {unknown} */ (error.params));
    return (await post(form, await confirmAct(act))).next;
  }
}

/** @param {HTMLFormElement} form @param {string} [authorisation] @returns {Promise<{ next: string }>} */
async function post(form, authorisation) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  if (authorisation) body.set("authorisation", authorisation);
  const headers = { Accept: "application/json", "Accept-Language": language(), "X-CSRF-Token": csrfToken() };
  const answer = await fetch(form.action, { method: "POST", headers, body, credentials: "same-origin" });
  const data = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(answer.status, data);
  return data;
}
