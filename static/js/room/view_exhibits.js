// @ts-check
import { csrfToken, Refused } from "../http.js";
import { language, t } from "../i18n.js";
import { toast } from "../toast.js";
import { badge, bdi, button, command, field, input } from "./parts.js";
import { explain } from "./room.js";
import { may, seatOf } from "./state.js";
import { h, icon } from "./vdom.js";

/**
 * Exhibits: the list in the panel, and the one that everybody sees now.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./types.js").Exhibit} Exhibit
 */

/** Whether there is anything about exhibits for this page. @param {Room} room */
export const hasExhibits = (room) => room.state.exhibits.length > 0 || room.state.me.files_exhibits;

/** @param {Room} room */
export function exhibits(room) {
  const { exhibits: list, me, phase } = room.state;
  return h(
    "div",
    { key: "exhibits", class: "exhibits" },
    list.length === 0 ? h("p", { key: "none", class: "hint" }, t("No exhibit was filed yet.")) : null,
    h("ul", { key: "list", class: "exhibit-list" }, ...list.map((one) => entry(room, one))),
    phase === "on_record" || list.length === 0 ? null : h("p", { key: "hint", class: "hint" }, t("Exhibits are shown and ruled on while on record.")),
    me.files_exhibits ? form(room) : me.host ? h("p", { key: "page", class: "hint" }, ownPage(room, t("Seal one, or open it again: all exhibits on a page of their own"))) : null,
  );
}

/** @param {Room} room @param {string} text */
const ownPage = (room, text) =>
  h("a", { href: `/${language()}/sittings/${room.state.sitting.id}/exhibits`, target: "_blank" }, text);

/** @param {Room} room @param {Exhibit} one */
function entry(room, one) {
  const about = `exhibit-${one.id}`;
  const shown = room.state.exhibit?.id === one.id;
  return h(
    "li",
    { key: one.id, class: ["exhibit", shown && "exhibit-now"] },
    h("div", { id: about, class: "exhibit-name" }, h("bdi", { class: "exhibit-mark", dir: "ltr" }, one.mark), " ", h("span", { dir: "auto" }, one.title)),
    h("div", { class: "seat-facts" },
      ruled(one.ruling),
      one.sealed ? badge(t("Sealed"), "warning", icon("lock-key", "icon-16")) : null,
      shown ? badge(t("Shown now"), "info", icon("eye", "icon-16")) : null,
      h("span", { class: "hint" }, bdi(one.by), " · ", t("Pages: %(n)s", { n: one.pages }))),
    h("div", { class: "seat-actions" },
      shown ? null : command(room, "show_exhibit", t("Show"), { fields: { exhibit: one.id, page: 1 }, icon: icon("presentation"), about }),
      shown && maySteer(room) ? command(room, "hide_exhibit", t("Take away"), { about }) : null,
      one.ruling === "admitted" ? null : command(room, "rule_exhibit", t("Admit in evidence"), { fields: { exhibit: one.id, ruling: "admitted" }, about }),
      one.ruling === "refused" ? null : command(room, "rule_exhibit", t("Refuse it"), { fields: { exhibit: one.id, ruling: "refused" }, about })),
  );
}

/** @param {Exhibit["ruling"]} ruling */
function ruled(ruling) {
  if (ruling === "admitted") return badge(t("Admitted"), "success", icon("check-circle", "icon-16"));
  return ruling === "refused" ? badge(t("Refused"), "error", icon("x-circle", "icon-16")) : badge(t("Offered"));
}

/** @param {Room} room */
function form(room) {
  const busy = room.busy("file_exhibit");
  return h(
    "details",
    { key: "form", class: "exhibit-form" },
    h("summary", {}, t("File an exhibit")),
    h(
      "form",
      { onsubmit: (/** @type {SubmitEvent} */ event) => void file(room, event) },
      field("exhibit-title", t("What it is"), input("title", { required: true, maxlength: 160, dir: "auto" })),
      field("exhibit-file", t("File"), input("file", { type: "file", required: true, accept: ".pdf,.jpg,.jpeg,.png" }), t("PDF, JPEG or PNG, at most 10 MB. Both sides and the court can read it at once.")),
      h("button", { key: "send", type: "submit", class: "aegov-btn btn-sm", "aria-disabled": busy ? "true" : null },
        h("span", {}, busy ? t("Sending and checking") : t("File it")), busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null),
      h("p", { class: "hint" }, ownPage(room, t("Seal it, or take one back: all exhibits on a page of their own"))),
    ),
  );
}

