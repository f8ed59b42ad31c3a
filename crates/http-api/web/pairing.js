// Linking the account that the bridge is to: a code for the phone, for administrators' eyes. It is
// asked for by a click, shown while it is good, and gone when the page is left.

import { get } from "./api.js";
import { announce, el } from "./dom.js";
import { plain } from "./text.js";

const EVERY_MS = 3000;

/** The section; `leave` ends what it does. */
export class LinkAccount {
  constructor() {
    this.state = el("p", { role: "status" });
    this.code = el("div.link-code");
    this.button = el("button", { type: "button", on: { click: () => this.start() } }, "Link the account");
    this.root = el("section", { "aria-labelledby": "link-title" },
      el("h2", { id: "link-title" }, "WhatsApp account"),
      el("p.muted", {}, "Whoever scans the code links your account: scan it with your own phone, and show it to nobody. Asking for it is recorded."),
      this.button, this.state, this.code);
  }

  start() {
    this.button.disabled = true;
    this.ask();
  }

  leave() {
    clearTimeout(this.timer);
    this.left = true;
    this.code.replaceChildren();
  }

  async ask() {
    try {
      const pairing = await get("/v1/whatsapp/pairing");
      if (this.left) return;
      this.draw(pairing);
      if (pairing.state !== "linked") this.timer = setTimeout(() => this.ask(), EVERY_MS);
    } catch (problem) {
      this.code.replaceChildren();
      this.state.textContent = `No code. ${plain(problem.message)}`;
      this.button.disabled = false;
    }
  }

  draw({ state, account, code, why }) {
    if (state === "code") {
      this.tell("On the phone: Settings, Linked devices, Link a device. Then scan this:");
      // An image runs nothing and fetches nothing, whatever is in it.
      const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(code.svg)}`;
      if (this.source !== source) this.code.replaceChildren(el("img", { src: source, alt: "The code to scan with the phone", width: 300, height: 300 }));
      this.source = source;
      return;
    }
    this.source = null;
    this.code.replaceChildren();
    if (state === "linked") {
      this.button.disabled = false;
      this.tell(`Linked to ${plain(account?.number ?? "a number that is not known")}.`);
      return;
    }
    this.tell(why ? `Waiting for a code: ${plain(why)}` : "Waiting for a code.");
  }

  tell(words) {
    if (this.state.textContent === words) return;
    this.state.textContent = words;
    announce(words);
  }
}
