// @ts-check
/**
 * Forms that send JSON and may ask for a confirmation (`data-api`), on pages of notarial acts, and
 * the part of the live room that shows the deed (the notary turns it, everybody's view follows) or
 * the steps of a marriage.
 */
import { confirmAct, NotConfirmed } from "./confirm.js";
import { api, Refused } from "./http.js";
import { language, ready, t } from "./i18n.js";

const EVERY_MS = 4000;

/** @param {HTMLFormElement} form */
export function bodyOf(form) {
  /** @type {Record<string, any>} */
  const body = {};
  for (const [name, value] of new FormData(form)) {
    if (name === "reasons") (body[name] ??= []).push(value);
    else body[name] = value;
  }
  return body;
}

/**
 * Send a form; what must be confirmed is confirmed and sent again with its token.
 * @param {HTMLFormElement} form
 */
export async function send(form) {
  const path = form.dataset.api ?? "";
  const body = bodyOf(form);
  try {
    return await api(path, { method: "POST", body });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "policy.confirmation_needed") throw error;
    const act = /** @type {import("./confirm.js").Act} */ (/** @type {any} */ (error.params));
    return api(path, { method: "POST", body: { ...body, authorisation: await confirmAct(act) } });
  }
}

/** @param {HTMLFormElement} form @param {() => void} done */
async function submit(form, done) {
  const wrong = /** @type {HTMLElement | null} */ (form.querySelector("[data-wrong]"));
  const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("button[type=submit]"));
  if (wrong) wrong.hidden = true;
  if (button) button.disabled = true;
  try {
    await send(form);
    done();
  } catch (error) {
    if (wrong) {
      wrong.textContent = error instanceof NotConfirmed ? t("You did not confirm it. Nothing was changed.") : error instanceof Refused ? error.message : t("The server could not be reached. Try again.");
      wrong.hidden = false;
    }
  } finally {
    if (button) button.disabled = false;
  }
}

/** What tells a form of the part from the others: the step, whom it is about, the question.
 * @param {HTMLFormElement} form */
const nameOf = (form) => [form.dataset.api, ...[...form.querySelectorAll('input[type="hidden"]')].map((one) => /** @type {HTMLInputElement} */ (one).value)].join(" ");

/** @param {HTMLElement} host @returns {[HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, string][]} fields with their names */
function fields(host) {
  /** @type {[HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, string][]} */
  const found = [];
  for (const form of host.querySelectorAll("form")) {
    for (const one of form.elements) {
      if (!(one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement || one instanceof HTMLSelectElement)) continue;
      if (one.type !== "hidden") found.push([one, `${nameOf(form)} ${one.name} ${one.type === "checkbox" ? one.value : ""}`]);
    }
  }
  return found;
}

/** What was ticked and typed and not sent yet. @param {HTMLElement} host @returns {Map<string, string | boolean>} */
export function typed(host) {
  const found = new Map();
  for (const [one, name] of fields(host)) {
    if (one instanceof HTMLSelectElement) {
      if (one.value !== ([...one.options].find((each) => each.defaultSelected) ?? one.options[0])?.value) found.set(name, one.value);
    } else if (one.type === "checkbox") {
      const box = /** @type {HTMLInputElement} */ (one);
      if (box.checked !== box.defaultChecked) found.set(name, box.checked);
    } else if (one.value !== one.defaultValue) found.set(name, one.value);
  }
  return found;
}

/** What tells one `<details>` from another, whatever stands before it.
 * @param {HTMLDetailsElement} one */
const keyOf = (one) => one.dataset.key ?? one.querySelector("summary")?.textContent?.trim() ?? "";

/** Which are open; one that was not there before is as the server says. @param {HTMLElement} host
 * @returns {Map<string, boolean>} */
export const opened = (host) => new Map([...host.querySelectorAll("details")].map((one) => [keyOf(one), one.open]));

/** @param {HTMLElement} host @param {Map<string, boolean>} before */
export function openAgain(host, before) {
  for (const one of host.querySelectorAll("details")) one.open = before.get(keyOf(one)) ?? one.open;
}

/** While somebody types, only what is written by others is taken. @param {HTMLElement} host @param {string} html */
function follow(host, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const one of host.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector(`[data-live="${/** @type {HTMLElement} */ (one).dataset.live}"]`);
    if (now !== null && now.innerHTML !== one.innerHTML) one.innerHTML = now.innerHTML;
  }
}

/** @param {HTMLElement} host @param {Map<string, string | boolean>} kept */
function typeAgain(host, kept) {
  for (const [one, name] of fields(host)) {
    const value = kept.get(name);
    if (typeof value === "boolean") /** @type {HTMLInputElement} */ (one).checked = value;
    else if (value !== undefined) one.value = value;
  }
}

/** Which page is shown after a turn. @param {number} now @param {number} by @param {number} of */
export const turned = (now, by, of) => Math.min(Math.max(now + by, 1), of);

/** The deed inside the live room. */
export class DeedPart {
  /** @type {HTMLElement | null} */
  host = null;
  page = 1;
  seen = "";
  document = "";
  /** Whether the panel has turned to the deed by itself, once. */
  offered = false;
  busy = false;
  /** What the part has called this person to, so that it calls once for each. */
  called = "";

