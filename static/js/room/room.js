// @ts-check
import { confirmAct, NotConfirmed } from "../confirm.js";
import { Refused as NotAccepted } from "../http.js";
import { language, t } from "../i18n.js";
import { toast } from "../toast.js";
import { Refused } from "./signal.js";
import { initial, may, reduce, seatOf } from "./state.js";

/**
 * @typedef {import("./state.js").Model} Model
 * @typedef {import("./types.js").Source} Source
 * @typedef {import("./types.js").RoomState} RoomState
 *
 * @typedef {object} Dialog a form in a native dialog; its answer is one command
 * @property {string} key
 * @property {(room: Room) => string} title
 * @property {(room: Room) => import("./vdom.js").VChild[]} body
 * @property {((room: Room) => string) | null} confirm text of the button; null: only 'Close'
 * @property {boolean} [danger]
 * @property {string} [looksAt] seat whose camera it needs, also while that seat waits
 * @property {(form: FormData, room: Room) => void | Promise<void>} [submit] throws Refused
 *
 * @typedef {object} Ui what only this page knows
 * @property {"people" | "deed" | "exhibits" | "agenda" | "notes" | "record"} tab
 * @property {boolean} panel the side panel is open (phones)
 * @property {string} menu key of the open menu
 * @property {string} pinned tile that this person wants large
 * @property {boolean} wide the exhibit is read large
 * @property {boolean} even everybody equally large
 * @property {number} page of the small tiles, from 0
 * @property {boolean} recalled the court has asked this private room to come back
 * @property {Dialog | null} dialog
 * @property {string} dialogError
 * @property {string} dialogWhy the page that explains it, or empty
 * @property {Set<string>} busy commands without an answer yet
 * @property {boolean} blocked the browser waits for a tap before it plays sound
 * @property {boolean} talkingMuted somebody speaks into the muted microphone
 * @property {boolean} mediaLate sound and picture have not been up for some seconds
 * @property {number} level of the own microphone, 0..1
 * @property {import("./quality.js").Line | null} line
 * @property {{ w: number, h: number }} stage
 * @property {{ code: string, text: string } | null} refused why the page may not come in
 */

/** Everything the views read and do. One per page. */
export class Room {
  /** @type {Model} */
  model = initial();
  /** @type {Ui} */
  ui = {
    tab: "people",
    panel: false,
    pinned: "",
    even: false,
    wide: false,
    page: 0,
    menu: "",
    recalled: false,
    dialog: null,
    dialogError: "",
    dialogWhy: "",
    busy: new Set(),
    blocked: false,
    talkingMuted: false,
    mediaLate: false,
    level: 0,
    line: null,
    stage: { w: 960, h: 540 },
    refused: null,
  };
  /** @type {import("../deed.js").DeedPart | null} the deed of a notarial act */
  deed = null;
  #scheduled = false;

  /**
   * @param {object} parts
   * @param {import("./signal.js").Signal} parts.signal
   * @param {import("./media.js").Media} parts.media
   * @param {import("./devices.js").Devices} parts.devices
   * @param {import("./sources.js").Sources} parts.sources
   * @param {import("./watch.js").Watch} parts.watch
   * @param {import("./interruptions.js").Interruptions} parts.interruptions
   * @param {{ zone: string, kitUrl: string, exitUrl: string }} parts.page
   * @param {() => void} parts.render
   */
  constructor(parts) {
    this.signal = parts.signal;
    this.media = parts.media;
    this.devices = parts.devices;
    this.sources = parts.sources;
    this.watch = parts.watch;
    this.interruptions = parts.interruptions;
    this.page = parts.page;
    this.render = parts.render;
  }

  /** Milliseconds by the server's clock. */
  now() {
    return Date.now() + this.model.offset;
  }

  /** The state; views are only called when there is one. @returns {RoomState} */
  get state() {
    if (this.model.state === null) throw new Error("no state yet");
    return this.model.state;
  }

  /** @param {Record<string, any>} message */
  take(message) {
    this.model = reduce(this.model, message, Date.now());
    if (message.type === "welcome" || message.type === "state") this.#look();
    this.refresh();
  }

  /** @param {Partial<Ui>} change */
  set(change) {
    Object.assign(this.ui, change);
    this.refresh();
  }

