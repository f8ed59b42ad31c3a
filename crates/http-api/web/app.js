// The shell around the pages: sign-in, routes, the count of what waits, the state of the
// connection, the theme.

import { onApprovals, onLinkState, pendingApprovals, retryNow, startFollowing, stopFollowing } from "./approvals.js";
import { loadSession, onSignedOut, post } from "./api.js";
import { approvalPage } from "./approval.js";
import { auditPage } from "./audit.js";
import { batchPage } from "./batch.js";
import { chatPage } from "./chat.js";
import { el } from "./dom.js";
import { inboxPage } from "./inbox.js";
import { listenToKeys, showHelp } from "./keyboard.js";
import { keysPage } from "./keys.js";
import { listenToMore, markPage } from "./nav.js";
import { startNotifying, stopNotifying } from "./notify.js";
import { peoplePage } from "./people.js";
import { listenToPrinting } from "./print.js";
import { rulesPage } from "./rules.js";
import { runPage } from "./run.js";
import { runsPage } from "./runs.js";
import { sessionPage } from "./session.js";
import { sessionsPage } from "./sessions.js";
import { servicesPage } from "./services.js";
import { settingsPage } from "./settings.js";
import { inert } from "./text.js";

const THEMES = ["system", "light", "dark"];
const THEME_NAMES = { system: ["◐", "Theme: system"], light: ["☀", "Theme: light"], dark: ["☾", "Theme: dark"] };
const main = document.getElementById("main");
let session = null;
let page = null;

/** Goes to `path` without loading the page anew. */
function open(path) {
  history.pushState(null, "", path);
  showPage(true);
}

function route(path) {
  const [first, second] = path.split("/").filter(Boolean).map(decodeURIComponent);
  if (first === undefined) return inboxPage(session);
  if (first === "approvals" && second) return approvalPage(second);
  if (first === "batch") return batchPage();
  if (first === "runs") return second ? runPage(second) : runsPage();
  if (first === "sessions") return second ? sessionPage(second, open) : sessionsPage();
  if (first === "keys") return keysPage();
  if (first === "settings") return settingsPage();
  if (first === "rules") return rulesPage();
  if (first === "people") return peoplePage();
  if (first === "audit") return auditPage();
  if (first === "services") return servicesPage(second ?? null, open);
  if (first === "chat") return chatPage(second ?? null, session, open);
  return { root: el("div.empty", {}, el("h1", {}, "There is no such page"), el("a", { href: "/", "data-nav": true }, "Go to the inbox")), title: "Not found", leave() {} };
}

function showPage(moveFocus) {
  page?.leave();
  page = route(location.pathname);
  main.className = "";
  main.replaceChildren(page.root);
  scrollTo(0, 0);
  if (moveFocus && page.focus) page.focus();
  else if (moveFocus) main.focus({ preventScroll: true });
  markPage();
  drawCount();
}

function drawCount() {
  const count = pendingApprovals().length;
  const name = page?.title ? `${page.title} · Countersign` : "Countersign";
  document.title = count ? `(${count}) ${name}` : name;
  const badge = document.getElementById("count");
  badge.hidden = !count;
  badge.textContent = String(count);
  badge.setAttribute("aria-label", `${count} waiting`);
}

function drawLink({ state, retryAt }) {
  const node = document.getElementById("link-state");
  node.dataset.state = state;
  document.getElementById("link-banner")?.remove();
  if (state === "live") node.textContent = "Live";
  else if (state === "connecting") node.textContent = "Connecting…";
  else node.textContent = "Not connected";
  if (state === "live" || (state === "connecting" && !retryAt)) return;
  if (state !== "lost" && state !== "refused") return;
  const text = state === "refused" ? "The gateway refuses the event stream. Reload the page to try again." : "Connection lost, trying again. What you see may be out of date.";
  document.getElementById("banners").append(el("div.banner.lost", { id: "link-banner", role: "alert" }, el("span", {}, text), el("button.quiet", { type: "button", on: { click: retryNow } }, "Try now")));
}

function drawRehearsal({ gateway }) {
  if (!gateway.rehearsal) return;
  const banner = el("div.banner.rehearsal", { role: "note" },
    el("span", {}, el("strong", {}, "Rehearsal. "), "No model is configured; a built-in one plays its part. Everything else is real."),
    gateway.hint ? el("details", {}, el("summary", {}, "Use a real model"), el("pre", {}, inert(gateway.hint))) : null);
  document.getElementById("banners").prepend(banner);
}

function showSignIn() {
  stopFollowing();
  stopNotifying().catch(() => {});
  page?.leave();
  page = null;
  document.title = "Sign in · Countersign";
  document.getElementById("banners").replaceChildren();
  document.getElementById("link-state").textContent = "";
  document.getElementById("sign-out").hidden = true;
  document.getElementById("nav").hidden = true;
  main.className = "sign-in";
  main.replaceChildren(
    el("h1", {}, "Sign in"),
    el("p", {}, "You are not signed in, or your sign-in has ended. This page opens with a one-time link."),
    el("p", {}, "On the gateway’s own machine, run"),
    el("pre.command", {}, el("code", {}, "countersign sign-in")),
    el("p", {}, "and open the link that it prints. Each link works once and for a few minutes; you stay signed in after that."));
}

function showFailure(problem) {
  main.replaceChildren(el("div.empty", {}, el("h1", {}, "The gateway does not answer"), el("p", {}, problem.message), el("button.quiet", { type: "button", on: { click: () => location.reload() } }, "Try again")));
}

function followLinks(event) {
  const link = event.target.closest?.("a[data-nav]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(link.getAttribute("href"));
}

function themeNow() {
  return document.documentElement.dataset.theme ?? "system";
}

function drawTheme() {
  const button = document.getElementById("theme");
  const [sign, name] = THEME_NAMES[themeNow()];
  button.textContent = sign;
  button.setAttribute("aria-label", name);
  button.title = `${name}. Changes between the system’s, the light and the dark one`;
}

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem("countersign.theme");
    else localStorage.setItem("countersign.theme", next);
  } catch {
    // Storage may be switched off; the theme then lasts for this page.
  }
  drawTheme();
}

async function signOut() {
  await post("/web/sign-out").catch(() => {});
  showSignIn();
}

async function start() {
  drawTheme();
  document.getElementById("theme").addEventListener("click", nextTheme);
  document.getElementById("help").addEventListener("click", showHelp);
  document.getElementById("sign-out").addEventListener("click", signOut);
  document.addEventListener("click", followLinks);
  addEventListener("popstate", () => session && showPage(true));
  onSignedOut(showSignIn);
  try {
    session = await loadSession();
  } catch (problem) {
    if (problem.status !== 401) showFailure(problem);
    return;
  }
  document.getElementById("sign-out").hidden = false;
  drawRehearsal(session);
  listenToKeys(open);
  listenToMore();
  listenToPrinting();
  onApprovals(drawCount);
  onLinkState(drawLink);
  startNotifying(open);
  startFollowing();
  showPage(false);
}

start();
