import assert from "node:assert/strict";
import { test } from "node:test";

import { cameraWish, canTurn, facingOf, otherFacing } from "../../static/js/room/cameras.js";
import { Devices } from "../../static/js/room/devices.js";
import { Interruptions } from "../../static/js/room/interruptions.js";
import { WakeLock } from "../../static/js/room/wake_lock.js";

/** A telephone with one microphone that calls and lock screens take away. */
class Telephone {
  time = 0;
  asleep = false;
  opened = 0;
  wants = true;
  /** A device that is opened works again only if nobody else has it. */
  busy = false;
  track = { muted: false, readyState: "live" };
  told = 0;
  interruptions = new Interruptions({
    track: (kind) => (kind === "microphone" ? this.track : null),
    wanted: () => this.wants,
    open: async () => {
      this.opened++;
      this.track = { muted: this.busy, readyState: "live" };
      return !this.busy;
    },
    hidden: () => this.asleep,
    now: () => this.time,
    changed: () => { this.told++; },
  });

  async pass(seconds) {
    for (let second = 0; second < seconds; second++) {
      this.time += 1000;
      await this.interruptions.look();
    }
  }
}

test("a moment of silence of a track is nothing", async () => {
  const phone = new Telephone();
  phone.track.muted = true;
  await phone.pass(1);
  phone.track.muted = false;
  await phone.pass(10);
  assert.equal(phone.opened, 0);
  assert.deepEqual(phone.interruptions.taken, []);
});

test("a microphone that a call took and never gave back is opened again by itself", async () => {
  const phone = new Telephone();
  phone.track.muted = true;
  await phone.pass(3);
  assert.equal(phone.opened, 1);
  assert.equal(phone.track.muted, false);
  assert.deepEqual(phone.interruptions.taken, []);
  assert.equal(phone.told, 0);
});

test("while the call goes on, the person is asked to tap, and a tap opens it", async () => {
  const phone = new Telephone();
  phone.busy = true;
  phone.track.muted = true;
  await phone.pass(60);
  assert.equal(phone.opened, 3, "it does not try for ever");
  assert.deepEqual(phone.interruptions.taken, ["microphone"]);
  phone.busy = false;
  await phone.interruptions.tap();
  assert.deepEqual(phone.interruptions.taken, []);
  assert.equal(phone.told, 2);
});

test("nothing is opened behind a lock screen; coming back tries at once", async () => {
  const phone = new Telephone();
  phone.asleep = true;
  phone.track.muted = true;
  await phone.pass(60);
  assert.equal(phone.opened, 0);
  phone.asleep = false;
  await phone.interruptions.seen();
  assert.equal(phone.opened, 1);
  assert.equal(phone.track.muted, false);
});

test("a microphone that its owner closed is left alone", async () => {
  const phone = new Telephone();
  phone.wants = false;
  phone.track.muted = true;
  await phone.pass(60);
  assert.equal(phone.opened, 0);
});

test("a device that a call ended is opened again, and asked for with a tap where that fails", async () => {
  const tracks = [];
  let refuses = false;
  const open = async () => {
    if (refuses) throw new DOMException("busy", "NotReadableError");
    const track = Object.assign(new EventTarget(), { kind: "video", muted: false, readyState: "live", stop() {} });
    tracks.push(track);
    return { getTracks: () => [track] };
  };
  const mediaDevices = Object.assign(new EventTarget(), { getUserMedia: open, enumerateDevices: async () => [] });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { mediaDevices } });
  const devices = new Devices();
  let time = 0;
  const interruptions = new Interruptions({
    track: (kind) => devices[kind] ?? devices.ended[kind],
    wanted: (kind) => kind === "camera",
    open: (kind) => devices.open(kind),
    hidden: () => false,
    now: () => time,
    changed: () => {},
  });
  const pass = async (seconds) => {
    for (let second = 0; second < seconds; second++) {
      time += 1000;
      await interruptions.look();
    }
  };
  const end = () => {
    const track = tracks.at(-1);
    track.readyState = "ended";
    track.dispatchEvent(new Event("ended"));
  };
  await devices.open("camera");
  end();
  assert.equal(devices.camera, null, "what ended is not sent");
  await pass(3);
  assert.equal(devices.camera, tracks[1]);
  refuses = true;
  end();
  await pass(20);
  assert.deepEqual(interruptions.taken, ["camera"]);
  refuses = false;
  await interruptions.tap();
  assert.equal(devices.camera, tracks[2]);
  assert.deepEqual(interruptions.taken, []);
  end();
  devices.close("camera"); // its owner wants it off: nobody opens it
  await pass(20);
  assert.equal(tracks.length, 3);
});

test("an ended track counts as taken", async () => {
  const phone = new Telephone();
  phone.track.readyState = "ended";
  await phone.pass(3);
  assert.equal(phone.opened, 1);
});

/** A screen whose browser drops the lock when the page is hidden. */
function screen() {
  const state = { hidden: false, requests: 0, refuses: false, drop: () => {} };
  return {
    state,
    hidden: () => state.hidden,
    request: async () => {
      state.requests++;
      if (state.refuses) throw new Error("low battery");
      const acts = [];
      state.drop = () => acts.forEach((act) => act());
      return { release: async () => state.drop(), addEventListener: (_name, act) => acts.push(act) };
    },
  };
}

test("the screen is kept, given back, and kept again when the page is seen again", async () => {
  const fake = screen();
  const lock = new WakeLock(fake);
  await lock.want(true);
  await lock.want(true);
  assert.equal(fake.state.requests, 1);
  fake.state.hidden = true;
  fake.state.drop();
  assert.equal(lock.held, false);
  await lock.renew();
  assert.equal(fake.state.requests, 1, "a hidden page may not ask");
  fake.state.hidden = false;
  await lock.renew();
  assert.equal(lock.held, true);
  await lock.want(false);
  assert.equal(lock.held, false);
});

test("a refusal and a browser without the lock harm nobody", async () => {
  const fake = screen();
  fake.state.refuses = true;
  const lock = new WakeLock(fake);
  await lock.want(true);
  assert.equal(lock.held, false);
  fake.state.refuses = false;
  await lock.renew();
  assert.equal(lock.held, true);
  const none = new WakeLock({ request: null, hidden: () => false });
  await none.want(true);
  assert.equal(none.held, false);
});

test("the camera turns where there are two and a touch screen", () => {
  const camera = (id) => ({ kind: "videoinput", deviceId: id });
  assert.equal(canTurn([camera("a"), camera("b")], true), true);
  assert.equal(canTurn([camera("a"), camera("b")], false), false);
  assert.equal(canTurn([camera("a"), { kind: "audioinput", deviceId: "b" }], true), false);
  assert.equal(canTurn([camera(""), camera("")], true), false, "not allowed yet");
  assert.equal(facingOf({ getSettings: () => ({ facingMode: "environment" }) }), "environment");
  assert.equal(facingOf({ getSettings: () => ({}) }), "user");
  assert.equal(facingOf(null), "user");
  assert.equal(otherFacing("user"), "environment");
  assert.deepEqual(cameraWish({ width: 1 }, "a", ""), { width: 1, deviceId: { ideal: "a" } });
  assert.deepEqual(cameraWish({ width: 1 }, "a", "user"), { width: 1, facingMode: { ideal: "user" } });
});
