// The inbox: what waits for a decision, oldest first, so that a new card never moves another;
// then what was decided, and the rules that stand.

import { isSettled, listState, onApprovals, pendingApprovals, rememberAll } from "./approvals.js";
import { get } from "./api.js";
import { Card, statusPill } from "./card.js";
import { announce, el } from "./dom.js";
import { notifyButton } from "./notify.js";
import { oneLine } from "./text.js";
import { clock, timeNode } from "./time.js";
import { kindTitle, mainText, verdict } from "./words.js";
import { RulesSection } from "./rules.js";

const STAYS_MS = 90_000;
const RECENT = 20;

/** The page; `session` tells whether this is a rehearsal. Answers with its element and `leave`. */
export function inboxPage(session) {
  const page = new Inbox(session);
  return { root: page.root, title: "", leave: () => page.leave() };
}

class Inbox {
  constructor(session) {
    this.session = session;
    this.cards = new Map();
    this.settledAt = new Map();
    this.recent = new Map();
    this.greeted = false;
    this.rules = new RulesSection();
    this.list = el("div.cards");
    this.summary = el("p.summary");
    this.batch = el("a.batch-link", { href: "/batch", "data-nav": true, hidden: true }, "One by one");
    this.recentList = el("ol.recent");
    this.root = el("div.inbox", {},
      el("section.waiting", { "aria-labelledby": "waiting-title" }, el("div.section-head", {}, el("h1", { id: "waiting-title" }, "Inbox"), this.summary, this.batch, el("span.head-end", {}, notifyButton())), this.list),
      el("aside", { "aria-label": "Decided before" },
        el("section", { "aria-labelledby": "recent-title" }, el("h2", { id: "recent-title" }, "Recent decisions"), this.recentList),
        this.rules.root));
    this.unsubscribe = onApprovals((approval) => this.changed(approval));
    this.sweeper = setInterval(() => this.sweep(), 5000);
    this.drawAll();
    this.loadRecent();
  }

  leave() {
    this.unsubscribe();
    clearInterval(this.sweeper);
  }

  changed(approval) {
    if (approval === null) {
      this.drawAll();
      this.loadRecent();
      return;
    }
    this.keepingPlaces(() => this.show(approval));
    this.drawSummary();
    if (approval.status !== "pending") this.noteRecent([approval]);
    if (approval.decision?.rule_id) this.rules.load();
  }

  drawAll() {
    this.keepingPlaces(() => pendingApprovals().forEach((approval) => this.show(approval)));
    this.drawSummary();
    this.greeted = listState().loaded;
  }

  // A card that was seen pending stays where it is when it is decided, and goes after a while.
  show(approval) {
    const id = approval.approval_id;
    const card = this.cards.get(id);
    if (card) card.update(approval);
    else if (approval.status === "pending") this.add(approval);
    if (this.cards.has(id) && isSettled(approval) && !this.settledAt.has(id)) this.settledAt.set(id, Date.now());
  }

  add(approval) {
    const card = new Card(approval);
    this.cards.set(approval.approval_id, card);
    this.list.append(card.root);
    if (this.greeted) {
      card.root.classList.add("arriving");
      announce(`New approval to decide: ${kindTitle(approval)}, `, oneLine(mainText(approval), 120));
    }
  }

  sweep() {
    const gone = [...this.settledAt].filter(([id, at]) => {
      const { root } = this.cards.get(id);
      return Date.now() - at > STAYS_MS && !root.contains(document.activeElement) && !root.matches(":hover");
    });
    if (!gone.length) return;
    this.keepingPlaces(() => {
      for (const [id] of gone) {
        this.cards.get(id).root.remove();
        this.cards.delete(id);
        this.settledAt.delete(id);
      }
    });
    this.drawSummary();
  }

  // Cards that a change moves are told so: a click on its way may be meant for another one.
  keepingPlaces(change) {
    const before = new Map([...this.cards.values()].map((card) => [card, card.root.offsetTop]));
    change();
    for (const [card, top] of before) if (card.root.isConnected && card.root.offsetTop !== top) card.moved();
  }

  drawSummary() {
    const { loaded, moreThanShown } = listState();
    const count = pendingApprovals().length;
    this.list.querySelector(".empty, .loading")?.remove();
    if (!loaded) {
      this.summary.textContent = "";
      this.list.append(el("p.loading", {}, "Looking for what waits…"));
      return;
    }
    this.batch.hidden = count < 2;
    const more = moreThanShown ? ` The ${count} oldest are shown; the others follow as these are decided.` : "";
    this.summary.textContent = count ? `${count} ${count === 1 ? "waits" : "wait"} for a decision.${more}` : "";
    if (!this.cards.size) this.list.append(this.empty());
  }

  empty() {
    return el("div.empty", {},
      el("p.empty-title", {}, "Nothing waits for you"),
      el("p", {}, "When the agent wants to do something that the policy does not allow by itself, it is asked here, and nothing happens until you decide."),
      el("p", {}, el("a", { href: "/chat", "data-nav": true }, "Talk to the agent"),
        this.session.gateway.rehearsal ? [" and try ", el("code", {}, "run rm -rf build"), "."] : "."));
  }

  async loadRecent() {
    try {
      const page = await get(`/v1/approvals?limit=${RECENT * 3}`);
      this.noteRecent(rememberAll(page.data.filter((approval) => approval.status !== "pending")));
    } catch {
      if (!this.recent.size) this.recentList.replaceChildren(el("li.muted", {}, "They could not be read. They come back with the connection."));
    }
  }

  noteRecent(approvals) {
    for (const approval of approvals) this.recent.set(approval.approval_id, approval);
    const shown = [...this.recent.values()].sort((a, b) => (endedAt(a) < endedAt(b) ? 1 : -1)).slice(0, RECENT);
    if (shown.length) this.recentList.replaceChildren(...shown.map(recentItem));
    else this.recentList.replaceChildren(el("li.muted", {}, "None yet."));
  }
}

function endedAt(approval) {
  return approval.decision?.at ?? approval.history.at(-1)?.at ?? approval.created_at;
}

function recentItem(approval) {
  const by = approval.decision ? [" by ", el("bdi", {}, oneLine(approval.decision.by, 40))] : null;
  const { outcome } = verdict(approval);
  return el("li", { "data-recent": approval.approval_id },
    el("div.recent-head", {}, statusPill(approval), el("span.muted", {}, approval.decision ? approval.decision.choice : null, by), timeNode(endedAt(approval))),
    el("a.recent-what", { href: `/approvals/${encodeURIComponent(approval.approval_id)}`, "data-nav": true, title: outcome ?? clock(approval.created_at) },
      el("code", { dir: "ltr" }, oneLine(mainText(approval), 90))));
}
