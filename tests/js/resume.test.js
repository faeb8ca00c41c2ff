// Coming back after a change of network: signal.js and media.js with a clock that the test moves.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Media } from "../../static/js/room/media.js";
import { Signal } from "../../static/js/room/signal.js";

const STEP_MS = 20;

/** What the page is connected to. A socket or connection belongs to the network it was made on. */
class World {
  constructor() {
    this.now = 0;
    this.network = 1;
    this.sockets = 0;
    this.answerMs = 30;
    this.pongMs = 30;
    /** What a slow computer needs for a description. */
    this.describeMs = 50;
    this.connectMs = 300;
    this.refuse = 0;
    this.asked = [];
  }
}

/** @type {World} */
let world;
/** @type {Media} */
let media;
const after = (ms, act) => setTimeout(act, ms);
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  constructor() {
    world.sockets += 1;
    this.network = world.network;
    after(60, () => {
      if (this.network !== world.network || this.readyState > 1) return;
      this.readyState = 1;
      this.onopen();
    });
  }

  /** @param {string} text */
  send(text) {
    const message = JSON.parse(text);
    if (message.type === "hello") this.#reply(world.answerMs, { type: "welcome" });
    else if (message.type === "ping") this.#reply(world.pongMs, { type: "pong", t: message.t });
    else if (message.id) {
      world.asked.push([message.type, world.now]);
      const refused = message.type === "subscribe" && world.refuse-- > 0;
      this.#reply(world.answerMs, refused
        ? { type: "refused", id: message.id, code: "protocol.busy", message: "busy" }
        : { type: "ok", id: message.id, sdp: "v=0", ticket: "t" });
    }
  }

  #reply(ms, message) {
    after(ms, () => {
      if (this.network === world.network && this.readyState === 1) this.onmessage({ data: JSON.stringify(message) });
    });
  }

  close() {
    this.readyState = 3;
  }
}

class FakePeer extends EventTarget {
  connectionState = "new";
  localDescription = { sdp: "v=0" };
  #packets = 0;
  constructor() {
    super();
    this.network = world.network;
    this.ready = false;
  }

  addTransceiver() {
    return { sender: { replaceTrack: async () => {}, track: null, getParameters: () => ({ encodings: [] }) } };
  }

  getTransceivers() {
    return [];
  }

  async createOffer() {
    return {};
  }

  async createAnswer() {
    return {};
  }

  async setLocalDescription() {}

  async setRemoteDescription({ type }) {
    if (type === "offer") await wait(world.describeMs);
    after(world.connectMs, () => {
      if (this.network !== world.network || this.connectionState === "closed") return;
      this.connectionState = "connected";
      this.dispatchEvent(new Event("connectionstatechange"));
    });
  }

  async getStats() {
    if (this.connectionState === "connected" && this.network === world.network) this.#packets += 10;
    return new Map([["t", { type: "transport", packetsReceived: this.#packets }]]);
  }

  close() {
    this.connectionState = "closed";
  }
}

/** Let time pass. @param {number} ms */
async function pass(ms) {
  for (const end = world.now + ms; world.now < end; ) {
    world.now += STEP_MS;
    mock.timers.tick(STEP_MS);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** Milliseconds until both ways are up on the network of now. */
async function back(limit = 20_000) {
  const since = world.now;
  const up = (link) => link?.pc.network === world.network && link.pc.connectionState === "connected";
  while (!(up(media.publishing) && up(media.subscribing))) {
    assert.ok(world.now - since < limit, "not back");
    await pass(STEP_MS);
  }
  return world.now - since;
}

beforeEach(async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(performance, "now", () => world.now);
  mock.method(console, "warn", () => {});
  world = new World();
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    RTCPeerConnection: FakePeer,
    RTCRtpReceiver: {},
    fetch: async () => ({ ok: true, json: async () => ({ ticket: "t", ice: [] }) }),
  });
  let welcomes = 0;
  const signal = new Signal({
    ticketUrl: "/", socketUrl: "/", csrf: "", seat: "", language: () => "en", onIce: () => {},
    onMessage: (message) => {
      if (message.type === "welcome") media.resume(welcomes++ > 0);
    },
  });
  media = new Media(signal);
  signal.start();
  await back();
  await pass(3000);
});

afterEach(() => {
  media.signal.stop();
  media.stop();
  mock.reset();
  mock.timers.reset();
});

for (const phase of [0, 250, 500, 750]) {
  test(`a new network: back within 4 s (${phase} ms after a look)`, async () => {
    await pass(phase);
    world.network += 1;
    assert.ok((await back()) <= 4000);
    assert.equal(world.sockets, 2);
  });
}

test("a busy computer: the new line is not given up while connections are made over it", async () => {
  world.network += 1;
  Object.assign(world, { pongMs: 1200, answerMs: 1000, describeMs: 1000 });
  const took = await back();
  assert.equal(world.sockets, 2);
  assert.equal(world.asked.filter(([type]) => type === "subscribe").length, 2);
  assert.ok(took <= 7000, `${took} ms`);
});

test("the network changes again before media is back", async () => {
  world.network += 1;
  await pass(3200);
  world.network += 1;
  assert.ok((await back()) <= 8000);
});

test("a connection that the server refuses once is asked for again after half a second", async () => {
  world.network += 1;
  world.refuse = 1;
  assert.ok((await back()) <= 3000);
});
