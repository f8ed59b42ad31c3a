// One run as a part of the conversation: built from its events alone, so that a reload, a
// reconnect and a first look show the same.

import { knownApproval, onApprovals, refresh } from "./approvals.js";
import { post } from "./api.js";
import { Card } from "./card.js";
import { announce, el, freshId } from "./dom.js";
import { inert, oneLine } from "./text.js";
import { duration } from "./time.js";

const TOOL_WORDS = {
  ok: "done",
  denied: "denied",
  expired: "expired",
  blocked: "blocked by the policy",
  error: "failed",
  indeterminate: "may have run",
  cancelled: "stopped",
};

/** The names of the events after which a run's stream ends. */
export const isFinalEvent = (name) => name === "run.completed" || name === "run.failed" || name === "run.cancelled";

/** The view of `run`; `take` feeds it an event, `leave` lets go of it. */
export class RunView {
  constructor(run, { onChange, onAsk }) {
    this.run = run;
    this.onChange = onChange;
    this.onAsk = onAsk;
    this.messages = new Map();
    this.tools = new Map();
    this.questions = new Map();
    this.cards = new Map();
    this.lastText = null;
    this.ended = false;
    this.root = el("section.run", { "aria-label": "One exchange", "data-run": run.run_id }, userNodes(run.input));
    this.unsubscribe = onApprovals((approval) => this.approvalChanged(approval));
  }

  leave() {
    this.unsubscribe();
    cancelAnimationFrame(this.frame);
  }

  /** Takes one event. */
  take(name, data) {
    const handler = HANDLERS[name];
    if (!handler) return;
    handler(this, data);
    this.onChange();
  }

  message(id) {
    let message = this.messages.get(id);
    if (!message) {
      for (const other of this.messages.values()) if (!other.completed) other.root.classList.add("void");
      const body = el("div.bubble-text", { dir: "auto" });
      message = { root: el("div.bubble.agent.streaming", { "data-message": id }, el("span.visually-hidden", {}, "Agent: "), body), body, text: "", completed: false };
      this.messages.set(id, message);
      this.root.append(message.root);
    }
    return message;
  }

  delta({ message_id: id, delta }) {
    const message = this.message(id);
    message.text += delta;
    message.stale = true;
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  // Many deltas come between two frames; they are drawn once.
  paint() {
    this.frame = null;
    for (const message of this.messages.values()) {
      if (!message.stale) continue;
      message.stale = false;
      message.body.replaceChildren(inert(message.text));
    }
    this.onChange();
  }

  complete({ message_id: id, text }) {
    const message = this.message(id);
    for (const [otherId, other] of this.messages) {
      if (other.completed || otherId === id) continue;
      other.root.remove();
      this.messages.delete(otherId);
    }
    Object.assign(message, { text, completed: true, stale: false });
    message.root.classList.remove("streaming", "void");
    message.body.replaceChildren(...prose(text));
    if (text === "") message.root.remove();
    this.lastText = text;
  }

  toolStarted({ call_id: id, tool, preview }) {
    if (this.tools.has(id)) return;
    const state = el("span.tool-state", {}, "at work");
    const output = el("div.tool-output");
    const fold = el("details.tool.running", {},
      el("summary", {}, el("span.tool-name", {}, inert(tool)), " ", el("code.tool-preview", { dir: "ltr" }, oneLine(preview, 160)), " ", state),
      output);
    const place = el("div.tool-place", { "data-call": id }, fold);
    this.tools.set(id, { place, fold, state, output, preview });
    this.root.append(place);
  }

  toolCompleted({ call_id: id, tool, status, duration_ms: ms, output }) {
    if (!this.tools.has(id)) this.toolStarted({ call_id: id, tool, preview: "" });
    const entry = this.tools.get(id);
    entry.fold.className = `tool status-${status}`;
    entry.state.textContent = TOOL_WORDS[status] ?? status;
    entry.output.replaceChildren(
      el("p.muted", {}, `${TOOL_WORDS[status] ?? status}, ${duration(ms)} from start to end`),
      el("pre.command", { dir: "ltr", "aria-label": "Call" }, el("code", {}, inert(entry.preview))),
      output ? el("pre.command.result", { dir: "ltr", "aria-label": "Result" }, el("code", {}, inert(output))) : el("p.muted", {}, "No output."));
  }

  async approval({ approval_id: id }) {
    if (this.cards.has(id)) return;
    const place = el("div.approval-place", {}, el("p.loading", {}, "An approval is needed…"));
    this.cards.set(id, { place, card: null });
    this.root.append(place);
    const approval = knownApproval(id) ?? await refresh(id).catch(() => null);
    if (approval) this.drawApproval(approval);
    else place.replaceChildren(el("p.problem", {}, "The approval could not be read. ", el("a", { href: `/approvals/${encodeURIComponent(id)}`, "data-nav": true }, "Open it")));
  }

  approvalChanged(approval) {
    if (approval && this.cards.has(approval.approval_id)) this.drawApproval(approval);
  }

  drawApproval(approval) {
    const entry = this.cards.get(approval.approval_id);
    if (entry.card) entry.card.update(approval);
    else {
      entry.card = new Card(approval, { heading: "h2" });
      entry.place.replaceChildren(entry.card.root);
      this.tools.get(approval.call_id)?.place.append(entry.place);
      if (approval.status === "pending") this.onAsk(entry.card.root);
    }
    const tool = this.tools.get(approval.call_id);
    if (tool?.fold.classList.contains("running")) tool.state.textContent = approval.status === "pending" ? "waits for you" : "at work";
    this.onChange();
  }

  question({ call_id: id, question }) {
    const inputId = freshId("answer");
    const note = el("p.problem", { role: "status", hidden: true });
    const input = el("input", { id: inputId, type: "text", autocomplete: "off" });
    const form = el("form.answer-form", { on: { submit: (event) => this.answer(event, id, input, note) } },
      el("label", { for: inputId }, "Your answer"), input, el("button", { type: "submit" }, "Answer"), note);
    const root = el("div.bubble.agent.question", { "data-question": id }, el("p.question-text", { dir: "auto" }, inert(question)), form);
    this.questions.set(id, { root, form });
    const tool = this.tools.get(id);
    if (tool) tool.fold.replaceWith(root);
    else this.root.append(root);
    announce("The agent asks: ", inert(question));
  }

  async answer(event, id, input, note) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const button = event.target.querySelector("button");
    button.disabled = true;
    note.hidden = true;
    try {
      await post(`/v1/runs/${encodeURIComponent(this.run.run_id)}/answer`, { call_id: id, text });
    } catch (problem) {
      note.textContent = `Not sent. ${problem.message}`;
      note.hidden = false;
      button.disabled = false;
    }
  }

