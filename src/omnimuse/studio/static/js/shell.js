/** The frame: navigation at the side, a page in the middle, the stage beside it. */

import { listSessions } from "./api.js";
import { h, put } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { showKeys } from "./parts/keys_help.js";
import { buildStage } from "./parts/stage.js";
import { choose, newSessionName, settings, staged } from "./state.js";
import { createView } from "./views/create.js";

const PAGES = ["create", "gallery", "tools", "models", "settings"];
const LAZY = {
  gallery: () => import("./views/gallery.js").then((m) => m.galleryView),
  tools: () => import("./views/tools.js").then((m) => m.toolsView),
  models: () => import("./views/models.js").then((m) => m.modelsView),
  settings: () => import("./views/settings.js").then((m) => m.settingsView),
};

/** The name of the house with its sign. */
export function wordmark() {
  return h("span.wordmark", {}, h("img", { src: "icon.svg", alt: "", width: 26, height: 26 }), "Omnimuse");
}

/** Where the address says we are: `#/gallery?q=fox` -> `{page, rest, params}`. */
export function readRoute() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const known = PAGES.includes(page) ? page : "create";
  return { page: known, rest, params: new URLSearchParams(query) };
}

/** Go to a page of the studio. */
export function go(path) {
  location.hash = path;
}

/** Begin a new conversation. */
export function newSession() {
  staged.value = null;
  const name = newSessionName();
  choose({ session: name });
  go(`/create/${encodeURIComponent(name)}`);
  queueMicrotask(() => document.getElementById("prompt")?.focus());
}

/** The whole frame, as elements to be put into the page. */
export function buildShell() {
  const main = h("main.page", { id: "main", tabindex: -1 });
  const stage = buildStage();
  const links = new Map(PAGES.map((page) => [page, navLink(page)]));
  const history = h("ul.sessions", {});
  const nav = h(
    "nav.side", { "aria-label": t("nav.main"), id: "side" },
    h("div.side-head", {}, h("a.brand", { href: "#/create", "aria-label": "Omnimuse" }, wordmark())),
    h("button.new-session", { type: "button", on: { click: newSession } },
      icon("plus", 18), h("span", {}, t("nav.new"))),
    h("ul.links", {}, PAGES.map((page) => h("li", {}, links.get(page)))),
    h("div.history", {}, h("h2", {}, t("nav.history")), history),
    h("button.quiet.keys-button", { type: "button", on: { click: showKeys } },
      icon("keyboard", 18), h("span", {}, t("keys.title"))),
  );
  const skip = h("a.skip-link", { href: "#main", on: { click: (e) => skipTo(e, main) } }, t("nav.skip"));
  const frame = h("div.frame", {}, nav, main, stage.element);

  let current = null;
  const show = async () => {
    const route = readRoute();
    for (const [page, link] of links) {
      if (page === route.page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${t(`nav.${route.page}`)} · Omnimuse`;
    frame.dataset.page = route.page;
    if (current?.page === route.page && current.view.update?.(route)) return;
    current?.view.leave?.();
    const make = route.page === "create" ? createView : await LAZY[route.page]();
    if (readRoute().page !== route.page) return; // left while it was loading
    current = { page: route.page, view: make(route) };
    put(main, current.view.element);
    main.scrollTop = 0;
  };
  const refresh = () => fillHistory(history);
  listen(show, refresh, frame);
  show();
  refresh();
  return [skip, frame];
}

let ends = [];

/** Listeners of the frame; those of a frame that was replaced (another language) are ended. */
function listen(show, refresh, frame) {
  for (const end of ends) end();
  const mark = (asset) => frame.classList.toggle("has-stage", Boolean(asset));
  mark(staged.value);
  addEventListener("hashchange", show);
  addEventListener("sessions-changed", refresh);
  addEventListener("keydown", shortcut);
  let session = settings.value.session;
  ends = [
    () => removeEventListener("hashchange", show),
    () => removeEventListener("sessions-changed", refresh),
    () => removeEventListener("keydown", shortcut),
    staged.subscribe(mark),
    settings.subscribe((value) => {
      if (value.session !== session) refresh();
      session = value.session;
    }),
  ];
}

function navLink(page) {
  return h("a", { href: `#/${page}` }, icon(page), h("span", {}, t(`nav.${page}`)));
}

function skipTo(event, main) {
  event.preventDefault();
  main.focus();
}

async function fillHistory(list) {
  let items = [];
  try {
    items = (await listSessions({ limit: 30 })).items ?? [];
  } catch {
    return; // the page itself says that the server is away
  }
  put(list, items.map((item) => h("li", {}, h("a", {
    href: `#/create/${encodeURIComponent(item.name)}`,
    "aria-current": item.name === settings.value.session ? "true" : null,
    title: item.title || item.name,
  }, item.title || item.name))));
  list.parentElement.hidden = items.length === 0;
}

function shortcut(event) {
  const inField = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "?" && !inField) {
    event.preventDefault();
    showKeys();
  } else if (event.key === "/" && !inField) {
    const field = document.getElementById("prompt") ?? document.getElementById("search");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-5]$/.test(event.code)) {
    event.preventDefault();
    go(`/${PAGES[Number(event.code.slice(5)) - 1]}`);
  } else if (event.altKey && event.code === "KeyN") {
    event.preventDefault();
    newSession();
  }
}
