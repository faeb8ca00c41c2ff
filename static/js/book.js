// @ts-check
/** The booking form: rows are added in place, and fields that do not apply are put away. */

const MAY_BE_DETAINED = ["accused", "client", "witness"];
/** @type {WeakMap<Element, HTMLOptionElement[]>} */
const allRoles = new WeakMap();
const form = document.querySelector("form[data-booking]");

form?.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-adds]") : null;
  if (!button) return;
  event.preventDefault();
  addRow(button.getAttribute("data-adds") ?? "");
});

form?.addEventListener("change", (event) => {
  const select = event.target;
  if (!(select instanceof HTMLSelectElement)) return;
  if (select.name === "kind") {
    fitKind(select);
    for (const row of document.querySelectorAll("[data-row]")) fitRow(row);
  } else if (/_(person|role)$/.test(select.name)) fitRow(select.closest("[data-row]"));
});

const kind = document.getElementById("kind");
if (kind instanceof HTMLSelectElement) fitKind(kind);
for (const row of document.querySelectorAll("[data-row]")) fitRow(row);

/** @param {string} prefix */
function addRow(prefix) {
  const list = form?.querySelector(`[data-rows="${prefix}"]`);
  const template = form?.querySelector(`template[data-row-template="${prefix}"]`);
  if (!list || !(template instanceof HTMLTemplateElement)) return;
  const index = list.children.length;
  const row = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const element of row.querySelectorAll("*")) {
    for (const name of ["id", "name", "for", "aria-describedby", "value"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replaceAll("NEW", String(index)));
    }
  }
  const number = row.querySelector("[data-row-number]");
  if (number) number.textContent = String(index + 1);
  list.append(row);
  const added = list.lastElementChild;
  if (kind instanceof HTMLSelectElement) fitKind(kind); // the template has the roles of all kinds
  fitRow(added);
  added?.querySelector("select")?.focus();
}

/**
 * Names and identity numbers are for people without an account; a room is for those who
 * may be detained, and who then have none. Interpreters and guardians are for a party; witnesses
 * and experts may be screened from one.
 * @param {Element | null} row
 */
function fitRow(row) {
  if (!row) return;
  const account = control(row, "_person")?.value ?? "";
  const role = control(row, "_role")?.value ?? "";
  for (const field of ["_name_ar", "_name_en", "_identity_number"]) show(control(row, field), account === "");
  show(control(row, "_room"), account === "" && MAY_BE_DETAINED.includes(role));
  for (const field of ["_language", "_language2"]) show(control(row, field), role === "interpreter");
  show(control(row, "_of"), ["interpreter", "guardian"].includes(role));
  show(control(row, "_screened"), ["witness", "expert"].includes(role));
}

/**
 * Only what the chosen kind of sitting has.
 * @param {HTMLSelectElement} choice
 */
function fitKind(choice) {
  const kind = choice.selectedOptions[0]?.dataset ?? {};
  const roles = (kind.roles ?? "").split(" ");
  show(document.getElementById("offence"), "asksOffence" in kind);
  show(document.getElementById("permit"), "asksPermit" in kind);
  show(document.getElementById("seat_judge_person"), roles.includes("presiding_judge"));
  show(document.getElementById("seat_clerk_person"), roles.includes("clerk"));
  show(document.getElementById("seat_prosecutor_person"), roles.includes("prosecutor"));
  for (const select of document.querySelectorAll('[data-row] select[name$="_role"]')) fitRoles(select, roles);
}

/**
 * @param {Element} select
 * @param {string[]} roles
 */
function fitRoles(select, roles) {
  if (!(select instanceof HTMLSelectElement)) return;
  const all = allRoles.get(select) ?? [...select.options];
  allRoles.set(select, all);
  const chosen = select.value;
  const fitting = all.filter((option) => roles.includes(option.value));
  select.replaceChildren(...fitting);
  select.value = fitting.some((option) => option.value === chosen) ? chosen : (fitting[0]?.value ?? "");
}

/**
 * @param {Element} row
 * @param {string} suffix
 * @returns {HTMLInputElement | HTMLSelectElement | null}
 */
function control(row, suffix) {
  return row.querySelector(`[name$="${suffix}"]`);
}

/**
 * A field that is put away is not sent.
 * @param {Element | null} field
 * @param {boolean} wanted
 */
function show(field, wanted) {
  const box = field?.closest(".aegov-form-control");
  if (!(box instanceof HTMLElement) || !field) return;
  box.hidden = !wanted;
  field.toggleAttribute("disabled", !wanted);
  // A group of fields that are all put away is only a heading.
  const group = box.closest("fieldset.panel");
  if (group instanceof HTMLElement) {
    group.hidden = [...group.querySelectorAll(".aegov-form-control")].every((one) => one instanceof HTMLElement && one.hidden);
  }
}
