// @ts-check
/** The exhibit of the moment: the page that everybody in the hearing saw, as it was shown. */
import { h } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("./model.js").Chapter} Chapter */

export class ShownExhibit {
  /** @type {string} address of the picture that is there now, or empty */
  #at = "";
  #name = h("p", { class: "player-exhibit-name", role: "status" });
  #picture = /** @type {HTMLImageElement} */ (h("img", { class: "player-exhibit-page", hidden: true }));
  #wrong = h("p", { class: "player-exhibit-wrong", role: "alert", hidden: true });

  /** @param {string} address of a page, with {exhibit} and {page} in it; empty: names only */
  constructor(address) {
    this.address = address;
    this.element = h("div", { class: "player-exhibit", hidden: true }, this.#name, this.#picture, this.#wrong);
    this.#picture.addEventListener("error", () => {
      this.#picture.hidden = true;
      this.#wrong.hidden = false;
      this.#wrong.textContent = t("This page cannot be shown.");
    });
    this.#picture.addEventListener("load", () => {
      this.#picture.hidden = false;
      this.#wrong.hidden = true;
    });
  }

  /** @param {Chapter | null} shown */
  show(shown) {
    this.element.hidden = shown === null;
    if (shown === null) return this.#draw("", "");
    const name = t("Exhibit shown: %(name)s", { name: shown.text ?? "" });
    const text = shown.page === undefined ? name : `${name} · ${t("Page %(page)s", { page: shown.page })}`;
    if (this.#name.textContent !== text) this.#name.textContent = text;
    const known = this.address !== "" && shown.exhibit !== undefined && shown.page !== undefined;
    this.#draw(known ? this.address.replace("{exhibit}", shown.exhibit ?? "").replace("{page}", String(shown.page)) : "", text);
  }

  /** @param {string} address @param {string} text */
  #draw(address, text) {
    if (address === this.#at) return;
    this.#at = address;
    this.#picture.hidden = true;
    this.#wrong.hidden = true;
    if (address === "") this.#picture.removeAttribute("src");
    else Object.assign(this.#picture, { src: address, alt: text });
  }
}
