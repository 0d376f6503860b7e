/** The layers of a drawn scene: choose one, move it, give it a colour, bring it forward, remove it. */

import { getText, startJob, upload } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { settings } from "../state.js";
import { openAsset } from "./open_asset.js";
import { toastError } from "./toast.js";
import { Turn } from "./turn.js";

/** The foremost layer at a point. */
export function layerAt(layers, [x, y]) {
  return layers.findLast(({ box: [left, top, w, hgt] }) => x >= left && x <= left + w && y >= top && y <= top + hgt) ?? null;
}

/** The panel below a picture whose scene is known. */
export class LayersPanel {
  /**
   * @param {{scene: string, width: number, height: number, layers: object[]}} answer of the server.
   * @param {Marks} marks where the chosen layer is framed.
   * @param {(id: string|null) => void} chosen told of what is chosen.
   */
  constructor(answer, marks, chosen) {
    Object.assign(this, { answer, marks, chosen, selected: null, changes: new Map() });
    this.list = h("ul.layers", { "aria-label": t("layers.title") });
    this.tools = h("div.layer-tools", {});
    this.applyButton = h("button.primary.small", { type: "button", hidden: true, on: { click: () => this.#apply() } }, icon("check", 16), t("layers.apply"));
    this.progress = h("div.layer-progress", {});
    this.element = h("section.layers-panel", { "aria-label": t("layers.title") },
      h("div.layers-head", {}, icon("layers", 18), h("h3", {}, t("layers.title")), this.applyButton), this.list, this.tools, this.progress);
    this.#paint();
  }

  /** Choose a layer by id, or none. */
  select(id) {
    this.selected = this.answer.layers.find((layer) => layer.id === id) ?? null;
    this.marks.showFrame(this.selected ? this.#box(this.selected) : null);
    this.chosen(id);
    this.#paint();
  }

  /** The chosen layer, if a point is on it: it can be dragged. */
  grab(at) {
    if (!this.selected) return null;
    this.grabbed = this.#box(this.selected);
    return layerAt([{ ...this.selected, box: this.grabbed }], at) ? this.selected : null;
  }

  /** Drag the chosen layer so many picture pixels from where it was grabbed. */
  moveBy(dx, dy) {
    const [x, y, w, hgt] = this.grabbed;
    this.#change({ box: [x + dx, y + dy, w, hgt] });
  }

  drop() {
    this.#paint();
  }

  #box(layer) {
    return this.changes.get(layer.id)?.box ?? layer.box;
  }

  #change(change) {
    const { id } = this.selected;
    this.changes.set(id, { ...this.changes.get(id), ...change });
    this.marks.showFrame(this.changes.get(id).isRemoved ? null : this.#box(this.selected));
    this.applyButton.hidden = false;
  }

  #paint() {
    const front = [...this.answer.layers].reverse();
    put(this.list, front.map((layer) => h("li", {}, h("button.layer", {
      type: "button", "aria-pressed": String(layer === this.selected),
      class: this.changes.get(layer.id)?.isRemoved ? "is-removed" : "", on: { click: () => this.select(layer.id) },
    }, swatch(this.changes.get(layer.id)?.color ?? layer.color), h("span", {}, layer.label), this.changes.has(layer.id) && h("span.dot", { title: t("layers.changed") })))));
    put(this.tools, this.selected ? this.#controls() : h("p.muted", {}, t("layers.lead")));
  }

  #controls() {
    const layer = this.selected;
    const color = h("input", { type: "color", "aria-label": t("layers.color"), value: toHex(this.changes.get(layer.id)?.color ?? layer.color), on: {
      input: (event) => { this.#change({ color: event.target.value }); },
      change: () => this.#paint(),
    } });
    const nudge = Math.round(this.answer.width / 40);
    const button = (name, label, click) => h("button.quiet.icon-only.small", { type: "button", "aria-label": label, title: label, on: { click: () => { click(); this.#paint(); } } }, icon(name, 18));
    const move = (dx, dy) => () => { this.grabbed = this.#box(layer); this.moveBy(dx, dy); };
    const size = (factor) => () => {
      const [x, y, w, hgt] = this.#box(layer);
      this.#change({ box: [x + (w * (1 - factor)) / 2, y + hgt * (1 - factor), w * factor, hgt * factor] });
    };
    return h("div.row", { role: "group", "aria-label": layer.label },
      h("label.row", {}, h("span", {}, t("layers.color")), color),
      h("span.row.tight", {}, button("back", t("layers.left"), move(-nudge, 0)), button("up", t("layers.up"), move(0, -nudge)),
        button("down", t("layers.down"), move(0, nudge)), button("next", t("layers.right"), move(nudge, 0))),
      h("span.row.tight", {}, button("zoomOut", t("layers.smaller"), size(1 / 1.15)), button("zoomIn", t("layers.bigger"), size(1.15)),
        button("layers", t("layers.front"), () => this.#change({ toFront: true })), button("trash", t("layers.remove"), () => this.#change({ isRemoved: true }))));
  }

  /** Store the changed scene and draw it anew. */
  async #apply() {
    this.applyButton.disabled = true;
    try {
      const { json } = await getText(this.answer.scene);
      const file = new File([JSON.stringify(changed(json, this.changes, this.answer))], "scene.json", { type: "application/json" });
      const scene = await upload(file, { kind: "scene", name: t("layers.file_name") });
      const job = await startJob({ tool: "render_scene", inputs: { scene: scene.id }, session: settings.value.session || undefined });
      const turn = new Turn(job, { onDone: (done) => this.#done(done) });
      put(this.progress, turn.element);
    } catch (error) {
      toastError(error);
      this.applyButton.disabled = false;
    }
  }

  #done(job) {
    const picture = (job.assets ?? []).find((asset) => asset.kind === "image");
    if (picture) openAsset(picture);
    else this.applyButton.disabled = false;
  }
}

/** A scene document with the changes in it; boxes there are shares of the canvas. */
function changed(scene, changes, { width, height }) {
  const objects = scene.objects.filter((object) => !changes.get(object.id)?.isRemoved).map((object) => {
    const change = changes.get(object.id);
    if (!change) return object;
    const next = { ...object };
    if (change.box) {
      const [x, y, w, hgt] = change.box;
      next.box = [x / width, y / height, w / width, hgt / height].map((v) => Math.round(v * 1e4) / 1e4);
    }
    if (change.color) {
      next.color = change.color;
      const { color, ...others } = object.attributes ?? {}; // the word no longer fits
      next.attributes = others;
    }
    return next;
  });
  const front = objects.filter((object) => changes.get(object.id)?.toFront);
  const deepest = Math.max(0, ...objects.map((object) => object.depth ?? 0));
  for (const object of front) object.depth = Math.min(1, deepest + 0.01);
  return { ...scene, objects };
}

const swatch = (color) => h("span.swatch", { style: color ? { background: color } : {} });
const toHex = (color) => (/^#[0-9a-f]{6}$/i.test(color ?? "") ? color : "#888888");
