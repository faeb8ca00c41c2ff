// @ts-check
/** A judge's own bookmarks and notes: listed, written, changed and removed. Nobody else sees them. */
import { h, icon } from "../dom.js";
import { api, Refused } from "../http.js";
import { t } from "../i18n.js";
import { toast } from "../toast.js";
import { clockText } from "./model.js";

/** @typedef {{id: string, at_ms: number, text: string}} Mark */
/* icons: bookmark-simple note-pencil trash */

export class Marks {
  /** @type {Mark[]} */
  marks = [];
  /** The mark whose words are being written. */
  #open = "";

  /**
   * @param {string} url address of the marks, with the viewing
   * @param {{jump: (ms: number) => void, now: () => number, changed: (marks: Mark[]) => void}} player
   */
  constructor(url, player) {
    this.url = url;
    this.player = player;
    this.list = h("ol", { class: "mark-list" });
    this.element = h("section", { class: "player-marks stack-sm", "aria-label": t("My notes") },
      h("div", { class: "row row-between" },
        h("h2", { class: "section-title mb-0" }, t("My notes")),
        h("button", { type: "button", class: "aegov-btn btn-outline btn-sm", onclick: () => void this.add() }, icon("bookmark-simple", { size: 20 }), t("Bookmark this moment"))),
      h("p", { class: "hint" }, t("Only you see these notes. They are encrypted, and no copy of the record holds them.")),
      this.list);
  }

  async load() {
    const { marks } = await api(this.url);
    this.marks = marks;
    this.#draw();
  }

  /** Bookmark the moment, and open it for words. */
  async add() {
    await this.#ask(async () => {
      const mark = await api(this.url, { method: "POST", body: { at_ms: Math.round(this.player.now()), text: "" } });
      this.marks = [...this.marks, mark].sort((a, b) => a.at_ms - b.at_ms);
      this.#open = mark.id;
    });
  }

  /** @param {Mark} mark @param {string} text */
  async #save(mark, text) {
    await this.#ask(async () => {
      const changed = await api(this.#of(mark), { method: "PUT", body: { text } });
      this.marks = this.marks.map((one) => (one.id === mark.id ? changed : one));
      this.#open = "";
    });
  }

  /** @param {Mark} mark */
  async #remove(mark) {
    await this.#ask(async () => {
      await api(this.#of(mark), { method: "DELETE" });
      this.marks = this.marks.filter((one) => one.id !== mark.id);
      toast(t("The note is removed."));
    });
  }

  /** @param {Mark} mark */
  #of(mark) {
    const [path, query] = this.url.split("?");
    return `${path}/${mark.id}?${query}`;
  }

  /** @param {() => Promise<void>} act */
  async #ask(act) {
    try {
      await act();
      this.#draw();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  }

  #draw() {
    this.player.changed(this.marks);
    if (this.marks.length === 0) {
      this.list.replaceChildren(h("li", { class: "marks-empty hint" }, t("No notes yet. Press B at a moment that you want to find again.")));
      return;
    }
    this.list.replaceChildren(...this.marks.map((mark) => h("li", { class: "mark-row" }, ...(this.#open === mark.id ? [this.#editor(mark)] : this.#shown(mark)))));
    this.list.querySelector("textarea")?.focus();
  }

  /** @param {Mark} mark */
  #shown(mark) {
    const time = clockText(mark.at_ms);
    return [
      h("button", { type: "button", class: "mark-jump", onclick: () => this.player.jump(mark.at_ms) },
        h("bdi", { class: "chapter-time" }, time),
        h("span", { dir: "auto", class: "mark-text" }, mark.text || t("Bookmark"))),
      h("button", { type: "button", class: "control", "aria-label": t("Write the note at %(time)s", { time }), title: t("Write the note at %(time)s", { time }), onclick: () => { this.#open = mark.id; this.#draw(); } }, icon("note-pencil", { size: 20 })),
      h("button", { type: "button", class: "control", "aria-label": t("Remove the note at %(time)s", { time }), title: t("Remove the note at %(time)s", { time }), onclick: () => void this.#remove(mark) }, icon("trash", { size: 20 })),
    ];
  }

  /** @param {Mark} mark */
  #editor(mark) {
    const time = clockText(mark.at_ms);
    const text = h("textarea", { rows: 3, maxlength: 4000, dir: "auto", "aria-label": t("Note at %(time)s", { time }) });
    text.value = mark.text;
    const form = h("form", { class: "mark-form stack-sm", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#save(mark, text.value);
    } },
    h("bdi", { class: "chapter-time" }, time), text,
    h("div", { class: "row" },
      h("button", { type: "submit", class: "aegov-btn btn-sm" }, t("Save")),
      h("button", { type: "button", class: "aegov-btn btn-link btn-sm", onclick: () => { this.#open = ""; this.#draw(); } }, t("Cancel"))));
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      if (event.key === "Escape") { this.#open = ""; this.#draw(); }
    });
    return form;
  }
}
