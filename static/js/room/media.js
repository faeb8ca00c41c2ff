// @ts-check
import { Mixer } from "./mixer.js";
import { emptySample, lineBetween, sampleOf } from "./quality.js";
import { Lost } from "./signal.js";

/**
 * @typedef {import("./types.js").Source} Source
 * @typedef {import("./types.js").Slot} Slot
 * @typedef {import("./quality.js").Line} Line
 *
 * @typedef {object} Link one peer connection and what is watched about it
 * @property {string} id the transport's id, new for each connection
 * @property {RTCPeerConnection} pc
 * @property {Record<Source, RTCRtpSender> | null} senders of a publish connection
 * @property {number} alive last count of anything that came in
 * @property {number} aliveAt when it last grew, milliseconds
 * @property {number} triedAt when its replacement was last begun
 */

const SOURCES = /** @type {Source[]} */ (["microphone", "camera", "screen"]);
/**
 * Layers of the camera, so that every listener gets the one that its line and its tile allow
 * (docs/media.md); `fitLayers` adapts them to the camera's size.
 * @type {Record<"camera" | "screen", RTCRtpEncodingParameters[]>}
 */
const ENCODINGS = {
  camera: [
    { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
    { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
  ],
  screen: [{ maxBitrate: 2_000_000 }],
};
const LOOK_MS = 1000;
/**
 * A connection that hears nothing at all for this long is replaced. The server gives a sign of life
 * every second, whether there is anything to hear or not.
 */
const SILENT_MS = 3000;
/** The same, after the signalling link broke: the server may have been started anew. */
const SUSPECT_MS = 1500;
const SUSPECT_FOR_MS = 8000;
/** Both connections silent for this long: ask whether the signalling link is alive. */
const DOUBT_MS = 900;
/**
 * How long a replacement may take before another is tried. Its checks go on all the while, so it
 * connects as soon as the network is back. One that was begun before the signalling link broke may
 * belong to a network that is gone: it gets `SILENT_MS`.
 */
const PATIENCE_MS = 8000;
const DISCONNECTED_MS = 2000;
const RETRY_MS = [500, 1000, 2000, 4000];

const newId = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

/**
 * Media of this page: one connection that publishes, one that subscribes with the server's fixed
 * slots. Both outlive the signalling socket and are replaced by new ones when they fail, the old
 * one staying until the new one carries media; the page never reloads for it.
 *
 * Events: `change` (streams, slots or connection states changed), `line` (a CustomEvent with the
 * Line of the last second). Sound is played by `mixer`.
 */
export class Media extends EventTarget {
  /** @type {RTCIceServer[]} */
  ice = [];
  /** @type {Record<Source, MediaStreamTrack | null>} */
  tracks = { microphone: null, camera: null, screen: null };
  /** @type {Link | null} */
  publishing = null;
  /** @type {Link | null} */
  subscribing = null;
  /** @type {Record<string, Record<string, Slot>>} */
  slots = {};
  mixer = new Mixer();
  /**
   * By track, so that a video keeps its stream. Never by the track's id: the server gives the
   * slots of every connection the same ids.
   * @type {WeakMap<MediaStreamTrack, MediaStream>}
   */
  #streams = new WeakMap();
  #before = { publish: emptySample(), subscribe: emptySample() };
  #busy = { publish: false, subscribe: false };
  /** @type {{ publish: Link | null, subscribe: Link | null }} replacements that are not up yet */
  #next = { publish: null, subscribe: null };
  #failures = { publish: 0, subscribe: 0 };
  #resumedAt = -Infinity;
  #stopped = true;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {import("./signal.js").Signal} signal */
  constructor(signal) {
    super();
    this.signal = signal;
  }

  /**
   * The signalling link is (again) up: make what is missing.
   * @param {boolean} again it was lost before
   */
  resume(again) {
    this.#stopped = false;
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
    if (again) {
      this.#resumedAt = performance.now();
      for (const link of [this.publishing, this.subscribing]) if (link !== null) link.triedAt = -Infinity;
      void this.#look();
    }
    void this.#ensure("publish");
    void this.#ensure("subscribe");
  }

  /**
   * The server has lost a connection that this page may believe to be alive.
   * @param {string} connection @param {"publish" | "subscribe"} way
   */
  lost(connection, way) {
    const next = this.#next[way];
    if (next !== null && next.id !== connection) return; // its successor is on the way
    if ((next ?? this.#current(way))?.id === connection) void this.#replace(way);
  }

  /** @param {"publish" | "subscribe"} way */
  #current(way) {
    return way === "publish" ? this.publishing : this.subscribing;
  }

  stop() {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const link of [this.publishing, this.subscribing, this.#next.publish, this.#next.subscribe]) link?.pc.close();
    this.publishing = this.subscribing = this.#next.publish = this.#next.subscribe = null;
    this.mixer.stop();
    this.#changed();
  }

  /** "connecting" until both directions carry media. */
  get state() {
    const states = [this.publishing, this.subscribing].map((link) => link?.pc.connectionState);
    if (states.every((state) => state === "connected")) return "connected";
    return "connecting";
  }

  /**
   * Send `track` as `source` from now on, or nothing. No renegotiation.
   * @param {Source} source @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    this.tracks[source] = track;
    if (track !== null && source === "screen") track.contentHint = "detail";
    await Promise.all(
      [this.publishing, this.#next.publish].map(async (link) => {
        const sender = link?.senders?.[source];
        await sender?.replaceTrack(track).catch(() => {});
        if (sender !== undefined && source === "camera") await fitLayers(sender);
      }),
    );
  }

  /** @param {Record<string, Record<string, Slot>>} slots by connection */
  setSlots(slots) {
    this.slots = slots;
    this.#listen();
    this.#changed();
  }

  /**
   * The live stream of a seat's picture, or null.
   * @param {string} seat @param {Source} source
   * @returns {MediaStream | null}
   */
  stream(seat, source) {
    const track = this.#tracksBySlot().find(
      ([slot]) => slot.seat === seat && slot.source === source,
    )?.[1];
    return track === undefined ? null : this.#streamOf(track);
  }

  // --- connections -------------------------------------------------------------------------

  /** @param {"publish" | "subscribe"} way */
  async #ensure(way) {
    const link = this.#next[way] ?? this.#current(way);
    const state = link?.pc.connectionState;
    if (link === null || state === "failed" || state === "closed") await this.#replace(way);
  }

  /**
   * A replacement was not to be had: try again, unless something has come meanwhile.
   * @param {"publish" | "subscribe"} way @param {number} begun
   */
  async #retry(way, begun) {
    const silent = (this.#current(way)?.aliveAt ?? -Infinity) < begun;
    if (silent && this.#next[way] === null) await this.#replace(way);
    else await this.#ensure(way);
  }

  /** Make before break. @param {"publish" | "subscribe"} way */
  async #replace(way) {
    if (this.#busy[way] || this.#stopped || !this.signal.open) return;
    this.#busy[way] = true;
    const begun = performance.now();
    try {
      const link = way === "publish" ? await this.#publish() : await this.#subscribe();
      this.#watch(way, link);
      this.#failures[way] = 0;
    } catch (error) {
      if (!(error instanceof Lost)) console.warn(`${way} failed`, error);
      const wait = RETRY_MS[Math.min(this.#failures[way]++, RETRY_MS.length - 1)];
      setTimeout(() => void this.#retry(way, begun), wait);
    } finally {
      this.#busy[way] = false;
    }
  }

  /**
   * Keep the old connection until the new one is up. One that never came up is closed at once.
   * @param {"publish" | "subscribe"} way @param {Link} link
   */
  #watch(way, link) {
    this.#next[way]?.pc.close();
    this.#next[way] = link;
    if (this.#current(way) === null) this.#use(way, link);
    const settle = () => {
      const mine = this.#next[way] === link || this.#current(way) === link;
      const state = link.pc.connectionState;
      if (mine && state === "connected" && this.#next[way] === link) this.#use(way, link);
      if (mine && state === "failed") void this.#replace(way);
      if (mine && state === "disconnected") setTimeout(() => this.#givenUp(way, link), DISCONNECTED_MS);
      this.#changed();
    };
    link.pc.addEventListener("connectionstatechange", settle);
    settle();
  }

  /** From now on this is the connection. @param {"publish" | "subscribe"} way @param {Link} link */
  #use(way, link) {
    const old = this.#current(way);
    this.#next[way] = null;
    if (way === "publish") this.publishing = link;
    else this.subscribing = link;
    if (old !== link) old?.pc.close();
    this.#listen();
  }

  /** @param {"publish" | "subscribe"} way @param {Link} link */
  #givenUp(way, link) {
    const newest = this.#next[way] ?? this.#current(way);
    if (link === newest && link.pc.connectionState === "disconnected") void this.#replace(way);
  }

  /** @returns {RTCPeerConnection} */
  #peer() {
    return new RTCPeerConnection({ iceServers: this.ice, bundlePolicy: "max-bundle" });
  }

  /** Our offer: three sendonly sections in a fixed order, so that no track ever renegotiates. */
  async #publish() {
    const pc = this.#peer();
    const id = newId();
    try {
      const audio = pc.addTransceiver("audio", { direction: "sendonly" });
      const [camera, screen] = [ENCODINGS.camera, ENCODINGS.screen].map((sendEncodings) =>
        pc.addTransceiver("video", { direction: "sendonly", sendEncodings }),
      );
      for (const transceiver of [camera, screen]) preferVp8(transceiver);
      const senders = { microphone: audio.sender, camera: camera.sender, screen: screen.sender };
      await Promise.all(SOURCES.map((name) => senders[name].replaceTrack(this.tracks[name])));
      await pc.setLocalDescription(await pc.createOffer());
      const sdp = pc.localDescription?.sdp ?? "";
      const answer = await this.signal.request("publish", { connection: id, sdp });
      await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      // Whatever changed while the answer was on its way.
      await Promise.all(SOURCES.map((name) => senders[name].replaceTrack(this.tracks[name])));
      await fitLayers(senders.camera);
      return link(id, pc, senders);
    } catch (error) {
      pc.close();
      throw error;
    }
  }

  /** The server's offer, with its fixed slots; the slots message tells who is in them. */
  async #subscribe() {
    const pc = this.#peer();
    const id = newId();
    try {
      const offer = await this.signal.request("subscribe", { connection: id });
      await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      const sdp = pc.localDescription?.sdp ?? "";
      await this.signal.request("answer", { connection: id, sdp });
      return link(id, pc, null);
    } catch (error) {
      pc.close();
      throw error;
    }
  }

  // --- watching ----------------------------------------------------------------------------

  /** One look per second: line quality, and connections that died without saying so. */
  async #look() {
    const now = performance.now();
    const [up, down] = await Promise.all([statsOf(this.publishing), statsOf(this.subscribing)]);
    const publish = sampleOf(up, now);
    const subscribe = sampleOf(down, now);
    this.#check("publish", this.publishing, publish.alive, now);
    this.#check("subscribe", this.subscribing, subscribe.alive, now);
    const heardAt = Math.max(...[this.publishing, this.subscribing].map((link) => link?.aliveAt ?? now));
    if (now - heardAt > DOUBT_MS) this.signal.doubt(heardAt);
    const line = lineBetween(this.#before.publish, publish);
    const other = lineBetween(this.#before.subscribe, subscribe);
    this.#before = { publish, subscribe };
    /** @type {Line} */
    const detail = {
      round_trip_ms: line.round_trip_ms ?? other.round_trip_ms,
      loss_up: line.loss_up,
      loss_down: other.loss_down,
      freezes: subscribe.freezes,
      weak_device: publish.weak,
    };
    this.dispatchEvent(new CustomEvent("line", { detail }));
  }

  /**
   * @param {"publish" | "subscribe"} way @param {Link | null} link
   * @param {number} alive @param {number} now
   */
  #check(way, link, alive, now) {
    if (link === null) {
      void this.#ensure(way);
      return;
    }
    if (alive !== link.alive) {
      link.alive = alive;
      link.aliveAt = now;
      return;
    }
    const next = this.#next[way];
    if (next !== null) {
      const patience = next.aliveAt < this.#resumedAt ? SILENT_MS : PATIENCE_MS;
      if (now - next.aliveAt < patience) return;
    }
    const limit = now - this.#resumedAt < SUSPECT_FOR_MS ? SUSPECT_MS : SILENT_MS;
    if (now - link.aliveAt < limit || now - link.triedAt < limit) return;
    link.triedAt = now;
    void this.#replace(way);
  }

  // --- playing -----------------------------------------------------------------------------

  /** @returns {[Slot, MediaStreamTrack][]} */
  #tracksBySlot() {
    if (this.subscribing === null) return [];
    const slots = this.slots[this.subscribing.id] ?? {};
    /** @type {[Slot, MediaStreamTrack][]} */
    const found = [];
    for (const transceiver of this.subscribing.pc.getTransceivers()) {
      const slot = transceiver.mid === null ? undefined : slots[transceiver.mid];
      if (slot) found.push([slot, transceiver.receiver.track]);
    }
    return found;
  }

  #listen() {
    const heard = this.#tracksBySlot().filter(([slot]) => slot.source === "microphone");
    this.mixer.play(new Map(heard.map(([slot, track]) => [track, { seat: slot.seat, stream: this.#streamOf(track) }])));
  }

  /** @param {MediaStreamTrack} track */
  #streamOf(track) {
    const known = this.#streams.get(track);
    if (known !== undefined) return known;
    const stream = new MediaStream([track]);
    this.#streams.set(track, stream);
    return stream;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {string} id @param {RTCPeerConnection} pc @param {Record<Source, RTCRtpSender> | null} senders
 * @returns {Link}
 */
const link = (id, pc, senders) => ({ id, pc, senders, alive: -1, aliveAt: performance.now(), triedAt: -Infinity });

/** @param {Link | null} link @returns {Promise<Record<string, any>[]>} */
async function statsOf(link) {
  if (link === null || link.pc.connectionState === "closed") return [];
  const reports = /** @type {Record<string, any>[]} */ ([]);
  (await link.pc.getStats()).forEach((report) => reports.push(report));
  return reports;
}

/**
 * Chromium sends three layers of a picture from 960x540 on, two from 480x270 on, else one, and those
 * are the first: a smaller camera would lose its best layer. So the scale follows the picture.
 * @type {[pixels: number, scales: Record<string, number>][]} no scale: the layer is not sent
 */
const SCALES = [
  [960 * 540, { l: 4, m: 2, h: 1 }],
  [480 * 270, { l: 2, m: 1 }],
  [0, { l: 1 }],
];

/** @param {RTCRtpSender} sender of the camera */
export async function fitLayers(sender) {
  const { width = 0, height = 0 } = sender.track?.getSettings() ?? {};
  const parameters = sender.getParameters();
  if (width * height === 0 || parameters.encodings.length < 2) return;
  const scales = SCALES.find(([pixels]) => width * height >= pixels)?.[1] ?? {};
  for (const encoding of parameters.encodings) {
    const scale = scales[encoding.rid ?? ""];
    encoding.active = scale !== undefined;
    encoding.scaleResolutionDownBy = scale ?? 1;
    encoding.maxBitrate = BITRATES[Math.min(scale ?? 1, 4)];
  }
  await sender.setParameters(parameters).catch(() => {}); // the browser's own choice then
}

/** @type {Record<number, number>} bits per second by scale: a quarter, a half, the whole picture */
const BITRATES = { 4: 150_000, 2: 500_000, 1: 1_500_000 };

/** @param {RTCRtpTransceiver} transceiver The server forwards VP8 only. */
function preferVp8(transceiver) {
  const all = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const wanted = all.filter((codec) => /\/(VP8|rtx)$/i.test(codec.mimeType));
  if (wanted.length > 0) transceiver.setCodecPreferences?.(wanted);
}
