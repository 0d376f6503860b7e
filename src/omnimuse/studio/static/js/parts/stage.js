/** The stage: one asset, large, with what can be done and known about it. */

import { downloadUrl, getAsset } from "../api.js";
import { h, put } from "../dom.js";
import { icon, kindIcon } from "../icons.js";
import { kindName, t } from "../i18n.js";
import { go } from "../shell.js";
import { choose, newSessionName, selection, settings, staged } from "../state.js";
import { factsLine, isAudio, isPicture, titleOf } from "./media_card.js";
import { openAsset } from "./open_asset.js";
import { explain } from "./toast.js";

const TABS = ["view", "details", "provenance", "lineage"];
const ICONS = { view: "eye", details: "info", provenance: "shield", lineage: "tree" };

const VIEWS = {
  picture: () => import("./picture.js").then((m) => m.pictureView),
  timeline: () => import("./timeline.js").then((m) => m.timelineView),
  model: () => import("./viewer3d.js").then((m) => m.modelView),
  document: () => import("./document.js").then((m) => m.documentView),
  details: () => import("./asset_facts.js").then((m) => m.detailsView),
  provenance: () => import("./provenance.js").then((m) => m.provenanceView),
  lineage: () => import("./lineage.js").then((m) => m.lineageView),
};

function viewName(kind) {
  if (isPicture(kind) || kind === "scene") return "picture";
  if (kind === "video" || isAudio(kind)) return "timeline";
  if (kind === "mesh" || kind === "scene3d") return "model";
  return "document";
}

/** The stage's element; it shows whatever `staged` holds. */
export function buildStage() {
  const element = h("section.stage", { "aria-label": t("stage.title"), hidden: true });
  let view = null;
  let ticket = 0;
  const show = async (asset) => {
    ticket += 1;
    const mine = ticket;
    view?.leave?.();
    view = null;
    element.hidden = !asset;
    if (!asset) return;
    const body = h("div.stage-body", { id: "stage-body", role: "tabpanel" });
    const tabs = new Map(TABS.map((tab) => [tab, h("button.quiet", {
      type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "stage-body", on: { click: () => open(tab) },
    }, icon(ICONS[tab], 17), h("span", {}, t(`stage.${tab}`)))]));
    const open = async (tab) => {
      view?.leave?.();
      view = null;
      for (const [name, button] of tabs) {
        button.setAttribute("aria-selected", String(name === tab));
        button.tabIndex = name === tab ? 0 : -1;
      }
      body.setAttribute("aria-labelledby", `tab-${tab}`);
      put(body, h("div.busy", {}, icon("spinner"), t("action.loading")));
      try {
        const make = await VIEWS[tab === "view" ? viewName(asset.kind) : tab]();
        if (mine !== ticket) return;
        view = await make(asset);
        if (mine !== ticket) return view.leave?.();
        put(body, view.element);
      } catch (error) {
        if (mine === ticket) put(body, h("p.problem.padded", { role: "alert" }, explain(error).filter(Boolean).join(" ")));
      }
      return undefined;
    };
    const list = h("div.tabs", { role: "tablist", "aria-label": t("stage.title"), on: { keydown: (e) => arrows(e, tabs, open) } }, [...tabs.values()]);
    put(element, head(asset), list, body);
    await open("view");
  };
  staged.subscribe(show);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !staged.value || document.querySelector("dialog[open]")) return;
    if (selection.value) return; // Escape first clears the marks; the picture does that
    staged.value = null;
  });
  if (staged.value) show(staged.value);
  return { element };
}

function arrows(event, tabs, open) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const names = [...tabs.keys()];
  const now = names.findIndex((name) => tabs.get(name).tabIndex === 0);
  const next = names[(now + step + names.length) % names.length];
  open(next);
  tabs.get(next).focus();
}

function head(asset) {
  const parents = Object.values(asset.origin?.inputs ?? {}).flat();
  const button = (name, label, click) => h("button.quiet.icon-only", { type: "button", "aria-label": label, title: label, on: { click } }, icon(name, 19));
  const back = button("undo", t("stage.previous"), () => openBefore(asset, parents));
  const compare = button("compare", t("stage.compare_before"), async () => {
    const { openCompare } = await import("./compare.js");
    openCompare(await sameKind(asset, parents), asset);
  });
  back.hidden = compare.hidden = parents.length === 0;
  const use = button("create", t("stage.use"), () => {
    if (!settings.value.session) choose({ session: newSessionName() });
    go("/create");
    queueMicrotask(() => document.getElementById("prompt")?.focus());
  });
  use.classList.add("only-elsewhere");
  return h("header.stage-head", {},
    kindIcon(asset.kind, 22),
    h("div.stage-name", {}, h("h2", { title: titleOf(asset) }, titleOf(asset)), h("p.muted", {}, kindName(asset.kind), " · ", factsLine(asset))),
    h("div.stage-actions", {}, use, back, compare,
      h("a.button.quiet.icon-only", { href: downloadUrl(asset.id), download: "", "aria-label": t("action.download"), title: t("action.download") }, icon("download", 19)),
      button("close", t("stage.close"), () => {
        selection.value = null;
        staged.value = null;
      })));
}

async function sameKind(asset, parents) {
  const found = await Promise.all(parents.map((id) => getAsset(id).catch(() => null)));
  const known = found.filter(Boolean);
  return known.find((one) => one.kind === asset.kind) ?? known.find((one) => isPicture(one.kind)) ?? known[0];
}

async function openBefore(asset, parents) {
  const before = await sameKind(asset, parents);
  if (before) openAsset(before);
}
