// @ts-check
/**
 * The key of a detention room's device. It is made here and cannot be taken out: the private half
 * is not extractable and stays in this browser's IndexedDB. What is signed is in
 * auth/devices/proof.py.
 */
import { toBase64url } from "./webauthn.js";

const STORE = "device";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** @typedef {{ device: string, name: string, room_ar: string, room_en: string, fingerprint: string }} Enrolment */
/** @typedef {Enrolment & { key: CryptoKey }} Enrolled */

/** Whether this browser and this page (https, or localhost) can hold such a key. */
export const supported = () => window.isSecureContext && "indexedDB" in window && "subtle" in crypto;

/** @returns {Promise<IDBDatabase>} */
function open() {
  const asked = indexedDB.open("mahdar-room-device", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
  return settled(asked);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The device that this browser is enrolled as, if it is one. @returns {Promise<Enrolled | null>} */
export async function enrolled() {
  if (!supported()) return null;
  const database = await open();
  try {
    return (await settled(database.transaction(STORE).objectStore(STORE).get("this"))) ?? null;
  } finally {
    database.close();
  }
}

/** @param {Enrolled} found */
export async function keep(found) {
  const database = await open();
  try {
    await settled(database.transaction(STORE, "readwrite").objectStore(STORE).put(found, "this"));
  } finally {
    database.close();
  }
}

/** A new key pair; the public half can be sent. @returns {Promise<CryptoKeyPair>} */
export const newKey = () => crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);

/** @param {CryptoKey} key @returns {Promise<string>} SubjectPublicKeyInfo in base64url */
export const publicHalf = async (key) => toBase64url(await crypto.subtle.exportKey("spki", key));

/**
 * @param {CryptoKey} key
 * @param {"enrol" | "sign-in" | "join"} purpose
 * @param {string} device
 * @param {string} sitting
 * @param {string} challenge
 * @returns {Promise<string>} the signature in base64url
 */
export async function sign(key, purpose, device, sitting, challenge) {
  const lines = ["mahdar-room-device/v1", purpose, location.origin, device, sitting, challenge];
  const signed = new TextEncoder().encode(lines.join("\n"));
  return toBase64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, signed));
}