  answered({ call_id: id, answer }) {
    this.questions.get(id)?.form.replaceWith(el("p.answered", { dir: "auto" }, el("span.muted", {}, "You answered: "), inert(answer)));
    this.questions.delete(id);
  }

  end(note, tone) {
    this.ended = true;
    for (const message of this.messages.values()) {
      if (message.completed) continue;
      message.root.classList.remove("streaming");
      message.root.classList.add("void");
    }
    for (const { form } of this.questions.values()) form.remove();
    this.questions.clear();
    for (const { fold } of this.tools.values()) fold.classList.remove("running");
    if (note) this.root.append(el(`p.run-note.tone-${tone}`, {}, inert(note)));
  }

  completed({ output }) {
    if (output && output !== this.lastText) this.root.append(el("div.bubble.agent", {}, el("div.bubble-text", { dir: "auto" }, ...prose(output))));
    this.end(null);
  }

  fellBack({ from, to, reason }) {
    this.root.append(el("p.run-note.tone-waiting", {}, inert(`${from} does not answer (${reason}); ${to} is asked instead.`)));
  }

  recovered() {
    for (const message of this.messages.values()) if (!message.completed) message.root.classList.add("void");
    this.root.append(el("p.run-note.tone-waiting", {}, "The gateway was restarted; the run goes on."));
  }
}

const HANDLERS = {
  "model.fallback": (view, data) => view.fellBack(data),
  "run.recovered": (view) => view.recovered(),
  "message.delta": (view, data) => view.delta(data),
  "message.completed": (view, data) => view.complete(data),
  "tool.started": (view, data) => view.toolStarted(data),
  "tool.completed": (view, data) => view.toolCompleted(data),
  "clarify.required": (view, data) => view.question(data),
  "clarify.answered": (view, data) => view.answered(data),
  "approval.required": (view, data) => view.approval(data),
  "run.completed": (view, data) => view.completed(data),
  "run.failed": (view, { error }) => view.end(`The run failed: ${error.message}`, "failed"),
  "run.cancelled": (view, { by }) => view.end(`Stopped by ${by === "system" ? "the gateway" : by}.`, "no"),
};

/** The person's words of a run: what its input says as `user`, from the last answer on. */
export function userText(input) {
  if (typeof input === "string") return input;
  const texts = (input ?? []).filter((message) => message.role === "user").map((message) => contentText(message.content));
  return texts.at(-1) ?? "";
}

function contentText(content) {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("\n");
}

function userNodes(input) {
  return el("div.bubble.user", {}, el("span.visually-hidden", {}, "You: "), el("div.bubble-text", { dir: "auto" }, inert(userText(input))));
}

// Text with fenced code as blocks. No other markup of the model takes effect.
function prose(text) {
  return text.split(/^```[^\n]*\n([\s\S]*?)^```[ \t]*$/m).map((part, index) => {
    if (index % 2) return el("pre.command", { dir: "ltr" }, el("code", {}, inert(part.replace(/\n$/, ""))));
    return inert(index ? part.replace(/^\n/, "") : part);
  });
}
