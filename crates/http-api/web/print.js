// An approval on paper: everything of it, also what the page keeps folded.

import { el } from "./dom.js";

/** The button that prints the page. */
export const printButton = () => el("button.quiet", { type: "button", on: { click: () => print() } }, "Print");

/** Begins to unfold what is printed, and to fold it again. */
export function listenToPrinting() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
    opened = [];
  });
}
