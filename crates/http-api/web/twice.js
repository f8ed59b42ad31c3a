// What cannot be taken back is asked twice: the button first says what would happen, and only a
// second one, in another place, does it.

import { el } from "./dom.js";

/**
 * A button that asks before it acts: `label` on it, `question` and `sure` after the first press.
 * `act()` does it; the answer is the element to put in place.
 */
export function askTwice({ label, about = label, question, sure, act }) {
  const first = el("button.quiet", { type: "button", "aria-label": about === label ? null : about }, label);
  const root = el("div.twice", {}, first);
  const back = () => {
    root.replaceChildren(first);
    first.focus();
  };
  first.addEventListener("click", () => {
    const keep = el("button.quiet", { type: "button", on: { click: back } }, "Keep");
    const go = el("button.quiet.denies", { type: "button", on: { click: () => work(go, keep) } }, sure);
    // What is meant for the first button must not land on the one that acts.
    root.replaceChildren(el("span.twice-question", { role: "alert" }, question), keep, go);
    keep.focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || root.contains(first)) return;
    event.stopPropagation();
    back();
  });
  const work = async (go, keep) => {
    go.disabled = true;
    keep.disabled = true;
    await act();
    if (root.isConnected) root.replaceChildren(first);
  };
  return root;
}
