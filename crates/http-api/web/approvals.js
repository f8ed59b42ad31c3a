// The approvals that this page knows, kept as the gateway's store says they are. The event stream
// only tells what to look at again; what is shown is always read from the gateway.

import { ApiError, get, post } from "./api.js";
import { follow } from "./stream.js";

const PAGE = 100;
const PENDING_SHOWN_AT_MOST = 500;
const SETTLED = new Set(["denied", "expired", "cancelled", "executed", "indeterminate", "lapsed"]);
const POLL_HIDDEN_MS = 10_000;

const known = new Map();
const listeners = new Set();
const stateListeners = new Set();
const dirty = new Set();
let stream = null;
let linkState = { state: "connecting" };
let flushTimer = null;
let moreThanShown = false;
let loaded = false;

/** The approval with this id, if it was seen. */
export const knownApproval = (id) => known.get(id);

/** Everything pending that is known, oldest first. */
export function pendingApprovals() {
  const pending = [...known.values()].filter((approval) => approval.status === "pending");
  return pending.sort((a, b) => compare(a.created_at, b.created_at) || compare(a.approval_id, b.approval_id));
}

/** Whether the pending list has been read, and whether it is longer than what is kept here. */
export const listState = () => ({ loaded, moreThanShown });

/** Whether nothing more can happen to `approval`. */
export const isSettled = (approval) => SETTLED.has(approval.status);

/** Calls `listener(approval | null)` after each change; `null` says that a list was read anew. */
export function onApprovals(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls `listener` with the state of the connection, now and after each change. */
export function onLinkState(listener) {
  stateListeners.add(listener);
  listener(linkState);
}

/** Begins to follow. */
export function startFollowing() {
  connect();
  document.addEventListener("visibilitychange", onVisibility);
}

/** Tries again now instead of later. */
export function retryNow() {
  stream?.retry();
}

/** Stops, for good. */
export function stopFollowing() {
  document.removeEventListener("visibilitychange", onVisibility);
  disconnect();
}

/** Reads one approval anew. */
export async function refresh(id) {
  return remember(await get(`/v1/approvals/${encodeURIComponent(id)}`));
}

/** Takes over approvals that came with another answer. */
export const rememberAll = (approvals) => approvals.map(remember);

/**
 * Sends a decision about exactly what was shown. The answer is the stored approval and, when the
 * decision did not count, why: `{ approval, problem: null | ApiError }`.
 */
export async function resolve(approval, choice, reason) {
  const body = { choice, digest: approval.digest, count: approval.count ?? 1, ...(reason ? { reason } : {}) };
  const path = `/v1/approvals/${encodeURIComponent(approval.approval_id)}`;
  try {
    const answer = await post(`${path}/resolve`, body);
    return { approval: remember(answer.approval), problem: null };
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    const stored = await refresh(approval.approval_id).catch(() => known.get(approval.approval_id) ?? approval);
    return { approval: stored, problem };
  }
}

/**
 * Replaces the content of a pending approval. The answer is the stored approval and, when the
 * content was not taken, why: `{ approval, problem: null | ApiError }`.
 */
export async function edit(approval, content) {
  const path = `/v1/approvals/${encodeURIComponent(approval.approval_id)}`;
  try {
    const answer = await post(`${path}/edit`, { content, digest: approval.digest });
    return { approval: remember(answer.approval), problem: null };
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    const stored = await refresh(approval.approval_id).catch(() => known.get(approval.approval_id) ?? approval);
    return { approval: stored, problem };
  }
}

/** Reads all that is pending, and what may have changed unseen. */
export async function reload() {
  const pending = await readPending();
  const seen = new Set(pending.map((approval) => approval.approval_id));
  const unsure = [...known.values()].filter((a) => !isSettled(a) && !seen.has(a.approval_id));
  for (const approval of pending) store(approval);
  loaded = true;
  tell(null);
  await Promise.allSettled(unsure.map((approval) => refresh(approval.approval_id)));
}

function connect() {
  stream = follow("/v1/approvals/events", {
    onOpen: () => reload().catch(reloadLater),
    onEvent: (_, data) => touch(data.approval_id),
    onState: setState,
  });
}

function disconnect() {
  stream?.stop();
  stream = null;
}

function setState(state) {
  linkState = state;
  for (const listener of stateListeners) listener(state);
}

function reloadLater() {
  if (stream) setTimeout(() => reload().catch(reloadLater), 2000);
}

// A browser grants a site few connections, and every stream holds one: a page that nobody looks
// at gives its own back after a while and asks now and then instead.
let hiddenTimer = null;

function onVisibility() {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(restHidden, 60_000);
  else if (!stream) connect();
}

async function restHidden() {
  disconnect();
  await reload().catch(() => {});
  if (document.hidden) hiddenTimer = setTimeout(restHidden, POLL_HIDDEN_MS);
}

async function readPending() {
  const all = [];
  let cursor = null;
  do {
    const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await get(`/v1/approvals?status=pending&limit=${PAGE}${next}`);
    all.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && all.length < PENDING_SHOWN_AT_MOST);
  moreThanShown = Boolean(cursor);
  return all;
}

// Events come in bursts; what they touch is read once.
function touch(id) {
  dirty.add(id);
  flushTimer ??= setTimeout(flush, 25);
}

async function flush() {
  const ids = [...dirty];
  dirty.clear();
  flushTimer = null;
  if (ids.length > 25) {
    await reload().catch(reloadLater);
    return;
  }
  await Promise.allSettled(ids.map(refresh));
}

function remember(approval) {
  const changed = store(approval);
  const stored = known.get(approval.approval_id);
  if (changed) tell(stored);
  return stored;
}

// Answers may overtake each other: the one with the longer history is the newer one.
function store(answer) {
  const before = known.get(answer.approval_id);
  if (before && before.history.length > answer.history.length) return false;
  const approval = withPreviews(answer, before);
  known.set(approval.approval_id, approval);
  return JSON.stringify(before) !== JSON.stringify(approval);
}

// Lists do not say what is in the files: there, what was read of them before stands.
function withPreviews(answer, before) {
  if (answer.digest !== before?.digest || isSettled(answer)) return answer;
  const files = answer.files?.map((file, at) => file.preview ? file : { ...file, preview: before.files?.[at]?.preview });
  return { ...answer, files };
}

function tell(approval) {
  for (const listener of listeners) listener(approval);
}

function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}
