// One stream per browser: browsers allow six connections to a host, and each tab with a stream of
// its own would soon stop the next from loading. A lock elects the tab that listens; it tells the
// others. Where there are no locks, each visible tab listens for itself.

import { concerns, refreshSoon } from "./refresh.js";

const keptNotices = 500;
const firstWait = 500;
const longestWait = 8000;
const channel = new BroadcastChannel("responder");
let position = Number(document.body.dataset.after);
/** @type {{number: number, change: any}[]} */
let kept = [];
let base = position;
let isLeading = false;
/** @type {EventSource | null} */
let source = null;
let wait = firstWait;

/** @param {boolean} isAway */
function sayAway(isAway) {
  const banner = /** @type {HTMLElement | null} */ (document.querySelector("[data-offline]"));
  if (banner) banner.hidden = !isAway;
}

/** @param {{kind: string, number?: number, change?: any, away?: boolean}} notice */
function hear(notice) {
  if (notice.kind === "away") return sayAway(Boolean(notice.away));
  if (notice.kind === "reset") {
    position = notice.number ?? position;
    return void refreshSoon();
  }
  if (notice.kind !== "changed" || notice.number === undefined || notice.number <= position) return;
  position = notice.number;
  if (concerns(notice.change)) refreshSoon();
}

/** @param {any} notice */
function tell(notice) {
  hear(notice);
  channel.postMessage(notice);
}

function listen() {
  source?.close();
  source = new EventSource(`/events?after=${position}`);
  source.onopen = () => {
    wait = firstWait;
    tell({ kind: "away", away: false });
  };
  source.addEventListener("changed", (event) => {
    const notice = { kind: "changed", number: Number(event.lastEventId), change: JSON.parse(event.data) };
    kept = [...kept, { number: notice.number, change: notice.change }].slice(-keptNotices);
    if (kept.length === keptNotices) base = kept[0].number - 1;
    tell(notice);
  });
  source.addEventListener("reset", (event) => {
    base = Number(event.lastEventId);
    tell({ kind: "reset", number: base });
  });
  source.onerror = () => {
    tell({ kind: "away", away: true });
    if (source?.readyState === EventSource.CLOSED) {
      // After an answer that is no stream the browser gives up for good; we do not. It may also be
      // that the session is over: asking for the page tells.
      refreshSoon();
      setTimeout(listen, wait);
      wait = Math.min(wait * 2, longestWait);
    }
  };
}

/** A tab that was drawn at an older number asks for what was told before it listened. */
function answerLatecomer(/** @type {number} */ after) {
  if (!isLeading) return;
  if (after < base) channel.postMessage({ kind: "reset", number: base });
  for (const each of kept) if (each.number > after) channel.postMessage({ kind: "changed", ...each });
}

function lead() {
  isLeading = true;
  base = position;
  listen();
  return new Promise(() => undefined); // held for as long as the tab lives
}

function listenWhileVisible() {
  if (document.visibilityState === "visible") listen();
  else source?.close();
}

export function start() {
  if (Number.isNaN(position)) return;
  channel.onmessage = ({ data }) => {
    if (data.kind === "hello") answerLatecomer(data.after);
    else hear(data);
  };
  if (navigator.locks) {
    navigator.locks.request("responder-stream", lead);
    channel.postMessage({ kind: "hello", after: position });
  } else {
    document.addEventListener("visibilitychange", listenWhileVisible);
    listenWhileVisible();
  }
  addEventListener("pagehide", () => source?.close());
}
