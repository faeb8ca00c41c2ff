// @ts-check
/**
 * Language in the browser: the same message ids as on the server (English sentences), and a
 * change of language without a reload for pages that hold a call.
 *
 * The pure part (`format`, `lookup`, `swapPrefix`) is tested by tests/js/i18n.test.js.
 */

/** @typedef {Record<string, string | number>} Params */
/** @typedef {Record<string, string | Record<string, string>>} Catalogue */

export const LANGUAGES = ["ar", "en"];
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];

/** @type {Catalogue} */
let catalogue = {};
let current = "ar";

/** Fired on `document` after a change of language; `event.detail` is the new one. */
export const LANGUAGE_CHANGED = "languagechanged";

/**
 * Mark a message for extraction that is translated later, e.g. in a table of labels.
 * @template {string} T
 * @param {T} message
 */
export const N_ = (message) => message;

/** The language of the page. */
export const language = () => current;

/**
 * `%(name)s` places filled. Foreign runs are isolated, so that a case number in an Arabic
 * sentence and an Arabic name in an English one keep their place (UAX 9).
 * @param {string} text
 * @param {Params} [params]
 * @param {string} [lang]
 */
export function format(text, params = {}, lang = current) {
  const foreign = lang === "ar" ? /[A-Za-z0-9]/ : /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
  return text.replace(/%\((\w+)\)[sd]|%%/g, (whole, name) => {
    if (whole === "%%") return "%";
    if (!(name in params)) return whole;
    const value = params[name];
    return typeof value === "string" && foreign.test(value) ? `\u2068${value}\u2069` : String(value);
  });
}

/**
 * The text of `message` in `entries`; for a plural, of the category of `n`.
 * @param {Catalogue} entries
 * @param {string} message
 * @param {string} [many]
 * @param {number} [n]
 * @param {string} [lang]
 */
export function lookup(entries, message, many, n, lang = current) {
  const entry = entries[message];
  if (typeof entry === "string") return entry;
  if (n === undefined) return message;
  if (!entry) return n === 1 ? message : (many ?? message);
  return entry[new Intl.PluralRules(lang).select(n)] ?? entry.other ?? message;
}

/**
 * `message` in the language of the page.
 * @param {string} message
 * @param {Params} [params]
 */
export const t = (message, params) => format(lookup(catalogue, message), params);

/**
 * The plural for `n`, which also fills `%(n)s`.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @param {Params} [params]
 */
export const tn = (one, many, n, params) =>
  format(lookup(catalogue, one, many, n), { n, ...params });

/**
 * The same address in another language.
 * @param {string} path
 * @param {string} lang
 */
export function swapPrefix(path, lang) {
  const [, first, ...rest] = path.split("/");
  return LANGUAGES.includes(first ?? "") ? `/${[lang, ...rest].join("/")}` : path;
}

/**
 * Load the catalogue of the page's language. Await it before the first `t`.
 */
export async function ready() {
  const lang = document.documentElement.lang;
  catalogue = await load(LANGUAGES.includes(lang) ? lang : "ar");
  current = lang;
}

/**
 * Change the language of the page where it stands: text, direction, address; nothing reloads.
 * @param {string} lang
 */
export async function setLanguage(lang) {
  if (!LANGUAGES.includes(lang) || lang === current) return;
  catalogue = await load(lang);
  current = lang;
  const root = document.documentElement;
  root.lang = lang;
  root.dir = lang === "ar" ? "rtl" : "ltr";
  translate(document);
  for (const link of document.querySelectorAll("a[data-language-link]")) {
    link.setAttribute("href", swapPrefix(link.getAttribute("href") ?? "", lang));
  }
  history.replaceState(history.state, "", swapPrefix(location.pathname, lang) + location.search + location.hash);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `language=${lang}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  document.dispatchEvent(new CustomEvent(LANGUAGE_CHANGED, { detail: lang }));
}

/**
 * Translate everything below `root` that is marked with `data-i18n` or `data-i18n-<attribute>`.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) {
    const message = element.getAttribute("data-i18n") ?? "";
    element.textContent = t(message, JSON.parse(element.getAttribute("data-i18n-params") ?? "{}"));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[data-i18n-${name}]`)) {
      const message = element.getAttribute(`data-i18n-${name}`) ?? "";
      element.setAttribute(name, t(message));
    }
  }
}

/**
 * @param {string} lang
 * @returns {Promise<Catalogue>}
 */
async function load(lang) {
  const answer = await fetch(new URL(`../build/i18n.${lang}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`catalogue ${lang}: ${answer.status}`);
  return answer.json();
}
