// @ts-check
/** The page of one transcript: the player and the words beside it, and the certification. */
import { confirmAct, NotConfirmed } from "../confirm.js";
import { api, Refused } from "../http.js";
import { ready } from "../i18n.js";
import { toast } from "../toast.js";
import { Editor } from "./editor.js";

const player = document.getElementById("player");
let ms = 0;
let speaker = "";
/** @param {string} act @param {number} [at] */
const tell = (act, at = 0) => player?.dispatchEvent(new CustomEvent("player-do", { detail: { act, ms: at } }));
const jump = (/** @type {number} */ at) => tell("jump", at);

await ready();
const root = document.getElementById("editor");
const saved = document.getElementById("saved");
const editor = root && saved
  ? new Editor(root, saved, JSON.parse(root.dataset.draft ?? ""), { jump, toggle: () => tell("toggle"), now: () => ms, speaker: () => speaker })
  : null;
document.getElementById("add-line")?.addEventListener("click", () => editor?.stamp());
player?.addEventListener("player-at", (event) => {
  const { detail } = /** @type {CustomEvent<{ms: number, speaker: string}>} */ (event);
  ({ ms, speaker } = detail);
  editor?.at(ms);
});
for (const button of document.querySelectorAll("button[data-ms]")) {
  button.addEventListener("click", () => jump(Number(button.getAttribute("data-ms"))));
}

for (const form of document.querySelectorAll("form[data-asks-first]")) {
  if (form instanceof HTMLFormElement) form.addEventListener("submit", (event) => void askFirst(event, form));
}

/** Ask the server, which names what is to be confirmed. @param {SubmitEvent} event @param {HTMLFormElement} form */
async function askFirst(event, form) {
  event.preventDefault();
  try {
    const field = form.elements.namedItem("authorisation");
    const token = await tokenFor(form.action);
    if (field instanceof HTMLInputElement) field.value = token;
    form.submit();
  } catch (error) {
    if (!(error instanceof NotConfirmed)) toast(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} address @returns {Promise<string>} */
async function tokenFor(address) {
  const question = new URL(address);
  question.pathname += "/question";
  /** @type {{act: string, object: string, digest: string}} */
  const act = await api(question.pathname);
  if (!(act instanceof Object)) throw new Refused(500, {});
  return act.digest === "" ? "" : confirmAct(act);
}
