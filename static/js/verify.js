// @ts-check
/** Sends a file piece by piece with progress, and shows what the server found. Works without. */
import { csrfToken } from "./http.js";
import { ready, t } from "./i18n.js";

const MEGABYTE = 1_000_000;

/**
 * What to say of a file before it is sent; empty when it may go.
 * @param {File | undefined} file
 * @param {number} most bytes
 */
export function refusal(file, most) {
  if (file === undefined) return t("Choose a file first.");
  if (file.size === 0) return t("The file is empty. Choose another one.");
  const limit = Math.floor(most / MEGABYTE);
  if (file.size > most)
    return t("The file is larger than %(most)s MB. Check it on your own machine instead.", { most: limit });
  return "";
}

function start() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("file-form"));
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById("file"));
  const sent = /** @type {HTMLProgressElement | null} */ (document.getElementById("sent"));
  const [sending, stage, stop, result] = ["sending", "stage", "stop", "result"].map((id) =>
    document.getElementById(id),
  );
  if (!form || !input || !sent || !sending || !stage || !stop || !result) return;
  const parts = { form, input, sent, sending, stage, stop, result };
  document.querySelector("[data-without-script]")?.remove();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ready().then(() => send(parts));
  });
}

/** @param {{form: HTMLFormElement, input: HTMLInputElement, sent: HTMLProgressElement, sending: HTMLElement, stage: HTMLElement, stop: HTMLElement, result: HTMLElement}} parts */
function send({ form, input, sent, sending, stage, stop, result }) {
  const file = input.files?.[0];
  const problem = refusal(file, Number(form.dataset.most));
  if (problem || file === undefined) return say(result, problem);
  const request = new XMLHttpRequest();
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const end = () => {
    sending.hidden = stop.hidden = true;
    button.disabled = false;
    stop.removeEventListener("click", cancel);
  };
  const cancel = () => request.abort();
  stop.addEventListener("click", cancel);
  sending.hidden = stop.hidden = false;
  button.disabled = true;
  result.replaceChildren();
  sent.value = 0;
  stage.textContent = t("Sending the file");
  request.upload.onprogress = (event) => {
    sent.value = event.loaded / Math.max(1, event.total);
    if (event.loaded === event.total) checking(sent, stage);
  };
  request.upload.onload = () => checking(sent, stage);
  request.onabort = end;
  request.onerror = () => {
    end();
    say(result, t("The connection was lost. Nothing was checked. Try again."));
  };
  request.onload = () => {
    end();
    show(request, result);
  };
  request.open("POST", form.dataset.upload ?? "");
  request.setRequestHeader("X-CSRF-Token", csrfToken());
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
}

/** @param {HTMLProgressElement} sent @param {HTMLElement} stage */
function checking(sent, stage) {
  sent.removeAttribute("value");
  stage.textContent = t("Checking the file. This can take a minute.");
}

/** @param {XMLHttpRequest} request @param {HTMLElement} result */
function show(request, result) {
  if (request.status === 200) {
    result.innerHTML = request.responseText;
    result.focus();
    return;
  }
  let message = "";
  try {
    message = JSON.parse(request.responseText).message;
  } catch {
    // an answer of a proxy
  }
  say(result, message || t("The file could not be checked. Try again."));
}

/** @param {HTMLElement} result @param {string} text */
function say(result, text) {
  const box = document.createElement("div");
  box.className = "aegov-alert alert-error mb-6";
  box.setAttribute("role", "alert");
  const content = document.createElement("div");
  content.className = "alert-content";
  content.textContent = text;
  box.append(content);
  result.replaceChildren(box);
  result.focus();
}

if (typeof document !== "undefined") start();
