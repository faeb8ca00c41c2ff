// @ts-check
import { endOf, waitBefore } from "./schedule.js";

/** A command that the server refused. `message` is a message id of the catalogue. */
export class Refused extends Error {
  /** @param {string} code @param {string} message @param {Record<string, any>} [params] */
  constructor(code, message, params = {}) {
    super(message);
    this.code = code;
    this.params = params;
  }
}

/** The socket went away before the answer came: the command may or may not have been accepted. */
export class Lost extends Error {}

const ANSWER_MS = 15_000;
const PING_MS = 4000;
const SILENT_MS = 10_000;

/**
 * The signalling link: ticket, socket, hello, commands with answers, coming back.
 * It emits plain messages: those of the server, and `{type: "link"}` and `{type: "end"}` of its
 * own (state.js). Media is none of its business and goes on while the link is away.
 */
export class Signal {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #next = 1;
  #attempt = 0;
  #stopped = false;
  #heard = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse;

  /**
   * @param {object} options
   * @param {string} options.ticketUrl where to ask for a ticket
   * @param {string} options.socketUrl
   * @param {string} options.csrf
   * @param {string} options.seat empty: the person's own
   * @param {() => string} options.language
   * @param {(message: Record<string, any>) => void} options.onMessage
   * @param {(ice: RTCIceServer[]) => void} options.onIce
   */
  constructor(options) {
    this.options = options;
    this.client = clientId();
  }

  start() {
    this.#stopped = false;
    void this.#connect();
  }

  /** Leave for good: nothing reconnects after this. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
  }

  /** Try at once, for instance when the network is back. */
  hurry() {
    if (this.#stopped || this.#socket !== null) return;
    clearTimeout(this.#retry);
    void this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN && this.#attempt === 0;
  }

  /**
   * Send a command; resolves with the `ok` answer, rejects with Refused or Lost.
   * @param {string} type
   * @param {Record<string, any>} [fields]
   * @returns {Promise<Record<string, any>>}
   */
  request(type, fields = {}) {
    const id = String(this.#next++);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, new Lost("no answer")), ANSWER_MS);
      const done = (/** @type {() => void} */ act) => {
        clearTimeout(timer);
        act();
      };
      this.#waiting.set(id, {
        resolve: (answer) => done(() => resolve(answer)),
        reject: (error) => done(() => reject(error)),
      });
      if (!this.#send({ ...fields, type, id })) this.#settle(id, new Lost("not connected"));
    });
  }

  /**
   * Send a message that nobody answers.
   * @param {string} type @param {Record<string, any>} [fields]
   */
  tell(type, fields = {}) {
    return this.#send({ ...fields, type });
  }

  /** @param {Record<string, any>} message */
  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  async #connect() {
    /** @type {{ ticket: string, ice: RTCIceServer[] } | null} */
    let ticket = null;
    try {
      ticket = await this.#ticket();
    } catch (error) {
      if (error instanceof Refused) this.#end(error);
      else this.#again();
      return;
    }
    if (this.#stopped) return;
    this.options.onIce(ticket.ice ?? []);
    this.#dial(ticket.ticket);
  }

  /** @returns {Promise<{ ticket: string, ice: RTCIceServer[] }>} */
  async #ticket() {
    const { ticketUrl, csrf, seat } = this.options;
    const answer = await fetch(ticketUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify(seat === "" ? {} : { seat }),
      credentials: "same-origin",
      cache: "no-store",
    });
    if (answer.ok) return answer.json();
    if (answer.status >= 500 || answer.status === 429) throw new Lost(String(answer.status));
    const body = await answer.json().catch(() => ({}));
    throw new Refused(body.code ?? "ticket", body.message ?? "", body.params ?? {});
  }

  /** @param {string} ticket */
  #dial(ticket) {
    const socket = new WebSocket(this.options.socketUrl);
    this.#socket = socket;
    socket.onopen = () => {
      this.#heard = performance.now();
      const language = this.options.language();
      socket.send(JSON.stringify({ type: "hello", v: 1, ticket, client: this.client, language }));
    };
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(socket, event.code);
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#beat(socket), PING_MS);
  }

  /** A half-open socket is only found out by asking. @param {WebSocket} socket */
  #beat(socket) {
    if (socket.readyState === WebSocket.OPEN && performance.now() - this.#heard > SILENT_MS) {
      this.#closed(socket, 1006);
      socket.close();
      return;
    }
    this.#send({ type: "ping", t: Math.round(performance.now()) });
  }

  /** @param {Record<string, any>} message */
  #receive(message) {
    this.#heard = performance.now();
    if (message.type === "welcome") this.#attempt = 0;
    if (message.type === "pong") return;
    if (message.type === "ping") {
      this.#send({ type: "pong", t: message.t });
      return;
    }
    if (message.type === "ok") this.#settle(message.id, message);
    else if (message.type === "refused") {
      this.#settle(message.id, new Refused(message.code, message.message, message.params));
    } else this.options.onMessage(message);
  }

  /** @param {string} id @param {Record<string, any> | Error} answer */
  #settle(id, answer) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer instanceof Error) waiting?.reject(answer);
    else waiting?.resolve(answer);
  }

  /** @param {WebSocket} socket @param {number} code */
  #closed(socket, code) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    clearInterval(this.#pulse);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, new Lost("socket closed"));
    const reason = endOf(code, this.#attempt);
    if (this.#stopped) return;
    if (reason !== null) {
      this.#stopped = true;
      this.options.onMessage({ type: "end", reason });
    } else this.#again();
  }

  #again() {
    if (this.#stopped) return;
    const wait = waitBefore(this.#attempt++);
    this.options.onMessage({ type: "link", link: "lost", retryAt: Date.now() + wait });
    this.#retry = setTimeout(() => void this.#connect(), wait);
  }

  /** @param {Refused} error */
  #end(error) {
    this.#stopped = true;
    const { code, message, params } = error;
    this.options.onMessage({ type: "end", reason: "refused", code, message, params });
  }
}

/** The random name of this page: a socket of the same page keeps its seat as it is. */
function clientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