/** @param {Room} room @param {SubmitEvent} event */
async function file(room, event) {
  event.preventDefault();
  if (room.busy("file_exhibit")) return;
  const sent = /** @type {HTMLFormElement} */ (event.target);
  const busy = "file_exhibit{}";
  room.ui.busy.add(busy);
  room.refresh();
  try {
    await post(`/${language()}/sittings/${room.state.sitting.id}/exhibits`, new FormData(sent));
    sent.reset();
    sent.closest("details")?.removeAttribute("open");
    toast(t("The exhibit was checked, marked and kept, encrypted."));
  } catch (error) {
    toast(error instanceof Refused ? error.message : explain(error), { urgent: true });
  } finally {
    room.ui.busy.delete(busy);
    room.refresh();
  }
}

/** @param {string} path @param {FormData} body @throws {Refused} */
async function post(path, body) {
  const headers = { Accept: "application/json", "Accept-Language": language(), "X-CSRF-Token": csrfToken() };
  const answer = await fetch(path, { method: "POST", headers, body, credentials: "same-origin" });
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
}

/** Whether this page turns the exhibit that is shown. @param {Room} room */
const maySteer = (room) =>
  may(room.state, "show_exhibit") && (room.state.me.host || room.state.exhibit?.by === room.state.me.seat);

/** The exhibit that everybody sees, on the stage. @param {Room} room */
export function shownExhibit(room) {
  const now = room.state.exhibit;
  if (now === null) return null;
  const steers = maySteer(room);
  const by = seatOf(room.state, now.by)?.name ?? "";
  const name = t("Page %(page)s of exhibit %(mark)s: %(title)s", { page: now.page, mark: now.mark, title: now.title });
  const turn = (/** @type {number} */ page) => void room.act("show_exhibit", { exhibit: now.id, page });
  return h(
    "figure",
    { key: "exhibit", class: ["exhibit-stage", room.ui.wide && "exhibit-wide"], "aria-label": t("Exhibit that everybody sees") },
    h("div", { key: "page", class: "exhibit-page", tabindex: "0", role: "group", "aria-label": name },
      h("img", { key: `${now.id}/${now.page}`, class: "exhibit-image", src: `/api/sittings/${room.state.sitting.id}/exhibits/${now.id}/pages/${now.page}`, alt: name })),
    h("figcaption", { key: "caption", class: "exhibit-caption" },
      h("span", { class: "exhibit-title", role: "status" }, h("bdi", { class: "exhibit-mark", dir: "ltr" }, now.mark), " ", h("span", { dir: "auto" }, now.title),
        by === "" ? null : h("span", { class: "exhibit-by" }, " · ", t("shown by %(name)s", { name: by }))),
      h("span", { class: "exhibit-tools", role: "toolbar", "aria-label": t("Pages of the exhibit") },
        steers && now.pages > 1 ? step(t("Previous page"), icon("caret-left", "icon-20"), now.page > 1, () => turn(now.page - 1)) : null,
        h("span", { class: "stage-page", role: "status" }, t("%(page)s of %(pages)s", { page: now.page, pages: now.pages })),
        steers && now.pages > 1 ? step(t("Next page"), icon("caret-right", "icon-20"), now.page < now.pages, () => turn(now.page + 1)) : null,
        h("button", { key: "wide", type: "button", class: "stage-tool", "aria-pressed": String(room.ui.wide), onclick: () => room.set({ wide: !room.ui.wide }) },
          icon("magnifying-glass-plus", "icon-20"), h("span", {}, t("Larger"))),
        steers ? button(t("Take away"), { key: "hide", kind: "btn-outline exhibit-hide", onclick: () => void room.act("hide_exhibit") }) : null)),
  );
}

/** @param {string} label @param {import("./vdom.js").VNode} sign @param {boolean} possible @param {() => void} onclick */
const step = (label, sign, possible, onclick) =>
  h("button", { key: label, type: "button", class: "stage-tool", "aria-label": label, title: label, "aria-disabled": possible ? null : "true", onclick: () => { if (possible) onclick(); } }, sign);
