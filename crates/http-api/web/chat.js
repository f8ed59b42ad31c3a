// The chat: conversations on the left, one of them in the middle, and a place to type. What is
// shown is rebuilt from the runs of the session and their events.

import { onApprovals } from "./approvals.js";
import { ApiError, get, post } from "./api.js";
import { announce, el } from "./dom.js";
import { follow } from "./stream.js";
import { inert, oneLine } from "./text.js";
import { RunView, isFinalEvent, userText } from "./thread.js";
import { clock } from "./time.js";

const RUNS_AT_ONCE = 10;
const SESSIONS_FROM_RUNS = 100;
const ENDED = new Set(["completed", "failed", "cancelled"]);
const CHAT = "web"; // The page's own chat: it is in one session after the other.
const EXAMPLES = ["run ls -la", "run rm -rf build", "run& echo one > a.txt\nrun& rm -rf b", "post https://example.com/hook | hello", "ask Which branch shall I use?", "stream 60"];

// What was answered on a page that led to another, for that one to show.
let carried = null;

/** The chat page; `session` is the sign-in, `open(path)` goes to another page. */
export function chatPage(sessionId, session, open) {
  const page = new Chat(sessionId, session, open);
  return { root: page.root, title: "Chat", leave: () => page.leave(), focus: () => page.focus() };
}

class Chat {
  constructor(sessionId, session, open) {
    this.sessionId = sessionId;
    this.session = session;
    this.open = open;
    this.views = new Map();
    this.olderCursor = null;
    this.active = null;
    this.left = false;
    this.atEnd = true;
    this.onScroll = () => this.scrolled();
    addEventListener("scroll", this.onScroll, { passive: true });
    this.build();
    this.unsubscribe = onApprovals((approval) => this.heard(approval));
    this.loadSessions();
    if (sessionId) this.loadThread();
    else this.showWelcome();
  }

  leave() {
    this.left = true;
    this.unsubscribe();
    removeEventListener("scroll", this.onScroll);
    clearTimeout(this.sessionsTimer);
    for (const { view, stream } of this.views.values()) {
      stream.stop();
      view.leave();
    }
  }

  // Typing is what one comes for, but not where it opens a keyboard over the page.
  focus() {
    if (matchMedia("(hover: hover)").matches) this.input.focus({ preventScroll: true });
  }

  // Others may speak in this conversation too: an approval of an unknown run, or a new connection,
  // is a reason to look.
  heard(approval) {
    if (!this.sessionId || !this.views.size) return;
    if (approval === null || (approval.session_id === this.sessionId && !this.views.has(approval.run_id))) this.loadNewer().catch(() => {});
  }

  async loadNewer() {
    const page = await get(`/v1/runs?session_id=${encodeURIComponent(this.sessionId)}&limit=${RUNS_AT_ONCE}`);
    if (this.left) return;
    const newest = [...this.views.values()].map(({ view }) => view.run.created_at ?? "").sort().at(-1);
    const unseen = page.data.filter((run) => !this.views.has(run.run_id) && run.created_at > newest);
    for (const run of unseen.reverse()) this.addRun(run, "append");
    if (unseen.length) this.drawStatus();
  }

  build() {
    this.sessions = el("ul.sessions");
    this.status = el("p.run-status", { role: "status" });
    this.stop = el("button.stop", { type: "button", hidden: true, on: { click: () => this.stopRun() } }, "Stop the run");
    this.thread = el("div.thread", { role: "log", "aria-label": "Conversation", "aria-live": "off" });
    this.scroller = el("div.scroller", {}, this.thread);
    this.root = el("div.chat", {},
      el("details.sessions-side", { open: matchMedia("(min-width: 900px)").matches },
        el("summary", {}, "Conversations"),
        el("a.new-chat", { href: "/chat", "data-nav": true }, "New chat"),
        this.sessions),
      el("section.talk", { "aria-labelledby": "talk-title" },
        el("div.talk-head", {}, el("h1", { id: "talk-title" }, "Chat"), this.status, this.stop),
        this.scroller,
        this.composer()));
  }

  composer() {
    this.input = el("textarea", {
      id: "message", rows: "2", placeholder: "Write to the agent, or /help", autocomplete: "off",
      on: {
        keydown: (event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          this.send();
        },
      },
    });
    this.sendButton = el("button", { type: "submit" }, "Send");
    this.problem = el("p.problem", { role: "alert", hidden: true });
    return el("form.composer", { on: { submit: (event) => { event.preventDefault(); this.send(); } } },
      el("label.visually-hidden", { for: "message" }, "Message to the agent"),
      this.problem,
      el("div.composer-row", {}, this.input, this.sendButton),
      el("p.composer-hint", {}, el("kbd", {}, "Enter"), " sends, ", el("kbd", {}, "Shift+Enter"), " begins a new line"));
  }

