// @ts-check
const TAGS = /** @type {Record<string, string>} */ ({ ar: "ar-AE-u-nu-latn", en: "en-AE" });

/**
 * Time of day, as the server's pages write it: '9:30 am'.
 * @param {string | Date} moment
 * @param {string} language
 * @param {string} zone IANA name
 */
export function timeOfDay(moment, language, zone) {
  return new Intl.DateTimeFormat(TAGS[language] ?? language, {
    hour: "numeric",
    minute: "2-digit",
    hour12: true,
    timeZone: zone,
  }).format(new Date(moment));
}

/**
 * '09:30:05', for log notes.
 * @param {string | Date} moment
 * @param {string} zone
 */
export function clockOfDay(moment, zone) {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).format(new Date(moment));
}

/**
 * Day and time: 'Sunday, 29 November 2026, 10:00 am'.
 * @param {string | Date} moment
 * @param {string} language
 * @param {string} zone
 */
export function dayAndTime(moment, language, zone) {
  const day = new Intl.DateTimeFormat(language === "ar" ? TAGS.ar : "en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: zone,
  }).format(new Date(moment));
  return `${day}${language === "ar" ? "،" : ","} ${timeOfDay(moment, language, zone)}`;
}

/**
 * Position on the record's clock: '0:00:07', '1:02:03'.
 * @param {number} ms
 */
export function recordClock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const part = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

/**
 * Whole seconds from `then` to `now` (milliseconds), never negative.
 * @param {string} then
 * @param {number} now
 */
export const secondsSince = (then, now) => Math.max(0, Math.round((now - Date.parse(then)) / 1000));

/**
 * Whole minutes from `now` (milliseconds) to `then`, rounded up, never negative.
 * @param {string} then
 * @param {number} now
 */
export const minutesUntil = (then, now) => Math.max(0, Math.ceil((Date.parse(then) - now) / 60_000));

/**
 * The value a `datetime-local` field holds, read in the sitting's zone, as an RFC 3339 UTC time.
 * The zone's offset is found with Intl, since a browser may run in another zone than the court.
 * @param {string} field '2026-12-01T10:00'
 * @param {string} zone
 * @returns {string} empty if the field is not a time
 */
export function fieldToUtc(field, zone) {
  const guess = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(field) ? Date.parse(`${field}:00Z`) : NaN;
  if (Number.isNaN(guess)) return "";
  const parts = new Intl.DateTimeFormat("en-GB", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).formatToParts(new Date(guess));
  const get = (/** @type {string} */ type) => parts.find((part) => part.type === type)?.value ?? "";
  const seen = Date.parse(
    `${get("year")}-${get("month")}-${get("day")}T${get("hour")}:${get("minute")}:00Z`,
  );
  return new Date(guess - (seen - guess)).toISOString();
}
