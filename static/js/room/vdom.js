// @ts-check
/**
 * Views are functions from the model to a small tree; `patch` makes the page equal to it and
 * keeps the elements that stay, so that focus, videos and scroll positions survive every change.
 * Text only ever becomes text nodes: no markup can come in from names or notes.
 *
 * @typedef {object} VNode
 * @property {string} tag
 * @property {string | undefined} key
 * @property {Record<string, any>} props
 * @property {VChild[]} children
 *
 * @typedef {VNode | string | number | null | undefined | false} VChild
 */

const SVG = "http://www.w3.org/2000/svg";

/** @type {WeakMap<Node, VNode>} what each element was made from */
const made = new WeakMap();

/**
 * One element. `props`: attributes; `class` may be a list; `on...` handlers; `style` an object of
 * properties set through the CSSOM (a strict CSP allows that); `ref` is called with the element
 * after each patch; `key` keeps identity among brothers; `live` properties are set as properties.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...(VChild | VChild[])} children
 * @returns {VNode}
 */
export function h(tag, props, ...children) {
  const { key, ...rest } = props ?? {};
  return { tag, key, props: rest, children: children.flat() };
}

/**
 * Make the children of `parent` equal to `next`.
 * @param {Element} parent
 * @param {VChild[]} next
 */
export function patch(parent, next) {
  const wanted = next.filter((v) => v !== null && v !== undefined && v !== false);
  const pool = [...parent.childNodes];
  let cursor = parent.firstChild;
  for (const child of wanted) {
    const vnode = typeof child === "object" ? child : String(child);
    const at = pool.findIndex((node) => fits(node, /** @type {VNode | string} */ (vnode)));
    const node = at === -1 ? create(/** @type {any} */ (vnode), parent) : pool[at];
    if (at !== -1) pool.splice(at, 1);
    // What stands at the cursor and is about to go would make each later brother move.
    while (cursor !== null && cursor !== node && goes(cursor, wanted)) {
      const gone = cursor;
      cursor = cursor.nextSibling;
      const index = pool.indexOf(gone);
      if (index !== -1) pool.splice(index, 1);
      gone.remove();
    }
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
    if (typeof vnode === "string") {
      if (node.nodeValue !== vnode) node.nodeValue = vnode;
    } else update(/** @type {Element} */ (node), /** @type {VNode} */ (vnode));
  }
  for (const node of pool) node.remove();
}

/** @param {Node} node @param {VChild[]} wanted A keyed element that no wanted child names. */
function goes(node, wanted) {
  const old = made.get(node);
  if (old?.key === undefined) return false;
  return !wanted.some((v) => typeof v === "object" && v !== null && v.key === old.key);
}

/** @param {Node} node @param {VNode | string} vnode */
function fits(node, vnode) {
  if (typeof vnode === "string") return node.nodeType === Node.TEXT_NODE;
  const old = made.get(node);
  return old !== undefined && old.tag === vnode.tag && old.key === vnode.key;
}

/** @param {VNode | string} vnode @param {Element} parent @returns {Node} */
function create(vnode, parent) {
  if (typeof vnode === "string") return document.createTextNode(vnode);
  const svg = vnode.tag === "svg" || parent.namespaceURI === SVG;
  const node = svg ? document.createElementNS(SVG, vnode.tag) : document.createElement(vnode.tag);
  made.set(node, { ...vnode, props: {} });
  return node;
}

/** @param {Element} node @param {VNode} vnode */
function update(node, vnode) {
  const before = made.get(node)?.props ?? {};
  made.set(node, vnode);
  for (const name of Object.keys(before)) if (!(name in vnode.props)) set(node, name, undefined);
  for (const [name, value] of Object.entries(vnode.props)) {
    if (name !== "ref" && (before[name] !== value || name === "live")) set(node, name, value);
  }
  if (!vnode.props.foreign) patch(node, vnode.children); // what is inside is somebody else's
  vnode.props.ref?.(node);
}

/** @param {Element} node @param {string} name @param {any} value */
function set(node, name, value) {
  if (name === "ref" || name === "foreign") return;
  if (name.startsWith("on")) /** @type {any} */ (node)[name] = value ?? null;
  else if (name === "style") style(/** @type {HTMLElement} */ (node), value);
  else if (name === "live") Object.assign(node, value);
  else if (name === "class") attribute(node, "class", classes(value));
  else attribute(node, name, value);
}

/** @param {any} value */
const classes = (value) => (Array.isArray(value) ? value.filter(Boolean).join(" ") : value);

/** @param {Element} node @param {string} name @param {any} value */
function attribute(node, name, value) {
  const boolean = typeof value === "boolean" && !name.startsWith("aria-");
  if (value === undefined || value === null || (boolean && !value)) node.removeAttribute(name);
  else {
    const text = boolean ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** @param {HTMLElement} node @param {Record<string, string> | undefined} value */
function style(node, value) {
  for (const [name, text] of Object.entries(value ?? {})) {
    if (node.style.getPropertyValue(name) !== text) node.style.setProperty(name, text);
  }
}

/**
 * An icon of the sprite (Phosphor), decorative: the text beside it says what it means.
 * @param {string} name
 * @param {string} [extra] classes
 */
export const icon = (name, extra = "icon-24") =>
  h(
    "svg",
    {
      class: `icon ${extra}${DIRECTIONAL.test(name) ? " icon-directional" : ""}`,
      "aria-hidden": "true",
      focusable: "false",
    },
    h("use", { href: `${ICONS}#${name}` }),
  );

const DIRECTIONAL = /^(arrow-|caret-|sign-)/;

const ICONS = new URL("../../build/icons.svg", import.meta.url).pathname;
