import assert from "node:assert/strict";
import { test } from "node:test";

import { consultable, invitation, pending } from "../../static/js/room/consult.js";
import { fieldToUtc, minutesUntil, recordClock, secondsSince, timeOfDay } from "../../static/js/room/format.js";
import { arrange, place } from "../../static/js/room/layout.js";
import { advice, emptySample, grade, lineBetween, sampleOf } from "../../static/js/room/quality.js";
import { endOf, waitBefore } from "../../static/js/room/schedule.js";
import { endReason, initial, reduce, unprovenFor, viewOf } from "../../static/js/room/state.js";
import { waitingStatus } from "../../static/js/room/status.js";
import { layoutOf } from "../../static/js/room/watch.js";
import { makeState, seat } from "./room_state.js";

const T0 = Date.parse("2026-11-21T06:00:00Z");

test("the page comes back after 0.3, 1, 2, 4 and then every 5 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(waitBefore), [300, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test("only final close codes end the page; a first refused ticket is worth a new one", () => {
  assert.equal(endOf(1006, 0), null);
  assert.equal(endOf(1012, 3), null);
  assert.equal(endOf(4409, 0), "taken_over");
  assert.equal(endOf(4403, 0), "removed");
  assert.equal(endOf(4410, 2), "over");
  assert.equal(endOf(4401, 0), null);
  assert.equal(endOf(4401, 1), "ticket");
});

test("an older state is ignored, the same version with a newer line is not", () => {
  let model = reduce(initial(), { type: "welcome", you: "judge", now: new Date(T0).toISOString(), state: makeState("judge", { version: 7 }) }, T0 - 500);
  assert.equal(model.offset, 500);
  const older = reduce(model, { type: "state", state: makeState("judge", { version: 6, phase: "lobby" }) }, T0);
  assert.equal(older, model);
  model = reduce(model, { type: "state", state: makeState("judge", { version: 7, phase: "recess" }) }, T0);
  assert.equal(model.state?.phase, "recess");
});

test("a welcome is believed even if its version is older: the server came back from its disk", () => {
  const model = reduce(initial(), { type: "welcome", now: new Date(T0).toISOString(), state: makeState("judge", { version: 9 }) }, T0);
  const again = reduce(model, { type: "welcome", now: new Date(T0).toISOString(), state: makeState("judge", { version: 8 }) }, T0);
  assert.equal(again.state?.version, 8);
});

test("a message with the record alone renews its proof", () => {
  const model = reduce(initial(), { type: "welcome", now: new Date(T0).toISOString(), state: makeState("judge") }, T0);
  const record = { ...model.state?.record, state: "recording", verified_at: "2026-11-21T06:00:01Z" };
  assert.equal(reduce(model, { type: "record", record }, T0).state?.record.verified_at, "2026-11-21T06:00:01Z");
});

test("a record that was never proven is as old as its stretch, and an earlier proof does not count", () => {
  const now = Date.parse("2026-11-21T10:00:20Z");
  const record = (/** @type {string | null} */ since, /** @type {string | null} */ verified_at) =>
    ({ ...makeState("judge").record, since, verified_at });
  assert.equal(unprovenFor(record("2026-11-21T10:00:00Z", "2026-11-21T10:00:18Z"), now), 2);
  assert.equal(unprovenFor(record("2026-11-21T10:00:10Z", null), now), 10);
  assert.equal(unprovenFor(record("2026-11-21T10:00:10Z", "2026-11-21T09:00:00Z"), now), 10);
  assert.equal(unprovenFor(record(null, null), now), 0);
});

test("the spotlight stays in silence and moves only to a steady voice", () => {
  const welcome = { type: "welcome", now: new Date(T0).toISOString(), state: makeState("clerk") };
  const say = (model, seats, at) => reduce(model, { type: "speaking", seats }, T0 + at);
  let model = say(reduce(initial(), welcome, T0), ["judge"], 0);
  assert.equal(model.spotlight, "judge");
  model = say(model, [], 400);
  assert.equal(model.spotlight, "judge");
  model = say(model, ["accused"], 500);
  assert.equal(model.spotlight, "judge");
  model = say(model, ["accused"], 1000);
  assert.equal(model.spotlight, "judge");
  model = say(model, ["accused"], 1500);
  assert.equal(model.spotlight, "accused");
  model = say(model, ["clerk"], 2000);
  assert.equal(model.spotlight, "accused", "one's own voice never takes the large picture");
});

