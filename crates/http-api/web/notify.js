// Notifications of new approvals, while the page is open somewhere but nobody looks at it. They say
// that something waits and of what kind; what it is stands on the page alone, not on a lock screen.

import { listState, onApprovals, pendingApprovals } from "./approvals.js";
import { announce, el } from "./dom.js";
import { worstSeverity } from "./text.js";
import { clock } from "./time.js";
import { kindTitle } from "./words.js";

const STORED = "countersign.notify";
const TAG = "countersign-approvals";
const seen = new Set();
let registration = null;
let stop = () => {};

/** Whether this browser shows notifications here; on plain HTTP only this machine's own does. */
const isPossible = () => isSecureContext && "serviceWorker" in navigator && "Notification" in window;

/** Begins; `open(path)` goes to the page that a notification is about. */
export async function startNotifying(open) {
  if (!isPossible()) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (typeof data?.open === "string" && data.open.startsWith("/")) open(data.open);
  });
  stop = onApprovals(() => look());
  try {
    registration = await navigator.serviceWorker.register("/service-worker.js");
  } catch {
    registration = null;
  }
}

/** Ends, and takes away what is shown. */
export async function stopNotifying() {
  stop();
  await take();
}

/** The button that switches them on and off, or nothing where there are none. */
export function notifyButton() {
  if (!isPossible()) return null;
  const button = el("button.quiet", { type: "button" });
  const draw = () => {
    const on = isOn();
    button.textContent = on ? "Notifications on" : "Notify me";
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? "New approvals are announced while this page is open. Press to switch it off" : "Announce new approvals while this page is open but not in front";
  };
  button.addEventListener("click", async () => {
    if (isOn()) keep(false);
    else if ((await Notification.requestPermission()) === "granted") keep(true);
    else announce("The browser does not allow notifications from this page.");
    draw();
    if (!isOn() && Notification.permission === "denied") button.textContent = "Notifications are blocked by the browser";
  });
  draw();
  return button;
}

function isOn() {
  if (Notification.permission !== "granted") return false;
  try {
    return localStorage.getItem(STORED) === "on";
  } catch {
    return false;
  }
}

function keep(on) {
  try {
    if (on) localStorage.setItem(STORED, "on");
    else localStorage.removeItem(STORED);
  } catch {
    announce("This browser keeps no settings, so notifications stay off.");
  }
}

// What is there when the page begins is no news.
function look() {
  if (!listState().loaded) return;
  const first = seen.size === 0;
  const pending = pendingApprovals();
  const fresh = pending.filter(({ approval_id: id }) => !seen.has(id));
  for (const { approval_id: id } of fresh) seen.add(id);
  seen.add("begun");
  if (!pending.length) take().catch(() => {});
  if (first || !fresh.length || !isOn() || !registration || document.hasFocus()) return;
  show(pending, fresh).catch(() => {});
}

async function show(pending, fresh) {
  const only = pending.length === 1 ? fresh[0] : null;
  const title = only ? "An approval waits for you" : `${pending.length} approvals wait for you`;
  await registration.showNotification(title, {
    body: only ? about(only) : "",
    tag: TAG,
    renotify: true,
    icon: "/assets/icon-192.png",
    badge: "/assets/icon-192.png",
    data: { path: only ? `/approvals/${encodeURIComponent(only.approval_id)}` : "/" },
  });
}

// Kind, severity and time limit: nothing of what would run, of where it goes, or of who is meant.
function about(approval) {
  const until = approval.expires_at ? `until ${clock(approval.expires_at)}` : null;
  return [kindTitle(approval), worstSeverity(approval.findings), until].filter(Boolean).join(" · ");
}

async function take() {
  for (const shown of (await registration?.getNotifications({ tag: TAG })) ?? []) shown.close();
}
