// One approval's own page: the whole content, the decision, and everything that happened to it.

import { knownApproval, onApprovals, refresh } from "./approvals.js";
import { Card } from "./card.js";
import { el } from "./dom.js";
import { printButton } from "./print.js";
import { inert } from "./text.js";
import { timeNode } from "./time.js";
import { kindTitle, momentWord } from "./words.js";

/** The page of the approval with this id. */
export function approvalPage(id) {
  const root = el("div.approval-page", {}, el("p.loading", {}, "Reading the approval…"));
  let parts = null;
  const draw = (approval) => {
    parts ??= build(root, approval);
    parts.card.update(approval);
    parts.history.replaceChildren(...approval.history.map(historyItem));
    parts.ids.replaceChildren(...idNodes(approval));
  };
  const unsubscribe = onApprovals((approval) => {
    const current = approval === null ? knownApproval(id) : approval;
    if (current?.approval_id === id) draw(current);
  });
  refresh(id).then(draw, (problem) => root.replaceChildren(missing(problem)));
  return { root, title: "Approval", leave: unsubscribe };
}

function build(root, approval) {
  const card = new Card(approval, { heading: "h1", link: false });
  const history = el("ol.history");
  const ids = el("dl.facts");
  const printed = timeNow();
  root.replaceChildren(
    el("div.section-head.no-gap", {}, el("p.crumb", {}, el("a", { href: "/", "data-nav": true }, "Inbox"), " / ", kindTitle(approval)), el("span.head-end", {}, printButton())),
    el("p.print-only", {}, "Countersign, approval ", el("span.mono", {}, approval.approval_id), ", as of ", printed),
    card.root,
    el("section", { "aria-labelledby": "history-title" }, el("h2", { id: "history-title" }, "What happened"), history),
    el("section", { "aria-labelledby": "ids-title" }, el("h2", { id: "ids-title" }, "Where it belongs"), ids));
  return { card, history, ids };
}

// When the paper was printed, not when the page was opened.
function timeNow() {
  const node = el("span");
  addEventListener("beforeprint", () => node.replaceChildren(timeNode(new Date().toISOString())));
  return node;
}

function historyItem({ at, actor, what }) {
  return el("li", {}, timeNode(at), " ", el("strong", {}, momentWord(what)), actor ? [" by ", el("bdi", {}, inert(actor === "system" ? "the gateway" : actor))] : null);
}

function idNodes(approval) {
  const session = el("a", { href: `/chat/${encodeURIComponent(approval.session_id)}`, "data-nav": true }, approval.session_id);
  const run = approval.run_id ? el("a", { href: `/runs/${encodeURIComponent(approval.run_id)}`, "data-nav": true }, approval.run_id) : null;
  const rows = [["Approval", approval.approval_id], ["Session", session], ["Run", run], ["Tool call", approval.call_id]];
  if (approval.decision?.rule_id) rows.push(["Rule left behind", approval.decision.rule_id]);
  return rows.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd.mono", {}, typeof value === "string" ? inert(value) : value)));
}

function missing(problem) {
  const text = problem.status === 404 ? "There is no approval with this id here." : `It could not be read. ${problem.message}`;
  return el("div.empty", {}, el("h1", {}, "Approval"), el("p", {}, text), el("p", {}, el("a", { href: "/", "data-nav": true }, "Go to the inbox")));
}