test("each place has its view, and hosts always have the hearing's", () => {
  const view = (me, change) => viewOf({ ...initial(), state: makeState(me, change) });
  assert.equal(view("counsel", { place: "lobby" }), "lobby");
  assert.equal(view("witness", { place: "witness_room" }), "witness_room");
  assert.equal(view("counsel", { place: "hearing" }), "hearing");
  assert.equal(view("clerk", { place: "lobby", phase: "lobby" }), "hearing");
  assert.equal(view("counsel", { place: "private" }), "private");
  assert.equal(view("counsel", { phase: "closed" }), "ended");
  assert.equal(view("counsel", { place: "removed" }), "ended");
  assert.equal(viewOf(initial()), "connecting");
  assert.equal(viewOf({ ...initial(), end: "taken_over", state: makeState("judge") }), "ended");
});

test("the officer's screen comes when all have accepted, and goes when the officer has gone", () => {
  const state = makeState("accused", { operates: true });
  const room = { id: "p1", seats: ["counsel", "accused"], state: "waiting_officer", since: null, by: "counsel", accepted: ["counsel", "accused"], officers_out: [] };
  assert.equal(viewOf({ ...initial(), state: { ...state, private: [room] } }), "step_out");
  assert.equal(viewOf({ ...initial(), state: { ...state, private: [{ ...room, officers_out: ["accused"] }] } }), "hearing");
  assert.equal(viewOf({ ...initial(), state: { ...makeState("counsel"), private: [room] } }), "hearing");
});

test("the reason of an end: what the server said first, else the phase", () => {
  assert.equal(endReason({ ...initial(), end: "taken_over", state: makeState("judge") }), "taken_over");
  assert.equal(endReason({ ...initial(), end: "over", state: makeState("judge", { phase: "adjourned" }) }), "adjourned");
  assert.equal(endReason({ ...initial(), state: makeState("counsel", { place: "removed" }) }), "removed");
});

// --- layout --------------------------------------------------------------------------------------

const phone = { phone: true, spotlight: "" };
const desk = { phone: false, spotlight: "" };
const keys = (tiles) => tiles.map((tile) => tile.seat);

test("up to four people on a wide screen are equally large", () => {
  const state = makeState("judge", { only: ["judge", "clerk", "prosecutor", "accused"] });
  assert.equal(arrange(state, desk).large.length, 4);
});

test("in a large sitting judge, speaker and accused are large on a desk, and first on a phone", () => {
  const state = makeState("counsel");
  const wide = arrange(state, { ...desk, spotlight: "prosecutor" });
  assert.deepEqual(keys(wide.large), ["prosecutor", "judge", "accused"]);
  const narrow = arrange(state, { ...phone, spotlight: "prosecutor" });
  assert.deepEqual(keys(narrow.large), ["prosecutor"]);
  assert.deepEqual(keys(narrow.small).slice(0, 2), ["judge", "accused"]);
});

test("in silence the floor is the speaker; the judge is large when nobody is", () => {
  const state = { ...makeState("clerk"), floor: "witness" };
  assert.deepEqual(keys(arrange(state, phone).large), ["witness"]);
  assert.deepEqual(keys(arrange(makeState("clerk"), phone).large), ["judge"]);
});

test("the detention room sees bench and speaker large", () => {
  const wide = arrange(makeState("accused", { operates: true }), { ...desk, spotlight: "prosecutor", detained: true });
  assert.deepEqual(keys(wide.large), ["prosecutor", "judge"]);
});

test("a shared screen is large, the people stay", () => {
  const state = makeState("judge");
  state.seats = state.seats.map((s) => (s.id === "prosecutor" ? { ...s, sources: { ...s.sources, screen: true } } : s));
  const { large, small } = arrange(state, desk);
  assert.deepEqual(large, [{ key: "prosecutor/screen", seat: "prosecutor", source: "screen" }]);
  assert.ok(keys(small).includes("accused"));
});

