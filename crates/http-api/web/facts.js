// The facts of an approval, the same wherever it is shown: what, why, where, who, digest.

import { el } from "./dom.js";
import { inert, inertWithSpans, newNotes, oneLine, textOfSpan } from "./text.js";
import { timeNode } from "./time.js";
import { mainText } from "./words.js";

const LONG = 2000;
const QUOTED_AT_MOST = 80;

/** What will happen, verbatim and inert, with the findings' places marked. */
export function whatNodes(approval, textId) {
  const notes = newNotes();
  const main = mainText(approval);
  const nodes = [block(inertWithSpans(main, approval.findings, notes), textId, labelOf(approval)), ...revealedNodes(approval, notes)];
  if (approval.content !== undefined && approval.content !== null) {
    nodes.push(el("p.block-label", {}, approval.kind === "http_request" ? "With this method, headers and body" : "With this content"));
    nodes.push(block(inert(approval.content, notes), null, "Content"));
  }
  if (approval.files?.length) nodes.push(filesNode(approval.files));
  for (const file of approval.attachments ?? []) nodes.push(...attachmentNodes(file, notes));
  return [...nodes, ...noteNodes(notes, main.length + (approval.content?.length ?? 0))];
}

// A file that goes with a mail: what it is called, how large it is, exactly which bytes, what it says.
function attachmentNodes({ name, size, digest, text }, notes) {
  const label = el("p.block-label.attachment", {}, "With the file ", el("bdi.mono", {}, inert(name, notes)),
    `, ${size.toLocaleString("en")} bytes`, digestNode(digest));
  const shown = text === undefined || text === null
    ? el("p.text-note", {}, "It is no text, so its content is not shown.")
    : block(inert(text, notes), null, "Content of the file");
  return [label, shown];
}

// What the text above decodes to or stands for: the reader must not have to work it out.
function revealedNodes(approval, notes) {
  return (approval.revealed ?? []).flatMap(({ how, text }) => [
    el("p.block-label", {}, how === "decoded" ? "Decoded, this would run" : "Resolved, this would run"),
    block(inert(text, notes), null, "What would run"),
  ]);
}

/** Why it is asked: the findings, most severe first, numbered like their marks. */
export function whyNodes(approval) {
  const main = mainText(approval);
  const reason = el("p.reason", { dir: "auto" }, inert(approval.description));
  if (!approval.findings.length) return [reason];
  // A description that only repeats the first finding would be read twice.
  const first = approval.findings[0].message.toLowerCase().replace(/[.!?]$/, "");
  const repeats = approval.description.toLowerCase().startsWith(first);
  const items = approval.findings.map((finding, index) => findingItem(finding, index + 1, main));
  return [repeats ? null : reason, el("ul.findings", { "aria-label": "Why it is asked" }, items)];
}

/** What is known besides the action: earlier denials, the count of calls, votes. */
export function attentionNodes(approval) {
  const nodes = (approval.tried_before ?? []).map(triedNode);
  if (approval.count > 1) {
    nodes.push(el("p.text-note.count-note", {}, `${approval.count} identical calls wait for this one decision; each of them runs once if you approve.`));
  }
  if (approval.votes_needed > 1) {
    nodes.push(el("p.text-note.votes", {}, `${approval.votes.length} of ${approval.votes_needed} votes`, approval.votes.flatMap(voteNode)));
  }
  return nodes;
}

function triedNode(tried) {
  const how = tried.same_action ? "This was denied before in this run" : "The same effect, by other means, was denied before in this run";
  return el("p.problem.tried-before", {}, how, " by ", el("bdi", {}, inert(tried.denied_by)), " at ", timeNode(tried.at),
    tried.reason ? [": ", el("q", {}, inert(tried.reason))] : null, " ",
    el("a", { href: `/approvals/${encodeURIComponent(tried.approval_id)}`, "data-nav": true }, "See it"));
}

function voteNode(vote) {
  return [" · ", el("bdi", {}, inert(vote.by)), ...(vote.on_behalf_of ? [" for ", el("bdi", {}, inert(vote.on_behalf_of))] : []), ` (${vote.choice})`];
}

// Says that a card was sent only if it was.
function channelNode({ channel, delivery, at, problem }) {
  const name = el("bdi.mono", {}, inert(channel));
  if (delivery === "sent") return ["Sent to ", name];
  if (delivery === "planned") return ["To be sent to ", name, " at ", timeNode(at)];
  return ["Not sent to ", name, ": ", el("span", {}, inert(problem ?? "the reason is not known"))];
}

