// Requests to the gateway: cookie, CSRF token, JSON in and out, errors with their code.

import { learnClock } from "./time.js";

/** A refusal by the gateway, or none of its answers at all (`status` 0). */
export class ApiError extends Error {
  constructor(status, error = {}) {
    super(error.message ?? (status ? `The gateway answered ${status}.` : "The gateway cannot be reached."));
    this.status = status;
    this.code = error.code ?? null;
    this.param = error.param ?? null;
  }
}

let csrfToken = null;
let whenSignedOut = () => {};

/** Calls `handler` whenever the gateway says that nobody is signed in. */
export function onSignedOut(handler) {
  whenSignedOut = handler;
}

/** Who is signed in, and the token for everything that changes something. */
export async function loadSession() {
  const session = await request("GET", "/web/session");
  csrfToken = session.csrf_token;
  return session;
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}, headers = {}) => request("POST", path, body, headers);
export const patch = (path, body = {}) => request("PATCH", path, body);
export const remove = (path) => request("DELETE", path);

/** Says that an answer with `status` 401 has been seen. */
export function signedOut() {
  whenSignedOut();
}

async function request(method, path, body, more = {}) {
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
    headers["X-CSRF-Token"] = csrfToken ?? "";
  }
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  }).catch(() => {
    throw new ApiError(0);
  });
  learnClock(response.headers.get("Date"));
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401) signedOut();
  throw new ApiError(response.status, answer?.error);
}