test("a pinned tile is large, and one of somebody who left is not", () => {
  const state = makeState("counsel");
  assert.deepEqual(keys(arrange(state, { ...desk, pinned: "victim/camera" }).large), ["victim"]);
  assert.ok(arrange(state, { ...desk, pinned: "nobody/camera" }).large.length > 0);
});

test("who is in the lobby, away or in a private room is not on the stage", () => {
  const state = makeState("judge");
  state.seats = state.seats.map((s) => (s.id === "witness" ? { ...s, place: "witness_room" } : s.id === "victim" ? { ...s, present: false } : s));
  const { large, small } = arrange(state, desk);
  const shown = [...keys(large), ...keys(small)];
  assert.ok(!shown.includes("witness") && !shown.includes("victim"));
});

test("in a private room only its own people are shown", () => {
  const state = makeState("counsel", { place: "private" });
  state.me.private = "p1";
  state.private = [{ id: "p1", seats: ["counsel", "accused"], state: "open", since: null, by: "counsel", accepted: [], officers_out: [] }];
  state.seats = state.seats.map((s) => (["counsel", "accused", "victim"].includes(s.id) ? { ...s, place: "private" } : s));
  const { large, small } = arrange(state, desk);
  assert.deepEqual([...keys(large), ...keys(small)].sort(), ["accused", "counsel"]);
});

test("no two tiles overlap, none leaves the stage, and every person is on one page", () => {
  const sizes = [[374, 520, true], [304, 400, true], [844, 300, false], [960, 640, false], [1600, 900, false], [700, 900, false]];
  for (let count = 1; count <= 20; count++) {
    for (const [width, height, small] of sizes) {
      for (const more of [{}, { pinned: "p1/camera" }, { even: true }, { signer: "p3" }, { screen: "p2" }]) {
        const seats = Array.from({ length: count }, (_, i) => seat(`p${i}`, i === 1 ? "presiding_judge" : "victim"));
        if (more.screen && count > 2) seats[2].sources = { microphone: true, camera: true, screen: true };
        const arrangement = arrange(makeState("p0", { seats }), { phone: small, spotlight: "p2", ...more });
        const shown = [];
        for (let page = 0, pages = 1; page < pages; page++) {
          const placed = place(arrangement, width, height, small, page);
          pages = placed.pages;
          shown.push(...placed.rects.keys());
          check(placed, width, `${count} in ${width}x${height} ${JSON.stringify(more)}`);
        }
        const wanted = [...arrangement.large, ...arrangement.small].map((item) => item.key);
        assert.deepEqual([...new Set(shown)].sort(), wanted.sort());
        assert.ok(shown.length >= wanted.length);
      }
    }
  }
});

function check({ rects, height }, width, where) {
  const all = [...rects.values()];
  for (const r of all) {
    assert.ok(r.x >= -0.01 && r.y >= -0.01 && r.x + r.w <= width + 0.01 && r.y + r.h <= height + 0.01, where);
    assert.ok(r.w >= 60 && r.h >= 50, `${where}: ${r.w}x${r.h}`);
  }
  for (const [i, a] of all.entries()) {
    for (const b of all.slice(i + 1)) {
      const apart = a.x + a.w <= b.x + 0.01 || b.x + b.w <= a.x + 0.01 || a.y + a.h <= b.y + 0.01 || b.y + b.h <= a.y + 0.01;
      assert.ok(apart, `${where} overlap`);
    }
  }
}

test("in a crowd one is large, the others are around it, and no more than twelve pictures are shown", () => {
  const state = makeState("p0", { seats: Array.from({ length: 16 }, (_, i) => seat(`p${i}`, i === 1 ? "presiding_judge" : "victim")) });
  const arrangement = arrange(state, { ...desk, spotlight: "p5" });
  assert.deepEqual(keys(arrangement.large), ["p5"]);
  const { rects, pages } = place(arrangement, 900, 560, false);
  assert.equal(rects.size, 12);
  assert.equal(pages, 2);
  const area = (r) => r.w * r.h;
  const [large, ...small] = [...rects.values()].sort((a, b) => area(b) - area(a));
  assert.ok(small.every((r) => area(large) > 3.5 * area(r)));
  assert.ok(small.every((r) => r.w >= 128 && r.h >= 92), "names can be read");
});

