// @ts-check
import { LANGUAGE_CHANGED, ready, t } from "../i18n.js";
import { Devices, helpFor, Level, missingParts } from "../room/devices.js";
import { grade, gradeText } from "../room/quality.js";
import { h, icon, patch } from "../room/vdom.js";
import { Probe } from "./probe.js";
import { CHANNEL, keep, kitResult, lineOf, resultText } from "./result.js";

/**
 * The kit check: camera, microphone, speaker, and the line to our own media server. Nothing of it
 * is recorded; the result waits in the browser until the room's page shows it to the clerk.
 */

const root = /** @type {HTMLElement} */ (document.getElementById("kit"));
const LINE_SECONDS = 10;
const HEARD = 0.25;

/** @type {{ line: import("./result.js").Measured[], heard: boolean, speaker: boolean | null, level: number,
 *   running: boolean, done: boolean, ended: string, playing: boolean }} */
const check = { line: [], heard: false, speaker: null, level: 0, running: false, done: false, ended: "", playing: false };
const devices = new Devices();
/** @type {Probe | null} */
let probe = null;
/** @type {AudioContext | null} */
let context = null;
/** @type {Level | null} */
let level = null;

/** The level of the microphone; a level that was seen once is a microphone that works. */
function listen() {
  if (level?.track !== devices.microphone) {
    level?.close();
    level = devices.microphone === null ? null : new Level((context ??= new AudioContext()), devices.microphone);
  }
  if (context?.state === "suspended") void context.resume();
  const now = level?.read() ?? 0;
  const heard = check.heard || now > HEARD;
  if (Math.abs(now - check.level) < 0.02 && heard === check.heard) return;
  check.level = now;
  check.heard = heard;
  render();
}

/** A short tone on the chosen speaker. */
async function tone() {
  context ??= new AudioContext();
  await context.resume();
  check.playing = true;
  render();
  const target = context.createMediaStreamDestination();
  const gain = new GainNode(context, { gain: 0.2 });
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  oscillator.connect(gain).connect(target);
  const sound = new Audio();
  sound.srcObject = target.stream;
  if (devices.chosen.speaker !== "" && "setSinkId" in sound) {
    await /** @type {any} */ (sound).setSinkId(devices.chosen.speaker).catch(() => {});
  }
  await sound.play().catch(() => {});
  oscillator.start();
  oscillator.stop(context.currentTime + 1.2);
  oscillator.onended = () => {
    sound.pause();
    check.playing = false;
    render();
  };
}

/** Ten seconds with our media server. */
function measure() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  probe = new Probe(`${scheme}://${location.host}/live/kit`);
  check.running = true;
  check.done = false;
  check.ended = "";
  check.line = [];
  void probe.media.setTrack("camera", devices.camera);
  void probe.media.setTrack("microphone", devices.microphone);
  probe.media.mixer.silent = true;
  probe.addEventListener("line", (event) => measured(/** @type {CustomEvent} */ (event).detail));
  probe.addEventListener("ended", (event) => finish(/** @type {CustomEvent} */ (event).detail));
  probe.start();
  render();
}

/** @param {Record<string, any>} line */
function measured(line) {
  if (!line.connected) return;
  check.line.push({ round_trip_ms: line.round_trip_ms, loss_up: line.loss_up, loss_down: line.loss_down });
  if (check.line.length > LINE_SECONDS) finish("");
  else render();
}

/** @param {string} why empty: the measurement is complete */
function finish(why) {
  probe?.stop();
  check.running = false;
  check.done = why === "" || check.line.length > 2;
  check.ended = why;
  store();
  render();
}

/** @param {boolean} heard */
function answer(heard) {
  check.speaker = heard;
  store();
  render();
}

const findings = () => ({ camera: devices.camera !== null, microphone: check.heard, speaker: check.speaker, line: check.line });

function store() {
  if (!check.done) return;
  keep(kitResult(findings()), Date.now());
  new BroadcastChannel(CHANNEL).postMessage("new");
}

// --- what is seen ------------------------------------------------------------------------------

function render() {
  patch(root, missingParts().length > 0 ? [unsupported()] : [camera(), microphone(), speaker(), line(), result()]);
}

const unsupported = () =>
  h("p", { class: "aegov-alert alert-error", role: "alert" }, t("This browser cannot take part in a sitting"));

/** @param {string} key @param {string} title @param {import("../room/vdom.js").VNode} sign @param {import("../room/vdom.js").VChild[]} body */
const step = (key, title, sign, ...body) =>
  h("section", { key, class: "panel kit-step", "aria-labelledby": `kit-${key}` },
    h("h2", { id: `kit-${key}`, class: "section-title" }, sign, title), ...body);

/** @param {string} label @param {() => void} onclick @param {string} [kind] */
const button = (label, onclick, kind = "btn-outline") =>
  h("button", { key: label, type: "button", class: `aegov-btn btn-sm ${kind}`, onclick }, label);

/** @param {"camera" | "microphone"} kind */
function trouble(kind) {
  const cause = devices.failed[kind];
  if (cause === null) return null;
  return h("div", { key: "trouble", role: "alert", class: "kit-trouble" },
    h("p", {}, t(helpFor(cause, kind))), button(t("Try again"), () => void devices.open(kind)));
}

