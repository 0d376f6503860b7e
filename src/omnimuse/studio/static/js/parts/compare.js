/** Two assets beside each other; pictures of one size also one over the other, with a slider. */

import { compareAssets, contentUrl } from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { openDialog } from "./keys_help.js";
import { altOf, emblem, isAudio, isPicture, isWords, mediaCard, player, titleOf } from "./media_card.js";

/** Open the dialog that compares two assets. */
export function openCompare(a, b) {
  if (!a || !b) return;
  const stage = h("div.compare-stage", {});
  const isOverlay = isPicture(a.kind) && isPicture(b.kind) && a.facts?.width_px === b.facts?.width_px && a.facts?.height_px === b.facts?.height_px;
  const modes = isOverlay ? ["slider", "side"] : ["side"];
  const buttons = new Map(modes.map((mode) => [mode, h("button.quiet.small", { type: "button", on: { click: () => show(mode) } }, t(`compare.${mode}`))]));
  const show = (mode) => {
    for (const [name, button] of buttons) button.setAttribute("aria-pressed", String(name === mode));
    put(stage, mode === "slider" ? wipe(a, b) : h("div.compare-sides", {}, [a, b].map((asset, i) => h("figure", {}, face(asset), h("figcaption", {}, h("strong", {}, i ? "B" : "A"), " ", titleOf(asset))))));
  };
  const facts = h("div", {});
  openDialog(t("compare.title"), h("div.row", {}, modes.length > 1 && [...buttons.values()]), stage, facts).classList.add("is-wide");
  show(modes[0]);
  compareAssets(a.id, b.id).then((answer) => put(facts, differences(answer)), () => {});
}

function face(asset) {
  if (isPicture(asset.kind)) return h("img", { src: contentUrl(asset.id), alt: altOf(asset) });
  if (asset.kind === "video") return h("video", { src: contentUrl(asset.id), controls: true, "aria-label": altOf(asset) });
  if (isAudio(asset.kind)) return player(asset);
  if (isWords(asset.kind)) return mediaCard(asset);
  return emblem(asset);
}

function wipe(a, b) {
  const over = h("img.wipe-over", { src: contentUrl(b.id), alt: `B: ${altOf(b)}` });
  const slider = h("input.wipe-slider", { type: "range", min: 0, max: 100, value: 50, "aria-label": t("compare.slider_label"), on: { input: () => place() } });
  const line = h("div.wipe-line", { "aria-hidden": "true" });
  const place = () => {
    over.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    line.style.left = `${slider.value}%`;
  };
  place();
  return h("div.wipe", {}, h("img", { src: contentUrl(a.id), alt: `A: ${altOf(a)}` }), over, line, h("span.wipe-tag.is-a", {}, "A"), h("span.wipe-tag.is-b", {}, "B"), slider);
}

function differences({ same_bytes: isSame, differences: found }) {
  const rows = Object.entries({ ...found?.facts, ...found?.arguments }).filter(([, pair]) => Array.isArray(pair));
  if (isSame) return h("p", {}, t("compare.same"));
  if (!rows.length) return h("p.muted", {}, t("compare.no_facts"));
  const show = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return h("table", {}, h("caption", {}, t("compare.differences")), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("compare.what")), h("th", { scope: "col" }, "A"), h("th", { scope: "col" }, "B"))),
    h("tbody", {}, rows.map(([name, [x, y]]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, show(x)), h("td", {}, show(y))))));
}
