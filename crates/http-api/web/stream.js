// One event stream: read, resumed after every break from the last event seen, with back-off.

import { signedOut } from "./api.js";

const SILENCE_MS = 40_000; // The gateway says something at least every 15 s.
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const STEADY_MS = 5_000; // A connection that held this long begins the back-off anew.

/**
 * Follows the stream at `path`. `handlers`:
 * `onOpen()` after every (re)connect, `onEvent(name, data)`, `onState({ state, retryAt? })` with
 * `connecting`, `live`, `lost`, `ended` or `refused`, and `isFinal(name)` for the last event.
 * The answer has `stop()` and `retry()`.
 */
export function follow(path, handlers) {
  const stream = new Follower(path, handlers);
  stream.run();
  return { stop: () => stream.stop(), retry: () => stream.retry() };
}

class Follower {
  constructor(path, handlers) {
    this.path = path;
    this.handlers = { onOpen() {}, onState() {}, isFinal: () => false, ...handlers };
    this.lastId = null;
    this.failures = 0;
    this.stopped = false;
    this.abort = null;
    this.wake = null;
    this.asleep = false;
    this.onOnline = () => this.retry();
    this.onHide = () => this.sleep();
    this.onShow = () => this.wakeUp();
    addEventListener("online", this.onOnline);
    addEventListener("pagehide", this.onHide);
    addEventListener("pageshow", this.onShow);
  }

  stop() {
    this.stopped = true;
    removeEventListener("online", this.onOnline);
    removeEventListener("pagehide", this.onHide);
    removeEventListener("pageshow", this.onShow);
    this.abort?.abort();
    this.wake?.();
  }

  // A page that was left may be kept for the way back. It must not keep a connection meanwhile: a
  // browser has few for one address, and the next page needs them.
  sleep() {
    this.asleep = true;
    this.abort?.abort();
  }

  wakeUp() {
    if (!this.asleep) return;
    this.asleep = false;
    this.failures = 0;
    this.retry();
  }

  retry() {
    this.wake?.();
  }

  async run() {
    while (!this.stopped) {
      this.handlers.onState({ state: "connecting" });
      const end = await this.readOnce().catch(() => "lost");
      if (this.stopped) return;
      if (end !== "lost") {
        this.stop();
        this.handlers.onState({ state: end });
        return;
      }
      await this.pause();
    }
  }

  // One connection, to its end: `ended`, `refused` or `lost`.
  async readOnce() {
    this.abort = new AbortController();
    const watchdog = new Watchdog(this.abort);
    const began = Date.now();
    try {
      const response = await fetch(this.address(), {
        headers: { Accept: "text/event-stream" },
        credentials: "same-origin",
        cache: "no-store",
        signal: this.abort.signal,
      });
      if (response.status === 401) signedOut();
      if (!response.ok) return response.status < 500 && response.status !== 429 ? "refused" : "lost";
      this.handlers.onState({ state: "live" });
      this.handlers.onOpen();
      return await this.readBody(response.body, watchdog);
    } finally {
      watchdog.stop();
      if (Date.now() - began > STEADY_MS) this.failures = 0;
    }
  }

  address() {
    if (this.lastId === null) return this.path;
    return `${this.path}${this.path.includes("?") ? "&" : "?"}after=${encodeURIComponent(this.lastId)}`;
  }

  async readBody(body, watchdog) {
    const parser = new RecordParser();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "lost";
      watchdog.heard();
      for (const record of parser.push(value)) {
        if (this.stopped) return "ended";
        if (!this.take(record)) continue;
        if (this.handlers.isFinal(record.event)) return "ended";
      }
    }
  }

  // Hands a record on, unless it was seen before.
  take(record) {
    if (record.id !== null) {
      if (this.lastId !== null && Number(record.id) <= Number(this.lastId)) return false;
      this.lastId = record.id;
    }
    let data;
    try {
      data = JSON.parse(record.data);
    } catch {
      return false;
    }
    this.handlers.onEvent(record.event, data);
    return true;
  }

  async pause() {
    if (this.asleep) {
      await new Promise((resolve) => (this.wake = resolve));
      this.wake = null;
      return;
    }
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.handlers.onState({ state: "lost", retryAt: Date.now() + wait });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }
}

// Ends a connection on which nothing is heard any more.
class Watchdog {
  constructor(abort) {
    this.abort = abort;
    this.heard();
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.abort.abort(), SILENCE_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.abort.abort();
  }
}

// Splits the text of a stream into records, wherever the pieces are cut.
class RecordParser {
  constructor() {
    this.rest = "";
    this.clear();
  }

  clear() {
    this.record = { id: null, event: "message", data: [] };
  }

  push(text) {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop();
    return lines.map((line) => this.line(line)).filter((record) => record !== null);
  }

  line(line) {
    if (line === "") return this.finish();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.record.id = value;
    else if (field === "event") this.record.event = value;
    else if (field === "data") this.record.data.push(value);
    return null;
  }

  finish() {
    const { id, event, data } = this.record;
    this.clear();
    return data.length ? { id, event, data: data.join("\n") } : null;
  }
}
