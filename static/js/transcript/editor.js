// @ts-check
/** The draft of a transcript: typed line by line, saved by itself, refused when another was faster. */
import { h, icon } from "../dom.js";
import { api, Refused } from "../http.js";
import { t } from "../i18n.js";
import { clockText } from "../playback/model.js";
import { lineAt, stamped, written } from "./model.js";

/** @typedef {import("./model.js").Line} Line */

const SAVE_AFTER_MS = 3000;

export class Editor {
  /** @type {Line[]} */
  lines = [];
  #base = 0;
  #dirty = false;
  #saving = false;
  #over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} root with data-url and data-base
   * @param {HTMLElement} saved says whether all is saved
   * @param {{lines: Line[], names: Record<string, string>}} draft
   * @param {{jump: (ms: number) => void, toggle: () => void, now: () => number, speaker: () => string}} player
   */
  constructor(root, saved, draft, player) {
    this.root = root;
    this.saved = saved;
    this.names = draft.names;
    this.lines = draft.lines;
    this.player = player;
    this.#base = Number(root.dataset.base);
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("beforeunload", (event) => { if (this.#dirty) event.preventDefault(); });
    this.draw();
  }

  /** Begin a line at this moment, for who speaks. */
  stamp() {
    this.#collect();
    const { lines, at } = stamped(this.lines, this.player.now(), this.player.speaker());
    this.lines = lines;
    this.draw();
    this.#focus(at);
    this.#changed();
  }

  /** Show which line is being said. @param {number} ms */
  at(ms) {
    const now = lineAt(this.lines, ms);
    [...this.root.children].forEach((row, index) => row.classList.toggle("is-said", index === now));
  }

  draw() {
    this.root.replaceChildren(...this.lines.map((line, index) => this.#row(line, index)));
    if (this.lines.length === 0) this.root.replaceChildren(h("p", { class: "hint" }, t("No words yet. F9 begins a line.")));
  }

  /** @param {Line} line @param {number} index */
  #row(line, index) {
    const time = clockText(line.start_ms);
    const who = h("select", { class: "said-seat", "aria-label": t("Who speaks at %(time)s", { time }) },
      h("option", { value: "" }, line.speaker || t("Somebody else")),
      ...Object.entries(this.names).map(([id, name]) => h("option", { value: id, selected: id === line.seat }, name)));
    who.addEventListener("change", () => this.#changed());
    const text = h("textarea", { class: "said-text", rows: 2, maxlength: 2000, dir: "auto", "aria-label": t("Words at %(time)s", { time }) });
    text.value = line.text;
    text.addEventListener("input", () => this.#changed());
    return h("div", { class: `said${line.machine ? " said-by-machine" : ""}`, data: { index } },
      h("button", { type: "button", class: "said-time", title: t("Hear it"), onclick: () => this.player.jump(line.start_ms) }, h("bdi", {}, time)),
      h("div", { class: "said-words" }, who, text, ...(line.machine ? [this.#check(index, time)] : [])),
      h("button", { type: "button", class: "control", "aria-label": t("Remove the line at %(time)s", { time }), title: t("Remove the line at %(time)s", { time }), onclick: () => this.#remove(index) }, icon("trash", { size: 20 })));
  }

  /** @param {number} index @param {string} time */
  #check(index, time) {
    return h("button", { type: "button", class: "aegov-btn btn-outline btn-sm said-check", title: t("I have heard and checked the line at %(time)s", { time }), onclick: () => this.check(index) },
      icon("check", { size: 20 }), t("Not checked. Checked now"));
  }

  /** A person has heard this line. @param {number} index */
  check(index) {
    this.#collect();
    this.lines = this.lines.map((line, at) => (at === index ? { ...line, machine: false } : line));
    this.draw();
    this.#focus(Math.min(index + 1, this.lines.length - 1));
    this.#changed();
  }

  /** @param {number} index */
  #remove(index) {
    this.#collect();
    this.lines = this.lines.filter((_, at) => at !== index);
    this.draw();
    this.#focus(Math.min(index, this.lines.length - 1));
    this.#changed();
  }

  /** @param {number} index */
  #focus(index) {
    const text = this.root.children[index]?.querySelector("textarea");
    if (text instanceof HTMLElement) text.focus();
  }

  /** What stands in the fields becomes the lines. */
  #collect() {
    this.lines = this.lines.map((line, index) => {
      const row = this.root.children[index];
      const text = row?.querySelector("textarea")?.value ?? line.text;
      const seat = row?.querySelector("select")?.value ?? line.seat;
      return { ...line, text, seat, speaker: seat === "" ? line.speaker : "" };
    });
  }

  #changed() {
    if (this.#over) return;
    this.#dirty = true;
    this.saved.textContent = t("Not saved yet");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  async save() {
    if (this.#saving || this.#over || !this.#dirty) return;
    this.#saving = true;
    this.#dirty = false;
    this.#collect();
    this.saved.textContent = t("Saving");
    try {
      const body = { base: this.#base, lines: written(this.lines) };
      const { revision } = await api(this.root.dataset.url ?? "", { method: "PUT", body });
      this.#base = revision;
      this.saved.textContent = this.#dirty ? t("Not saved yet") : t("Saved");
      const machine = document.querySelector("[data-machine]");
      if (machine instanceof HTMLElement) machine.hidden = !this.lines.some((line) => line.machine);
    } catch (error) {
      this.#dirty = true;
      this.#over = error instanceof Refused && error.code === "transcript.changed";
      this.saved.textContent = error instanceof Refused ? error.message : t("Not saved: the server does not answer.");
      this.saved.classList.toggle("is-wrong", true);
    } finally {
      this.#saving = false;
    }
    if (this.#dirty && !this.#over) this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
    else if (!this.#over) this.saved.classList.remove("is-wrong");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const acts = /** @type {Record<string, () => void>} */ ({
      F7: () => this.player.jump(Math.max(0, this.player.now() - 3000)),
      F8: () => this.player.toggle(),
      F9: () => this.stamp(),
    });
    const row = event.target instanceof Element ? event.target.closest(".said") : null;
    if (event.key === "Enter" && event.ctrlKey && row instanceof HTMLElement) acts["Enter"] = () => this.check(Number(row.dataset.index));
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
