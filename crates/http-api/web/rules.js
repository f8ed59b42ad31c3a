// The standing rules that `session` and `always` left behind: what they cover, who made them, how
// often they were used, and the button that revokes them.

import { get, remove } from "./api.js";
import { el } from "./dom.js";
import { inert, plain } from "./text.js";
import { timeNode } from "./time.js";

/** The rules on a page of their own. */
export function rulesPage() {
  return { root: el("div.approval-page", {}, new RulesSection("h1").root), title: "Standing rules", leave() {} };
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
      const answer = await get("/v1/rules");
      this.draw(answer.data ?? answer);
    } catch {
      this.list.replaceChildren(el("li.muted", {}, "The rules could not be read."));
    }
  }

  draw(rules) {
    if (rules.length) this.list.replaceChildren(...rules.map((rule) => this.item(rule)));
    else this.list.replaceChildren(el("li.muted", {}, "None. “For this session” and “always” leave a rule here."));
  }

  item(rule) {
    const revoke = el("button.quiet", { type: "button", "aria-label": `Revoke the rule: ${plain(rule.describes)}`, on: { click: () => this.revoke(rule, revoke) } }, "Revoke");
    return el("li", { "data-rule": rule.rule_id },
      el("div.rule-text", {}, el("span.pill.tone-waiting", {}, rule.scope), " ", el("span", { dir: "auto" }, inert(rule.describes))),
      el("div.rule-foot", {}, el("span.muted", {}, usage(rule), ", made by ", el("bdi", {}, inert(rule.made_by)), " ", origin(rule)), revoke));
  }

  async revoke(rule, button) {
    button.disabled = true;
    this.note.hidden = true;
    try {
      await remove(`/v1/rules/${encodeURIComponent(rule.rule_id)}`);
    } catch (problem) {
      this.note.textContent = `The rule still stands. ${problem.message}`;
      this.note.hidden = false;
      button.disabled = false;
    }
    await this.load();
  }
}

function usage(rule) {
  if (!rule.uses) return "Not used yet";
  return `Used ${rule.uses} ${rule.uses === 1 ? "time" : "times"}`;
}

function origin(rule) {
  if (!rule.from_approval) return timeNode(rule.created_at);
  return el("a", { href: `/approvals/${encodeURIComponent(rule.from_approval)}`, "data-nav": true }, timeNode(rule.created_at));
}
