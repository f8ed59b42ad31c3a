// The runs: what every run is doing or has done, newest first, a part at a time.

import { onApprovals } from "./approvals.js";
import { get } from "./api.js";
import { el } from "./dom.js";
import { inert, oneLine } from "./text.js";
import { userText } from "./thread.js";
import { duration, timeNode } from "./time.js";

const PART = 30;
const AGAIN_MS = 5000;

const STATES = {
  queued: { word: "Queued", tone: "waiting" },
  running: { word: "Working", tone: "running" },
  waiting_for_approval: { word: "Waits for approval", tone: "unsure" },
  waiting_for_answer: { word: "Waits for an answer", tone: "unsure" },
  stopping: { word: "Stopping", tone: "running" },
  completed: { word: "Done", tone: "ok" },
  failed: { word: "Failed", tone: "failed" },
  cancelled: { word: "Stopped", tone: "no" },
};

const OVER = new Set(["completed", "failed", "cancelled"]);

/** Whether a run in this state does nothing any more. */
export const isOver = (status) => OVER.has(status);

/** The state of a run in a few words, with its colour. */
export function statePill(status) {
  const { word, tone } = STATES[status] ?? { word: status, tone: "waiting" };
  return el(`span.pill.tone-${tone}`, {}, word);
}

/** Tokens as `1,204 tokens in, 96 out`, or nothing where no model has counted any. */
export function tokens(usage) {
  if (!usage?.input_tokens && !usage?.output_tokens) return null;
  const count = (number) => number.toLocaleString("en");
  return `${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out`;
}

/** The list; which state and session are shown stands in its address. */
export function runsPage() {
  const page = new Runs();
  return { root: page.root, title: "Runs", leave: () => page.leave() };
}

class Runs {
  constructor() {
    const wanted = new URLSearchParams(location.search);
    this.session = wanted.get("session_id");
    this.items = new Map();
    this.cursor = null;
    this.state = el("select", { name: "status", on: { change: () => this.filter() } },
      el("option", { value: "" }, "all"), Object.entries(STATES).map(([value, { word }]) => el("option", { value }, word.toLowerCase())));
    this.state.value = wanted.get("status") ?? "";
    this.note = el("p.problem", { role: "status", hidden: true });
    this.list = el("ol.run-list", { "aria-label": "Runs, newest first" }, el("li.muted", {}, "Reading the runs…"));
    this.more = el("button.quiet", { type: "button", hidden: true, on: { click: () => this.older() } }, "Older runs");
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "runs-title" },
        el("h1", { id: "runs-title" }, "Runs"),
        el("p.muted", {}, "Everything that the agent was told to do, with what became of it."),
        this.session ? this.ofSession() : null,
        el("form.run-filter", { on: { submit: (event) => event.preventDefault() } }, el("label", {}, el("span", {}, "State"), this.state)),
        this.note, this.list, this.more));
    this.unsubscribe = onApprovals(() => this.soon());
    this.timer = setInterval(() => document.hidden || this.newest(), AGAIN_MS);
    this.newest();
  }

  leave() {
    this.unsubscribe();
    clearInterval(this.timer);
    clearTimeout(this.pending);
  }

  ofSession() {
    return el("p", {}, "Of one session: ", el("a.mono", { href: `/sessions/${encodeURIComponent(this.session)}`, "data-nav": true }, inert(this.session)),
      " ", el("a", { href: "/runs", "data-nav": true }, "Show all"));
  }

  query(cursor) {
    const query = new URLSearchParams({ limit: PART });
    if (this.session) query.set("session_id", this.session);
    if (this.state.value) query.set("status", this.state.value);
    if (cursor) query.set("cursor", cursor);
    return query;
  }

  filter() {
    const query = this.query(null);
    query.delete("limit");
    history.replaceState(null, "", query.size ? `/runs?${query}` : "/runs");
    this.items.clear();
    this.cursor = null;
    this.newest();
  }

  // An approval that comes or goes says that a run has changed.
  soon() {
    clearTimeout(this.pending);
    this.pending = setTimeout(() => this.newest(), 300);
  }

  async newest() {
    const first = this.items.size === 0;
    const part = await this.read(null);
    if (!part) return;
    // In a filtered list, runs go as well as come.
    if (this.state.value && this.items.size <= PART) this.items.clear();
    if (first) this.cursor = part.next_cursor;
    this.take(part.data);
  }

  async older() {
    this.more.disabled = true;
    const part = await this.read(this.cursor);
    this.more.disabled = false;
    if (!part) return;
    this.cursor = part.next_cursor;
    this.take(part.data);
  }

  async read(cursor) {
    const query = this.query(cursor).toString();
    try {
      const part = await get(`/v1/runs?${query}`);
      this.note.hidden = true;
      // Somebody may have asked for another state meanwhile.
      return query === this.query(cursor).toString() ? part : null;
    } catch (problem) {
      this.note.textContent = `The runs could not be read. ${problem.message}`;
      this.note.hidden = false;
      return null;
    }
  }

  take(runs) {
    for (const run of runs) this.items.set(run.run_id, run);
    this.more.hidden = !this.cursor;
    const shown = [...this.items.values()].sort((a, b) => (a.run_id < b.run_id ? 1 : -1));
    const text = JSON.stringify(shown);
    if (text === this.shown) return;
    this.shown = text;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    this.list.replaceChildren(...(shown.length ? shown.map(runItem) : [el("li.muted", {}, this.state.value ? "No run is in this state." : "None yet.")]));
    if (focused) this.list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function runItem(run) {
  const took = isOver(run.status) ? `${duration(Math.max(0, Date.parse(run.updated_at) - Date.parse(run.created_at)))} from start to end` : null;
  const waiting = run.pending_approvals.length;
  const facts = [took, tokens(run.usage), waiting ? `${waiting} to decide` : null].filter(Boolean).join(" · ");
  return el("li", { "data-run-item": run.run_id },
    el("div.recent-head", {}, statePill(run.status), el("span.muted", {}, "by ", el("bdi", {}, oneLine(run.requested_by, 60))), timeNode(run.created_at)),
    el("a.recent-what", { href: `/runs/${encodeURIComponent(run.run_id)}`, "data-nav": true }, oneLine(userText(run.input) || "(no text)", 140)),
    facts ? el("p.muted", {}, facts) : null);
}
