// @ts-check
import { language, t } from "./i18n.js";

/** The tag of sign language: a channel of pictures. */
export const SIGN = "sgn";

/** @type {Map<string, string>} */
const names = new Map();

/** The name of a language, in the page's language. @param {string} tag */
export const languageName = (tag) => (tag === SIGN ? t("Sign language") : named(tag, language()));

/** The name of a language in that language, for who reads no other. @param {string} tag */
export const ownName = (tag) => (tag === SIGN ? t("Sign language") : named(tag, tag));

/** @param {string} tag @param {string} into */
function named(tag, into) {
  const key = `${tag}/${into}`;
  let name = names.get(key);
  if (name === undefined) {
    name = new Intl.DisplayNames([into], { type: "language" }).of(tag) ?? tag;
    names.set(key, name);
  }
  return name;
}