  /** Render soon; many changes make one rendering. A hidden page gets no animation frame. */
  refresh() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.render();
    });
  }

  /**
   * Send a command and tell the person if it is refused.
   * @param {string} type @param {Record<string, any>} [fields]
   * @returns {Promise<boolean>} accepted
   */
  async act(type, fields = {}) {
    try {
      await this.ask(type, fields);
      return true;
    } catch (error) {
      toast(explain(error), { urgent: true, why: whyOf(error) });
      return false;
    }
  }

  /**
   * Send a command; throws Refused or Lost.
   * @param {string} type @param {Record<string, any>} [fields]
   */
  async ask(type, fields = {}) {
    const busy = type + JSON.stringify(fields);
    if (this.ui.busy.has(busy)) return {};
    this.ui.busy.add(busy);
    this.refresh();
    try {
      return await this.#confirmed(type, fields);
    } finally {
      this.ui.busy.delete(busy);
      this.refresh();
    }
  }

  /**
   * Some acts ask for a confirmation; then the same command goes once more, with its token.
   * @param {string} type @param {Record<string, any>} fields
   */
  async #confirmed(type, fields) {
    try {
      return await this.signal.request(type, fields);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "policy.confirmation_needed") throw error;
      const act = /** @type {import("../confirm.js").Act} */ (error.params);
      // 'All' comes back as the list that it meant: this list is confirmed, and this list comes in.
      const seats = act.seats?.split(" ");
      const names = (seats ?? []).map((id) => this.model.state?.seats.find((seat) => seat.id === id)?.name ?? "");
      const authorisation = await confirmAct(act, names);
      return this.signal.request(type, { ...fields, ...(seats ? { seats } : {}), authorisation });
    }
  }

  /** @param {string} type @param {Record<string, any>} [fields] */
  busy(type, fields = {}) {
    return this.ui.busy.has(type + JSON.stringify(fields));
  }

  /** @param {Dialog} dialog */
  open(dialog) {
    this.set({ dialog, dialogError: "", dialogWhy: "" });
    this.#look();
  }

  close() {
    this.set({ dialog: null, dialogError: "", dialogWhy: "" });
    this.#look();
  }

  /**
   * The camera of somebody who waits comes in only while a dialog needs it. Compares with what the
   * server says, so that a lost link, a restart or a person who comes back is made good.
   */
  #look() {
    const { state } = this.model;
    if (state === null || !may(state, "look")) return;
    const seat = seatOf(state, this.ui.dialog?.looksAt ?? "");
    const waits = seat?.present && (seat.place === "lobby" || seat.place === "witness_room");
    const wanted = waits ? seat.id : null;
    if (wanted === state.me.looks_at || this.busy("look", { seat: wanted })) return;
    this.ask("look", { seat: wanted }).catch(() => {}); // the dialog shows whether a picture comes
  }

  /** @param {SubmitEvent} event of the open dialog's form */
  async submit(event) {
    event.preventDefault();
    const dialog = this.ui.dialog;
    if (dialog === null) return;
    try {
      await dialog.submit?.(new FormData(/** @type {HTMLFormElement} */ (event.target)), this);
      if (this.ui.dialog === dialog) this.close();
    } catch (error) {
      this.set({ dialogError: explain(error), dialogWhy: whyOf(error) });
    }
  }

  /** Check camera, sound and line in a window of its own; the seat stays where it is. */
  checkKit() {
    window.open(this.page.kitUrl, "mahdar-kit");
  }

  /** The other language, for the switch. */
  otherLanguage() {
    return language() === "ar" ? "en" : "ar";
  }
}

/** The page that says who may, what was missing and whom to ask; empty where the policy said nothing. @param {unknown} error */
export function whyOf(error) {
  if (!(error instanceof Refused) || error.action === "") return "";
  return `/${language()}/why?${new URLSearchParams({ action: error.action, code: error.code })}`;
}

/** What a person reads when a command failed. @param {unknown} error */
export function explain(error) {
  if (error instanceof NotConfirmed) return t("You did not confirm it. Nothing was changed.");
  if (error instanceof NotAccepted) return error.message;
  if (error instanceof Refused) {
    return error.message === "" ? t("That was refused.") : t(error.message, error.params);
  }
  return t("The connection broke before the court's server answered. Look whether it happened, then try again.");
}
