// @ts-check
import { N_ } from "../i18n.js";

/**
 * What one look at both connections counts. All numbers only grow, but for the round trip.
 * @typedef {object} Sample
 * @property {number} at milliseconds
 * @property {number | null} roundTrip milliseconds
 * @property {number} sent packets
 * @property {number} lostUp packets that the server says it missed
 * @property {number} received packets
 * @property {number} lostDown packets
 * @property {number} freezes
 * @property {boolean} weak the processor of this device is the limit
 * @property {number} alive counts anything that came in, STUN answers included
 *
 * @typedef {object} Line
 * @property {number | null} round_trip_ms
 * @property {number} loss_up share 0..1
 * @property {number} loss_down share 0..1
 * @property {number} freezes what the server is told counts from the connection's start
 * @property {boolean} [weak_device] this device is too slow to send more
 */

/** @returns {Sample} */
export const emptySample = () => ({
  at: 0,
  roundTrip: null,
  sent: 0,
  lostUp: 0,
  received: 0,
  lostDown: 0,
  freezes: 0,
  weak: false,
  alive: 0,
});

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? Math.min(1, Math.max(0, part) / whole) : 0);

/**
 * Read the numbers that matter out of `RTCPeerConnection.getStats()` reports.
 * @param {Iterable<Record<string, any>>} reports of the publish and the subscribe connection
 * @param {number} at
 * @returns {Sample}
 */
export function sampleOf(reports, at) {
  const sample = { ...emptySample(), at };
  for (const report of reports) {
    if (report.type === "outbound-rtp") {
      sample.sent += report.packetsSent ?? 0;
      sample.weak ||= report.qualityLimitationReason === "cpu";
    }
    if (report.type === "remote-inbound-rtp") sample.lostUp += Math.max(0, report.packetsLost ?? 0);
    if (report.type === "inbound-rtp") {
      sample.received += report.packetsReceived ?? 0;
      sample.lostDown += Math.max(0, report.packetsLost ?? 0);
      sample.freezes += report.freezeCount ?? 0;
    }
    if (report.type === "transport") sample.alive += report.packetsReceived ?? 0;
    if (report.type === "candidate-pair" && report.nominated) {
      // Firefox counts no packets of a transport.
      sample.alive += (report.responsesReceived ?? 0) + (report.requestsReceived ?? 0);
      sample.alive += (report.bytesReceived ?? 0) + (report.lastPacketReceivedTimestamp ?? 0);
      if (typeof report.currentRoundTripTime === "number") {
        const ms = report.currentRoundTripTime * 1000;
        sample.roundTrip = Math.max(sample.roundTrip ?? 0, ms);
      }
    }
  }
  return sample;
}

/**
 * The line between two samples.
 * @param {Sample} before
 * @param {Sample} now
 * @returns {Line}
 */
export function lineBetween(before, now) {
  const lostUp = now.lostUp - before.lostUp;
  const lostDown = now.lostDown - before.lostDown;
  const received = now.received - before.received;
  return {
    round_trip_ms: now.roundTrip === null ? null : Math.round(now.roundTrip),
    loss_up: share(lostUp, now.sent - before.sent),
    loss_down: share(lostDown, Math.max(0, received) + Math.max(0, lostDown)),
    freezes: Math.max(0, now.freezes - before.freezes),
  };
}

/**
 * Good enough for a hearing? Speech suffers from 3 % loss or 300 ms, and breaks at 10 % or 600 ms
 * (ITU-T G.114 puts the limit of easy talk at 150 ms one way, 400 ms at most).
 * @param {Line | null} line
 * @returns {import("./types.js").Grade}
 */
export function grade(line) {
  if (line === null) return "";
  const loss = Math.max(line.loss_up, line.loss_down);
  const trip = line.round_trip_ms ?? 0;
  if (loss > 0.1 || trip > 600) return "bad";
  if (loss > 0.03 || trip > 300) return "poor";
  return "good";
}

const GRADES = {
  good: N_("Good line"),
  poor: N_("Weak line"),
  bad: N_("Bad line"),
  "": N_("Line not measured yet"),
};

const REASONS = /** @type {Record<string, string>} */ ({
  loss_up: N_("what they send is lost"),
  loss_down: N_("what they should get is lost"),
  delay: N_("long delay"),
  jitter: N_("uneven delay"),
  no_media: N_("nothing comes in"),
  weak_device: N_("the device is too slow"),
  freezes: N_("the picture freezes"),
});

/** @param {string} why a code of the server; empty for one that this page does not know */
export const reasonText = (why) => REASONS[why] ?? "";

/** @param {import("./types.js").Grade} value */
export const gradeText = (value) => GRADES[value] ?? GRADES[""];

/**
 * What a person can do about it; empty when nothing is to be done.
 * @param {Line | null} line
 */
export function advice(line) {
  const value = grade(line);
  if (value === "bad") {
    return N_("Your line is bad. Turn off your camera: sound comes first.");
  }
  if (value === "poor" && line !== null && line.loss_up > line.loss_down) {
    return N_("Others may not hear you well. Move closer to your router, or turn off your camera.");
  }
  return value === "poor" ? N_("Your line is weak. You may miss words; say so if you do.") : "";
}
