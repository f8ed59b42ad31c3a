// The sessions: conversations with the agent, whoever began them and wherever, newest first.

import { get } from "./api.js";
import { el } from "./dom.js";
import { inert, oneLine } from "./text.js";
import { timeNode } from "./time.js";

const PART = 30;

/** The list. */
export function sessionsPage() {
  return { root: new Sessions().root, title: "Sessions", leave() {} };
}

class Sessions {
  constructor() {
    this.note = el("p.problem", { role: "status", hidden: true });
    this.list = el("ol.run-list", { "aria-label": "Sessions, newest first" }, el("li.muted", {}, "Reading the sessions…"));
    this.more = el("button.quiet", { type: "button", hidden: true, on: { click: () => this.load(this.next) } }, "Older sessions");
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "sessions-title" },
        el("h1", { id: "sessions-title" }, "Sessions"),
        el("p.muted", {}, "Conversations with the agent: of this page, of chat platforms and of programs."),
        this.note, this.list, this.more));
    this.load();
  }

  async load(cursor = null) {
    this.more.disabled = true;
    this.note.hidden = true;
    try {
      const { data, next_cursor: next } = await get(`/v1/sessions?limit=${PART}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      if (!cursor) this.list.replaceChildren();
      this.list.append(...data.map(sessionItem));
      if (!this.list.children.length && !next) this.list.append(el("li.muted", {}, "None yet."));
      this.next = next;
      this.more.hidden = !next;
    } catch (problem) {
      this.note.textContent = `The sessions could not be read. ${problem.message}`;
      this.note.hidden = false;
    }
    this.more.disabled = false;
  }
}

/** The title of a session, or what stands for it. */
export const titleOf = (session) => (session.title ? oneLine(session.title, 120) : `Session …${session.session_id.slice(-6)}`);

function sessionItem(session) {
  return el("li", { "data-session": session.session_id },
    el("a.recent-what", { href: `/sessions/${encodeURIComponent(session.session_id)}`, "data-nav": true }, titleOf(session)),
    el("p.muted", {}, "begun by ", el("bdi", {}, inert(session.created_by)), " ", timeNode(session.created_at)));
}
