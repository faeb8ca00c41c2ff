// @ts-check
/** The page /device: says what this browser is enrolled as, and enrols it with a code. */
import { api, Refused } from "./http.js";
import { language, ready, t } from "./i18n.js";
import { enrolled, keep, newKey, publicHalf, sign, supported } from "./room_device.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("#enrol"));
const wrong = /** @type {HTMLElement} */ (document.querySelector("#enrol-error"));
const card = /** @type {HTMLElement} */ (document.querySelector("#enrolled"));

/** The same letters as `normal_code` of auth/devices/device.py. @param {string} typed */
const normal = (typed) =>
  typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1").slice(0, 8);

async function show() {
  const found = await enrolled();
  card.hidden = found === null;
  if (found === null) return;
  const room = language() === "ar" ? found.room_ar : found.room_en;
  for (const [name, text] of Object.entries({ name: found.name, room, fingerprint: found.fingerprint })) {
    const line = card.querySelector(`[data-of="${name}"]`);
    if (line) line.textContent = text;
  }
}

/** @param {string} code */
async function enrol(code) {
  const pair = await newKey();
  const key = await publicHalf(pair.publicKey);
  const signature = await sign(pair.privateKey, "enrol", "", "", code);
  const found = await api("/api/room-device", { method: "POST", body: { code, key, signature } });
  await keep({ ...found, key: pair.privateKey });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.hidden = true;
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("code"));
  const button = form.querySelector("button");
  button?.setAttribute("aria-busy", "true");
  try {
    await enrol(normal(field.value));
    form.reset();
    await show();
    card.tabIndex = -1;
    card.focus();
  } catch (error) {
    wrong.textContent = error instanceof Refused ? error.message : t("That did not work on this device. Try again.");
    wrong.hidden = false;
    field.focus();
  } finally {
    button?.removeAttribute("aria-busy");
    button?.removeAttribute("disabled");
  }
});

await ready();
if (supported()) await show();
else {
  wrong.textContent = t("This browser cannot hold a key here. Open this page at an address that begins with https.");
  wrong.hidden = false;
  form.querySelector("button")?.setAttribute("disabled", "");
}
