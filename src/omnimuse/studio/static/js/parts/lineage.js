/** What an asset was made from, and what was made from it, as a tree. */

import { getTrace, getUsers, thumbUrl } from "../api.js";
import { h } from "../dom.js";
import { kindIcon } from "../icons.js";
import { kindName, t, toolName } from "../i18n.js";
import { openAsset } from "./open_asset.js";
import { hasThumb, tile } from "./media_card.js";

/** The tab with an asset's lineage. */
export async function lineageView(asset) {
  const [trace, users] = await Promise.all([getTrace(asset.id), getUsers(asset.id).catch(() => ({ items: [] }))]);
  return {
    element: h("div.padded.stack.lineage", {},
      h("h3", {}, t("lineage.from")), h("ul.tree", {}, branch(trace, "", true)),
      h("h3", {}, t("lineage.into")),
      users.items.length ? h("div.tiles.is-small", {}, users.items.map((item) => tile(item))) : h("p.muted", {}, t("lineage.nothing"))),
  };
}

function branch(trace, name, isRoot = false) {
  const isUpload = trace.origin?.tool === "import";
  const made = trace.is_missing ? t("lineage.missing") : isUpload ? t("gallery.uploaded") : toolName(trace.origin?.tool ?? "");
  const words = trace.origin?.arguments?.prompt ?? trace.origin?.arguments?.instruction ?? trace.origin?.arguments?.name ?? "";
  const face = h("button.leaf", {
    type: "button", disabled: trace.is_missing || isRoot, "aria-current": isRoot ? "true" : null, on: { click: () => openAsset(trace.id) },
  },
    trace.is_missing || !hasThumb(trace.kind) ? kindIcon(trace.kind, 24) : h("img", { src: thumbUrl(trace.id, 128), alt: "", width: 48, height: 48, loading: "lazy", on: { error: (e) => e.target.replaceWith(kindIcon(trace.kind, 24)) } }),
    h("span", {}, h("strong", {}, made), h("span.muted", {}, [name, trace.kind && kindName(trace.kind), trace.is_repeated && t("lineage.again"), String(words).slice(0, 60)].filter(Boolean).join(" · "))));
  return h("li", {}, face, trace.inputs?.length > 0 && h("ul", {}, trace.inputs.map((input) => branch(input, input.name))));
}
