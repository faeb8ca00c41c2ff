import assert from "node:assert/strict";
import test from "node:test";

import { format, lookup, swapPrefix } from "../../static/js/i18n.js";

test("places are filled and foreign runs isolated", () => {
  assert.equal(format("Room %(name)s, %(n)s", { name: "A", n: 3 }, "en"), "Room A, 3");
  assert.equal(format("قضية %(number)s", { number: "12/2026" }, "ar"), "قضية \u206812/2026\u2069");
  assert.equal(format("Case of %(name)s", { name: "مريم" }, "en"), "Case of \u2068مريم\u2069");
  assert.equal(format("100%% of %(x)s", {}, "en"), "100% of %(x)s");
});

test("a missing message is its own text", () => {
  assert.equal(lookup({}, "Close"), "Close");
  assert.equal(lookup({}, "%(n)s seat", "%(n)s seats", 2, "en"), "%(n)s seats");
});

test("Arabic plurals take the CLDR category of the number", () => {
  const forms = { zero: "z", one: "o", two: "t", few: "f", many: "m", other: "x" };
  const numbers = [0, 1, 2, 3, 10, 11, 99, 100, 102, 103];
  const got = numbers.map((n) => lookup({ s: forms }, "s", "ss", n, "ar")).join("");
  assert.equal(got, "zotffmmxxf");
});

test("the language of an address is swapped, other addresses stay", () => {
  assert.equal(swapPrefix("/ar/sittings/1", "en"), "/en/sittings/1");
  assert.equal(swapPrefix("/ar", "en"), "/en");
  assert.equal(swapPrefix("/arrivals", "en"), "/arrivals");
});
