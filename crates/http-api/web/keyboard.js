// Keys for people who decide much: moving between cards, and deciding on the one that has the
// focus. No key approves by itself.

import { cardOf } from "./card.js";
import { CHOICES } from "./words.js";
import { el } from "./dom.js";

const KEYS = [
  ["j, ↓", "next card"],
  ["k, ↑", "previous card"],
  ["o", "approve the focused card once; then y"],
  ["s", "approve it for the session; then y"],
  ["a", "always approve it; then y"],
  ["d", "deny it: type a reason or none, then Enter"],
  ["v", "open its own page"],
  ["Esc", "go back, undecided"],
  ["?", "this help"],
];

/** Begins to listen. `open(path)` goes to another page. */
export function listenToKeys(open) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (handle(event, open)) event.preventDefault();
  });
}

/** Shows what the keys do. */
export function showHelp() {
  const dialog = el("dialog.help", { "aria-labelledby": "help-title" },
    el("h2", { id: "help-title" }, "Keyboard shortcuts"),
    el("p", {}, "They act on the card that has the focus. Enter alone never approves anything."),
    el("dl", {}, KEYS.map(([keys, what]) => el("div", {}, el("dt", {}, keys.split(", ").map((key) => el("kbd", {}, key))), el("dd", {}, what)))),
    el("form", { method: "dialog" }, el("button", { type: "submit", class: "quiet" }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function handle(event, open) {
  const focused = cardOf(document.activeElement);
  switch (event.key) {
    case "?":
      showHelp();
      return true;
    case "j":
      return moveFocus(1);
    case "k":
      return moveFocus(-1);
    case "ArrowDown":
      return focused ? moveFocus(1) : false;
    case "ArrowUp":
      return focused ? moveFocus(-1) : false;
    default:
      return focused && !event.repeat ? handleOnCard(event.key, focused, open) : false;
  }
}

function handleOnCard(key, card, open) {
  if (key === "v") {
    open(`/approvals/${encodeURIComponent(card.approval.approval_id)}`);
    return true;
  }
  if (!card.panel) return false;
  if (key === "Escape") card.panel.disarm();
  else if (key === "y") card.panel.confirm();
  else {
    const entry = CHOICES.find((choice) => choice.key === key);
    if (!entry) {
      card.panel.disarm();
      return false;
    }
    card.panel.arm(entry.choice);
  }
  return true;
}

function moveFocus(step) {
  const all = [...document.querySelectorAll("[data-card]")];
  if (!all.length) return false;
  const at = all.findIndex((card) => card.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
  return true;
}

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
