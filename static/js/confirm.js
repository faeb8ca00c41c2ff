// @ts-check
/**
 * The confirmation of one legal act (auth/stepup.py): the server names the ways that are enough,
 * the person gives one, and the token goes with the act.
 *
 * Whoever has a passkey is asked for it at once: one gesture. The dialog stands behind it for
 * another try, and for a code or a password.
 */
import { h, icon } from "./dom.js";
import { api, Refused } from "./http.js";
import { t } from "./i18n.js";
import { get, supported } from "./webauthn.js";

/** The person closed the dialog: the act is not done. */
export class NotConfirmed extends Error {}

/** @typedef {{ id: string, methods: string[], publicKey: any }} Question */
/** @typedef {{ act: string, object: string, digest: string, seats?: string }} Act */

/**
 * @param {Act} act as the refusal `policy.confirmation_needed` names it
 * @param {string[]} [names] whom the act is about
 * @returns {Promise<string>} the token; throws `Refused` or `NotConfirmed`
 */
export async function confirmAct({ act, object, digest }, names = []) {
  const ask = () => api("/api/authorise", { method: "POST", body: { act, object, digest } });
  return new Promise((resolve, reject) => {
    void ask().then((question) => new Confirmation(act, names, question, ask, resolve, reject).open(), reject);
  });
}

/** What a person reads of each act. @param {string} act */
function words(act) {
  const known = /** @type {Record<string, string>} */ ({
    "live.admit": t("Admit to the hearing"),
    "live.admit_unproved": t("Admit somebody whose identity is not proved"),
    "live.off_record": t("Go off record"),
    "live.reserve": t("Reserve judgment"),
    "live.close": t("End the sitting"),
    "signing.sign": t("Sign the document"),
    "signing.close": t("Sign and seal the document"),
    "marriage.approve": t("Accept an application to marry"),
    "marriage.leave": t("Give leave in a marriage file"),
    "marriage.refuse": t("Refuse an application to marry"),
    "marriage.appeal": t("Decide on an appeal in a marriage file"),
    "marriage.replace_interpreter": t("Name another interpreter for a booked marriage"),
    "marriage.ratify": t("Ratify a marriage contract"),
    "marriage.reject": t("Refuse to ratify a marriage contract"),
    "marriage.note": t("Write into the marriage register"),
    "deed.refuse": t("Refuse the act"),
    "deed.decide": t("Decide the grievance"),
    "transcript.certify": t("Certify the transcript"),
    "recording.export": t("Take a copy of the recording"),
    "recording.lift_hold": t("Lift a legal hold"),
    "recording.destroy": t("Destroy a record"),
  });
  return known[act] ?? act;
}

class Confirmation {
  /** Whether the question's challenge was shown to a device already. */
  used = false;

  /**
   * @param {string} act @param {string[]} names @param {Question} question @param {() => Promise<Question>} ask
   * @param {(token: string) => void} resolve @param {(error: Error) => void} reject
   */
  constructor(act, names, question, ask, resolve, reject) {
    this.act = act;
    this.names = names;
    this.question = question;
    this.ask = ask;
    this.resolve = resolve;
    this.reject = reject;
    this.asking = new AbortController();
    this.wrong = h("p", { class: "alarm alarm-small", role: "alert", hidden: true });
    this.dialog = this.#build();
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    if (this.question.methods[0] === "passkey" && supported()) void this.#passkey();
  }

  #build() {
    const { methods } = this.question;
    const can = methods.filter((one) => one !== "passkey" || supported());
    const title = h("h2", { class: "section-title mb-0", id: "confirm-title" }, t("Confirm that it is you"));
    const lead = can.length > 0
      ? h("p", {}, t("This act counts when you confirm that it is you. Confirm it."))
      : h("p", {}, t("Your account has no method that proves enough. Add a passkey or a second factor in your account."), " ",
          h("a", { href: `/${document.documentElement.lang}/account`, target: "_blank" }, t("My account")));
    const dialog = h("dialog", { class: "dialog confirm", "aria-labelledby": "confirm-title" },
      h("div", { class: "dialog-body" }, title, h("p", { class: "font-semibold" }, words(this.act)),
        this.names.length > 0 ? h("ul", { class: "list-disc ps-5" }, ...this.names.map((name) => h("li", {}, h("bdi", {}, name)))) : null,
        lead, this.wrong,
        can.includes("passkey") ? this.#passkeyButton() : null,
        can.includes("totp") ? this.#typed("totp", "code", t("Code of your authenticator application"), "text", "one-time-code") : null,
        can.includes("password") ? this.#typed("password", "password", t("Your password"), "password", "current-password") : null,
        h("p", { class: "row" }, h("button", { type: "button", class: "aegov-btn btn-link", onclick: () => this.#cancel() }, t("Cancel")))));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#cancel();
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape is for this dialog
    return dialog;
  }

  #passkeyButton() {
    return h("p", { class: "row" },
      h("button", { type: "button", class: "aegov-btn", onclick: () => void this.#passkey() }, icon("fingerprint"), t("Use your passkey")));
  }

  /**
   * @param {string} method @param {string} name @param {string} label @param {string} type
   * @param {string} autocomplete
   */
  #typed(method, name, label, type, autocomplete) {
    const id = `confirm-${name}`;
    const input = h("input", { id, name, type, autocomplete, dir: "ltr", required: true, maxlength: 256 });
    return h("form", {
      class: "row row-end",
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        void this.#answer(method, { [name]: input.value });
      },
    },
    h("div", { class: "aegov-form-control" }, h("label", { for: id }, label), h("div", { class: "form-control-input" }, input)),
    h("button", { type: "submit", class: "aegov-btn btn-outline" }, t("Confirm")));
  }

  async #passkey() {
    try {
      if (this.used) this.question = await this.ask();
      this.used = true;
      const answer = await get(this.question.publicKey, this.asking.signal);
      await this.#answer("passkey", answer);
    } catch (error) {
      if (!this.asking.signal.aborted) this.#tell(error);
    }
  }

  /** @param {string} method @param {Record<string, any>} answer */
  async #answer(method, answer) {
    try {
      const path = `/api/authorise/${this.question.id}`;
      const { authorisation } = await api(path, { method: "POST", body: { method, answer } });
      this.#close();
      this.resolve(authorisation);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** @param {unknown} error */
  #tell(error) {
    this.wrong.textContent = error instanceof Refused ? error.message : t("No passkey was given. Try again, or use another way.");
    this.wrong.hidden = false;
  }

  #cancel() {
    this.#close();
    this.reject(new NotConfirmed());
  }

  #close() {
    this.asking.abort();
    this.dialog.close();
    this.dialog.remove();
  }
}
