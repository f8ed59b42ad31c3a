// Service chats: every conversation with a provider, where it stands and how much of the limits is
// used; and one of them with its thread, its drafts and what can be done to it.

import { refresh } from "./approvals.js";
import { get, post } from "./api.js";
import { Card } from "./card.js";
import { announce, el } from "./dom.js";
import { inert, plain } from "./text.js";
import { timeNode } from "./time.js";

const STATES = { unknown: "Not approved", pending_first_contact: "First message waits", approved: "Approved", revoked: "Revoked" };
const MODES = { draft_first: "every message is shown first", autonomous: "texts go by themselves", paused: "paused" };
const SENDERS = { provider: "They", house: "Sent", by_hand: "You, by hand" };

/** The list, or the chat with this id. */
export function servicesPage(id, open) {
  const page = id ? new OneChat(id) : new AllChats(open);
  return { root: page.root, title: "Service chats", leave: () => page.leave?.() };
}

const pathOf = (id) => `/v1/whatsapp/service-chats/${encodeURIComponent(id)}`;
const nameOf = (chat) => (chat.name ? [inert(chat.name), " ", el("span.muted", {}, chat.chat_id)] : chat.chat_id);

function stateText(chat) {
  const mode = chat.mode ? `, ${MODES[chat.mode] ?? chat.mode}` : "";
  return `${STATES[chat.status] ?? chat.status}${mode}`;
}

class AllChats {
  constructor(open) {
    this.open = open;
    this.limits = el("p.muted");
    this.list = el("ul.rules");
    this.note = el("p.problem", { role: "status", hidden: true });
    this.target = el("input", { type: "text", required: true, placeholder: "+34 600 111 222, or a recent chat’s name", autocomplete: "off" });
    this.message = el("textarea", { rows: "3", required: true });
    this.purpose = el("input", { type: "text", autocomplete: "off" });
    this.recent = el("div");
    const form = el("form.service-form", { on: { submit: (event) => this.start(event) } },
      el("label", {}, el("span", {}, "To"), this.target),
      el("label", {}, el("span", {}, "What for"), this.purpose),
      el("label", {}, el("span", {}, "First message"), this.message),
      el("button", { type: "submit" }, "Draft it"));
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "services-title" }, el("h1", { id: "services-title" }, "Service chats"), this.limits, this.note, this.list),
      el("section", { "aria-labelledby": "start-title" }, el("h2", { id: "start-title" }, "Write to a provider"), el("p.muted", {}, "You see the message once more and approve it before it leaves."), form),
      el("section", { "aria-labelledby": "recent-title" }, el("h2", { id: "recent-title" }, "Recent chats"), el("button.quiet", { type: "button", on: { click: () => this.loadRecent() } }, "Show recent chats"), this.recent));
    this.load();
  }

  async load() {
    try {
      const { data, limits } = await get("/v1/whatsapp/service-chats");
      const off = limits.enabled === "off" ? "Service conversations are off (whatsapp.service_conversations.enabled). " : "";
      this.limits.textContent = `${off}Begun within 24 hours: ${limits.begun_within_24h} of ${limits.max_new_service_chats_per_day}.`;
      this.most = limits.max_auto_sends_per_chat_per_hour;
      if (data.length) this.list.replaceChildren(...data.map((chat) => this.item(chat)));
      else this.list.replaceChildren(el("li.muted", {}, "None yet."));
    } catch (problem) {
      this.tell(`The chats could not be read. ${problem.message}`);
    }
  }

  item(chat) {
    const drafts = chat.open_drafts.length;
    return el("li", { "data-chat": chat.chat_id },
      el("div.rule-text", {}, el("a", { href: `/services/${encodeURIComponent(chat.chat_id)}`, "data-nav": true }, nameOf(chat)), " ", el("span.pill.tone-waiting", {}, stateText(chat)), drafts ? [" ", el("strong", {}, drafts === 1 ? "1 draft waits" : `${drafts} drafts wait`)] : null),
      el("div.rule-foot", {}, el("span.muted", {}, `Sent by itself this hour: ${chat.sent_this_hour} of ${this.most}, last activity `, timeNode(chat.updated_at))));
  }

  async start(event) {
    event.preventDefault();
    this.note.hidden = true;
    const body = { target: this.target.value, message: this.message.value };
    if (this.purpose.value.trim()) body.purpose = this.purpose.value.trim();
    try {
      const run = await post("/v1/whatsapp/service-chats", body);
      this.open(`/chat/${encodeURIComponent(run.session_id)}`);
    } catch (problem) {
      this.tell(`Nothing was drafted. ${problem.message}`);
    }
  }

  async loadRecent() {
    try {
      const { data } = await get("/v1/whatsapp/chats?limit=50");
      const item = (chat) => el("li", {}, el("button.quiet", { type: "button", on: { click: () => this.choose(chat) } }, inert(chat.name ?? chat.id)), " ", el("span.muted", {}, chat.id));
      this.recent.replaceChildren(data.length ? el("ul.rules", {}, data.map(item)) : el("p.muted", {}, "There are none."));
    } catch (problem) {
      this.recent.replaceChildren(el("p.problem", { role: "status" }, problem.message));
    }
  }

  choose(chat) {
    this.target.value = chat.id;
    this.message.focus();
  }

  tell(text) {
    this.note.textContent = text;
    this.note.hidden = false;
  }
}

