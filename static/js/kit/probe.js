// @ts-check
import { Media } from "../room/media.js";
import { waitBefore } from "../room/schedule.js";
import { Lost, Refused } from "../room/signal.js";

/**
 * The link of a kit check (docs/protocol.md, 'Kit check'): the page meets only itself in a media
 * room of our server. Speaks as much of Signal as Media needs.
 *
 * Events: `ready`, `line` (CustomEvent with what the server measured), `ended` (CustomEvent with a
 * reason: time_over, busy, lost).
 */
export class Probe extends EventTarget {
  /** @type {Map<string, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #next = 1;
  #attempt = 0;
  #done = false;
  /** @type {WebSocket | null} */
  #socket = null;
  media = new Media(/** @type {any} */ (this));

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  start() {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => this.#closed();
  }

  stop() {
    this.#done = true;
    this.media.stop();
    this.#socket?.close(1000);
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @param {string} type @param {Record<string, any>} fields @returns {Promise<Record<string, any>>} */
  request(type, fields) {
    const id = String(this.#next++);
    return new Promise((resolve, reject) => {
      if (!this.open) {
        reject(new Lost("not connected"));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#socket?.send(JSON.stringify({ ...fields, type, id }));
    });
  }

  /** @param {Record<string, any>} message */
  #receive(message) {
    const waiting = this.#waiting.get(message.id);
    if (message.type === "ok") waiting?.resolve(message);
    if (message.type === "refused") waiting?.reject(new Refused(message.code, message.message));
    if (message.type === "ping") this.#socket?.send(JSON.stringify({ type: "pong", t: message.t }));
    if (message.type === "kit_ready") this.#ready(message);
    if (message.type === "slots") this.media.setSlots({ ...this.media.slots, [message.connection]: message.slots });
    if (message.type === "kit_line") this.dispatchEvent(new CustomEvent("line", { detail: message }));
    if (message.type === "bye") this.#end(message.reason);
  }

  /** @param {Record<string, any>} message */
  #ready(message) {
    this.#attempt = 0;
    this.media.ice = message.ice ?? [];
    this.media.resume(false);
    this.dispatchEvent(new Event("ready"));
  }

  #closed() {
    for (const { reject } of this.#waiting.values()) reject(new Lost("socket closed"));
    this.#waiting.clear();
    if (this.#done) return;
    if (this.#attempt > 3) {
      this.#end("lost");
      return;
    }
    setTimeout(() => this.start(), waitBefore(this.#attempt++));
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#done) return;
    this.stop();
    this.dispatchEvent(new CustomEvent("ended", { detail: reason }));
  }
}
