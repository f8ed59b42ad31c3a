// The one card of an approval, used by the inbox, the approval's own page and the chat. While it
// is pending it asks; after that it tells who decided what, when, and what came of it.

import { edit, knownApproval, refresh, resolve } from "./approvals.js";
import { DecidePanel } from "./decide.js";
import { announce, el, freshId } from "./dom.js";
import { EditPanel, isEditable } from "./edit.js";
import { attentionNodes, detailNodes, whatNodes, whyNodes } from "./facts.js";
import { inert, worstSeverity } from "./text.js";
import { left, msUntil } from "./time.js";
import { editProblemText, kindTitle, problemText, verdict } from "./words.js";

const URGENT_MS = 60_000;
const cards = new WeakMap();
const countdowns = new Set();

/** The card whose element is `element`, if it is one. */
export const cardOf = (element) => cards.get(element) ?? null;

/** One card. `update` takes the approval as the gateway now says it is. */
export class Card {
  constructor(approval, { heading = "h2", link = true } = {}) {
    this.heading = heading;
    this.link = link;
    this.problem = null;
    this.root = el("article.card", { tabindex: "0", "data-card": approval.approval_id });
    cards.set(this.root, this);
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget)) this.panel?.disarm();
    });
    this.draw(approval);
  }

  /** Shows `approval`, keeping what the person is typing while nothing that matters has changed. */
  update(approval) {
    const same = this.approval.status === approval.status && this.approval.digest === approval.digest;
    const asked = (one) => JSON.stringify([one.count, one.votes, one.votes_needed, one.audiences, one.files]);
    const unchanged = asked(this.approval) === asked(approval);
    if (same && unchanged && (approval.status === "pending" || this.approval.history.length === approval.history.length)) {
      this.approval = approval;
      return;
    }
    const hadFocus = this.root.contains(document.activeElement);
    const reason = this.panel?.reason.input.value ?? "";
    const typed = this.editing?.typed ?? null;
    this.draw(approval);
    // A click that was meant for the card as it was must not count for what it says now.
    this.panel?.moved();
    if (this.panel) this.panel.reason.input.value = reason;
    if (typed !== null && isEditable(approval)) this.editing.open(typed);
    else if (hadFocus) this.root.focus({ preventScroll: true });
  }

  /** Says that the card has moved on the page. */
  moved() {
    this.panel?.moved();
  }

  draw(approval) {
    this.approval = approval;
    this.panel = null;
    this.editing = null;
    const pending = approval.status === "pending";
    const severity = worstSeverity(approval.findings);
    const titleId = freshId("card");
    this.root.className = `card ${pending ? "pending" : "decided"} ${severity ? `sev-${severity}` : ""}`;
    this.root.dataset.status = approval.status;
    this.root.setAttribute("aria-labelledby", titleId);
    const parts = pending ? this.question() : this.answer();
    this.root.replaceChildren(this.head(titleId, severity), ...parts.filter(Boolean));
  }

  head(titleId, severity) {
    const { approval } = this;
    const title = el(this.heading, { id: titleId }, kindTitle(approval));
    const pending = approval.status === "pending";
    return el("header.card-head", {},
      pending && severity ? el(`span.severity.sev-${severity}`, {}, severity) : null,
      pending ? null : statusPill(approval),
      title,
      el("span.head-end", {}, pending ? countdown(() => this.approval) : null, this.link ? openLink(approval) : null));
  }

  question() {
    const textId = freshId("what");
    this.panel = new DecidePanel(this.approval, (choice, reason) => this.decide(choice, reason));
    return [
      ...whatNodes(this.approval, textId),
      this.editNode(),
      ...attentionNodes(this.approval),
      ...whyNodes(this.approval),
      detailNodes(this.approval),
      this.problemNode(),
      this.panel.root,
    ];
  }

  answer() {
    const { decided, outcome } = verdict(this.approval);
    return [
      el("p.verdict", {}, decided, decided && outcome ? ". " : null, outcome),
      this.problemNode(),
      ...attentionNodes(this.approval),
      el("div.past", {}, whatNodes(this.approval, null)),
      el("details.more", {}, el("summary", {}, "Why it was asked, where and by whom"), whyNodes(this.approval), detailNodes(this.approval)),
    ];
  }

  problemNode() {
    return this.problem ? el("p.problem", { role: "alert" }, inert(this.problem)) : null;
  }

  // What is typed is not what would be approved, so nothing is approved meanwhile.
  editNode() {
    if (!isEditable(this.approval)) return null;
    const { panel } = this;
    this.editing = new EditPanel(this.approval, {
      save: (content) => this.edit(content),
      opened: (open) => {
        panel.disarm();
        panel.root.hidden = open;
        if (this.panel === panel) this.panel = open ? null : panel;
        else if (!open) this.panel = panel;
      },
    });
    return this.editing.root;
  }

  async edit(content) {
    const { approval, problem } = await edit(this.approval, content);
    this.problem = problem ? editProblemText(problem, approval) : null;
    this.draw(approval);
    if (problem && isEditable(approval)) this.editing.open(content);
    else this.root.focus({ preventScroll: true });
    if (!problem) announce("The content was changed. It waits for your decision.");
  }

  async decide(choice, reason) {
    const { approval, problem } = await resolve(this.approval, choice, reason);
    this.problem = problem ? problemText(problem, approval) : null;
    const stillAsking = approval.status === "pending";
    if (problem && stillAsking) this.redrawKeeping(reason, approval);
    else if (problem) this.draw(approval);
    else this.update(approval);
    if (!stillAsking && !problem) announce(`${kindTitle(approval)}: ${verdict(approval).word}`);
  }

  redrawKeeping(reason, approval) {
    this.draw(approval);
    if (this.panel) this.panel.reason.input.value = reason;
    this.root.focus({ preventScroll: true });
  }
}

/** The state of an approval in one word, with its colour. */
export function statusPill(approval) {
  const { tone, word } = verdict(approval);
  return el(`span.pill.tone-${tone}`, {}, word);
}

function openLink(approval) {
  return el("a.open", {
    href: `/approvals/${encodeURIComponent(approval.approval_id)}`,
    "data-nav": true,
    "aria-label": "Details of this approval, on its own page",
    title: approval.approval_id,
  }, "Details");
}

// A countdown that the one ticker below moves on, for as long as it is on the page.
function countdown(approvalNow) {
  const node = el("span.countdown", { role: "timer", "aria-live": "off" });
  const entry = { node, approvalNow, asked: 0 };
  tick(entry);
  countdowns.add(entry);
  return node;
}

function tick(entry) {
  const approval = entry.approvalNow();
  if (!approval.expires_at) {
    entry.node.textContent = "No time limit";
    return;
  }
  const ms = msUntil(approval.expires_at);
  entry.node.textContent = ms > 0 ? `${left(ms)} left` : "Time is up";
  entry.node.classList.toggle("urgent", ms < URGENT_MS);
  entry.node.title = `Until ${approval.expires_at}`;
  if (ms <= -500) askWhetherExpired(entry, approval);
}

// Only the gateway says that something has expired.
function askWhetherExpired(entry, approval) {
  const now = Date.now();
  if (now - entry.asked < 3000 || knownApproval(approval.approval_id)?.status !== "pending") return;
  entry.asked = now;
  refresh(approval.approval_id).catch(() => {});
}

setInterval(() => {
  for (const entry of countdowns) {
    if (entry.node.isConnected) tick(entry);
    else countdowns.delete(entry);
  }
}, 1000);
