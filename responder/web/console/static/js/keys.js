// A single key presses the control that carries it. Which keys there are stands in the page.

const typing = "input, textarea, select, [contenteditable]";

/**
 * The printed letter counts; on a layout without Latin letters, and with Alt, the place of the key.
 * @param {KeyboardEvent} event
 */
function letter(event) {
  if (event.key.length === 1 && /[a-z/?]/i.test(event.key)) return event.key.toUpperCase();
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : "";
}

/** @param {HTMLElement} control */
function press(control) {
  if (control.matches(typing)) {
    control.focus();
  } else if (control.matches("summary")) {
    const details = /** @type {HTMLDetailsElement} */ (control.parentElement);
    details.open = true;
    details.querySelector("input:not([type=hidden])")?.focus();
  } else {
    control.click();
  }
}

/** Esc leaves the editor or an open choice; what was typed stays. */
function leave() {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  const details = focused.closest("details.close[open]");
  if (details) {
    details.open = false;
    details.querySelector("summary")?.focus();
  } else if (focused.matches(typing)) {
    const heading = document.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
  }
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") return leave();
  const mode = document.body.dataset.keys;
  const target = /** @type {Element} */ (event.target);
  if (mode === "off" || (mode === "alt") !== event.altKey || target.closest(typing)) return;
  const key = letter(event);
  const control = key && document.querySelector(`main [data-key="${key}"], [data-key="${key}"]`);
  if (!control) return;
  event.preventDefault();
  press(/** @type {HTMLElement} */ (control));
}

/**
 * Next and previous in a list move the focus; Enter then opens, as it does for every link.
 * @param {number} by
 */
function step(by) {
  const links = [...document.querySelectorAll(".row-link")];
  const at = links.indexOf(/** @type {Element} */ (document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  /** @type {HTMLElement | undefined} */ (links[next])?.focus();
}

export function start() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-step]");
    if (button) step(Number(button.getAttribute("data-step")));
  });
}
