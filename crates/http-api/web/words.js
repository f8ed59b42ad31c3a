// What the page says about approvals: the words for kinds, choices, states and moments.

import { el } from "./dom.js";
import { inert, plain } from "./text.js";
import { duration, timeNode } from "./time.js";

const KINDS = {
  exec: "Run a command",
  code: "Run code",
  file_read: "Read a file outside the workspace",
  file_write: "Write a file outside the workspace",
  http_request: "Send an HTTP request",
  send_message: "Send a message",
  send_email: "Send an e-mail",
  tool: "Use a tool",
  config_change: "Change the configuration",
};

const DECIDED = {
  once: "Approved once",
  session: "Approved for this session",
  always: "Approved always",
  deny: "Denied",
};

const MOMENTS = {
  requested: "Asked",
  joined: "One more identical call",
  reminded: "Reminded",
  channel_asked: "Sent to the approvers’ channel",
  channel_not_reached: "The approvers’ channel was not reached",
  voted: "Agreed; more must",
  edited: "Content changed",
  approved: "Approved",
  denied: "Denied",
  expired: "Expired",
  cancelled: "Cancelled",
  claimed: "Started",
  executed: "Ended",
  indeterminate: "The end is not known: it may have run",
  lapsed: "Never started",
};

/** The choices in the order in which they are shown, with their button and shortcut. */
export const CHOICES = [
  { choice: "once", label: "Approve once", key: "o" },
  { choice: "session", label: "Approve for this session", key: "s" },
  { choice: "always", label: "Always approve", key: "a" },
  { choice: "deny", label: "Deny", key: "d" },
];

/** What is asked for, in a few words. */
export function kindTitle(approval) {
  const title = KINDS[approval.kind] ?? `Do something (${plain(approval.kind)})`;
  return approval.kind === "code" && approval.language ? `${title} (${plain(approval.language)})` : title;
}

/** The text that findings point into: what runs, or where it goes. */
export function mainText(approval) {
  return approval.command ?? approval.destination ?? "";
}

/** Who decided what and when, and what came of it: `{ tone, word, decided, outcome }`. */
export function verdict(approval) {
  const { tone, word, outcome } = outcomeOf(approval);
  return { tone, word, outcome, decided: decidedNode(approval.decision) };
}

/** What happened at one moment of an approval's history. */
export const momentWord = (what) => MOMENTS[what] ?? what;

/** Why a decision did not count, and what to do next. */
export function problemText(problem, approval) {
  const stored = approval.decision ? `${DECIDED[approval.decision.choice]} by ${approval.decision.by}` : `It is ${approval.status}`;
  switch (problem.code) {
    case "already_resolved":
      return `Your decision did not count: this was already decided. ${stored}.`;
    case "content_changed":
      return "Nothing was approved: what would run is no longer what was shown. Look at it again.";
    case "count_changed":
      return "Nothing was approved: the card counts more calls than it did. Look at it again.";
    case "choice_not_offered":
      return "Nothing was decided: this choice is not offered for this action.";
    default:
      break;
  }
  if (problem.status === 410) return "Too late: the time to decide was over. Nothing was run.";
  if (problem.status === 0) return "The gateway cannot be reached; it is not known whether your decision was stored. Nothing is shown as decided until the gateway says so. Try again.";
  return `Nothing was decided. ${problem.message}`;
}

/** Why content was not changed. */
export function editProblemText(problem, approval) {
  switch (problem.code) {
    case "already_resolved":
      return `The content was not changed: it is ${approval.status} by now.`;
    case "content_changed":
      return "The content was not changed: somebody else has changed it meanwhile. Look at it again; what you typed is kept below.";
    case "forbidden_by_policy":
      return `The content was not changed: ${problem.message}`;
    default:
      break;
  }
  if (problem.status === 410) return "Too late: the time to decide was over. Nothing was run.";
  return `The content was not changed. ${problem.message}`;
}

function outcomeOf(approval) {
  const { status, outcome, kind } = approval;
  switch (status) {
    case "pending":
      return { tone: "waiting", word: "Waiting", outcome: null };
    case "approved":
      return { tone: "running", word: "Approved", outcome: "It has not started yet." };
    case "claimed":
      return { tone: "running", word: "Running", outcome: "It is running." };
    case "executed":
      return executedWords(outcome, kind);
    case "denied":
      return { tone: "no", word: "Denied", outcome: "Nothing was run." };
    case "expired":
      return { tone: "no", word: "Expired", outcome: "Nobody decided in time. Nothing was run." };
    case "cancelled":
      return { tone: "no", word: "Cancelled", outcome: "The run ended before anybody decided. Nothing was run." };
    case "indeterminate":
      return leaves(kind)
        ? { tone: "unsure", word: "May have been sent", outcome: "It is not known whether it arrived. It is not sent again; please look." }
        : { tone: "unsure", word: "May have run", outcome: "The gateway stopped in the middle. It is not run again; please look." };
    case "lapsed":
      return { tone: "no", word: "Never started", outcome: "It was approved, but it did not start. Nothing was run." };
    default:
      return { tone: "waiting", word: status, outcome: null };
  }
}

/** Whether an approval of this kind is about something that is sent. */
const leaves = (kind) => ["send_message", "send_email", "http_request"].includes(kind);

function executedWords(outcome, kind) {
  const exit = Number.isInteger(outcome?.exit_code) ? `exit ${outcome.exit_code}` : null;
  const took = Number.isFinite(outcome?.duration_ms) ? duration(outcome.duration_ms) : null;
  const ok = outcome?.status === "ok";
  const words = leaves(kind) ? ["Sent", "It was sent", "It did not get through, or was refused"] : ["Ran", "It ran", "It ran and failed"];
  const facts = [ok ? words[1] : words[2], exit, took].filter(Boolean).join(" · ");
  return { tone: ok ? "ok" : "failed", word: ok ? words[0] : "Failed", outcome: facts };
}

function decidedNode(decision) {
  if (!decision) return null;
  const node = el("span", {}, `${DECIDED[decision.choice] ?? decision.choice} by `, el("bdi", {}, inert(decision.by)), " at ", timeNode(decision.at));
  if (decision.reason) node.append(": ", el("q", {}, inert(decision.reason)));
  return node;
}
