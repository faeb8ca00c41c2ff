import assert from "node:assert/strict";
import test from "node:test";

import { captionAt, lineAt, stamped, written } from "../../static/js/transcript/model.js";

const line = (start_ms, end_ms, text = "x") => ({ start_ms, end_ms, seat: "", speaker: "", text, machine: false });

test("a stamp begins a line, ends the one before, and stops where the next begins", () => {
  const { lines, at } = stamped([line(0, 9000), line(6000, 8000)], 4000.4, "s1");
  assert.equal(at, 1);
  assert.deepEqual(lines.map((one) => [one.start_ms, one.end_ms]), [[0, 4000], [4000, 6000], [6000, 8000]]);
  assert.equal(lines[1].seat, "s1");
  assert.deepEqual(stamped([], -5, "").lines.map((one) => [one.start_ms, one.end_ms]), [[0, 5000]]);
});

test("the line that is said, and the caption that is shown", () => {
  const lines = [line(0, 1000), line(2000, 3000)];
  assert.deepEqual([-1, 0, 1500, 2000, 9000].map((ms) => lineAt(lines, ms)), [-1, 0, 0, 1, 1]);
  assert.deepEqual([500, 1500, 2500].map((ms) => captionAt(lines, ms)?.start_ms ?? null), [0, null, 2000]);
});

test("empty lines are not kept", () => {
  assert.equal(written([line(0, 1, " "), line(1, 2)]).length, 1);
});