test("who follows sign language always has the interpreter large", () => {
  const state = makeState("victim");
  assert.deepEqual(keys(arrange(state, { ...desk, spotlight: "prosecutor", signer: "interpreter" }).large), ["prosecutor", "judge", "interpreter"]);
  assert.deepEqual(keys(arrange(state, { ...phone, spotlight: "prosecutor", signer: "interpreter" }).large), ["prosecutor", "interpreter"]);
});

test("who shares a screen is the first of the small pictures", () => {
  const state = makeState("judge");
  state.seats = state.seats.map((s) => (s.id === "victim" ? { ...s, sources: { ...s.sources, screen: true } } : s));
  const { large, small } = arrange(state, { ...desk, spotlight: "prosecutor" });
  assert.deepEqual(large.map((item) => item.key), ["victim/screen"]);
  assert.equal(small[0].key, "victim/camera");
});

// --- quality -------------------------------------------------------------------------------------

test("the line is what happened between two looks", () => {
  const before = { ...emptySample(), sent: 1000, lostUp: 10, received: 500, lostDown: 0, freezes: 1 };
  const now = { ...before, sent: 1100, lostUp: 15, received: 590, lostDown: 10, freezes: 3, roundTrip: 41.6 };
  assert.deepEqual(lineBetween(before, now), { round_trip_ms: 42, loss_up: 0.05, loss_down: 0.1, freezes: 2 });
});

test("a new connection, whose counters start again, never reads as loss or below zero", () => {
  const before = { ...emptySample(), sent: 5000, lostUp: 100, received: 5000, lostDown: 90, freezes: 9 };
  assert.deepEqual(lineBetween(before, emptySample()), { round_trip_ms: null, loss_up: 0, loss_down: 0, freezes: 0 });
});

test("stats of Chromium are read", () => {
  const sample = sampleOf([
    { type: "outbound-rtp", packetsSent: 10 },
    { type: "outbound-rtp", packetsSent: 5, qualityLimitationReason: "cpu" },
    { type: "remote-inbound-rtp", packetsLost: 2 },
    { type: "inbound-rtp", packetsReceived: 20, packetsLost: -1, freezeCount: 1 },
    { type: "transport", packetsReceived: 30 },
    { type: "candidate-pair", nominated: true, responsesReceived: 3, requestsReceived: 1, currentRoundTripTime: 0.02 },
    { type: "candidate-pair", nominated: false, responsesReceived: 99 },
  ], 5);
  assert.deepEqual(sample, { at: 5, roundTrip: 20, sent: 15, lostUp: 2, received: 20, lostDown: 0, freezes: 1, weak: true, alive: 34 });
});

test("grades and what can be done", () => {
  const line = (round_trip_ms, loss_up, loss_down) => ({ round_trip_ms, loss_up, loss_down, freezes: 0 });
  assert.equal(grade(null), "");
  assert.equal(grade(line(40, 0, 0)), "good");
  assert.equal(grade(line(350, 0, 0)), "poor");
  assert.equal(grade(line(40, 0.05, 0)), "poor");
  assert.equal(grade(line(40, 0, 0.2)), "bad");
  assert.equal(advice(line(40, 0, 0)), "");
  assert.notEqual(advice(line(40, 0.05, 0)), advice(line(40, 0, 0.05)));
});

// --- words ---------------------------------------------------------------------------------------

const told = (change, offset) => {
  const state = makeState("counsel", { place: "lobby", ...change });
  state.sitting.starts_at = new Date(T0).toISOString();
  return waitingStatus(state, T0 + offset * 60_000);
};

test("who waits is told the truth at every moment", () => {
  assert.equal(told({ phase: "lobby" }, -30).code, "on_time");
  assert.equal(told({ phase: "lobby" }, -1).code, "starting");
  assert.equal(told({ phase: "lobby" }, 7).code, "late");
  assert.equal(told({ phase: "lobby" }, 7).detail.params?.minutes, 7);
  assert.equal(told({ phase: "on_record" }, 7).code, "in_session");
  assert.equal(told({ phase: "recess" }, 7).code, "recess");
  assert.equal(told({ phase: "tech_suspended" }, 7).code, "suspended");
  const delay = { minutes: 20, until: new Date(T0 + 20 * 60_000).toISOString() };
  const delayed = told({ phase: "lobby", delay }, 5);
  assert.deepEqual([delayed.code, delayed.detail.params?.minutes], ["delayed", 15]);
  assert.equal(told({ phase: "lobby", delay }, 25).code, "late", "a delay that is over is not repeated");
});

