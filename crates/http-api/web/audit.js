// The audit log: who did what and when, newest first, filtered, page after page.

import { get } from "./api.js";
import { el } from "./dom.js";
import { inert } from "./text.js";
import { timeNode } from "./time.js";

const PART = 50;
const FIELDS = [
  { name: "kind", label: "Kind", hint: "approval.decided" },
  { name: "subject", label: "Subject", hint: "appr_…, run_…, rule_…" },
  { name: "actor", label: "Actor", hint: "operator, api:ci, system" },
  { name: "since", label: "Since", type: "datetime-local" },
  { name: "until", label: "Until", type: "datetime-local" },
];
const KINDS = [
  "approval.requested", "approval.decided", "approval.refused", "approval.expired", "approval.cancelled", "approval.claimed",
  "approval.executed", "approval.indeterminate", "approval.lapsed", "effect.allowed", "effect.forbidden", "rule.created",
  "rule.used", "rule.revoked", "run.started", "run.finished", "run.recovered", "key.created", "key.revoked",
  "auth.signed_in", "auth.failed", "checkpoint",
];
// Where what a record is about has a page of its own.
const PAGES = { appr: "approvals", run: "runs", sess: "sessions" };

/** The page; what is filtered by stands in its address, so that it can be kept and shared. */
export function auditPage() {
  return { root: new AuditLog().root, title: "Audit log", leave() {} };
}

class AuditLog {
  constructor() {
    this.asked = 0;
    this.inputs = new Map(FIELDS.map((field) => [field.name, input(field)]));
    this.note = el("p.problem", { role: "status", hidden: true });
    this.list = el("ol.audit-list", { "aria-label": "Records, newest first" });
    this.more = el("button.quiet", { type: "button", hidden: true, on: { click: () => this.load(this.next) } }, "Older records");
    this.form = el("form.audit-filter", { "aria-label": "Filter", on: { submit: (event) => this.filter(event) } },
      FIELDS.map(({ name, label }) => el("label", {}, el("span", {}, label), this.inputs.get(name))),
      el("datalist", { id: "audit-kinds" }, KINDS.map((kind) => el("option", { value: kind }))),
      el("div.audit-buttons", {}, el("button.quiet", { type: "submit" }, "Filter"), el("button.quiet", { type: "button", on: { click: () => this.clear() } }, "Show all")));
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "audit-title" },
        el("h1", { id: "audit-title" }, "Audit log"),
        el("p.muted", {}, "Who did what, chained record by record and signed now and then. Check it with ", el("code", {}, "countersign audit verify"), "."),
        this.form, this.note, this.list, this.more));
    this.fill();
    this.load();
  }

  fill() {
    const wanted = new URLSearchParams(location.search);
    for (const [name, field] of this.inputs) field.value = field.type === "datetime-local" ? localTime(wanted.get(name)) : wanted.get(name) ?? "";
  }

  filter(event) {
    event.preventDefault();
    const query = this.query().toString();
    history.replaceState(null, "", query ? `/audit?${query}` : "/audit");
    this.load();
  }

  clear() {
    for (const field of this.inputs.values()) field.value = "";
    history.replaceState(null, "", "/audit");
    this.load();
  }

  query() {
    const query = new URLSearchParams();
    for (const [name, field] of this.inputs) {
      const value = field.value.trim();
      if (value) query.set(name, field.type === "datetime-local" ? new Date(value).toISOString() : value);
    }
    return query;
  }

  async load(cursor = null) {
    const asked = ++this.asked;
    const query = this.query();
    query.set("limit", PART);
    if (cursor) query.set("cursor", cursor);
    this.note.hidden = true;
    this.more.disabled = true;
    try {
      const part = await get(`/v1/audit?${query}`);
      // Somebody may have asked for something else meanwhile.
      if (asked === this.asked) this.draw(part, cursor !== null);
    } catch (problem) {
      if (asked !== this.asked) return;
      this.note.textContent = `The log could not be read. ${problem.message}`;
      this.note.hidden = false;
    }
    this.more.disabled = false;
  }

  draw({ data, next_cursor: next }, append) {
    if (!append) this.list.replaceChildren();
    this.list.append(...data.map(recordItem));
    if (!this.list.children.length) this.list.append(el("li.muted", {}, "No record fits."));
    this.next = next;
    this.more.hidden = !next;
  }
}

function input({ name, hint, type }) {
  return el("input", { name, type: type ?? "text", step: type ? 1 : null, placeholder: hint, list: name === "kind" ? "audit-kinds" : null, autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
}

function recordItem(record) {
  const detail = Object.entries(record.detail).filter(([, value]) => value !== null);
  return el("li", { "data-seq": record.seq },
    el("div.audit-head", {}, el("span.muted", {}, `${record.seq}`), el("span.pill.tone-waiting", {}, record.kind), el("bdi", {}, inert(record.actor)), timeNode(record.at)),
    el("div.audit-subject", {}, subject(record.subject)),
    el("details", {}, el("summary", {}, "Details"),
      el("dl.audit-detail", {}, detail.map(([name, value]) => fact(name, typeof value === "string" ? value : JSON.stringify(value))), record.session ? fact("session", record.session) : null, fact("node", record.node), fact("hash", record.hash), fact("prev", record.prev))));
}

function fact(name, value) {
  return [el("dt", {}, inert(name)), el("dd", {}, el("bdi", {}, inert(value)))];
}

function subject(text) {
  const [, kind] = /^(appr|run|sess)_[0-9a-f]{32}$/.exec(text) ?? [];
  if (!kind) return el("bdi", {}, inert(text));
  return el("a", { href: `/${PAGES[kind]}/${text}`, "data-nav": true }, text);
}

// An instant as the field for local times takes it.
function localTime(instant) {
  const date = new Date(instant ?? "");
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
