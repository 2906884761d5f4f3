// The editor: what was typed is never lost, and a decision is sent once.

const near = 0.8;

/** @param {HTMLFormElement} form */
function storageKey(form) {
  return `reply:${form.dataset.editor}`;
}

/** @param {HTMLFormElement} form */
function textOf(form) {
  return /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
}

/** @param {HTMLFormElement} form */
function count(form) {
  const text = textOf(form);
  const limit = Number(text.dataset.limit);
  const used = [...text.value].length;
  const shown = /** @type {HTMLElement} */ (form.querySelector("[data-count]"));
  shown.hidden = used < limit * near;
  shown.textContent = `${used.toLocaleString()} / ${limit.toLocaleString()}`;
}

/** What was typed and not sent is offered, never put over a newer suggestion by itself. */
function offerKept(/** @type {HTMLFormElement} */ form) {
  const kept = sessionStorage.getItem(storageKey(form));
  const text = textOf(form);
  if (kept === null || kept === text.value || "typed" in text.dataset) return;
  if (text.value.trim() === "") {
    text.value = kept;
    return;
  }
  const restore = /** @type {HTMLButtonElement} */ (form.querySelector("[data-restore]"));
  restore.hidden = false;
  restore.addEventListener("click", () => {
    text.value = kept;
    restore.hidden = true;
    text.focus();
  });
}

/** Whether somebody is in the middle of something on this page. */
export function isBusy() {
  const text = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("[data-editor] textarea"));
  const focused = document.activeElement?.closest(".answer");
  return Boolean(focused || document.querySelector(".answer details[open] input") || (text && text.value !== text.defaultValue));
}

export function prepare() {
  for (const form of document.querySelectorAll("[data-editor]")) {
    offerKept(/** @type {HTMLFormElement} */ (form));
    count(/** @type {HTMLFormElement} */ (form));
  }
  for (const button of document.querySelectorAll("[data-copy]")) /** @type {HTMLElement} */ (button).hidden = false;
}

/** @param {Event} event */
function typed(event) {
  const form = /** @type {Element} */ (event.target).closest("[data-editor]");
  if (!(form instanceof HTMLFormElement)) return;
  const text = textOf(form);
  if (text.value === text.defaultValue) sessionStorage.removeItem(storageKey(form));
  else sessionStorage.setItem(storageKey(form), text.value);
  count(form);
}

/** @param {SubmitEvent} event */
function submitted(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  const offline = /** @type {HTMLElement | null} */ (document.querySelector("[data-offline]:not([hidden])"));
  if (offline) {
    event.preventDefault(); // refused at once and in words; the text stays where it is
    return offline.focus();
  }
  form.dataset.sent = "1";
  if (form.dataset.editor) sessionStorage.setItem(storageKey(form), textOf(form).value);
}

/** What is missing is said in the page, and the first field without it is where one types next. */
function missed(/** @type {Event} */ event) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const said = field.form?.querySelector("[data-said]");
  const first = field.form?.querySelector("[data-missing]:invalid");
  if (!said || !first) return;
  event.preventDefault(); // instead of the browser's own bubble, which goes away by itself
  said.textContent = first.getAttribute("data-missing");
  first.setAttribute("aria-invalid", "true");
  /** @type {HTMLElement} */ (first).focus();
}

/** @param {Event} event */
function mended(event) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const said = field.form?.querySelector("[data-said]");
  if (!said?.textContent || !field.validity.valid) return;
  said.textContent = "";
  for (const each of field.form?.querySelectorAll("[aria-invalid]") ?? []) each.removeAttribute("aria-invalid");
}

/** @param {MouseEvent} event */
async function copied(event) {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (!button) return;
  const text = /** @type {HTMLTextAreaElement} */ (document.getElementById(button.getAttribute("data-copy") ?? ""));
  await navigator.clipboard.writeText(text.value);
  const said = document.querySelector("[data-copied]");
  if (said) said.textContent = "✓";
}

export function start() {
  document.addEventListener("input", typed);
  document.addEventListener("invalid", missed, true);
  document.addEventListener("input", mended);
  document.addEventListener("submit", submitted);
  document.addEventListener("click", copied);
  // Back from the next page by the browser's memory: the form may be sent again, harmlessly.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
  });
  prepare();
}
