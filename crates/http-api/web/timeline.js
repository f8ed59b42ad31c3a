// A run as a timeline, built from its events alone: every step with its place in time, how long it
// took, what it cost and what came of it. A reload and a reconnect show the same.

import { el } from "./dom.js";
import { tokens } from "./runs.js";
import { inert, oneLine, plain, worstSeverity } from "./text.js";
import { duration, passed, timeNode } from "./time.js";
import { kindTitle, mainText } from "./words.js";

const TOOLS = {
  ok: ["ok", "done"],
  denied: ["no", "denied"],
  expired: ["no", "expired"],
  blocked: ["failed", "blocked by the policy"],
  error: ["failed", "failed"],
  indeterminate: ["unsure", "may have run"],
  cancelled: ["no", "stopped"],
};
const ENDS = { approved: ["ok", "approved"], denied: ["no", "denied"], expired: ["no", "expired"], cancelled: ["no", "cancelled"] };
const EFFECTS = { ok: "it ran", failed: "it ran and failed", indeterminate: "it may have run", lapsed: "it never started" };
const CHANGES = {
  reminded: "a reminder was sent",
  joined: "one more identical call",
  voted: "one more agreed; more must",
  routed: "sent to the approvers’ channel",
  escalated: "asked in the approvers’ channel too",
  edited: "the content was changed",
};
const TEXT_SHOWN = 4000;

/** The list of steps; `take` feeds it an event. */
export class Timeline {
  constructor() {
    this.root = el("ol.timeline", { "aria-label": "Steps, oldest first" }, el("li.loading", {}, "Waiting for the first step…"));
    this.steps = new Map();
    this.waits = [];
    this.model = null;
    this.begun = null;
    // When the step before ended: what the model takes is what lies between.
    this.free = null;
  }

  /** For how long the run has waited for people, in milliseconds, as far as that is over. */
  waitedMs() {
    return this.waits.reduce((sum, ms) => sum + ms, 0);
  }

  /** Takes one event. */
  take(name, data) {
    const handler = HANDLERS[name];
    if (!handler) return;
    const at = Date.parse(data.timestamp);
    this.begun ??= at;
    this.free ??= at;
    handler(this, data, at);
    if (name !== "message.delta") this.free = at;
  }

  // A row: when, what, its state, and beneath it more of it.
  step(key, at, title) {
    if (!this.steps.size) this.root.replaceChildren();
    const row = { at, state: el("span.step-state"), took: el("span.step-took.muted"), more: el("div.step-more") };
    row.root = el("li.step", { "data-step": key },
      el("span.step-at.muted", { title: new Date(at).toISOString() }, `+${passed(at - this.begun)}`),
      el("div.step-body", {}, el("div.step-head", {}, el("span.step-title", {}, title), row.state, row.took), row.more));
    this.steps.set(key, row);
    this.root.append(row.root);
    return row;
  }

  end(row, tone, word, facts) {
    row.root.className = `step tone-edge-${tone}`;
    row.state.replaceChildren(word ? el(`span.pill.tone-${tone}`, {}, word) : "");
    row.took.textContent = facts.filter(Boolean).join(" · ");
  }

  started({ model }, at) {
    this.model = model;
    this.end(this.step("started", at, "The run begins"), "no", null, []);
  }

  speaking(id, at) {
    const known = this.steps.get(id);
    if (known) return known;
    const row = this.step(id, this.free ?? at, "The model answers");
    Object.assign(row, { words: 0, from: this.free ?? at });
    this.end(row, "running", "speaking", []);
    return row;
  }

  delta({ message_id: id, delta }, at) {
    const row = this.speaking(id, at);
    row.words += delta.length;
    row.took.textContent = `${row.words.toLocaleString("en")} characters`;
  }

  completed({ message_id: id, text, usage }, at) {
    const row = this.speaking(id, at);
    row.over = true;
    this.end(row, "ok", text ? "answered" : "called tools", [duration(at - row.from), tokens(usage)]);
    // What an attempt before it had said is void.
    for (const other of this.steps.values()) if (other.words !== undefined && !other.over) this.void(other);
    if (text) row.more.replaceChildren(fold("What it said", text));
  }

  void(row) {
    row.over = true;
    this.end(row, "no", "cut off", ["what it had said does not count"]);
  }

  fellBack({ from, to, reason }, at) {
    this.model = to;
    const row = this.step(`fallback-${at}-${this.steps.size}`, at, ["The model ", el("bdi.mono", {}, inert(from)), " does not answer; ", el("bdi.mono", {}, inert(to)), " is asked"]);
    this.end(row, "unsure", null, []);
    row.more.append(el("p", { dir: "auto" }, inert(reason)));
  }

  toolStarted({ call_id: id, tool, preview }, at) {
    if (this.steps.has(id)) return;
    const row = this.step(id, at, ["Tool ", el("bdi.mono", {}, inert(tool))]);
    this.end(row, "running", "at work", []);
    row.preview = el("code.step-preview", { dir: "ltr" }, oneLine(preview, 200));
    row.more.append(row.preview);
  }

