/** A picture to look at and point into: click, box, brush, scribble; by mouse, touch or keys. */

import { contentUrl, getLayers, listTools } from "../api.js";
import { clamp, h, put } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { selection } from "../state.js";
import { LayersPanel, layerAt } from "./layers.js";
import { Marks } from "./marks.js";
import { altOf } from "./media_card.js";

const TOOLS = [["click", "c"], ["box", "b"], ["brush", "p"], ["scribble", "s"], ["hand", "h"]];
const MAX_ZOOM = 8;

/** The view of a picture, or of a scene as it is drawn. */
export async function pictureView(asset) {
  const view = new PictureView(asset);
  await view.load();
  return view;
}

class PictureView {
  constructor(asset) {
    this.asset = asset;
    this.isScene = asset.kind === "scene";
    this.tool = "click";
    this.zoom = 1;
    this.pan = [0, 0];
    this.cross = null;
    this.image = new Image();
    this.image.alt = altOf(asset);
    this.image.draggable = false;
  }

  async load() {
    this.image.src = this.isScene ? `${contentUrl(this.asset.id)}?format=png` : contentUrl(this.asset.id);
    await this.image.decode();
    this.width = this.image.naturalWidth;
    this.height = this.image.naturalHeight;
    this.marks = new Marks(this.width, this.height, () => this.#told());
    this.layers = null;
    this.#build();
    this.#findLayers();
  }

  leave() {
    this.observer?.disconnect();
  }

  #build() {
    this.sheet = h("div.sheet", { style: { width: `${this.width}px`, height: `${this.height}px` } }, this.image, this.marks.canvas);
    this.well = h("div.well", {
      tabindex: 0, role: "application", "aria-label": t("picture.well", { what: this.image.alt }), "aria-describedby": "well-help",
      on: {
        pointerdown: (e) => this.#down(e), pointermove: (e) => this.#move(e), pointerup: (e) => this.#up(e), pointercancel: (e) => this.#up(e),
        wheel: (e) => this.#wheel(e), keydown: (e) => this.#key(e),
      },
    }, this.sheet);
    this.said = h("p.visually-hidden", { role: "status" });
    this.layersBox = h("div.layers-box", {});
    this.toolButtons = new Map(TOOLS.map(([tool, key]) => [tool, h("button.quiet.icon-only", {
      type: "button", "aria-label": t(`picture.${tool}`), title: `${t(`picture.${tool}`)} (${key.toUpperCase()})`,
      on: { click: () => this.#choose(tool) },
    }, icon(tool, 20))]));
    const button = (name, label, click) => h("button.quiet.icon-only", { type: "button", "aria-label": label, title: label, on: { click } }, icon(name, 20));
    const bar = h("div.picture-bar", { role: "toolbar", "aria-label": t("picture.tools") },
      [...this.toolButtons.values()], h("span.gap"),
      button("undo", t("picture.undo"), () => this.marks.undo()), button("eraser", t("picture.clear"), () => this.marks.clear()),
      h("span.gap"), button("zoomOut", t("picture.zoom_out"), () => this.#scale(1 / 1.4)), button("fit", t("picture.fit"), () => this.#fit()),
      button("zoomIn", t("picture.zoom_in"), () => this.#scale(1.4)));
    this.element = h("div.picture", {}, bar, this.well, h("p.well-help", { id: "well-help" }, t("picture.help")), this.said, this.layersBox);
    this.observer = new ResizeObserver(() => this.#fit());
    this.observer.observe(this.well);
    this.#choose("click");
  }

  #choose(tool) {
    this.tool = tool;
    this.well.dataset.tool = tool;
    for (const [name, button] of this.toolButtons) button.setAttribute("aria-pressed", String(name === tool));
  }

  #fit() {
    const { clientWidth, clientHeight } = this.well;
    if (!clientWidth || !clientHeight) return;
    this.base = Math.min(clientWidth / this.width, clientHeight / this.height, 2) * 0.985;
    this.zoom = 1;
    this.pan = [0, 0];
    this.#place();
  }

  #scale(factor) {
    this.zoom = clamp(this.zoom * factor, 1, MAX_ZOOM);
    if (this.zoom === 1) this.pan = [0, 0];
    this.#place();
  }

  #place() {
    const scale = this.base * this.zoom;
    this.sheet.style.transform = `translate(-50%, -50%) translate(${this.pan[0]}px, ${this.pan[1]}px) scale(${scale})`;
    this.marks.setScale(scale);
  }

  /** Picture pixels of a pointer event. */
  #at(event) {
    const box = this.sheet.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    const y = ((event.clientY - box.top) / box.height) * this.height;
    return [clamp(Math.round(x), 0, this.width - 1), clamp(Math.round(y), 0, this.height - 1)];
  }

