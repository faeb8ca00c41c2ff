import assert from "node:assert/strict";
import { test } from "node:test";

import { kitResult, lineOf } from "../../static/js/kit/result.js";

const second = (round_trip_ms, loss_up = 0, loss_down = 0) => ({ round_trip_ms, loss_up, loss_down });
const found = (change) => ({ camera: true, microphone: true, speaker: true, line: [second(20), second(20), second(30)], ...change });

test("the first second of the line does not count", () => {
  assert.deepEqual(lineOf([second(900, 1, 1), second(40), second(50), second(60)]), { round_trip_ms: 50, loss: 0 });
  assert.deepEqual(lineOf([]), { round_trip_ms: null, loss: null });
});

test("the worse direction's loss is the line's", () => {
  assert.equal(lineOf([second(1), second(40, 0.02, 0.08), second(40, 0.04, 0)]).loss, 0.06);
});

test("a good kit", () => {
  assert.deepEqual(kitResult(found({})), { camera: "ok", microphone: "ok", speaker: "ok", round_trip_ms: 20, loss: 0, result: "good" });
});

test("what makes it poor or bad", () => {
  assert.equal(kitResult(found({ camera: false })).result, "poor");
  assert.equal(kitResult(found({ speaker: false })).result, "poor");
  assert.equal(kitResult(found({ speaker: null })).speaker, "unknown");
  assert.equal(kitResult(found({ speaker: null })).result, "good");
  assert.equal(kitResult(found({ microphone: false })).result, "bad");
  assert.equal(kitResult(found({ line: [] })).result, "bad");
  assert.equal(kitResult(found({ line: [second(1), second(40, 0.05)] })).result, "poor");
  assert.equal(kitResult(found({ line: [second(1), second(40, 0.2)] })).result, "bad");
  assert.equal(kitResult(found({ line: [second(1), second(400)] })).result, "poor");
});
