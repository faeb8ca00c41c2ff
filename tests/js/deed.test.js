import assert from "node:assert/strict";
import { test } from "node:test";

class HTMLFormElement {}
Object.assign(globalThis, { HTMLFormElement });
const { opened, openAgain } = await import("../../static/js/deed.js");

const part = (/** @type {[string, boolean][]} */ given, key = "") => {
  const all = given.map(([title, open]) => ({ open, dataset: key === title ? { key } : {}, querySelector: () => ({ textContent: ` ${title} ` }) }));
  return /** @type {any} */ ({ all, querySelectorAll: () => all });
};

test("what a person opened or closed stays so, whatever else appears before it", () => {
  const before = part([["It cannot go on", true], ["written", false]], "written");
  const now = part([["New above", false], ["It cannot go on", false], ["written", true]], "written");
  openAgain(now, opened(before));
  assert.deepEqual(now.all.map((/** @type {any} */ one) => one.open), [false, true, false]);
});

test("what is there for the first time is as the server says: open for who writes", () => {
  const now = part([["I cannot speak: write it", true], ["It cannot go on", false]]);
  openAgain(now, opened(part([])));
  assert.deepEqual(now.all.map((/** @type {any} */ one) => one.open), [true, false]);
});
