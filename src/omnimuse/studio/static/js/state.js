/**
 * What the browser remembers: choices (kept between visits) and what is looked at now.
 */

/** A value that tells its listeners when it changes. */
export class Signal {
  #value;
  #listeners = new Set();

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  set value(next) {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener(next);
  }

  /** Listen; returns what ends it. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const KEY = "omnimuse";

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
  } catch {
    return {}; // storage is off or holds something else: the defaults will do
  }
}

const DEFAULTS = {
  language: (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en",
  theme: "auto",
  motion: "auto",
  seed: "",
  session: "",
  drafts: {},
  models: {},
};

/** The user's choices; every change is kept. */
export const settings = new Signal({ ...DEFAULTS, ...read() });

/** Change some of the choices. */
export function choose(changes) {
  settings.value = { ...settings.value, ...changes };
}

settings.subscribe((value) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(value));
  } catch {
    // storage is full or off: the choices live as long as the page
  }
});

/** The draft of a session's next prompt, so that a reload loses nothing. */
export function draft(session) {
  return settings.value.drafts?.[session] ?? "";
}

/** Keep a draft; the last 20 sessions' are kept. */
export function keepDraft(session, text) {
  const drafts = { ...settings.value.drafts };
  delete drafts[session];
  if (text) drafts[session] = text.slice(0, 20000);
  const names = Object.keys(drafts);
  for (const name of names.slice(0, Math.max(0, names.length - 20))) delete drafts[name];
  choose({ drafts });
}

/** The asset on the stage, or null. */
export const staged = new Signal(null);

/**
 * What is pointed at on the staged asset: `{asset, points, boxes, mask, span, label}` or null.
 * `mask()` gives a PNG blob where something was painted.
 */
export const selection = new Signal(null);

/** Who the server says we are: mode, csrf token, version. */
export const me = new Signal(null);

/** A session name that says when it began: `2026-11-22 1504 k3`. */
export function newSessionName(now = new Date()) {
  const two = (n) => String(n).padStart(2, "0");
  const tail = Math.floor(Math.random() * 36 ** 3).toString(36).padStart(3, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}${two(now.getMinutes())} ${tail}`;
}

/** Put the look that was chosen on the page. */
export function applyLook({ theme, motion, language }) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (motion === "reduced") root.dataset.motion = "reduced";
  else delete root.dataset.motion;
  root.lang = language === "zh" ? "zh-CN" : "en";
}