class OneChat {
  constructor(id) {
    this.id = id;
    this.head = el("div");
    this.buttons = el("div.audit-buttons");
    this.note = el("p.problem", { role: "status", hidden: true });
    this.drafts = el("div");
    this.cards = new Map();
    this.thread = el("ol.history", { "aria-label": "Messages, oldest first" });
    this.text = el("textarea", { rows: "3", required: true, dir: "auto" });
    this.form = el("form.service-form", { hidden: true, on: { submit: (event) => this.write(event) } },
      el("label", {}, el("span", {}, "Write into this chat"), this.text),
      el("button", { type: "submit" }, "Send"));
    this.root = el("div.approval-page", {},
      el("p.crumb", {}, el("a", { href: "/services", "data-nav": true }, "Service chats"), " / this chat"),
      this.head, this.buttons, this.note, this.drafts,
      el("section", { "aria-labelledby": "thread-title" }, el("h2", { id: "thread-title" }, "Messages"), this.thread, this.form));
    this.timer = setInterval(() => this.load(), 5000);
    this.shown = "";
    this.load();
  }

  leave() {
    clearInterval(this.timer);
  }

  async load() {
    try {
      const [answer, { limits }] = await Promise.all([get(pathOf(this.id)), get("/v1/whatsapp/service-chats")]);
      const text = JSON.stringify([answer, limits]);
      if (text === this.shown) return;
      this.shown = text;
      await this.draw(answer, limits);
    } catch (problem) {
      this.tell(problem.status === 404 ? "There is no such service chat." : `It could not be read. ${problem.message}`);
    }
  }

  async draw({ chat, messages }, limits) {
    this.chat = chat;
    const session = chat.session_id ? el("p", {}, el("a", { href: `/chat/${encodeURIComponent(chat.session_id)}`, "data-nav": true }, "The conversation that it is led from")) : null;
    this.head.replaceChildren(el("h1", {}, nameOf(chat)), el("p", {}, el("span.pill.tone-waiting", {}, stateText(chat))), chat.purpose ? el("p.muted", {}, inert(chat.purpose)) : "", usage(chat, limits), session ?? "");
    this.form.hidden = chat.status !== "approved" || chat.mode === "paused";
    this.buttons.replaceChildren(...this.changes(chat).map(([change, label]) => el("button.quiet", { type: "button", on: { click: () => this.change(change, label) } }, label)));
    const known = await Promise.all(chat.open_drafts.map((draft) => refresh(draft.approval_id).catch(() => null)));
    this.showDrafts(known.filter(Boolean));
    this.thread.replaceChildren(...messages.toReversed().map(message));
  }

  // A card that stays is the same one: what somebody is writing in it is not lost.
  showDrafts(approvals) {
    const cards = new Map(approvals.map((approval) => [approval.approval_id, this.cards.get(approval.approval_id) ?? new Card(approval)]));
    for (const approval of approvals) cards.get(approval.approval_id).update(approval);
    for (const [id, card] of this.cards) if (!cards.has(id)) card.root.remove();
    for (const [id, card] of cards) if (!this.cards.has(id)) this.drafts.append(card.root);
    this.cards = cards;
  }

  async write(event) {
    event.preventDefault();
    this.note.hidden = true;
    const body = { target: this.chat.chat_id, message: this.text.value };
    if (this.chat.session_id) body.session_id = this.chat.session_id;
    try {
      await post("/v1/whatsapp/service-chats", body);
      this.text.value = "";
      announce("Taken. If it takes your approval, it is shown above.");
    } catch (problem) {
      this.tell(`Nothing was sent. ${problem.message}`);
    }
    await this.load();
  }

  changes(chat) {
    const revoke = ["revoke", "Revoke"];
    if (chat.status === "pending_first_contact") return [revoke];
    if (chat.status === "revoked") return [["approve", "Approve again"]];
    if (chat.status !== "approved") return [revoke];
    const modes = [["draft_first", "Show me every message"], ["autonomous", "Let texts go by themselves"]].filter(([mode]) => mode !== chat.mode);
    const pause = chat.mode === "paused" ? ["resume", "Resume"] : ["pause", "Pause"];
    return [pause, ...modes, revoke];
  }

  async change(change, label) {
    this.note.hidden = true;
    try {
      await post(`${pathOf(this.id)}/change`, { change });
      announce(`${label}: done`);
    } catch (problem) {
      this.tell(`Nothing was changed. ${problem.message}`);
    }
    await this.load();
  }

  tell(text) {
    this.note.textContent = text;
    this.note.hidden = false;
  }
}

/** How much of the limits is used, and when something last happened. */
function usage(chat, limits) {
  const heard = chat.heard_at ? ["; last heard ", timeNode(chat.heard_at)] : null;
  return el("p.muted", { "data-usage": true },
    `Sent by itself this hour: ${chat.sent_this_hour} of ${limits.max_auto_sends_per_chat_per_hour}. `,
    `Chats begun within 24 hours: ${limits.begun_within_24h} of ${limits.max_new_service_chats_per_day}. `,
    "Last activity ", timeNode(chat.updated_at), heard);
}

function message(one) {
  const approval = one.approval_id ? [" under ", el("a", { href: `/approvals/${encodeURIComponent(one.approval_id)}`, "data-nav": true }, "this approval")] : one.who === "house" ? " by itself" : null;
  const kept = one.model === "kept" ? " (kept from the agent)" : null;
  return el("li", { "data-message": one.message_id },
    timeNode(one.at), " ", el("strong", {}, SENDERS[one.who] ?? plain(one.who)), approval, kept, one.outcome ? `, ${one.outcome}` : null,
    el("p", { dir: "auto" }, inert(one.text)));
}
