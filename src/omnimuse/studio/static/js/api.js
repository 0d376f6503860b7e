/** The server's HTTP interface, as functions. The only module that talks to the server. */

import { me } from "./state.js";

/** An answer that is no success; carries the server's own code, message and hint. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error.message || `HTTP ${status}`);
    this.status = status;
    this.code = error.code ?? "error";
    this.hint = error.hint ?? "";
    this.retryable = Boolean(error.retryable);
  }
}

const SAFE = new Set(["GET", "HEAD"]);

/**
 * One call.
 *
 * @param {string} path under the server's root.
 * @param {{method?: string, json?: object, body?: BodyInit, signal?: AbortSignal}} [options] call.
 * @returns {Promise<any>} the JSON answer, null if empty.
 */
export async function call(path, options = {}) {
  const { method = "GET", json, body, signal } = options;
  const headers = {};
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (!SAFE.has(method) && me.value?.csrf) headers["X-CSRF-Token"] = me.value.csrf;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      signal,
      body: json === undefined ? body : JSON.stringify(json),
      credentials: "same-origin",
    });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new ApiError(0, { code: "offline", message: "", retryable: true });
  }
  const data = await readJson(answer);
  if (answer.ok) return data;
  const error = new ApiError(answer.status, data?.error ?? {});
  if (error.code === "csrf" && !options.again) {
    await whoAmI();
    return call(path, { ...options, again: true });
  }
  throw error;
}

async function readJson(answer) {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

/** Ask who we are; must come first, it brings the token that changes need. */
export async function whoAmI() {
  me.value = await call("/api/me");
  return me.value;
}

/** Log in with an API key. */
export async function login(key) {
  me.value = await call("/api/login", { method: "POST", json: { key } });
  return me.value;
}

export const logout = () => call("/api/logout", { method: "POST", json: {} });

const query = (params) => {
  const pairs = Object.entries(params).filter(([, v]) => v !== "" && v !== null && v !== undefined);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
};
const seg = encodeURIComponent;

// jobs
export const startJob = (request) => call("/api/jobs", { method: "POST", json: request });
export const getJob = (id) => call(`/api/jobs/${seg(id)}`);
export const listJobs = (params = {}) => call(`/api/jobs${query(params)}`);
export const cancelJob = (id) => call(`/api/jobs/${seg(id)}`, { method: "DELETE" });
export const retryJob = (id, changes = {}) =>
  call(`/api/jobs/${seg(id)}/retry`, { method: "POST", json: changes });
export const planOnly = (request) => call("/api/plans", { method: "POST", json: request });
export const archiveUrl = (id) => `/api/jobs/${seg(id)}/archive`;

const EVENTS = ["queued", "started", "planned", "node", "done"];

/**
 * Follow a job. Lost connections are taken up again where they broke.
 *
 * @param {string} id the job.
 * @param {(type: string, data: object) => void} listen told of every event.
 * @returns {() => void} what ends it.
 */
export function followJob(id, listen) {
  const source = new EventSource(`/api/jobs/${seg(id)}/events`);
  for (const type of EVENTS) {
    source.addEventListener(type, (event) => {
      listen(type, JSON.parse(event.data));
      if (type === "done") source.close();
    });
  }
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) listen("lost", {});
  };
  return () => source.close();
}

// assets
export const listAssets = (params = {}, signal) => call(`/api/assets${query(params)}`, { signal });
export const getAsset = (id) => call(`/api/assets/${seg(id)}`);
export const forgetAsset = (id) => call(`/api/assets/${seg(id)}`, { method: "DELETE" });
export const contentUrl = (id) => `/api/assets/${seg(id)}/content`;
export const thumbUrl = (id, width = 320) => `/api/assets/${seg(id)}/content?w=${width}`;
export const downloadUrl = (id) => `/api/assets/${seg(id)}/content?download=1`;
export const getPeaks = (id, n = 600) => call(`/api/assets/${seg(id)}/peaks?n=${n}`);
export const getText = (id) => call(`/api/assets/${seg(id)}/text`);
export const getLayers = (id) => call(`/api/assets/${seg(id)}/layers`);
export const getTrace = (id) => call(`/api/assets/${seg(id)}/trace`);
export const getUsers = (id) => call(`/api/assets/${seg(id)}/users`);
export const getProvenance = (id) => call(`/api/assets/${seg(id)}/provenance`);
export const compareAssets = (a, b) => call(`/api/assets/compare${query({ a, b })}`);

/** Upload a file; the server finds out what it is. Returns the asset. */
export async function upload(file, { kind = "", name = "" } = {}) {
  const form = new FormData();
  form.append("file", file, name || file.name || "file");
  if (kind) form.append("kind", kind);
  const answer = await call("/api/assets", { method: "POST", body: form });
  return answer.items[0];
}

// tools, models, sessions
let tools = null;

/** Every tool; asked for once. */
export function listTools() {
  tools ??= call("/api/tools").then(
    (answer) => answer.items,
    (error) => {
      tools = null;
      throw error;
    },
  );
  return tools;
}

export const listKinds = () => call("/api/kinds").then((answer) => answer.items);
export const listModels = () => call("/api/models");
export const switchModel = (role, card) =>
  call(`/api/models/${seg(role)}`, { method: "PUT", json: { card } });
export const explainModel = (role) => call(`/api/models/explain/${seg(role)}`);
export const listSessions = (params = {}) => call(`/api/sessions${query(params)}`);
export const getSession = (name) => call(`/api/sessions/${seg(name)}`);
export const dropSession = (name) => call(`/api/sessions/${seg(name)}`, { method: "DELETE" });
export const branchSession = (name, turns, to) =>
  call(`/api/sessions/${seg(name)}/branch`, { method: "POST", json: { turns, name: to } });
export const undoTurn = (name) =>
  call(`/api/sessions/${seg(name)}/undo`, { method: "POST", json: {} });
export const listSettings = () => call("/api/settings").then((answer) => answer.items);