/** Where, who and the digest. */
export function detailNodes(approval) {
  const place = [approval.host, approval.cwd].filter(Boolean);
  return el("dl.facts", {},
    fact("Where", place.length ? place.map((part, i) => [i ? " : " : null, el("bdi.mono", {}, inert(part))]).flat() : "this gateway"),
    fact("Asked by", [el("bdi", {}, inert(approval.requested_by)), " in ", sessionLink(approval.session_id), " at ", timeNode(approval.created_at)]),
    (approval.audiences ?? []).filter(({ channel }) => channel).map((audience) => fact("Approvers’ channel", channelNode(audience))),
    envFact(approval.env),
    fact("Digest", digestNode(approval.digest)));
}

// The files that are part of what is decided: nothing starts if one of them is another by then.
function filesNode(files) {
  return el("div.bound", {},
    el("p.block-label", {}, "With these files as they are now"),
    el("ul.files", {}, files.map(fileItem)));
}

function fileItem(file) {
  const named = file.named ?? file.path;
  const leads = file.named ? [" → ", el("bdi.mono", {}, inert(file.path))] : null;
  const state = file.sha256 === null
    ? "does not exist"
    : [`${file.size.toLocaleString("en")} bytes, `, el("code", { title: file.sha256 }, file.sha256.replace(/^sha256:/, "").slice(0, 12))];
  return el("li", {}, el("bdi.mono", {}, inert(named)), leads, " — ", file.runs ? "runs, " : "read, ", state, previewNode(file.preview));
}

function previewNode(preview) {
  if (!preview) return null;
  if (!preview.as_shown) return el("strong.changed", {}, " It has changed since: an approval would run nothing.");
  if (preview.text === null || preview.text === undefined) return null;
  return el("details.preview", {},
    el("summary", {}, "What it says"),
    block(inert(preview.text), null, "Content of the file"),
    preview.truncated ? el("p.text-note", {}, "Only its beginning is shown.") : null);
}

function envFact(env) {
  const names = Object.keys(env ?? {});
  if (!names.length) return null;
  const lines = names.map((name) => `${name}=${env[name]}`).join("\n");
  return fact("Environment", el("details.env", {},
    el("summary", {}, `${names.length} ${names.length === 1 ? "variable" : "variables"}`),
    el("pre", { dir: "ltr" }, el("code", {}, inert(lines)))));
}

/** A digest: its first 12 digits, and all of it on demand. */
export function digestNode(digest) {
  const hex = digest.replace(/^sha256:/, "");
  return el("details.digest", { title: digest },
    el("summary", { "aria-label": `Digest ${hex.slice(0, 12)}, show all of it` }, el("code", {}, hex.slice(0, 12))),
    el("code.whole", {}, digest));
}

function labelOf(approval) {
  return approval.command === undefined || approval.command === null ? "Destination" : "Command";
}

function block(content, id, label) {
  return el("pre.command", { id, dir: "ltr", "aria-label": label }, el("code", {}, content));
}

function noteNodes(notes, length) {
  const lines = [];
  if (length > LONG) lines.push(`${length.toLocaleString("en")} characters, all of them shown above.`);
  if (notes.hidden) lines.push("Invisible and control characters are shown as ⟨U+…⟩.");
  if (notes.lookalikes.size) {
    lines.push(`Letters in boxes are not the Latin ones that they look like: ${[...notes.lookalikes].slice(0, 12).join(", ")}.`);
  }
  return lines.map((line) => el("p.text-note", {}, line));
}

function findingItem(finding, number, main) {
  const quoted = textOfSpan(main, finding.span);
  const said = quoted.trim() === main.trim() || finding.message.includes(quoted.trim());
  return el("li", {},
    el(`span.number.sev-${finding.severity}`, { "aria-hidden": "true" }, String(number)),
    el("span.finding", {},
      el(`span.severity.sev-${finding.severity}`, {}, finding.severity), " ",
      el("span", { dir: "auto" }, inert(sentence(finding.message))), " ",
      said ? null : el("code.quoted", { dir: "ltr" }, oneLine(quoted, QUOTED_AT_MOST))));
}

function sentence(message) {
  const [first = "", ...rest] = message;
  return first.toUpperCase() + rest.join("") + (/[.!?]$/.test(message) ? "" : ".");
}

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function sessionLink(id) {
  return el("a", { href: `/chat/${encodeURIComponent(id)}`, "data-nav": true, title: id }, `session …${id.slice(-6)}`);
}