  /**
   * @param {string} source address of the part, without the language
   * @param {(message: { document: string, page: number, pages: number }) => Promise<boolean>} turn
   * @param {() => void} [call] the person must look at the part now: it is read, or it is their turn
   */
  constructor(source, turn, call = () => {}) {
    this.source = source;
    this.turn = turn;
    this.call = call;
    setInterval(() => void this.load(), EVERY_MS);
  }

  /** @param {HTMLElement} host the element of the panel, empty or filled before */
  attach(host) {
    if (this.host === host) return;
    this.host = host;
    host.addEventListener("submit", (event) => this.#submit(event));
    host.addEventListener("click", (event) => this.#click(event));
    this.seen = "";
    void this.load();
  }

  /** Take what is new from the server, unless somebody is typing into it. */
  async load() {
    const { host } = this;
    if (host === null || !host.isConnected || this.busy) return;
    if (this.#busyTyping(host) && host.querySelector("[data-live]") === null) return;
    const answer = await fetch(`/${language()}${this.source}`, { credentials: "same-origin" }).catch(() => null);
    if (answer === null || !answer.ok) return;
    const html = await answer.text();
    if (html === this.seen) return;
    if (this.#busyTyping(host)) {
      follow(host, html);
      return;
    }
    this.seen = html;
    host.lang = language();
    const open = opened(host);
    const kept = typed(host);
    host.innerHTML = html;
    openAgain(host, open);
    typeAgain(host, kept);
    this.#begin();
    this.show(this.page);
    this.#call();
  }

  #call() {
    const calls = /** @type {HTMLElement | null} */ (this.host?.querySelector("[data-calls]") ?? null)?.dataset.calls ?? "";
    if (calls !== "" && calls !== this.called) this.call();
    if (calls !== "") this.called = calls;
  }

  /** A text that nobody has seen begins at its first page, for everybody. */
  #begin() {
    const section = this.#section();
    const document_ = section?.dataset.document ?? "";
    if (section === null || document_ === this.document) return;
    this.document = document_;
    this.page = 1;
    if (this.host?.querySelector("[data-turn]")) void this.turn({ document: document_, page: 1, pages: Number(section.dataset.pages) });
  }

  /** @param {{ document: string, page: number, pages: number } | null} reading as the room says */
  follow(reading) {
    if (reading === null) return;
    const section = this.#section();
    if (section !== null && section.dataset.document !== reading.document) void this.load();
    if (reading.page !== this.page) this.show(reading.page);
  }

  /** The room has a new state: follow the page that is read, and look for what else is new.
   * @param {{ document: string, page: number, pages: number } | null} reading */
  changed(reading) {
    if (!this.host?.querySelector("[data-turn]")) this.follow(reading);
    void this.load();
  }

  /** @param {number} page */
  show(page) {
    this.page = page;
    for (const one of this.host?.querySelectorAll("[data-page]") ?? []) {
      /** @type {HTMLElement} */ (one).hidden = /** @type {HTMLElement} */ (one).dataset.page !== String(page);
    }
  }

  #section() {
    return /** @type {HTMLElement | null} */ (this.host?.querySelector("[data-document]") ?? null);
  }

  /** @param {HTMLElement} host */
  #busyTyping(host) {
    return this.#typing() && host.lang === language();
  }

  #typing() {
    const active = document.activeElement;
    const field = active instanceof HTMLTextAreaElement || (active instanceof HTMLInputElement && active.type !== "checkbox") || active instanceof HTMLSelectElement;
    return field && this.host?.contains(active) === true;
  }

  /** @param {Event} event */
  #submit(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.api === undefined) return;
    event.preventDefault();
    this.busy = true;
    void submit(form, () => {
      form.reset(); // it is done: nothing of it is typed again
      if (form.dataset.again === undefined) form.closest("details")?.removeAttribute("open");
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
      this.seen = "";
    }).finally(() => {
      this.busy = false;
      void this.load().then(() => this.#again(form));
    });
  }

  /** Whoever writes goes on writing. @param {HTMLFormElement} form */
  #again(form) {
    if (form.dataset.again === undefined || this.#typing()) return;
    const now = [...(this.host?.querySelectorAll("form") ?? [])].find((one) => one.dataset.again === form.dataset.again);
    /** @type {HTMLElement | null} */ (now?.querySelector("textarea, button") ?? null)?.focus();
  }

  /** @param {Event} event */
  #click(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-turn]") : null;
    const section = this.#section();
    if (!(button instanceof HTMLElement) || section === null) return;
    const pages = Number(section.dataset.pages);
    const by = Number(button.dataset.turn);
    const page = turned(this.page, by, pages);
    this.show(page);
    void this.turn({ document: section.dataset.document ?? "", page, pages });
  }
}

const WAITS_EVERY_MS = 10_000;

/** Somebody in the queue: the time left is told anew, and the page when a notary has taken it.
 * @param {HTMLElement} shown */
async function wait(shown) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (answer === null || !answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-waits]");
  if (now === null) location.reload();
  else if (now.innerHTML !== shown.innerHTML) shown.innerHTML = now.innerHTML;
}

if (typeof document !== "undefined" && document.getElementById("room") === null) {
  const waits = /** @type {HTMLElement | null} */ (document.querySelector("[data-waits]"));
  if (waits !== null) setInterval(() => void wait(waits), WAITS_EVERY_MS);
  void ready();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if (form.dataset.api !== undefined) {
      event.preventDefault();
      void submit(form, () => location.reload());
    }
  });
}
