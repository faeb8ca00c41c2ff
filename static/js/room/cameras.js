// @ts-check

/**
 * Front and back camera. Telephones have one label per camera and often several back lenses; what
 * matters is the direction, which the browser knows by `facingMode`.
 *
 * @typedef {"user" | "environment"} Facing
 */

/**
 * Whether a control to turn the camera makes sense: a touch device with more than one camera.
 * @param {{ kind: string, deviceId: string }[]} devices @param {boolean} touch
 */
export const canTurn = (devices, touch) =>
  touch && devices.filter((device) => device.kind === "videoinput" && device.deviceId !== "").length > 1;

/**
 * Where a camera looks; the front where the browser does not say.
 * @param {{ getSettings?: () => { facingMode?: string } } | null} track
 * @returns {Facing}
 */
export const facingOf = (track) =>
  track?.getSettings?.().facingMode === "environment" ? "environment" : "user";

/** @param {Facing} facing @returns {Facing} */
export const otherFacing = (facing) => (facing === "user" ? "environment" : "user");

/**
 * The wish that opens a camera: by direction when the person turned it, else the chosen device.
 * @param {object} size @param {string} device @param {Facing | ""} facing
 * @returns {MediaTrackConstraints}
 */
export function cameraWish(size, device, facing) {
  if (facing !== "") return { ...size, facingMode: { ideal: facing } };
  return { ...size, ...(device === "" ? {} : { deviceId: { ideal: device } }) };
}