  showWelcome() {
    const { rehearsal } = this.session.gateway;
    const fill = (text) => {
      this.input.value = text;
      this.input.focus();
    };
    this.thread.replaceChildren(el("div.empty", {},
      el("p.empty-title", {}, "Say what you want done"),
      el("p", {}, rehearsal
        ? "No model is configured, so a rehearsal model answers: each line of yours is one step. The guard, the tools and the approvals are the real ones. For example:"
        : "The agent works with its tools; what needs your approval appears here and in the inbox, and waits for you."),
      rehearsal ? el("ul.examples", {}, EXAMPLES.map((text) => el("li", {}, el("button.example", { type: "button", on: { click: () => fill(text) } }, text)))) : null));
  }

  async loadSessions() {
    try {
      const page = await get(`/v1/runs?limit=${SESSIONS_FROM_RUNS}`);
      const first = new Map();
      for (const run of page.data) first.set(run.session_id, { run, last: first.get(run.session_id)?.last ?? run });
      this.sessions.replaceChildren(...[...first].map(([id, { run, last }]) => this.sessionItem(id, run, last)));
      if (!first.size) this.sessions.append(el("li.muted", {}, "None yet."));
    } catch (problem) {
      this.sessions.replaceChildren(el("li.muted", {}, `Not readable. ${problem.message}`));
    }
  }

  sessionItem(id, run, last) {
    return el("li", {}, el("a", { href: `/chat/${encodeURIComponent(id)}`, "data-nav": true, "aria-current": id === this.sessionId ? "page" : null },
      el("span.session-title", {}, oneLine(userText(run.input) || "…", 60)),
      el("span.muted", {}, `${clock(last.updated_at)} · ${statusWord(last.status)}`)));
  }

  async loadThread() {
    this.thread.replaceChildren(el("p.loading", {}, "Reading the conversation…"));
    try {
      await this.loadRuns(null);
      if (!this.views.size) this.thread.replaceChildren(el("div.empty", {}, el("p.empty-title", {}, "There is nothing in this conversation")));
      this.showCarried();
    } catch (problem) {
      const again = el("button.quiet", { type: "button", on: { click: () => this.loadThread() } }, "Try again");
      this.thread.replaceChildren(el("div.empty", {}, el("p.empty-title", {}, "The conversation could not be read"), el("p", {}, problem.message), again));
    }
  }

  async loadRuns(cursor) {
    const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await get(`/v1/runs?session_id=${encodeURIComponent(this.sessionId)}&limit=${RUNS_AT_ONCE}${next}`);
    if (this.left) return;
    this.thread.querySelectorAll(".loading, .earlier, .empty").forEach((node) => node.remove());
    for (const run of page.data) if (!this.views.has(run.run_id)) this.addRun(run, "prepend");
    if (page.next_cursor) {
      const more = el("button.quiet.earlier", { type: "button", on: { click: () => this.loadRuns(page.next_cursor) } }, "Earlier messages");
      this.thread.prepend(more);
    }
    this.drawStatus();
  }

  addRun(run, where) {
    const view = new RunView(run, { onChange: () => this.keepAtEnd(), onAsk: (card) => this.showCard(card) });
    this.thread[where](view.root);
    const stream = follow(`/v1/runs/${encodeURIComponent(run.run_id)}/events`, {
      onEvent: (name, data) => {
        view.take(name, data);
        this.note(run.run_id, name);
      },
      onState: ({ state }) => view.root.classList.toggle("stale", state === "lost"),
      isFinal: isFinalEvent,
    });
    this.views.set(run.run_id, { view, stream, status: run.status });
    this.keepAtEnd(true);
  }

  // What the run is doing, as far as its events tell.
  note(runId, name) {
    const entry = this.views.get(runId);
    if (!entry) return;
    const before = entry.status;
    if (name === "approval.required") entry.status = "waiting_for_approval";
    else if (name === "clarify.required") entry.status = "waiting_for_answer";
    else if (isFinalEvent(name)) entry.status = name.slice("run.".length);
    else if (name !== "approval.updated" && entry.status !== "stopping") entry.status = "running";
    if (entry.status === before) return;
    this.drawStatus();
    clearTimeout(this.sessionsTimer);
    this.sessionsTimer = setTimeout(() => this.loadSessions(), 300);
  }

  drawStatus() {
    const active = [...this.views].find(([, { status, view }]) => !ENDED.has(status) && !view.ended);
    this.active = active ? active[0] : null;
    this.status.textContent = active ? statusWord(active[1].status) : "";
    this.stop.hidden = !active;
    this.stop.disabled = active?.[1].status === "stopping";
    this.input.placeholder = active ? "The agent is at work. Write on, or /stop it" : "Write to the agent, or /help";
  }

