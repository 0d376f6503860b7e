/** Assets as cards: a picture, a film, a sound with its waveform, the first lines of a text. */

import { contentUrl, downloadUrl, getPeaks, getText, thumbUrl } from "../api.js";
import { h, put, s } from "../dom.js";
import { icon, kindIcon } from "../icons.js";
import { clock, formatBytes, formatNumber, kindName, t, toolName } from "../i18n.js";
import { openAsset } from "./open_asset.js";

const AUDIO = new Set(["audio", "speech", "music", "sound"]);
const WORDS = new Set(["text", "code", "lyrics", "caption", "transcript"]);
const DRAWN = new Set(["image", "mask", "depth", "edges", "scene", "mesh", "scene3d", "points3d", "score", "layout"]);

const WITHOUT_THUMB = new Set(["points3d", "layout", "score"]);

/** Whether the server draws small pictures of a kind. */
export const hasThumb = (kind) => kind === "video" || AUDIO.has(kind) || (DRAWN.has(kind) && !WITHOUT_THUMB.has(kind));
export const isAudio = (kind) => AUDIO.has(kind);
export const isWords = (kind) => WORDS.has(kind);
export const isPicture = (kind) => ["image", "mask", "depth", "edges"].includes(kind);

/** What a person would call an asset: its name, the prompt it was made from, or its kind. */
export function titleOf(asset) {
  const args = asset.origin?.arguments ?? {};
  const words = asset.is_upload ? asset.name : args.prompt ?? args.text ?? args.instruction;
  if (typeof words === "string" && words.trim()) return words.trim();
  return asset.name || (asset.origin?.tool ? toolName(asset.origin.tool) : kindName(asset.kind));
}

/** The measured facts in one line: "1024 × 768 · 12 s · 2.1 MB". */
export function factsLine(asset) {
  const f = asset.facts ?? {};
  const parts = [];
  if (f.width_px && f.height_px) parts.push(`${f.width_px} × ${f.height_px}`);
  if (f.duration_s) parts.push(f.duration_s < 60 ? `${formatNumber(f.duration_s, 1)} ${t("unit.s")}` : clock(f.duration_s));
  if (f.words) parts.push(t("facts.words", { n: formatNumber(f.words) }));
  if (f.triangles) parts.push(t("facts.triangles", { n: formatNumber(f.triangles) }));
  parts.push(formatBytes(asset.size_bytes));
  return parts.join(" · ");
}

/** The description that screen readers get for a picture of an asset. */
export const altOf = (asset) => `${kindName(asset.kind)}: ${titleOf(asset).slice(0, 160)}`;

/** A card of a result in a conversation, playable where it sounds or moves. */
export function mediaCard(asset) {
  return h("figure.media", { data: { kind: asset.kind, asset: asset.id } },
    preview(asset),
    h("figcaption", {},
      kindIcon(asset.kind, 18),
      h("span.media-title", {}, kindName(asset.kind), h("span.muted", {}, factsLine(asset))),
      h("button.quiet.small", { type: "button", on: { click: () => openAsset(asset) } },
        icon("eye", 16), t("action.open")),
      h("a.button.quiet.icon-only.small", { href: downloadUrl(asset.id), download: "", "aria-label": `${t("action.download")}: ${kindName(asset.kind)}` },
        icon("download", 16))));
}

function preview(asset) {
  if (asset.kind === "video") {
    return h("video", { src: contentUrl(asset.id), poster: thumbUrl(asset.id, 640), controls: true, preload: "metadata", playsinline: true, "aria-label": altOf(asset) });
  }
  if (isAudio(asset.kind)) return player(asset);
  if (isWords(asset.kind)) return words(asset);
  if (asset.thumbnail_url) {
    const f = asset.facts ?? {};
    return h("button.media-open", { type: "button", "aria-label": `${t("action.open")}: ${altOf(asset)}`, on: { click: () => openAsset(asset) } },
      h("img", {
        src: thumbUrl(asset.id, 640), alt: altOf(asset), loading: "lazy", decoding: "async",
        width: f.width_px, height: f.height_px, on: { error: (e) => e.target.replaceWith(emblem(asset)) },
      }));
  }
  return h("button.media-open", { type: "button", "aria-label": `${t("action.open")}: ${altOf(asset)}`, on: { click: () => openAsset(asset) } }, emblem(asset));
}

