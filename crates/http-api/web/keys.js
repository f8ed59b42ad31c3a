// API keys: who may do what with them, when they were used last; making one, whose secret is shown
// this once, and taking one back.

import { get, post, remove } from "./api.js";
import { announce, el } from "./dom.js";
import { inert, plain } from "./text.js";
import { timeNode } from "./time.js";
import { askTwice } from "./twice.js";

const SCOPES = {
  runs: "starts and reads its own runs",
  "approvals:read": "sees approvals and rules",
  "approvals:decide": "decides approvals",
  outbound: "asks for approvals of its own, uses grants",
  audit: "reads the audit log",
  admin: "everything, keys too",
};

/** The page. */
export function keysPage() {
  return { root: new Keys().root, title: "Keys", leave() {} };
}

class Keys {
  constructor() {
    this.note = el("p.problem", { role: "alert", hidden: true });
    this.list = el("ul.rules", {}, el("li.muted", {}, "Reading the keys…"));
    this.name = el("input", { type: "text", required: true, maxlength: "64", pattern: "[A-Za-z0-9._\\-]+", placeholder: "ci", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
    this.until = el("input", { type: "datetime-local" });
    this.scopes = Object.entries(SCOPES).map(([scope, words]) => ({ scope, words, box: el("input", { type: "checkbox", name: "scope", value: scope }) }));
    this.button = el("button", { type: "submit" }, "Make the key");
    this.made = el("div", { role: "status" });
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "keys-title" },
        el("h1", { id: "keys-title" }, "Keys"),
        el("p.muted", {}, "Programs prove themselves with a key. A key’s holder is ", el("code", {}, "api:NAME"), " in every decision and in the audit log."),
        this.list),
      el("section", { "aria-labelledby": "make-title" }, el("h2", { id: "make-title" }, "Make a key"), this.form(), this.note, this.made));
    this.load();
  }

  form() {
    return el("form.service-form", { on: { submit: (event) => this.make(event) } },
      el("label", {}, el("span", {}, "Name"), this.name),
      el("fieldset.scopes", {}, el("legend", {}, "What its holder may do"),
        this.scopes.map(({ scope, words, box }) => el("label.check", {}, box, el("span", {}, el("code", {}, scope), " ", el("span.muted", {}, words))))),
      el("label", {}, el("span", {}, "Good until (empty: until it is revoked)"), this.until),
      this.button);
  }

  async load() {
    try {
      const { data } = await get("/v1/keys");
      this.list.replaceChildren(...(data.length ? data.map((key) => this.item(key)) : [el("li.muted", {}, "None yet.")]));
    } catch (problem) {
      this.list.replaceChildren(el("li.muted", {}, `Not readable. ${problem.message}`));
    }
  }

  item(key) {
    const revoke = askTwice({ label: "Revoke", about: `Revoke the key ${plain(key.name)}`, question: "It opens nothing from then on.", sure: "Revoke it", act: () => this.revoke(key) });
    const used = key.last_used_at ? ["Last used ", timeNode(key.last_used_at)] : "Not used yet";
    return el("li", { "data-key": key.name },
      el("div.rule-text", {}, el("strong", {}, el("bdi", {}, inert(key.name))), " ", key.scopes.flatMap((scope) => [el("span.pill.tone-waiting", {}, scope), " "])),
      el("p.muted", {}, used, key.expires_at ? [", good until ", timeNode(key.expires_at)] : null),
      el("div.rule-foot", {}, el("span.muted", {}, "Made by ", el("bdi", {}, inert(key.created_by)), " ", timeNode(key.created_at)), revoke));
  }

  async make(event) {
    event.preventDefault();
    const scopes = this.scopes.filter(({ box }) => box.checked).map(({ scope }) => scope);
    await this.change("No key was made.", async () => {
      const key = await post("/v1/keys", { name: this.name.value.trim(), scopes, ...(this.until.value ? { expires_at: new Date(this.until.value).toISOString() } : {}) });
      event.target.reset();
      this.show(key);
    });
  }

  // The secret is in this answer and nowhere else; it leaves the page with the next one that is shown.
  show(key) {
    const secret = el("code.secret", { tabindex: "0" }, key.secret);
    const copy = el("button.quiet", { type: "button", on: { click: async () => {
      await navigator.clipboard.writeText(key.secret);
      announce("Copied.");
      copy.textContent = "Copied";
    } } }, "Copy");
    this.made.replaceChildren(el("div.made", {},
      el("p", {}, "The key ", el("bdi", {}, inert(key.name)), " is made. This is its secret; it is not shown again:"), secret,
      el("div.audit-buttons", {}, navigator.clipboard ? copy : null, el("button.quiet", { type: "button", on: { click: () => this.made.replaceChildren() } }, "I have it"))));
  }

  async revoke(key) {
    await this.change("The key still stands.", () => remove(`/v1/keys/${encodeURIComponent(key.name)}`));
  }

  async change(failed, work) {
    this.button.disabled = true;
    this.note.hidden = true;
    try {
      await work();
    } catch (problem) {
      this.note.textContent = `${failed} ${problem.message}`;
      this.note.hidden = false;
    }
    this.button.disabled = false;
    await this.load();
  }
}
