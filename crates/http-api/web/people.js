// People on chat platforms who are on no list: who waits with a code, who was let in; and how the
// bots fare that they write to.

import { get, post, remove } from "./api.js";
import { announce, el } from "./dom.js";
import { LinkAccount } from "./pairing.js";
import { inert, plain } from "./text.js";
import { timeNode } from "./time.js";

const STATES = { connected: "connected", reconnecting: "reconnecting", refused: "refused", elsewhere: "on another node" };

/** The page. */
export function peoplePage() {
  const page = new People();
  return { root: page.root, title: "People", leave: () => page.link.leave() };
}

class People {
  constructor() {
    this.note = el("p.problem", { role: "alert", hidden: true });
    this.code = el("input", { id: "pairing-code", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", placeholder: "K7QM-2XWD", required: true });
    this.button = el("button", { type: "submit" }, "Let in");
    this.waiting = el("ul.rules", { "aria-labelledby": "waiting-title" });
    this.paired = el("ul.rules", { "aria-labelledby": "paired-title" });
    this.bots = el("ul.rules", { "aria-labelledby": "bots-title" });
    this.link = new LinkAccount();
    this.linking = el("div", {});
    this.root = el("div.approval-page", {},
      el("h1", {}, "People"),
      el("section", { "aria-labelledby": "waiting-title" },
        el("h2", { id: "waiting-title" }, "Waiting to be let in"),
        el("p.muted", {}, "Whoever writes to a bot with ", el("code", {}, "pairing: code"), " and is on no list is given a code. Let in only whom you know: have them tell you their code."),
        el("form.code-form", { on: { submit: (event) => this.letIn(event) } },
          el("label", { for: "pairing-code" }, "Their code"), this.code, this.button),
        this.note, this.waiting),
      el("section", { "aria-labelledby": "paired-title" }, el("h2", { id: "paired-title" }, "Let in"), this.paired),
      el("section", { "aria-labelledby": "bots-title" }, el("h2", { id: "bots-title" }, "Bots"), this.bots, this.linking));
    this.load();
  }

  async load() {
    try {
      const { data } = await get("/v1/pairings");
      const [paired, waiting] = [data.filter(isPaired), data.filter((one) => !isPaired(one))];
      fill(this.waiting, waiting.map((one) => this.item(one)), "Nobody.");
      fill(this.paired, paired.map((one) => this.item(one)), "Nobody.");
    } catch (problem) {
      fill(this.waiting, [], `Not readable. ${problem.message}`);
      fill(this.paired, [], "");
    }
    try {
      const { data } = await get("/v1/platforms");
      fill(this.bots, data.map(bot), "None is configured.");
      // The account of the bridge is linked; others have tokens.
      const own = data.some((one) => one.platform === "whatsapp" && one.account === "own");
      this.linking.replaceChildren(...(own ? [this.link.root] : []));
    } catch (problem) {
      fill(this.bots, [], `Not readable. ${problem.message}`);
    }
  }

  item(one) {
    const who = `${plain(one.person)} on ${plain(one.platform)}`;
    const [word, label] = isPaired(one) ? ["Show out", `Show out ${who}`] : ["Turn away", `Turn away ${who}`];
    const button = el("button.quiet", { type: "button", "aria-label": label, on: { click: () => this.remove(one, button) } }, word);
    const since = isPaired(one)
      ? ["let in by ", el("bdi", {}, inert(one.paired_by)), " ", timeNode(one.paired_at)]
      : ["asked ", timeNode(one.asked_at), ", the code is good until ", timeNode(one.expires_at)];
    return el("li", { "data-pairing": one.pairing_id },
      el("div.rule-text", {}, el("span.pill.tone-waiting", {}, inert(one.platform)), " ", el("bdi", {}, inert(one.person))),
      el("div.rule-foot", {}, el("span.muted", {}, since), button));
  }

  async letIn(event) {
    event.preventDefault();
    await this.change(this.button, "Nobody was let in.", async () => {
      const one = await post("/v1/pairings/approve", { code: this.code.value });
      this.code.value = "";
      announce("Let in: ", inert(one.person), " on ", inert(one.platform));
    });
  }

  async remove(one, button) {
    await this.change(button, "Nothing was changed.", () => remove(`/v1/pairings/${encodeURIComponent(one.pairing_id)}`));
  }

  async change(button, failed, work) {
    button.disabled = true;
    this.note.hidden = true;
    try {
      await work();
    } catch (problem) {
      this.note.textContent = `${failed} ${problem.message}`;
      this.note.hidden = false;
    }
    button.disabled = false;
    await this.load();
  }
}

const isPaired = (one) => one.status === "paired";

function fill(list, items, nothing) {
  list.replaceChildren(...(items.length ? items : [el("li.muted", {}, nothing)]));
}

function bot(one) {
  const tone = one.state === "connected" || one.state === "elsewhere" ? "ok" : "failed";
  const since = one.since ? [" since ", timeNode(one.since)] : [];
  return el("li", {},
    el("div.rule-text", {}, el(`span.pill.tone-${tone}`, {}, STATES[one.state] ?? one.state), " ", el("bdi", {}, inert(`${one.platform}/${one.account}`)), since),
    el("div.rule-foot", {}, el("span.muted", {}, one.why ? inert(one.why) : `${one.chats} chats known`, one.kept_by ? [", kept by ", el("bdi", {}, inert(one.kept_by))] : null)));
}
