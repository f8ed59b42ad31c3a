// How elements are made: by name, with attributes and children. Text is always text; nothing in
// this page parses HTML.

/**
 * An element such as `el("button.quiet", { type: "button", on: { click } }, "Stop")`. Attributes
 * that are `null`, `undefined` or `false` are left out; children may be nodes, texts or nothing.
 */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Says `words` to screen readers, without moving the focus. Text of others must be inert. */
export function announce(...words) {
  document.getElementById("announce").replaceChildren(el("p", {}, words));
}

let lastId = 0;

/** A new id for labels and descriptions. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
