import assert from "node:assert/strict";
import { test } from "node:test";

class HTMLInputElement {
  constructor(/** @type {Record<string, unknown>} */ values) {
    Object.assign(this, { type: "text", value: "", defaultValue: "", checked: false, defaultChecked: false, ...values });
  }
}
class HTMLTextAreaElement extends HTMLInputElement {}
class HTMLSelectElement {
  constructor(/** @type {[string, boolean][]} */ given, /** @type {number} */ chosen) {
    this.options = given.map(([value, byDefault], place) => ({ value, defaultSelected: byDefault, selected: place === chosen }));
    this.selectedIndex = chosen;
  }
}
Object.assign(globalThis, { HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement });
const { next, typed } = await import("../../static/js/marriage.js");

const page = (/** @type {unknown[]} */ elements, activeElement = null) => /** @type {any} */ ({ forms: [{ elements }], activeElement });

test("a page on which nothing was typed shows what the other device changed; another says so", () => {
  assert.equal(next(3, 3, false), "nothing");
  assert.equal(next(3, 2, true), "nothing");
  assert.equal(next(3, 4, false), "reload");
  assert.equal(next(3, 4, true), "tell");
});

test("as it came from the server, nothing is typed", () => {
  const as_shown = [
    new HTMLInputElement({ value: "Salem", defaultValue: "Salem" }),
    new HTMLInputElement({ type: "checkbox", checked: true, defaultChecked: true }),
    new HTMLTextAreaElement({ value: "x", defaultValue: "x" }),
    new HTMLInputElement({ type: "file" }),
    new HTMLSelectElement([["", false], ["AE", true]], 1),
    new HTMLSelectElement([["", false], ["AE", false]], 0),
  ];
  assert.equal(typed(page(as_shown)), false);
});

test("whatever a person changed counts as typed", () => {
  for (const changed of [
    new HTMLInputElement({ value: "Sal", defaultValue: "Salem" }),
    new HTMLInputElement({ type: "checkbox", checked: false, defaultChecked: true }),
    new HTMLInputElement({ type: "radio", checked: true }),
    new HTMLInputElement({ type: "file", value: "card.pdf" }),
    new HTMLTextAreaElement({ value: "y", defaultValue: "x" }),
    new HTMLSelectElement([["", false], ["AE", true]], 0),
    new HTMLSelectElement([["", false], ["AE", false]], 1),
  ]) assert.equal(typed(page([changed])), true, JSON.stringify(changed));
});

test("who is about to type is not interrupted", () => {
  const field = new HTMLInputElement({});
  assert.equal(typed(page([field], /** @type {any} */ (field))), true);
});
