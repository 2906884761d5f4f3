// Draws what changed, and nothing that somebody is looking at closely: not the focused row, not the
// row under the pointer, not an editor in use.

import { refreshNew } from "./clock.js";
import { isBusy, prepare } from "./editor.js";
import { fragment } from "./policy.js";

const pauseMilliseconds = 350;
const topPixels = 160;
let isWaiting = false;
let isWanted = false;

/** @param {Element} element */
function isHeld(element) {
  return element.contains(document.activeElement) || element.matches(":hover");
}

/** Whether somebody has typed or chosen something in it. */
function isDirty(/** @type {Element} */ part) {
  return [...part.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked);
}

/** Whether somebody is at something in it; a heading only has the focus of a page just opened. */
function isInUse(/** @type {Element} */ part) {
  const focused = document.activeElement;
  return (part.contains(focused) && !(focused instanceof HTMLHeadingElement)) || isDirty(part);
}

/** Put a part in the place of its older self: what was open stays open, and a heading keeps the focus. */
function exchange(/** @type {Element} */ old, /** @type {Element} */ fresh) {
  const hadFocus = old.contains(document.activeElement);
  for (const open of old.querySelectorAll("details[open]")) {
    fresh.querySelector(`details.${CSS.escape(open.className)}`)?.setAttribute("open", "");
  }
  old.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("h1")?.focus({ preventScroll: true });
}

/** @param {Document} page */
function drawParts(page, /** @type {(name: string) => boolean} */ mayDraw) {
  for (const old of document.querySelectorAll("[data-part]")) {
    const name = /** @type {HTMLElement} */ (old).dataset.part ?? "";
    const fresh = page.querySelector(`[data-part="${name}"]`);
    if (!fresh || !mayDraw(name) || isInUse(old)) continue;
    const version = fresh.getAttribute("data-v");
    if (version !== null && version === old.getAttribute("data-v")) continue;
    if (old instanceof HTMLDetailsElement && fresh instanceof HTMLDetailsElement) fresh.open = old.open;
    exchange(old, fresh);
  }
}

/**
 * Rows are changed where they stand; new ones come in at their place while the top is in view and
 * nobody is among the rows, else they wait behind a button.
 * @param {Element} list
 * @param {Document} page
 */
function drawRows(list, page, /** @type {boolean} */ isAsked) {
  const fresh = [...page.querySelectorAll("[data-row]")];
  const ids = new Set(fresh.map((row) => row.id));
  for (const row of list.querySelectorAll("[data-row]")) {
    if (!ids.has(row.id) && (isAsked || !isHeld(row))) row.remove();
  }
  const mayInsert = isAsked || (scrollY < topPixels && !list.contains(document.activeElement) && !list.matches(":hover"));
  let waiting = 0;
  let before = null;
  for (const row of fresh.reverse()) {
    const old = document.getElementById(row.id);
    if (old) {
      if (old.getAttribute("data-v") !== row.getAttribute("data-v") && !isHeld(old)) old.replaceWith(row);
      before = document.getElementById(row.id);
    } else if (mayInsert) {
      row.classList.add("has-arrived");
      list.insertBefore(row, before);
      before = row;
    } else {
      waiting += 1;
    }
  }
  sayNew(waiting);
}

/** @param {number} waiting */
function sayNew(waiting) {
  const note = /** @type {HTMLElement | null} */ (document.querySelector("[data-new]"));
  if (!note) return;
  note.hidden = waiting === 0;
  const shown = note.querySelector("[data-new-count]");
  if (shown) shown.textContent = String(waiting);
}

async function draw(isAsked = false) {
  const page = await fragment(location.href);
  document.title = page.title;
  const list = document.querySelector('[data-live="list"]');
  if (list) drawRows(list, page, isAsked);
  const answer = document.querySelector('[data-part="answer"]');
  const hasChanged = answer?.getAttribute("data-v") !== page.querySelector('[data-part="answer"]')?.getAttribute("data-v");
  const isKept = isBusy();
  drawParts(page, (name) => !isKept || (name !== "answer" && name !== "said"));
  const bar = /** @type {HTMLElement | null} */ (document.querySelector("[data-changed]"));
  if (bar) bar.hidden = !(isKept && answer && hasChanged);
  if (!isKept) prepare();
  refreshNew();
}

/** Draw soon; any number of changes within a moment are drawn at once. */
export async function refreshSoon() {
  isWanted = true;
  if (isWaiting) return;
  isWaiting = true;
  while (isWanted) {
    isWanted = false;
    await draw().catch(() => undefined); // the stream says when the server is away
    await new Promise((done) => setTimeout(done, pauseMilliseconds));
  }
  isWaiting = false;
}

/**
 * @param {{engagement: string | null}} change
 */
export function concerns(change) {
  if (document.querySelector('[data-live="list"]')) return true;
  const watched = [...document.querySelectorAll("[data-engagement]")];
  if (watched.length === 0) return document.querySelector("main [data-part]") !== null;
  return watched.some((element) => element.getAttribute("data-engagement") === change.engagement);
}

export function start() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-show-new]")) {
      scrollTo({ top: 0 });
      draw(true).catch(() => location.reload());
    }
  });
}
