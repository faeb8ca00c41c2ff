// @ts-check
/**
 * WebAuthn in the browser: our JSON (base64url, as the server writes it) to the browser's options,
 * and the authenticator's answer back to JSON.
 */

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export function fromBase64url(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
export function toBase64url(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Whether this browser and this page (https, or localhost) can use passkeys. */
export const supported = () => "PublicKeyCredential" in window && window.isSecureContext;

/** @param {any[]} list */
const keys = (list) => list.map((key) => ({ ...key, id: fromBase64url(key.id) }));

/**
 * Ask a device for a new key.
 * @param {any} options `publicKey` of the server's question
 * @returns {Promise<Record<string, any>>} the answer's JSON
 */
export async function create(options) {
  const publicKey = {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: keys(options.excludeCredentials ?? []),
  };
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: made.id,
    rawId: toBase64url(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      attestationObject: toBase64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/**
 * Ask a device to sign a challenge.
 * @param {any} options `publicKey` of the server's question
 * @param {AbortSignal} [signal]
 * @returns {Promise<Record<string, any>>} the answer's JSON
 */
export async function get(options, signal) {
  const publicKey = {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: keys(options.allowCredentials ?? []),
  };
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey, signal }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (made.response);
  return {
    id: made.id,
    rawId: toBase64url(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      userHandle: response.userHandle ? toBase64url(response.userHandle) : null,
    },
  };
}
