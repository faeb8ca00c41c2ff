// @ts-check
import { t } from "../i18n.js";
import { button } from "./parts.js";
import { ending } from "./phrases.js";
import { endReason } from "./state.js";
import { h, icon } from "./vdom.js";
import { inWords } from "./dialogs.js";

/** @typedef {import("./room.js").Room} Room */

/** Whatever the reason, one screen that says what happened and what to do. @param {Room} room */
export function ended(room) {
  const reason = endReason(room.model);
  const { title, detail, again } = ending(reason);
  const outcome = room.model.state?.outcome ?? null;
  const refused = room.ui.refused;
  return h(
    "div",
    { key: "ended", class: "ended" },
    h("section", { class: "panel", role: "alert" },
      sign(reason),
      h("h2", { class: "page-title" }, t(title)),
      reason === "adjourned" && outcome?.adjourned_to
        ? h("p", { class: "lead" }, t("It continues on %(when)s.", { when: inWords(room, outcome.adjourned_to) }))
        : null,
      refused !== null ? h("p", { class: "lead" }, refused.text) : null,
      detail === "" ? null : h("p", { class: "lead" }, t(detail)),
      h("div", { class: "row" },
        again || refused?.code === "capacity.full" ? button(reason === "taken_over" ? t("Take the seat back here") : t("Come back in"), { onclick: () => location.reload() }) : null,
        h("a", { class: "aegov-btn btn-sm btn-outline", href: room.page.exitUrl }, t("To my sittings"))),
    ),
  );
}

/** @param {string} reason */
function sign(reason) {
  if (reason === "signed_out") return icon("sign-in", "icon-48");
  if (reason === "taken_over") return icon("browsers", "icon-48");
  if (reason === "removed" || reason === "refused") return icon("prohibit", "icon-48");
  return reason === "left" ? icon("sign-out", "icon-48") : icon("scales", "icon-48");
}
