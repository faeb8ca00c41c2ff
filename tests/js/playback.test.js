import assert from "node:assert/strict";
import test from "node:test";

import { Clock } from "../../static/js/playback/clock.js";
import { joined } from "../../static/js/playback/lanes.js";
import { heights } from "../../static/js/playback/levels.js";
import {
  audible, chapterAt, clockText, correction, exhibitAt, floorAt, playableFrom, segmentsIn, spanAt, speechFrom,
} from "../../static/js/playback/model.js";

const spans = [
  { start_ms: 0, end_ms: 100 },
  { start_ms: 100, end_ms: 250 },
  { start_ms: 400, end_ms: 500 },
];

test("the span at a moment, half-open, and none in a hole", () => {
  const got = [0, 99, 100, 249, 250, 399, 400, 499, 500].map((ms) => spanAt(spans, ms)?.start_ms ?? null);
  assert.deepEqual(got, [0, 0, 100, 100, null, null, 400, 400, null]);
  assert.equal(spanAt([], 5), null);
});

test("segments that meet a window", () => {
  assert.deepEqual(segmentsIn(spans, 100, 400).map((span) => span.start_ms), [100]);
  assert.deepEqual(segmentsIn(spans, 99, 401).map((span) => span.start_ms), [0, 100, 400]);
});

test("playing goes on at the next stretch, and nowhere after the last", () => {
  assert.equal(playableFrom(spans, 50), 50);
  assert.equal(playableFrom(spans, 300), 400);
  assert.equal(playableFrom(spans, 500), null);
});

test("alone beats muted", () => {
  assert.equal(audible("a", new Set(["a"]), new Set()), false);
  assert.equal(audible("b", new Set(["a"]), new Set()), true);
  assert.equal(audible("a", new Set(["a"]), new Set(["a"])), true);
  assert.equal(audible("b", new Set(), new Set(["a"])), false);
});

test("a track that is a little off runs to its place, one far off jumps", () => {
  assert.deepEqual(correction(1000, 1010, 1), { seek: false, rate: 1 });
  assert.equal(correction(1000, 1200, 1).seek, false);
  assert.ok(correction(1000, 1200, 1).rate > 1);
  assert.ok(correction(1200, 1000, 2).rate < 2);
  assert.deepEqual(correction(1000, 2000, 1), { seek: true, rate: 1 });
});

test("chapters and the floor", () => {
  const chapters = [
    { clock_ms: 10, type: "floor", seat: "a" },
    { clock_ms: 20, type: "note" },
    { clock_ms: 30, type: "floor", seat: null },
  ];
  assert.deepEqual([0, 10, 25, 30].map((ms) => chapterAt(chapters, ms)), [-1, 0, 1, 2]);
  assert.deepEqual([0, 10, 25, 30].map((ms) => floorAt(chapters, ms)), [null, "a", "a", null]);
});

test("clock texts", () => {
  assert.deepEqual([0, 61_500, 3_723_000].map(clockText), ["0:00", "1:01", "1:02:03"]);
});

test("the clock follows time and rate, and jumps what is off record", () => {
  const clock = new Clock([{ start_ms: 0, end_ms: 1000 }, { start_ms: 5000, end_ms: 6000 }], 6000);
  clock.play(0);
  clock.tick(400, true);
  assert.equal(clock.ms, 400);
  clock.rate = 2;
  clock.tick(600, true);
  assert.equal(clock.ms, 800);
  clock.tick(800, true);
  assert.equal(clock.ms, 5000);
  clock.rate = 1;
  for (let now = 1300; now <= 1800; now += 500) clock.tick(now, true);
  assert.equal(clock.ms, 6000);
  assert.equal(clock.playing, false);
});

test("the clock waits for a track, but not for ever", () => {
  const clock = new Clock([{ start_ms: 0, end_ms: 60_000 }], 60_000);
  clock.play(0);
  for (let now = 500; now <= 6000; now += 500) clock.tick(now, false);
  assert.equal(clock.ms, 0);
  assert.equal(clock.waiting, true);
  clock.tick(6500, false);
  assert.equal(clock.ms, 500);
});

test("a page in the background does not leap", () => {
  const clock = new Clock([{ start_ms: 0, end_ms: 60_000 }], 60_000);
  clock.play(0);
  clock.tick(30_000, true);
  assert.equal(clock.ms, 500);
});

test("neighbouring segments are one bar", () => {
  assert.deepEqual(joined(spans.concat({ start_ms: 2000, end_ms: 2100 })), [
    { start_ms: 0, end_ms: 500 },
    { start_ms: 2000, end_ms: 2100 },
  ]);
});

test("an exhibit is shown until it is taken away", () => {
  const chapters = [
    { clock_ms: 10, type: "exhibit.shown", text: "A" },
    { clock_ms: 15, type: "note" },
    { clock_ms: 20, type: "exhibit.withdrawn" },
  ];
  const turned = [
    { clock_ms: 10, type: "exhibit.shown", text: "A", page: 1 },
    { clock_ms: 15, type: "exhibit.page", text: "A", page: 2 },
    { clock_ms: 16, type: "exhibit.admitted", text: "A" },
    { clock_ms: 20, type: "exhibit.withdrawn" },
  ];
  assert.deepEqual([12, 15, 17, 20].map((ms) => exhibitAt(turned, ms)?.page ?? null), [1, 2, 2, null]);
  assert.deepEqual([5, 10, 19, 20].map((ms) => exhibitAt(chapters, ms)?.text ?? null), [null, "A", "A", null]);
  const part = [{ clock_ms: 10, type: "exhibit.shown", exhibit: "a", page: 1, to_ms: 15 }];
  assert.deepEqual([9, 10, 14, 15, 30].map((ms) => exhibitAt(part, ms)?.page ?? null), [null, 1, 1, null, null]);
});

test("to where somebody next or last began to speak", () => {
  const spans = [{ start_ms: 5000, end_ms: 6000 }, { start_ms: 1000, end_ms: 2000 }];
  assert.equal(speechFrom(spans, 0, 1), 1000);
  assert.equal(speechFrom(spans, 1000, 1), 5000);
  assert.equal(speechFrom(spans, 9000, 1), null);
  assert.equal(speechFrom(spans, 5500, -1), 1000);
  assert.equal(speechFrom(spans, 7000, -1), 5000);
  assert.equal(speechFrom(spans, 1500, -1), null);
});

test("a waveform's columns hold the loudest of their time", () => {
  const track = { id: "a", step_ms: 100, levels: Uint8Array.from([0, 255, 135, 195]), speech: [] };
  assert.deepEqual([...heights(track, 4, 400)], [0, 1, 0, 0.5]);
  assert.deepEqual([...heights(track, 2, 400)], [1, 0.5]);
  assert.equal(heights(track, 8, 800)[7], 0);
});
