// Much to decide: everything that waits as a short list, and one of it open at a time. Each is
// decided by itself, on its own whole card; nothing here decides two at once, and the next card
// never comes under a finger by itself.

import { knownApproval, listState, onApprovals, pendingApprovals } from "./approvals.js";
import { Card, statusPill } from "./card.js";
import { announce, el } from "./dom.js";
import { oneLine, worstSeverity } from "./text.js";
import { kindTitle, mainText } from "./words.js";

/** The page. */
export function batchPage() {
  const page = new Batch();
  return { root: page.root, title: "One by one", leave: () => page.unsubscribe() };
}

class Batch {
  constructor() {
    this.order = [];
    this.open = null;
    this.card = null;
    this.progress = el("p.summary", { role: "status" });
    this.list = el("ol.batch-list", { "aria-label": "What waits, oldest first" });
    this.place = el("div.batch-card");
    this.skip = el("button.quiet", { type: "button", on: { click: () => this.next() } }, "Skip this one");
    this.root = el("div.batch", {},
      el("div", {},
        el("p.crumb", {}, el("a", { href: "/", "data-nav": true }, "Inbox"), " / one by one"),
        el("div.section-head", {}, el("h1", {}, "One by one"), this.progress),
        this.list),
      el("section.batch-open", { "aria-label": "The one to decide" }, this.place, el("div.audit-buttons", {}, this.skip)));
    this.unsubscribe = onApprovals((approval) => this.changed(approval));
    this.changed(null);
  }

  changed(approval) {
    for (const { approval_id: id } of pendingApprovals()) if (!this.order.includes(id)) this.order.push(id);
    if (this.open === null) this.show(this.waiting()[0] ?? null, false);
    else if (!approval || approval.approval_id === this.open) this.card?.update(knownApproval(this.open));
    this.draw();
  }

  waiting() {
    return this.order.filter((id) => knownApproval(id)?.status === "pending");
  }

  // The one after the open one that waits, or the first.
  next() {
    const waiting = this.waiting().filter((id) => id !== this.open);
    const at = this.order.indexOf(this.open);
    this.show(waiting.find((id) => this.order.indexOf(id) > at) ?? waiting[0] ?? null, true);
    this.draw();
  }

  show(id, moveFocus) {
    this.open = id;
    this.card = id ? new Card(knownApproval(id)) : null;
    // A click that was meant for the card before must not count for this one.
    this.card?.moved();
    this.place.replaceChildren(this.card ? this.card.root : this.nothing());
    if (!moveFocus) return;
    this.card?.root.focus();
    this.card?.root.scrollIntoView({ block: "nearest" });
  }

  nothing() {
    if (!listState().loaded) return el("p.loading", {}, "Looking for what waits…");
    return el("div.empty", {}, el("p.empty-title", {}, "Nothing waits for you"), el("p", {}, el("a", { href: "/", "data-nav": true }, "Go to the inbox")));
  }

  draw() {
    if (!this.card) this.place.replaceChildren(this.nothing());
    const waiting = this.waiting();
    const others = waiting.filter((id) => id !== this.open).length;
    const decided = this.order.length - waiting.length;
    this.progress.textContent = this.order.length ? `${decided} of ${this.order.length} decided` : "";
    const asks = this.open !== null && knownApproval(this.open)?.status === "pending";
    this.skip.hidden = this.open === null || others === 0;
    const label = asks ? "Skip this one" : `Next of ${others}`;
    if (this.skip.textContent !== label) {
      this.skip.textContent = label;
      if (!asks && !this.skip.hidden) this.skip.focus({ preventScroll: true });
      if (!asks && this.skip.hidden) announce("That was the last one.");
    }
    this.drawRows();
  }

  drawRows() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.row : null;
    this.list.replaceChildren(...this.order.map((id) => this.row(knownApproval(id))));
    if (focused) this.list.querySelector(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
  }

  row(approval) {
    const id = approval.approval_id;
    const severity = worstSeverity(approval.findings);
    const state = approval.status === "pending" ? severity && el(`span.severity.sev-${severity}`, {}, severity) : statusPill(approval);
    const choose = () => {
      this.show(id, true);
      this.draw();
    };
    return el("li", {}, el("button.batch-row", { type: "button", "data-row": id, "aria-current": id === this.open ? "true" : null, on: { click: choose } },
      el("span.batch-what", {}, state, " ", kindTitle(approval)), el("code", { dir: "ltr" }, oneLine(mainText(approval), 70))));
  }
}
