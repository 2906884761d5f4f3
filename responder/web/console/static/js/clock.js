// Keeps times fresh. Words and units come with the page, so that there is one list of them; the
// server's clock counts, not the browser's.

/** @type {Record<string, string>} */
const words = JSON.parse(document.body.dataset.clockWords ?? "{}");
const ahead = Date.now() - Date.parse(document.body.dataset.now ?? "");
/** @type {[string, number, number][]} */
const units = [["second", 1, 60], ["minute", 60, 60], ["hour", 3600, 48], ["day", 86400, Infinity]];
const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @param {number} seconds */
function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [name, size] = units.find(([, size, limit]) => whole < size * limit) ?? units[3];
  return words[name].replace("{}", String(Math.floor(whole / size)));
}

/**
 * @param {string} kind `ago`, `due` or `left`
 * @param {number} passed seconds since the moment; negative before it
 */
function told(kind, passed) {
  if (kind === "ago") return passed < 5 ? words.now : words.ago.replace("{}", span(passed));
  if (kind === "left") return passed < 0 ? words.left.replace("{}", span(-passed)) : words.gone;
  return (passed > 0 ? words.overdue : words.due).replace("{}", span(Math.abs(passed)));
}

/** @param {HTMLTimeElement} time */
function refresh(time) {
  const at = Date.parse(time.dateTime);
  const text = told(time.dataset.clock ?? "ago", (Date.now() - ahead - at) / 1000);
  if (time.textContent !== text) time.textContent = text;
  if (!time.dataset.zoned) {
    time.title = zoned.format(at);
    time.dataset.zoned = "1";
  }
}

/** @param {string} selector */
function refreshAll(selector) {
  for (const time of document.querySelectorAll(selector)) refresh(/** @type {HTMLTimeElement} */ (time));
}

export function start() {
  refreshAll("time[data-clock]");
  setInterval(() => refreshAll('time[data-clock="left"]'), 500);
  setInterval(() => refreshAll("time[data-clock]"), 15000);
}

export function refreshNew() {
  refreshAll("time[data-clock]:not([data-zoned])");
}