  toolCompleted({ call_id: id, tool, status, duration_ms: ms, output }, at) {
    if (!this.steps.has(id)) this.toolStarted({ call_id: id, tool, preview: "" }, at);
    const row = this.steps.get(id);
    const [tone, word] = TOOLS[status] ?? ["unsure", plain(status)];
    this.end(row, tone, word, [`${duration(ms)} from start to end`]);
    row.more.replaceChildren(row.preview, output ? fold("What it gave", output) : "");
  }

  asked(approval, at) {
    const id = approval.approval_id;
    if (this.steps.has(id)) return;
    const row = this.step(id, at, el("a", { href: `/approvals/${encodeURIComponent(id)}`, "data-nav": true }, "Approval: ", kindTitle(approval)));
    const severity = worstSeverity(approval.findings ?? []);
    this.end(row, "unsure", "waits for a decision", []);
    row.more.append(el("div", {}, severity ? [el(`span.severity.sev-${severity}`, {}, severity), " "] : null, el("code.step-preview", { dir: "ltr" }, oneLine(mainText(approval), 200))));
  }

  changed({ approval_id: id, change }, at) {
    this.steps.get(id)?.more.append(el("p.muted", {}, `${CHANGES[change] ?? plain(change)}, `, timeNode(new Date(at).toISOString())));
  }

  resolved({ approval_id: id, status, choice, reason, decided_by: by }, at) {
    const row = this.steps.get(id);
    if (!row) return;
    this.waits.push(at - row.at);
    const [tone, word] = ENDS[status] ?? ["unsure", plain(status)];
    this.end(row, tone, choice && choice !== "deny" ? `${word} (${choice})` : word, [`waited ${duration(at - row.at)}`]);
    row.more.append(el("p", {}, by ? ["by ", el("bdi", {}, inert(by))] : "by nobody", reason ? [": ", el("q", {}, inert(reason))] : ""));
  }

  executed({ approval_id: id, outcome, exit_code: code, duration_ms: ms }) {
    const facts = [EFFECTS[outcome] ?? plain(outcome), Number.isInteger(code) ? `exit ${code}` : null, Number.isFinite(ms) ? duration(ms) : null];
    this.steps.get(id)?.more.append(el("p", {}, facts.filter(Boolean).join(" · ")));
  }

  question({ call_id: id, question }, at) {
    const row = this.step(`question-${id}`, at, "The agent asks a person");
    this.end(row, "unsure", "waits for an answer", []);
    row.more.append(el("q", { dir: "auto" }, inert(question)));
  }

  answered({ call_id: id, answer }, at) {
    const row = this.steps.get(`question-${id}`);
    if (!row) return;
    this.waits.push(at - row.at);
    this.end(row, "ok", "answered", [`waited ${duration(at - row.at)}`]);
    row.more.append(el("p", { dir: "auto" }, inert(answer)));
  }

  recovered(_, at) {
    for (const row of this.steps.values()) if (row.words !== undefined && !row.over) this.void(row);
    this.end(this.step(`recovered-${at}`, at, "The gateway was restarted; the run goes on"), "no", null, []);
  }

  over(title, tone, at, facts, more = null) {
    for (const row of this.steps.values()) if (row.words !== undefined && !row.over) this.void(row);
    const row = this.step("over", at, title);
    this.end(row, tone, null, [`${duration(at - this.begun)} in all`, ...facts]);
    if (more) row.more.append(more);
  }
}

const HANDLERS = {
  "run.started": (line, data, at) => line.started(data, at),
  "run.recovered": (line, data, at) => line.recovered(data, at),
  "message.delta": (line, data, at) => line.delta(data, at),
  "message.completed": (line, data, at) => line.completed(data, at),
  "model.fallback": (line, data, at) => line.fellBack(data, at),
  "tool.started": (line, data, at) => line.toolStarted(data, at),
  "tool.completed": (line, data, at) => line.toolCompleted(data, at),
  "approval.required": (line, data, at) => line.asked(data, at),
  "approval.updated": (line, data, at) => line.changed(data, at),
  "approval.resolved": (line, data, at) => line.resolved(data, at),
  "approval.executed": (line, data) => line.executed(data),
  "clarify.required": (line, data, at) => line.question(data, at),
  "clarify.answered": (line, data, at) => line.answered(data, at),
  "run.completed": (line, { usage }, at) => line.over("The run is done", "ok", at, [tokens(usage)]),
  "run.failed": (line, { error }, at) => line.over("The run failed", "failed", at, [], el("p", { dir: "auto" }, inert(error.message))),
  "run.cancelled": (line, { by }, at) => line.over(["Stopped by ", el("bdi", {}, by === "system" ? "the gateway" : inert(by))], "no", at, []),
};

function fold(label, text) {
  const cut = [...text].length > TEXT_SHOWN;
  const shown = cut ? [...text].slice(0, TEXT_SHOWN).join("") : text;
  return el("details.more", {}, el("summary", {}, label),
    el("pre.command.result", { dir: "ltr", "aria-label": label, tabindex: "0" }, el("code", {}, inert(shown))),
    cut ? el("p.text-note", {}, `The first ${TEXT_SHOWN.toLocaleString("en")} characters; the conversation has all of it.`) : null);
}