/** @param {"camera" | "microphone" | "speaker"} kind @param {"videoinput" | "audioinput" | "audiooutput"} list @param {string} label */
function choose(kind, list, label) {
  const found = devices.of(list);
  if (found.length < 2) return null;
  const change = (/** @type {Event} */ event) => void devices.choose(kind, /** @type {HTMLSelectElement} */ (event.target).value);
  return h("div", { key: "choose", class: "aegov-form-control" },
    h("label", { for: `choose-${kind}` }, label),
    h("div", { class: "form-control-input" },
      h("select", { id: `choose-${kind}`, onchange: change },
        ...found.map((device) => h("option", { key: device.deviceId, value: device.deviceId }, device.label)))));
}

/** @type {{ track: MediaStreamTrack, stream: MediaStream } | null} */
let own = null;

function camera() {
  const track = devices.camera;
  if (track !== null && own?.track !== track) own = { track, stream: new MediaStream([track]) };
  const stream = track === null ? null : (own?.stream ?? null);
  return step("camera", t("Camera"), icon("video-camera"),
    h("div", { key: "preview", class: "preview kit-preview" },
      h("video", {
        class: "mirrored", autoplay: true, playsinline: true, live: { muted: true }, "aria-label": t("Your picture"),
        ref: (/** @type {HTMLVideoElement} */ el) => { if (el.srcObject !== stream) el.srcObject = stream; },
      })),
    stream === null ? null : h("p", { key: "ok" }, t("Do you see yourself? Put the light in front of you, not behind.")),
    trouble("camera"),
    choose("camera", "videoinput", t("Another camera")));
}

const microphone = () =>
  step("microphone", t("Microphone"), icon("microphone"),
    h("div", { key: "level", class: "level level-wide", role: "img", "aria-label": t("Level of your microphone") },
      h("span", { style: { "inline-size": `${Math.round(check.level * 100)}%` } })),
    h("p", { key: "ok", role: "status" }, check.heard ? t("We hear your microphone.") : t("Say a few words. The bar moves when your microphone works.")),
    trouble("microphone"),
    choose("microphone", "audioinput", t("Another microphone")));

const speaker = () =>
  step("speaker", t("Speaker"), icon("speaker-high"),
    h("div", { key: "row", class: "row" },
      button(check.playing ? t("Playing") : t("Play a tone"), () => void tone()),
      h("span", { key: "asked" }, t("Did you hear it?")),
      button(t("Yes"), () => answer(true), check.speaker === true ? "" : "btn-outline"),
      button(t("No"), () => answer(false), check.speaker === false ? "" : "btn-outline")),
    check.speaker === false ? h("p", { key: "help", role: "status" }, t("Turn up the volume, plug in a headset, or choose another speaker. Then play the tone again.")) : null,
    choose("speaker", "audiooutput", t("Another speaker")));

function line() {
  const { round_trip_ms, loss } = lineOf(check.line);
  const measuredLine = { round_trip_ms, loss_up: loss ?? 0, loss_down: 0, freezes: 0 };
  return step("line", t("Line to the court"), icon("wifi-high"),
    h("p", { key: "what" }, t("Ten seconds of sound and picture go to the court's own server and back. Nothing is kept.")),
    check.running
      ? h("div", { key: "running" },
          h("progress", { class: "progress", max: String(LINE_SECONDS), value: String(check.line.length), "aria-label": t("Measuring the line") }))
      : button(check.done ? t("Measure again") : t("Measure the line"), measure, check.done ? "btn-outline" : ""),
    check.ended === "busy" ? h("p", { key: "busy", role: "alert" }, t("Many people are checking now. Try again in a minute.")) : null,
    check.ended === "lost" ? h("p", { key: "lost", role: "alert" }, t("The court's server cannot be reached from here. Check your connection; a company network may block it.")) : null,
    loss === null ? null : h("dl", { key: "facts", class: "facts" },
      h("div", {}, h("dt", {}, t("Round trip")), h("dd", {}, h("bdi", {}, round_trip_ms === null ? "—" : t("%(ms)s ms", { ms: Math.round(round_trip_ms) })))),
      h("div", {}, h("dt", {}, t("Lost on the way")), h("dd", {}, h("bdi", {}, `${(loss * 100).toFixed(1)} %`))),
      h("div", {}, h("dt", {}, t("Line")), h("dd", {}, t(gradeText(grade(measuredLine)))))));
}

function result() {
  if (!check.done) return null;
  const { result: found } = kitResult(findings());
  return h("section", { key: "result", class: `panel kit-result kit-${found}`, role: "status" },
    found === "good" ? icon("check-circle", "icon-32") : icon("warning", "icon-32"),
    h("p", {}, h("strong", {}, t(resultText(found))), " ", t("The clerk sees the result when you are in the lobby.")));
}

// --- start, when everything above is defined ---------------------------------------------------

await ready();
document.addEventListener(LANGUAGE_CHANGED, render);
devices.addEventListener("change", () => {
  void probe?.media.setTrack("camera", devices.camera);
  void probe?.media.setTrack("microphone", devices.microphone);
  render();
});
setInterval(listen, 100);
window.addEventListener("pagehide", () => probe?.stop());
render();
if (missingParts().length === 0) await devices.openBoth();
