// Editing a draft: the content that is sent or written, before it is decided about.

import { el, freshId } from "./dom.js";

/** Whether a person can change the content of `approval`. */
export const isEditable = (approval) => approval.status === "pending" && typeof approval.draft === "string";

/**
 * A button that opens a text area with the content of `approval`. `save(content)` sends it and
 * resolves when that is over; `opened(open)` is told when the text area opens and closes.
 */
export class EditPanel {
  constructor(approval, { save, opened }) {
    this.approval = approval;
    this.save = save;
    this.opened = opened;
    this.sending = false;
    this.root = el("div.edit");
    this.close();
  }

  /** What has been typed and not saved; `null` when the text area is closed. */
  get typed() {
    return this.area?.value ?? null;
  }

  /** Opens the text area with `text`. */
  open(text = this.approval.draft) {
    const id = freshId("draft");
    this.area = el("textarea.draft", {
      id,
      rows: String(Math.min(16, Math.max(4, text.split("\n").length + 1))),
      spellcheck: "true",
      dir: "auto",
      on: { keydown: (event) => event.key === "Escape" && this.close(true) },
    });
    this.area.value = text;
    this.hint = el("p.text-note", { role: "status" }, "Saving decides nothing. What you approve then is the saved content, and the agent is told that you changed it.");
    this.root.replaceChildren(
      el("label.block-label", { for: id }, "New content"),
      this.area,
      this.hint,
      el("div.edit-buttons", {},
        this.button("Save the new content", () => this.send()),
        this.button("Leave it as it is", () => this.close(true))));
    this.opened(true);
    this.area.focus();
  }

  close(focus = false) {
    this.area = null;
    const button = this.button("Edit the content", () => this.open());
    this.root.replaceChildren(button);
    if (!focus) return;
    this.opened(false);
    button.focus();
  }

  button(label, click) {
    return el("button.quiet", { type: "button", on: { click } }, label);
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    this.hint.replaceChildren("Saving…");
    try {
      await this.save(this.area.value);
    } finally {
      this.sending = false;
    }
  }
}