  // Text and slash commands go the same way as on every platform: through the gateway's dispatcher.
  async send() {
    const text = this.input.value.trim();
    if (!text || this.sendButton.disabled) return;
    this.problem.hidden = true;
    this.sendButton.disabled = true;
    try {
      const said = await this.say(text);
      this.input.value = "";
      this.sending = null;
      this.took(text, said);
    } catch (problem) {
      if (problem.code === "already_said") this.saidBefore();
      else this.fail("Not sent.", problem);
    }
    this.sendButton.disabled = false;
    if (!this.left) this.input.focus();
  }

  say(text) {
    const body = { chat: CHAT, text, session_id: this.sessionId ?? "new" };
    return post("/v1/chat", body, { "Idempotency-Key": this.sendKey(text) });
  }

  // An answer was lost on its way, but what was said had arrived.
  saidBefore() {
    this.input.value = "";
    this.sending = null;
    if (this.sessionId) this.loadNewer().catch(() => {});
    this.loadSessions();
  }

  // What came of it: a run in this session, one in another, or only an answer.
  took(text, said) {
    const here = said.chat_session_id ?? this.sessionId;
    const inThis = said.run_id && said.session_id === here;
    const exchange = { sessionId: here, text: inThis ? null : text, reply: said.reply, beside: inThis ? null : said.session_id };
    if (here !== this.sessionId) {
      carried = exchange;
      this.open(`/chat/${encodeURIComponent(here)}`);
      return;
    }
    if (inThis) this.show(said, text);
    this.showExchange(exchange);
  }

  showCarried() {
    if (carried?.sessionId === this.sessionId) this.showExchange(carried);
    carried = null;
  }

  showExchange({ text, reply, beside }) {
    if (!text && !reply) return;
    this.thread.querySelector(".empty")?.remove();
    const bubble = (kind, who, words, more) => el(`div.bubble.${kind}`, {}, el("span.visually-hidden", {}, who), el("div.bubble-text", { dir: "auto" }, inert(words)), more);
    const link = beside ? el("a", { href: `/chat/${encodeURIComponent(beside)}`, "data-nav": true }, "See it there") : null;
    this.thread.append(el("section.exchange", {}, text ? bubble("user", "You: ", text) : null, reply ? bubble("gateway", "The gateway: ", reply, link) : null));
    if (reply) announce(inert(reply));
    this.keepAtEnd(true);
  }

  // The same for each attempt to send the same text, so that it is taken once.
  sendKey(text) {
    if (this.sending?.text !== text) {
      const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      this.sending = { text, key };
    }
    return this.sending.key;
  }

  show(started, input) {
    this.thread.querySelector(".empty")?.remove();
    if (!this.views.has(started.run_id)) this.addRun({ run_id: started.run_id, session_id: started.session_id, status: "queued", input }, "append");
    this.drawStatus();
  }

  async stopRun() {
    const runId = this.active;
    if (!runId) return;
    this.stop.disabled = true;
    try {
      await post(`/v1/runs/${encodeURIComponent(runId)}/stop`);
      const entry = this.views.get(runId);
      if (!ENDED.has(entry.status)) entry.status = "stopping";
    } catch (problem) {
      this.fail("Not stopped.", problem);
    }
    this.drawStatus();
  }

  fail(what, problem) {
    if (!(problem instanceof ApiError)) throw problem;
    this.problem.textContent = `${what} ${problem.message}`;
    this.problem.hidden = false;
  }

  // Follows the end of the conversation, unless the person has scrolled away from it.
  keepAtEnd(always = false) {
    if (always) this.atEnd = true;
    if (!this.atEnd) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.left) scrollTo({ top: document.scrollingElement.scrollHeight });
    });
  }

  // A card that is higher than the window is shown from its beginning.
  showCard(card) {
    if (!this.atEnd || card.offsetHeight < innerHeight * 0.7) return;
    this.atEnd = false;
    card.scrollIntoView({ block: "start" });
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = document.scrollingElement;
    this.atEnd = scrollHeight - scrollTop - clientHeight < 80;
  }
}

function statusWord(status) {
  switch (status) {
    case "queued":
    case "running":
      return "Working…";
    case "waiting_for_approval":
      return "Waits for your approval";
    case "waiting_for_answer":
      return "Waits for your answer";
    case "stopping":
      return "Stopping…";
    case "completed":
      return "Done";
    case "failed":
      return "Failed";
    case "cancelled":
      return "Stopped";
    default:
      return status;
  }
}
