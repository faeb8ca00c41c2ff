// @ts-check
/** Small help with elements: built by name, never from markup, so that no text becomes code. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element. `on…` properties are listeners, `data`/`aria` objects become attributes, `null`,
 * `undefined` and `false` leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "data" || name === "aria") {
      for (const [key, item] of Object.entries(value)) element.setAttribute(`${name}-${key}`, String(item));
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const DIRECTIONAL = /^(arrow-|caret-|sign-|paper-plane|list-)/;

/**
 * An icon of the sprite; decoration unless it gets a label. The build finds the names in calls
 * like icon("gavel"), so they are literals.
 * @param {string} name
 * @param {{label?: string, size?: 16 | 20 | 24 | 32 | 48}} [options]
 */
export function icon(name, { label = "", size = 24 } = {}) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon icon-${size}${DIRECTIONAL.test(name) ? " icon-directional" : ""}`);
  svg.setAttribute("focusable", "false");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${new URL("../build/icons.svg", import.meta.url).pathname}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * The element with this id. A missing one is a mistake of the page's template.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}
