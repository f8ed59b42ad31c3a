// One session: its title, what was said in it, and what can be done with it.

import { get, patch, post, remove } from "./api.js";
import { announce, el } from "./dom.js";
import { titleOf } from "./sessions.js";
import { inert, oneLine, plain } from "./text.js";
import { timeNode } from "./time.js";
import { askTwice } from "./twice.js";

const PART = 20;
const ROLES = { user: "Asked", assistant: "The agent", system: "Instructions", third_party: "A third party" };

/** The page of the session with this id; `open(path)` goes to another page. */
export function sessionPage(id, open) {
  return { root: new OneSession(id, open).root, title: "Session", leave() {} };
}

class OneSession {
  constructor(id, open) {
    this.id = id;
    this.open = open;
    this.path = `/v1/sessions/${encodeURIComponent(id)}`;
    this.head = el("h1", { id: "session-title" });
    this.begun = el("p.muted");
    this.title = el("input", { type: "text", maxlength: "200", autocomplete: "off" });
    this.note = el("p.problem", { role: "alert", hidden: true });
    this.thread = el("ol.history", { "aria-label": "Messages, oldest first" });
    this.more = el("button.quiet", { type: "button", hidden: true, on: { click: () => this.loadMessages(this.next) } }, "Earlier messages");
    this.root = el("div.approval-page", {}, el("p.loading", {}, "Reading the session…"));
    this.load();
  }

  async load() {
    try {
      this.draw(await get(this.path), true);
      await this.loadMessages(null);
    } catch (problem) {
      const text = problem.status === 404 ? "There is no session with this id here." : `It could not be read. ${problem.message}`;
      this.root.replaceChildren(el("div.empty", {}, el("h1", {}, "Session"), el("p", {}, text), el("p", {}, el("a", { href: "/sessions", "data-nav": true }, "Go to the sessions"))));
    }
  }

  draw(session, first = false) {
    this.session = session;
    this.head.replaceChildren(titleOf(session));
    this.title.value = session.title ?? "";
    this.begun.replaceChildren("Begun by ", el("bdi", {}, inert(session.created_by)), " ", timeNode(session.created_at), ". ", el("span.mono", {}, session.session_id));
    if (first) this.build();
  }

  build() {
    const id = encodeURIComponent(this.id);
    this.root.replaceChildren(
      el("p.crumb", {}, el("a", { href: "/sessions", "data-nav": true }, "Sessions"), " / this session"),
      el("section", { "aria-labelledby": "session-title" }, this.head, this.begun,
        el("p", {}, el("a", { href: `/chat/${id}`, "data-nav": true }, "Go on with it in the chat"), " · ", el("a", { href: `/runs?session_id=${id}`, "data-nav": true }, "Its runs")),
        el("form.title-form", { on: { submit: (event) => this.name(event) } }, el("label", {}, el("span", {}, "Title"), this.title), el("button", { type: "submit" }, "Save")),
        this.note),
      el("section", { "aria-labelledby": "said-title" }, el("h2", { id: "said-title" }, "What was said"), this.more, this.thread),
      el("section", { "aria-labelledby": "change-title" }, el("h2", { id: "change-title" }, "Change it"), this.changes()));
  }

  changes() {
    return el("ul.rules", {},
      change("A copy in which the same was said, to go on from in another direction.",
        el("button.quiet", { type: "button", on: { click: () => this.attempt("No copy was made.", () => this.fork()) } }, "Go on in a copy")),
      change("What was approved “for this session” is taken back, and a new conversation begins. What was said stays to be read.",
        askTwice({ label: "Reset", question: "Its rules are revoked.", sure: "Reset it", act: () => this.attempt("It was not reset.", () => this.reset()) })),
      change("Its runs, their events and approvals are deleted. What the audit log says of them stays.",
        askTwice({ label: "Delete", question: "This cannot be undone.", sure: "Delete it", act: () => this.attempt("It was not deleted.", () => this.erase()) })));
  }

  async loadMessages(cursor) {
    this.more.disabled = true;
    const { data, next_cursor: next } = await get(`${this.path}/messages?limit=${PART}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    this.thread.prepend(...data.map(messageItem));
    if (!this.thread.children.length) this.thread.append(el("li.muted", {}, "Nothing yet."));
    this.next = next;
    this.more.hidden = !next;
    this.more.disabled = false;
  }

  async name(event) {
    event.preventDefault();
    await this.attempt("The title was not changed.", async () => {
      this.draw(await patch(this.path, { title: this.title.value.trim() || null }));
      announce("The title is saved.");
    });
  }

  async fork() {
    const copy = await post(`${this.path}/fork`);
    this.open(`/sessions/${encodeURIComponent(copy.session_id)}`);
  }

  async reset() {
    const { data } = await get("/v1/rules");
    const own = data.filter((rule) => rule.session_id === this.id);
    for (const rule of own) await remove(`/v1/rules/${encodeURIComponent(rule.rule_id)}`);
    this.open("/chat");
    announce("The session was reset. This is a new conversation.");
  }

  async erase() {
    await remove(this.path);
    this.open("/sessions");
    announce("The session was deleted.");
  }

  async attempt(failed, work) {
    this.note.hidden = true;
    try {
      await work();
    } catch (problem) {
      this.note.textContent = `${failed} ${problem.message}`;
      this.note.hidden = false;
      this.note.scrollIntoView({ block: "nearest" });
    }
  }
}

function change(words, control) {
  return el("li", {}, el("div.rule-foot", {}, el("span", {}, words), control));
}

function messageItem(message) {
  return el("li", { "data-said": message.role },
    timeNode(message.at), " ", el("strong", {}, ROLES[message.role] ?? plain(message.role)), " ",
    el("a.muted", { href: `/runs/${encodeURIComponent(message.run_id)}`, "data-nav": true }, "its run"),
    message.content ? el("p.said", { dir: "auto" }, inert(message.content)) : null,
    (message.calls ?? []).map(callNode));
}

function callNode({ tool, status, output }) {
  return el("details.more", {},
    el("summary", {}, "Tool ", el("bdi.mono", {}, oneLine(tool, 60)), `: ${status ?? "not done yet"}`),
    output ? el("pre.command.result", { dir: "ltr", tabindex: "0", "aria-label": "What it gave" }, el("code", {}, inert(output))) : el("p.muted", {}, "No output."));
}
