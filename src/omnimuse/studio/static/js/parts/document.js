/** Everything that is read rather than watched: texts, transcripts, tables, JSON, notes. */

import { contentUrl, getText, thumbUrl } from "../api.js";
import { h } from "../dom.js";
import { clock, t } from "../i18n.js";
import { altOf, emblem } from "./media_card.js";

const MAX_ROWS = 500;

/** The view of an asset as a document. */
export async function documentView(asset) {
  return { element: h("div.document", { tabindex: 0 }, await body(asset)) };
}

async function body(asset) {
  if (asset.kind === "table") return table(asset);
  if (asset.kind === "score" || asset.kind === "layout") return [picture(asset), await reading(asset)];
  return (await reading(asset)) ?? emblem(asset);
}

const picture = (asset) => asset.thumbnail_url && h("img.document-picture", { src: thumbUrl(asset.id, 1024), alt: altOf(asset), on: { error: (e) => e.target.remove() } });

async function reading(asset) {
  let answer;
  try {
    answer = await getText(asset.id);
  } catch {
    return null; // no text at all: a picture or an emblem stands for it
  }
  if (typeof answer.text === "string") return h("pre.prose", {}, answer.text);
  const segments = answer.json?.segments;
  if (asset.kind === "transcript" && Array.isArray(segments)) {
    return h("dl.transcript", {}, segments.map((segment) => h("div", {}, h("dt", {}, clock(segment.start_s)), h("dd", {}, segment.text))));
  }
  return jsonTree(answer.json, asset.kind, true);
}

async function table(asset) {
  const answer = await fetch(contentUrl(asset.id));
  const rows = readCsv(await answer.text()).slice(0, MAX_ROWS + 1);
  if (!rows.length) return emblem(asset);
  const [head, ...rest] = rows;
  return h("table", {}, h("caption.visually-hidden", {}, altOf(asset)),
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))));
}

/** RFC 4180: commas, quotes, quotes within quotes doubled. */
function readCsv(text) {
  const rows = [[]];
  const cells = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/gy;
  for (const [whole, cell, end] of text.matchAll(cells)) {
    if (!whole && !cell) break;
    rows.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end !== "," && end !== "") rows.push([]);
    if (rows.length > MAX_ROWS + 2) break;
  }
  return rows.filter((row) => row.length);
}

/** JSON as nested lists that fold. */
export function jsonTree(value, name, isOpen = false) {
  if (value === null || typeof value !== "object") {
    return h("div.json-leaf", {}, h("span.json-key", {}, name), h("span.json-value", {}, value === null ? "–" : String(value)));
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? t("json.items", { n: entries.length }) : "";
  return h("details.json", { open: isOpen || entries.length <= 4 }, h("summary", {}, h("span.json-key", {}, name), h("span.muted", {}, size)),
    entries.slice(0, 400).map(([key, item]) => jsonTree(item, key)));
}
