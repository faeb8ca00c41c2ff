// @ts-check
import { endOf, waitBefore } from "./schedule.js";

/** A command that the server refused. `message` is a message id of the catalogue. */
export class Refused extends Error {
  /**
   * @param {string} code @param {string} message @param {Record<string, any>} [params]
   * @param {string} [action] what the policy was asked; the page /why explains it
   */
  constructor(code, message, params = {}, action = "") {
    super(message);
    this.code = code;
    this.params = params;
    this.action = action;
  }
}

/** The socket went away before the answer came: the command may or may not have been accepted. */
export class Lost extends Error {}

const ANSWER_MS = 15_000;
const PING_MS = 4000;
const SILENT_MS = 10_000;
/** A ticket, and a socket's way to its welcome, take no longer on a line worth waiting for. */
const CONNECT_MS = 6000;
/** An answer to a ping, when the line is in doubt: both connections have said nothing for as long. */
const DOUBT_MS = 800;
/**
 * The same on a line that was heard since: it may only be slow, as on a busy machine. To give it up
 * would throw away the connections that are being made over it.
 */
const PROVEN_MS = 3000;
/**
 * After so long a ticket is asked for a second time: the browser may have sent the first request
 * over a connection of the network that it has left.
 */
const HEDGE_MS = 700;
/** A ticket lives 60 s; one for the next socket is always kept, so that coming back asks nobody. */
const RENEW_MS = 25_000;
const KEPT_MS = 50_000;

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
  #doubting = false;
  /** The ticket of the next socket. @type {{ ticket: string, at: number } | null} */
  #kept = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #renewal;
  /** A ticket is asked for. */
  #asking = false;
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
   * @param {(ticket: string) => Promise<string>} [options.prove] a room's device signs the ticket
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
    if (this.#stopped || this.#socket !== null || this.#asking) return;
    clearTimeout(this.#retry);
    void this.#connect();
  }

  /**
   * The network may have changed, or media has gone silent: a socket that answers no ping now is
   * dead, whatever the browser believes, and is replaced at once.
   * @param {number} [since] since when media is silent (performance.now())
   */
  doubt(since = performance.now()) {
    const socket = this.#socket;
    if (socket === null) return this.hurry();
    if (socket.readyState !== WebSocket.OPEN || this.#doubting) return;
    this.#doubting = true;
    const asked = performance.now();
    const patience = this.#heard > since ? PROVEN_MS : DOUBT_MS;
    this.#send({ type: "ping", t: Math.round(asked) });
    setTimeout(() => {
      this.#doubting = false;
      if (socket !== this.#socket || this.#heard > asked) return;
      this.#abandon(socket);
      this.hurry(); // this line was given up by us alone: no crowd comes back with us
    }, patience);
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
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null && Date.now() - kept.at < KEPT_MS) {
      this.#dial(kept);
      return;
    }
    /** @type {{ ticket: string, ice: RTCIceServer[] } | null} */
    let ticket = null;
    this.#asking = true;
    try {
      ticket = await this.#ticket();
    } catch (error) {
      if (error instanceof Refused) this.#end(error);
      else this.#again();
      return;
    } finally {
      this.#asking = false;
    }
    if (this.#stopped) return;
    this.options.onIce(ticket.ice ?? []);
    this.#dial({ ticket: ticket.ticket, at: Date.now() });
  }

  /** @returns {Promise<{ ticket: string, ice: RTCIceServer[] }>} */
  async #ticket() {
    const { ticketUrl, csrf, seat } = this.options;
    const ask = () => fetch(ticketUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify(seat === "" ? {} : { seat }),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(CONNECT_MS),
    });
    const answer = await hedged(ask, HEDGE_MS);
    if (answer.ok) return answer.json();
    if (answer.status >= 500 || answer.status === 429) throw new Lost(String(answer.status));
    const body = await answer.json().catch(() => ({}));
    throw new Refused(body.code ?? "ticket", body.message ?? "", body.params ?? {});
  }

  /**
   * A ticket is used by the hello; until then it is good for another try.
   * @param {{ ticket: string, at: number }} kept
   */
  #dial(kept) {
    const { ticket } = kept;
    this.#kept = kept;
    const socket = new WebSocket(this.options.socketUrl);
    this.#socket = socket;
    const late = setTimeout(() => this.#abandon(socket), CONNECT_MS);
    socket.onopen = () => {
      this.#kept = null;
      this.#heard = performance.now();
      void this.#hello(socket, ticket);
    };
    socket.onmessage = (event) => {
      clearTimeout(late);
      this.#receive(JSON.parse(event.data));
    };
    socket.onclose = (event) => this.#closed(socket, event.code);
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#beat(socket), PING_MS);
  }

  /** @param {WebSocket} socket @param {string} ticket */
  async #hello(socket, ticket) {
    const { language, prove } = this.options;
    const proof = prove ? { device: await prove(ticket) } : {};
    const hello = { type: "hello", v: 1, ticket, client: this.client, language: language(), ...proof };
    socket.send(JSON.stringify(hello));
  }

  /** A half-open socket is only found out by asking. @param {WebSocket} socket */
  #beat(socket) {
    if (socket.readyState === WebSocket.OPEN && performance.now() - this.#heard > SILENT_MS) {
      this.#abandon(socket);
      return;
    }
    this.#send({ type: "ping", t: Math.round(performance.now()) });
  }

  /** Nothing comes over it any more. @param {WebSocket} socket */
  #abandon(socket) {
    this.#closed(socket, 1006);
    socket.close();
  }

  /** @param {Record<string, any>} message */
  #receive(message) {
    this.#heard = performance.now();
    if (message.type === "welcome") {
      this.#attempt = 0;
      clearInterval(this.#renewal);
      this.#renewal = setInterval(() => this.#renew(), RENEW_MS);
      this.#renew();
    }
    if (message.type === "pong") return;
    if (message.type === "ping") {
      this.#send({ type: "pong", t: message.t });
      return;
    }
    if (message.type === "ok") this.#settle(message.id, message);
    else if (message.type === "refused") {
      this.#settle(message.id, new Refused(message.code, message.message, message.params, message.action));
    } else this.options.onMessage(message);
  }

  #renew() {
    this.request("ticket").then(
      (answer) => { this.#kept = { ticket: answer.ticket, at: Date.now() }; },
      () => {}, // the next one is asked for over HTTP
    );
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
    clearInterval(this.#renewal);
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

/**
 * The first answer of two requests, the second of which is made only when the first is late.
 * @param {() => Promise<Response>} ask @param {number} ms
 * @returns {Promise<Response>}
 */
async function hedged(ask, ms) {
  const first = ask();
  const late = new Promise((resolve) => { setTimeout(resolve, ms, null); });
  const early = await Promise.race([first, late]);
  return early ?? Promise.any([first, ask()]);
}

/** The random name of this page: a socket of the same page keeps its seat as it is. */
function clientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
