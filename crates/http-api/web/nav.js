// The links to the pages: which one is current, and those that a narrow window keeps in a menu.

const PAGES = ["chat", "runs", "audit", "sessions", "rules", "people", "services", "keys", "settings"];

const nav = document.getElementById("nav");
const more = document.getElementById("more");
const menu = document.getElementById("more-pages");

/** Marks the link of the page that is shown, and closes the menu. */
export function markPage() {
  const [first] = location.pathname.split("/").filter(Boolean);
  const current = PAGES.includes(first) ? first : "inbox";
  for (const link of nav.querySelectorAll("[data-page]")) {
    if (link.dataset.page === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  more.classList.toggle("current", menu.querySelector("[aria-current]") !== null);
  open(false);
}

/** Begins to listen to the menu's button, to Escape and to clicks beside it. */
export function listenToMore() {
  more.addEventListener("click", () => open(!isOpen()));
  document.addEventListener("click", (event) => {
    if (isOpen() && !menu.contains(event.target) && !more.contains(event.target)) open(false);
  });
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    open(false);
    more.focus();
  });
  nav.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !nav.contains(event.relatedTarget)) open(false);
  });
}

const isOpen = () => more.getAttribute("aria-expanded") === "true";

function open(is) {
  more.setAttribute("aria-expanded", String(is));
  menu.classList.toggle("open", is);
}