test("clocks", () => {
  assert.equal(recordClock(3_723_900), "1:02:03");
  assert.equal(recordClock(-5), "0:00:00");
  assert.equal(secondsSince("2026-11-21T06:00:00Z", T0 + 2400), 2);
  assert.equal(minutesUntil("2026-11-21T06:10:00Z", T0 + 1), 10);
  assert.match(timeOfDay("2026-11-21T06:05:00Z", "en", "Asia/Dubai"), /^10:05\sam$/i);
  assert.doesNotMatch(timeOfDay("2026-11-21T06:05:00Z", "ar", "Asia/Dubai"), /[٠-٩]/, "Latin digits");
});

test("a date typed on the page is in the court's zone wherever the browser is", () => {
  assert.equal(fieldToUtc("2026-12-01T10:00", "Asia/Dubai"), "2026-12-01T06:00:00.000Z");
  assert.equal(fieldToUtc("2026-12-01T10:00", "America/New_York"), "2026-12-01T15:00:00.000Z");
  assert.equal(fieldToUtc("", "Asia/Dubai"), "");
});

// --- private consultation ------------------------------------------------------------------------

test("counsel is offered the client and interpreters, the client their counsel, a witness nobody", () => {
  const ids = (me) => consultable(makeState(me)).map((s) => s.id).sort();
  assert.deepEqual(ids("counsel"), ["accused", "interpreter"]);
  assert.deepEqual(ids("accused"), ["counsel", "interpreter"]);
  assert.deepEqual(ids("witness"), []);
});

test("an invitation asks until it is answered", () => {
  const state = makeState("accused");
  state.private = [{ id: "p1", seats: ["counsel", "accused"], state: "invited", since: null, by: "counsel", accepted: ["counsel"], officers_out: [] }];
  assert.equal(invitation(state)?.id, "p1");
  assert.equal(pending(state), null);
  state.private[0].accepted = ["counsel", "accused"];
  assert.equal(invitation(state), null);
  assert.equal(pending(state)?.id, "p1");
});

test("the layout names what is seen, in device pixels, and nothing on a hidden page", () => {
  const seen = [
    { track: "judge/camera", width: 300, height: 170, visible: true },
    { track: "clerk/camera", width: 100, height: 60, visible: false },
    { track: "judge/camera", width: 640, height: 360, visible: true },
    { track: "clerk/screen", width: 0, height: 0, visible: true },
  ];
  const page = { hidden: false, audioOnly: false, ratio: 2 };
  assert.deepEqual(layoutOf(seen, page), {
    tracks: [{ seat: "judge", source: "camera", width: 1280, height: 720 }],
    audio_only: false,
  });
  assert.deepEqual(layoutOf(seen, { ...page, hidden: true, audioOnly: true }), { tracks: [], audio_only: true });
});

test("what the server sends of each picture is kept by track", () => {
  const pictures = [{ seat: "judge", source: "camera", layer: null, why: "line" }];
  const model = reduce(initial(), { type: "pictures", pictures }, T0);
  assert.deepEqual(model.pictures, { "judge/camera": { layer: null, why: "line" } });
  assert.deepEqual(reduce(model, { type: "pictures", pictures: [] }, T0).pictures, {});
});

test("a connection of Firefox is alive when bytes come, though it counts no packets", () => {
  const pair = { type: "candidate-pair", nominated: true, responsesReceived: 2, bytesReceived: 100, lastPacketReceivedTimestamp: 5 };
  const before = sampleOf([pair, { type: "transport" }], 0).alive;
  assert.notEqual(sampleOf([{ ...pair, bytesReceived: 150 }, { type: "transport" }], 1000).alive, before);
  assert.notEqual(sampleOf([{ ...pair, lastPacketReceivedTimestamp: 6 }, { type: "transport" }], 1000).alive, before);
  assert.equal(sampleOf([pair, { type: "transport" }], 1000).alive, before);
});
