// The standing rules that `session` and `always` left behind: what they cover, who made them, how
// often they were used and when last, and the button that revokes them.

import { get, remove } from "./api.js";
import { announce, el } from "./dom.js";
import { inert, plain } from "./text.js";
import { timeNode } from "./time.js";
import { askTwice } from "./twice.js";

const SCOPES = { always: "always", session: "one session" };

/** The rules on a page of their own. */
export function rulesPage() {
  const section = new RulesSection("h1");
  section.list.before(el("p.muted", {}, "What “for this session” and “always” have left behind. What a rule covers runs without a question; a revoked one covers nothing from then on."));
  return { root: el("div.approval-page", {}, section.root), title: "Standing rules", leave() {} };
}

/** The section; `load` reads the rules anew. */
export class RulesSection {
  constructor(heading = "h2") {
    this.list = el("ul.rules");
    this.note = el("p.problem", { role: "status", hidden: true });
    this.root = el("section", { "aria-labelledby": "rules-title" }, el(heading, { id: "rules-title" }, "Standing rules"), this.note, this.list);
    this.load();
  }

  async load() {
    try {
      const { data } = await get("/v1/rules");
      this.draw(data);
    } catch {
      this.list.replaceChildren(el("li.muted", {}, "The rules could not be read."));
    }
  }

  draw(rules) {
    if (rules.length) this.list.replaceChildren(...rules.map((rule) => this.item(rule)));
    else this.list.replaceChildren(el("li.muted", {}, "None. “For this session” and “always” leave a rule here."));
  }

  item(rule) {
    const revoke = askTwice({
      label: "Revoke",
      about: `Revoke the rule: ${plain(rule.describes)}`,
      question: "What it covers is asked about again.",
      sure: "Revoke it",
      act: () => this.revoke(rule),
    });
    return el("li", { "data-rule": rule.rule_id },
      el("div.rule-text", {}, el("span.pill.tone-waiting", {}, SCOPES[rule.scope] ?? rule.scope), " ", el("span", { dir: "auto" }, inert(rule.describes))),
      el("p.muted", {}, "Made by ", el("bdi", {}, inert(rule.made_by)), " ", origin(rule), session(rule), rule.expires_at ? [", until ", timeNode(rule.expires_at)] : null),
      el("div.rule-foot", {}, el("span.muted", {}, usage(rule)), revoke));
  }

  async revoke(rule) {
    this.note.hidden = true;
    try {
      await remove(`/v1/rules/${encodeURIComponent(rule.rule_id)}`);
      announce("The rule is revoked.");
    } catch (problem) {
      this.note.textContent = `The rule still stands. ${problem.message}`;
      this.note.hidden = false;
    }
    await this.load();
  }
}

function usage(rule) {
  if (!rule.uses) return "Not used yet";
  const times = `Used ${rule.uses.toLocaleString("en")} ${rule.uses === 1 ? "time" : "times"}`;
  return rule.last_used_at ? [times, ", last ", timeNode(rule.last_used_at)] : times;
}

function origin(rule) {
  if (!rule.from_approval) return timeNode(rule.created_at);
  return el("a", { href: `/approvals/${encodeURIComponent(rule.from_approval)}`, "data-nav": true }, timeNode(rule.created_at));
}

function session(rule) {
  if (!rule.session_id) return null;
  return [" in ", el("a", { href: `/sessions/${encodeURIComponent(rule.session_id)}`, "data-nav": true, title: rule.session_id }, `session …${rule.session_id.slice(-6)}`)];
}
