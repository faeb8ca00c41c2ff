// @ts-check
/** Signing in, stepping up and adding a key: the parts of a page with `data-passkey`. */
import { api, Refused } from "./http.js";
import { ready, t } from "./i18n.js";
import { create, get, supported } from "./webauthn.js";

const part = /** @type {HTMLElement | null} */ (document.querySelector("[data-passkey]"));
const doing = part?.dataset.passkey ?? "";

/** @param {HTMLElement} where @param {unknown} error */
function tell(where, error) {
  const line = /** @type {HTMLElement} */ (where.querySelector('[role="alert"]'));
  line.textContent = words(error);
  line.hidden = false;
}

/** @param {unknown} error */
function words(error) {
  if (error instanceof Refused) return error.message;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return t("This device holds a passkey of your account already.");
  if (name === "NotAllowedError") return t("No passkey was given. Try again, or use another way.");
  return t("That did not work on this device. Try again, or use another way.");
}

/** @param {HTMLElement} where */
async function go(where) {
  const path = doing === "add" ? "/api/passkeys" : `/api/passkeys/${doing}`;
  const button = where.querySelector("button");
  button?.setAttribute("aria-busy", "true");
  try {
    const question = await api(path, { method: "POST", body: {} });
    const answer = doing === "add" ? await create(question.publicKey) : await get(question.publicKey);
    const more = doing === "add" ? { name: nameOf(where) } : doing === "sign-in" ? { next: where.dataset.next ?? "" } : {};
    const done = await api(`${path}/${question.id}`, { method: "POST", body: { answer, ...more } });
    location.assign(done.next);
  } catch (error) {
    button?.removeAttribute("aria-busy");
    button?.removeAttribute("disabled");
    tell(where, error);
  }
}

/** @param {HTMLElement} where */
const nameOf = (where) => /** @type {HTMLInputElement} */ (where.querySelector("#name")).value;

if (part !== null) {
  await ready();
  if (supported()) part.hidden = false;
  else if (doing !== "sign-in") tell(part, new Error("unsupported"));
  part.querySelector(".passkey-go")?.addEventListener("click", () => void go(part));
  part.addEventListener("submit", (event) => {
    event.preventDefault();
    void go(part);
  });
}
