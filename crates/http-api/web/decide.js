// The choices of one pending approval. Nothing is preselected, Enter on a card does nothing, and
// a key that approves only asks; `y` then confirms.

import { el, freshId } from "./dom.js";
import { CHOICES } from "./words.js";
import { inert } from "./text.js";

const REASON_LIMIT = 280;
const JUST_MOVED_MS = 350;

/** The panel for `approval`; `decide(choice, reason)` sends, and resolves when that is over. */
export class DecidePanel {
  constructor(approval, decide) {
    this.approval = approval;
    this.decide = decide;
    this.sending = false;
    this.movedAt = -Infinity;
    this.armed = null;
    this.hint = el("p.confirm", { role: "status" });
    this.reason = this.reasonField();
    this.buttons = new Map();
    this.root = el("div.decide", { role: "group", "aria-label": "Your decision" },
      CHOICES.filter(({ choice }) => approval.choices.includes(choice)).map((entry) => this.row(entry)),
      this.notOffered(),
      this.hint);
  }

  /** Asks for the confirmation of `choice`, as a key does. */
  arm(choice) {
    if (this.sending || !this.buttons.has(choice)) return;
    if (choice === "deny") {
      this.reason.input.focus();
      this.armed = "deny";
      this.say("Enter denies, with or without a reason. Esc goes back.");
      return;
    }
    this.armed = choice;
    const label = CHOICES.find((entry) => entry.choice === choice).label;
    this.say(`${label}? Press `, el("kbd", {}, "y"), " to confirm, ", el("kbd", {}, "Esc"), " to go back.");
  }

  /** Sends what was asked for, if a choice that approves was. */
  confirm() {
    if (this.armed && this.armed !== "deny") this.send(this.armed);
  }

  /** Forgets what was asked for. */
  disarm() {
    if (this.armed === null) return;
    this.armed = null;
    this.say();
  }

  /** Says that the card has just moved on the page, so that a click may be meant for another. */
  moved() {
    this.movedAt = performance.now();
  }

  row({ choice, label, key }) {
    const kind = choice === "deny" ? "p.visually-hidden" : "p.covers";
    const sentence = el(kind, { id: freshId("covers"), dir: "auto" }, this.sentence(choice));
    const button = el(`button.choice.${choice === "deny" ? "denies" : "approves"}`, {
      type: "button",
      "data-choice": choice,
      "aria-describedby": sentence.id,
      "aria-keyshortcuts": key,
      on: { click: () => this.clicked(choice) },
    }, label);
    this.buttons.set(choice, button);
    return el(`div.choice-row.${choice}`, {}, button, choice === "deny" ? el("div.deny-side", {}, sentence, this.reason.root) : sentence);
  }

  sentence(choice) {
    if (choice === "once") return "Only what is shown here, one time.";
    if (choice === "deny") return "Nothing is run, and the agent is told so.";
    return inert(this.approval.covers[choice] ?? "");
  }

  notOffered() {
    const missing = CHOICES.filter(({ choice }) => !this.approval.choices.includes(choice));
    if (!missing.length) return null;
    return el("p.not-offered", {}, `Not offered for this action: ${missing.map(({ label }) => `“${label}”`).join(", ")}.`);
  }

  reasonField() {
    const id = freshId("reason");
    const count = el("span.count", { "aria-hidden": "true" });
    const input = el("input", {
      id,
      type: "text",
      maxlength: String(REASON_LIMIT),
      autocomplete: "off",
      placeholder: "Reason, told to the agent (optional)",
      "aria-label": "Reason, told to the agent (optional)",
      on: {
        input: () => {
          const used = [...input.value].length;
          count.textContent = used > REASON_LIMIT - 80 ? `${REASON_LIMIT - used} left` : "";
        },
        keydown: (event) => this.reasonKey(event),
        blur: () => this.disarm(),
      },
    });
    return { root: el("div.reason-field", {}, input, count), input };
  }

  reasonKey(event) {
    if (event.key === "Enter" && !event.repeat && !event.isComposing && this.armed === "deny") this.send("deny");
    else if (event.key === "Escape") {
      this.disarm();
      this.root.closest("[data-card]")?.focus();
    }
  }

  clicked(choice) {
    if (choice !== "deny" && performance.now() - this.movedAt < JUST_MOVED_MS) {
      this.say("This card has just moved. Nothing was decided; press again.");
      return;
    }
    this.send(choice);
  }

  async send(choice) {
    if (this.sending) return;
    this.setSending(choice);
    try {
      await this.decide(choice, this.reason.input.value.trim());
    } finally {
      this.setSending(null);
    }
  }

  setSending(choice) {
    this.sending = choice !== null;
    this.armed = null;
    this.say(choice ? "Sending your decision…" : null);
    for (const button of this.buttons.values()) button.setAttribute("aria-disabled", String(this.sending));
  }

  say(...words) {
    this.hint.replaceChildren(...words.filter(Boolean));
  }
}