  #down(event) {
    if (event.button > 1) return;
    this.well.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.drag = { from: at, client: [event.clientX, event.clientY], pan: this.pan };
    const layer = this.panel?.grab(at);
    if (this.tool === "hand" || event.button === 1) this.drag.isPan = true;
    else if (layer && this.tool === "click") this.drag.layer = layer;
    else if (this.tool !== "click") this.marks.begin(this.tool, at);
  }

  #move(event) {
    if (!this.drag) return;
    const at = this.#at(event);
    if (this.drag.isPan) {
      this.pan = [this.drag.pan[0] + event.clientX - this.drag.client[0], this.drag.pan[1] + event.clientY - this.drag.client[1]];
      this.#place();
    } else if (this.drag.layer) {
      this.drag.moved = true;
      this.panel.moveBy(at[0] - this.drag.from[0], at[1] - this.drag.from[1]);
    } else if (this.tool !== "click") {
      this.marks.extend(at);
    }
  }

  #up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.isPan) return;
    if (drag.layer && drag.moved) this.panel.drop();
    else if (this.tool === "click") this.#point(this.#at(event), event.shiftKey);
    else this.marks.end();
  }

  #point(at, isMore) {
    if (!isMore) this.marks.clear({ isQuiet: true });
    this.marks.addPoint(at);
    const layer = this.layers && layerAt(this.layers, at);
    this.panel?.select(layer?.id ?? null);
    this.#told();
    put(this.said, layer ? t("picture.pointed_at", { what: layer.label }) : t("marks.point", { x: at[0], y: at[1] }));
  }

  /** Tell the composer what is pointed at. A scene's own drawing is no picture: layers only. */
  #told() {
    const marks = this.marks.read();
    if (!marks || this.isScene) {
      selection.value = null;
      return;
    }
    const layer = marks.points?.length === 1 && this.layers ? layerAt(this.layers, marks.points[0]) : null;
    selection.value = { ...marks, asset: this.asset.id, label: layer?.label ?? "" };
  }

  /** Layers are known of scenes, and of pictures whose tool also gives or takes a scene. */
  async #findLayers() {
    try {
      const tool = (await listTools()).find((one) => one.name === this.asset.origin?.tool);
      const ports = [...(tool?.inputs ?? []), ...(tool?.outputs ?? [])];
      if (!this.isScene && !ports.some((port) => port.kind === "scene")) return;
      this.#gotLayers(await getLayers(this.asset.id));
    } catch {
      // a picture without layers is a picture all the same
    }
  }

  #gotLayers(answer) {
    this.layers = answer.layers;
    this.panel = new LayersPanel(answer, this.marks, (id) => id && this.#choose("click"));
    put(this.layersBox, this.panel.element);
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey && this.zoom === 1) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) this.#scale(Math.exp(-event.deltaY / 300));
    else {
      this.pan = [this.pan[0] - event.deltaX, this.pan[1] - event.deltaY];
      this.#place();
    }
  }

  #key(event) {
    const step = event.shiftKey ? 1 : Math.max(4, Math.round(Math.max(this.width, this.height) / 48));
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const tool = TOOLS.find(([, key]) => key === event.key.toLowerCase());
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.marks.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key in moves) this.#cross(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.#point(this.cross ?? [this.width >> 1, this.height >> 1], event.shiftKey);
    else if (tool) this.#choose(tool[0]);
    else if (event.key === "+" || event.key === "=") this.#scale(1.4);
    else if (event.key === "-") this.#scale(1 / 1.4);
    else if (event.key === "0") this.#fit();
    else if (event.key === "Escape" && selection.value) {
      event.stopPropagation();
      this.marks.clear();
    } else return;
    event.preventDefault();
  }

  #cross([dx, dy]) {
    const [x, y] = this.cross ?? [this.width >> 1, this.height >> 1];
    this.cross = [clamp(x + dx, 0, this.width - 1), clamp(y + dy, 0, this.height - 1)];
    this.marks.showCross(this.cross);
    const layer = this.layers && layerAt(this.layers, this.cross);
    put(this.said, layer ? layer.label : `${this.cross[0]}, ${this.cross[1]}`);
  }
}
