// One run: who asked for what, where it stands, and its timeline, which goes on while it works.

import { get, post } from "./api.js";
import { el } from "./dom.js";
import { isOver, statePill, tokens } from "./runs.js";
import { follow } from "./stream.js";
import { inert } from "./text.js";
import { isFinalEvent, userText } from "./thread.js";
import { duration, msUntil, timeNode } from "./time.js";
import { Timeline } from "./timeline.js";

/** The page of the run with this id. */
export function runPage(id) {
  const page = new OneRun(id);
  return { root: page.root, title: "Run", leave: () => page.leave() };
}

const pathOf = (id) => `/v1/runs/${encodeURIComponent(id)}`;

class OneRun {
  constructor(id) {
    this.id = id;
    this.timeline = new Timeline();
    this.facts = el("dl.facts");
    this.state = el("p.run-state", { role: "status" });
    this.input = el("p.run-input", { dir: "auto" });
    this.stop = el("button.stop", { type: "button", hidden: true, on: { click: () => this.stopRun() } }, "Stop the run");
    this.problem = el("p.problem", { role: "alert", hidden: true });
    this.root = el("div.approval-page", {}, el("p.loading", {}, "Reading the run…"));
    this.clock = setInterval(() => this.drawState(), 1000);
    this.load(true);
  }

  leave() {
    this.left = true;
    clearInterval(this.clock);
    clearTimeout(this.pending);
    this.stream?.stop();
  }

  async load(first = false) {
    try {
      const run = await get(pathOf(this.id));
      if (this.left) return;
      this.run = run;
      if (first) this.build();
      this.draw();
    } catch (problem) {
      if (first && !this.left) this.root.replaceChildren(this.missing(problem));
    }
  }

  build() {
    this.root.replaceChildren(
      el("p.crumb", {}, el("a", { href: "/runs", "data-nav": true }, "Runs"), " / this run"),
      el("section", { "aria-labelledby": "run-title" },
        el("div.section-head", {}, el("h1", { id: "run-title" }, "Run"), this.state, this.stop),
        this.problem, this.input, this.facts),
      el("section", { "aria-labelledby": "steps-title" }, el("h2", { id: "steps-title" }, "What happened"), this.timeline.root));
    this.input.append(el("span.visually-hidden", {}, "What was asked for: "), inert(userText(this.run.input) || "(no text)"));
    this.stream = follow(`${pathOf(this.id)}/events`, {
      onOpen: () => this.soon(),
      onEvent: (name, data) => {
        this.timeline.take(name, data);
        if (name !== "message.delta") this.soon();
      },
      onState: ({ state }) => this.timeline.root.classList.toggle("stale", state === "lost"),
      isFinal: isFinalEvent,
    });
  }

  // What a run's events do not say, such as what it has cost so far, is read after them.
  soon() {
    clearTimeout(this.pending);
    this.pending = setTimeout(() => this.load(), 150);
  }

  draw() {
    const { run } = this;
    const session = el("a.mono", { href: `/sessions/${encodeURIComponent(run.session_id)}`, "data-nav": true, title: run.session_id }, `…${run.session_id.slice(-6)}`);
    const waited = this.timeline.waitedMs();
    this.facts.replaceChildren(...[
      ["Asked by", el("bdi", {}, inert(run.requested_by))],
      ["Begun", timeNode(run.created_at)],
      ["Session", session],
      ["Model", this.timeline.model ? el("bdi", {}, inert(this.timeline.model)) : null],
      ["Tokens", tokens(run.usage)],
      ["Cost", run.cost_usd ? `$${run.cost_usd}` : null],
      ["Waited for people", waited ? duration(waited) : null],
      ["Run", el("span.mono", {}, run.run_id)],
    ].filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
    this.stop.hidden = isOver(run.status);
    this.stop.disabled = run.status === "stopping";
    this.drawState();
  }

  drawState() {
    if (!this.run) return;
    const { status, created_at: begun, updated_at: changed } = this.run;
    const over = isOver(status);
    const ms = over ? Date.parse(changed) - Date.parse(begun) : -msUntil(begun);
    // A screen reader is told of each state once, not of each second.
    if (this.said !== status) {
      this.said = status;
      this.took = el("span.muted", { "aria-hidden": over ? null : "true" });
      this.state.replaceChildren(statePill(status), " ", this.took);
    }
    const text = over ? `after ${duration(Math.max(0, ms))}` : `for ${duration(Math.max(0, Math.floor(ms / 1000) * 1000))}`;
    if (this.took.textContent !== text) this.took.textContent = text;
  }

  async stopRun() {
    this.stop.disabled = true;
    this.problem.hidden = true;
    try {
      await post(`${pathOf(this.id)}/stop`);
    } catch (problem) {
      this.problem.textContent = `Not stopped. ${problem.message}`;
      this.problem.hidden = false;
      this.stop.disabled = false;
    }
    await this.load();
  }

  missing(problem) {
    const text = problem.status === 404 ? "There is no run with this id here." : `It could not be read. ${problem.message}`;
    return el("div.empty", {}, el("h1", {}, "Run"), el("p", {}, text), el("p", {}, el("a", { href: "/runs", "data-nav": true }, "Go to the runs")));
  }
}
