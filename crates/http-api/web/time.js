// Times as people read them, by the gateway's clock.

let gatewayAheadMs = 0;

/** Learns from an answer's `Date` header how far the gateway's clock is ahead of this one. */
export function learnClock(dateHeader) {
  const theirs = Date.parse(dateHeader ?? "");
  if (Number.isNaN(theirs)) return;
  const ahead = theirs - Date.now();
  gatewayAheadMs = Math.abs(ahead) > 3000 ? ahead : 0;
}

/** Milliseconds until `time`; negative after it. */
export function msUntil(time) {
  return Date.parse(time) - (Date.now() + gatewayAheadMs);
}

/** What is left, as `14:32`, `2 h 05 min` or `3 days`. */
export function left(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} days`;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${pad(Math.floor(seconds / 60) % 60)} min`;
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
}

/** What has passed, as `0:41` or `2 h 05 min`. */
export const passed = (ms) => left(Math.floor(Math.max(0, ms) / 1000) * 1000);

/** A moment as a local clock time, with the date when it is not today. */
export function clock(time) {
  const date = new Date(time);
  const hours = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return date.toDateString() === new Date().toDateString() ? hours : `${day(date)} ${hours}`;
}

/** A duration as `41 ms`, `2.4 s` or `3 min 20 s`. */
export function duration(ms) {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor(ms / 1000) % 60} s`;
}

/** A `<time>` element for `time`. */
export function timeNode(time) {
  const node = document.createElement("time");
  node.dateTime = time;
  node.title = time;
  node.textContent = clock(time);
  return node;
}

function day(date) {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function pad(number) {
  return String(number).padStart(2, "0");
}
