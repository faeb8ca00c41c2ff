// @ts-check
/** Requests to our own API: JSON, the CSRF token and the page's language. */
import { language } from "./i18n.js";

/** A refusal of the server: a stable `code` and a `message` for people in the page's language. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, source?: string, params?: Record<string, string | number>, field?: string}} body
   */
  constructor(status, body) {
    super(body.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? `http.${status}`;
    this.source = body.source ?? "";
    this.params = body.params ?? {};
    this.field = body.field ?? "";
  }
}

/** The token of this page for requests that change something. */
export const csrfToken = () =>
  document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";

/**
 * @param {string} path
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the answer's JSON; throws `Refused` when the server says no
 */
export async function api(path, { method = "GET", body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Accept-Language": language() };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(path, { method, headers, body: payload, signal, credentials: "same-origin" });
  const json = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (!answer.ok) throw new Refused(answer.status, json ? await answer.json() : {});
  return json ? answer.json() : null;
}