/** What stands for an asset that has no picture. */
export function emblem(asset) {
  return h("span.emblem", {}, kindIcon(asset.kind, 36), h("span", {}, kindName(asset.kind)));
}

/** Text as it is; long texts are cut, the stage shows them whole. */
function words(asset) {
  const box = h("blockquote.words", { "aria-busy": "true" });
  getText(asset.id).then(
    (answer) => put(box, plainText(answer).slice(0, 1200)),
    () => put(box, emblem(asset)),
  ).finally(() => box.removeAttribute("aria-busy"));
  return box;
}

/** The words of a text asset, or of a transcript. */
export function plainText(answer) {
  if (typeof answer.text === "string") return answer.text;
  const segments = answer.json?.segments;
  if (Array.isArray(segments)) return segments.map((segment) => segment.text).join("\n");
  return JSON.stringify(answer.json, null, 2);
}

/** A waveform as an SVG path, mirrored about its middle. */
export function waveform(peaks, { width = 600, height = 64 } = {}) {
  const middle = height / 2;
  const step = width / Math.max(1, peaks.length);
  const loudest = Math.max(0.05, ...peaks.map(([low, high]) => Math.max(-low, high)));
  const d = peaks.map(([low, high], i) => {
    const reach = Math.max(0.6, (Math.max(-low, high) / loudest) * (middle - 2));
    const x = ((i + 0.5) * step).toFixed(1);
    return `M${x} ${(middle - reach).toFixed(1)}V${(middle + reach).toFixed(1)}`;
  }).join("");
  return s("svg.wave", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("path", { d, style: { "stroke-width": `${Math.max(0.8, step * 0.55)}px` } }));
}

/** A small player: play button, waveform to click into, time. */
export function player(asset) {
  const sound = h("audio", { src: contentUrl(asset.id), preload: "metadata" });
  const duration = () => (Number.isFinite(sound.duration) ? sound.duration : asset.facts?.duration_s ?? 0);
  const time = h("span.time", {}, clock(duration()));
  const wave = h("div.wave-box", {});
  const slider = h("input.wave-slider", { type: "range", min: 0, max: 1000, value: 0, "aria-label": t("player.position") });
  const button = h("button.play", { type: "button", "aria-label": t("player.play"), on: { click: () => (sound.paused ? sound.play() : sound.pause()) } }, icon("play", 22));
  const paint = () => {
    const fraction = duration() ? sound.currentTime / duration() : 0;
    slider.value = fraction * 1000;
    slider.setAttribute("aria-valuetext", clock(sound.currentTime));
    wave.style.setProperty("--played", `${fraction * 100}%`);
    put(time, sound.paused && !sound.currentTime ? clock(duration()) : clock(sound.currentTime));
  };
  const turn = () => {
    put(button, icon(sound.paused ? "play" : "pause", 22));
    button.setAttribute("aria-label", t(sound.paused ? "player.play" : "player.pause"));
  };
  slider.addEventListener("input", () => (sound.currentTime = (slider.value / 1000) * duration()));
  for (const event of ["timeupdate", "seeked", "loadedmetadata"]) sound.addEventListener(event, paint);
  for (const event of ["play", "pause", "ended"]) sound.addEventListener(event, turn);
  getPeaks(asset.id, 160).then(({ peaks }) => wave.append(waveform(peaks), waveform(peaks)), () => {});
  return h("div.player", { role: "group", "aria-label": altOf(asset) }, button, h("div.wave-area", {}, wave, slider), time, sound);
}

/** A small card for the gallery and for choosing: a picture and a line below. */
export function tile(asset, { onOpen = openAsset, extra = null } = {}) {
  const title = titleOf(asset);
  const face = h("span.tile-face", {});
  if (asset.thumbnail_url) {
    face.append(h("img", { src: asset.thumbnail_url, alt: "", loading: "lazy", decoding: "async", on: { error: (e) => e.target.replaceWith(emblem(asset)) } }));
  } else {
    face.append(emblem(asset));
  }
  return h("div.tile", { data: { asset: asset.id, kind: asset.kind } },
    h("button.tile-open", { type: "button", "aria-label": `${altOf(asset)}`, on: { click: () => onOpen(asset) } }, face,
      h("span.tile-line", {}, kindIcon(asset.kind, 16), h("span.tile-title", {}, title)),
      h("span.tile-facts", {}, asset.is_upload ? t("gallery.uploaded") : toolName(asset.origin?.tool), " · ", factsLine(asset))),
    extra);
}
