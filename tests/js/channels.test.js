// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { decibels, Duck } from "../../static/js/audio/duck.js";
import { signer, voices } from "../../static/js/room/channels.js";
import { makeState } from "./room_state.js";

const change = (state, id, fields) => {
  state.seats = state.seats.map((s) => (s.id === id ? { ...s, ...fields } : s));
  return state;
};

test("silence is -120 dB and a full sine -3", () => {
  assert.ok(decibels(new Float32Array(480)) <= -119);
  const sine = Float32Array.from({ length: 480 }, (_, i) => Math.sin((i / 48) * 2 * Math.PI));
  assert.ok(Math.abs(decibels(sine) + 3) < 0.1);
});

test("the floor goes down under a voice, not under a click, and stays down between sentences", () => {
  const duck = new Duck();
  assert.equal(duck.hear(-20, 0), false, "one loud look");
  assert.equal(duck.hear(-90, 50), false, "was a click");
  assert.equal(duck.hear(-20, 100), false);
  assert.equal(duck.hear(-25, 150), true);
  for (let at = 200; at < 1000; at += 50) assert.equal(duck.hear(-80, at), true, `a pause at ${at}`);
  assert.equal(duck.hear(-80, 1060), false);
  assert.equal(duck.hear(-80, 1110), false);
});

test("a page hears the voices of its channel; the floor alone has none", () => {
  const state = makeState("victim");
  change(state, "interpreter", { speaks: "en" });
  assert.equal(voices(state), null);
  change(state, "victim", { listens: "en" });
  assert.deepEqual([...(voices(state) ?? [])], ["interpreter"]);
  change(state, "victim", { listens: "ur" });
  assert.deepEqual([...(voices(state) ?? [])], [], "the channel is chosen, and nobody speaks");
  change(state, "victim", { listens: "sgn" });
  assert.equal(voices(state), null, "sign language has no sound");
  assert.equal(voices({ ...state, me: { ...state.me, place: "private" } }), null);
});

test("who chose sign language sees who signs, else who could", () => {
  const state = makeState("victim");
  assert.equal(signer(state), "");
  change(state, "victim", { listens: "sgn" });
  assert.equal(signer(state), "");
  change(state, "interpreter", { interprets: ["ar", "sgn"] });
  assert.equal(signer(state), "interpreter");
  change(state, "witness", { speaks: "sgn", interprets: ["sgn"] });
  assert.equal(signer(state), "witness");
});
