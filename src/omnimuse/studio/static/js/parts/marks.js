/** What was clicked, boxed, painted and scribbled on a picture, and how that is drawn. */

const BRUSH_SHARE = 0.045; // of the longer side
const SCRIBBLE_POINTS = 8;

/** Marks on a picture of a size in pixels; `changed` is told of every change. */
export class Marks {
  constructor(width, height, changed) {
    this.changed = changed;
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.canvas.setAttribute("aria-hidden", "true");
    this.items = [];
    this.open = null;
    this.cross = null;
    this.frame = null;
    this.scale = 1;
  }

  /** Screen pixels per picture pixel, so that lines keep their width. */
  setScale(scale) {
    this.scale = scale;
    this.draw();
  }

  addPoint(at) {
    this.items.push({ type: "point", at });
    this.draw();
    this.changed();
  }

  begin(tool, at) {
    if (tool === "box") this.items = this.items.filter((item) => item.type !== "box");
    this.open = { type: tool, from: at, path: [at], to: at };
    this.draw();
  }

  extend(at) {
    if (!this.open) return;
    this.open.to = at;
    this.open.path.push(at);
    this.draw();
  }

  end() {
    const { open } = this;
    this.open = null;
    if (!open) return;
    const [w, h] = [Math.abs(open.to[0] - open.from[0]), Math.abs(open.to[1] - open.from[1])];
    if (open.type !== "box" || (w > 2 && h > 2)) this.items.push(open);
    this.draw();
    this.changed();
  }

  undo() {
    this.items.pop();
    this.draw();
    this.changed();
  }

  clear({ isQuiet = false } = {}) {
    this.items = [];
    this.draw();
    if (!isQuiet) this.changed();
  }

  showCross(at) {
    this.cross = at;
    this.draw();
  }

  /** Frame something: `[x, y, width, height]` in picture pixels, or null. */
  showFrame(frame) {
    this.frame = frame;
    this.draw();
  }

  /** `{points, box, mask}`, or null if there is nothing. A scribble counts as clicks along it. */
  read() {
    if (!this.items.length) return null;
    const points = this.items.filter((i) => i.type === "point").map((i) => i.at);
    for (const scribble of this.items.filter((i) => i.type === "scribble")) points.push(...alongPath(scribble.path));
    const box = this.items.find((item) => item.type === "box");
    const strokes = this.items.filter((item) => item.type === "brush");
    return {
      points,
      box: box ? rectangle(box) : null,
      mask: strokes.length ? () => this.#maskBlob(strokes) : null,
    };
  }

  #maskBlob(strokes) {
    const { width, height } = this.canvas;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, width, height);
    for (const stroke of strokes) this.#stroke(pen, stroke.path, "#fff", this.#brush());
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  #brush() {
    return Math.max(6, Math.max(this.canvas.width, this.canvas.height) * BRUSH_SHARE);
  }

  #stroke(pen, path, style, width) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...path[0]);
    for (const at of path) pen.lineTo(...at);
    pen.lineTo(path.at(-1)[0] + 0.01, path.at(-1)[1]);
    pen.stroke();
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    const px = 1 / this.scale;
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const item of this.open ? [...this.items, this.open] : this.items) this.#drawItem(pen, item, px);
    if (this.frame) this.#outline(pen, this.frame, px, [7 * px, 5 * px]);
    if (this.cross) this.#drawCross(pen, px);
  }

  #drawItem(pen, item, px) {
    if (item.type === "point") this.#dot(pen, item.at, px);
    else if (item.type === "box") this.#outline(pen, rectangle(item), px, []);
    else if (item.type === "brush") {
      pen.save();
      pen.globalAlpha = 0.5;
      this.#stroke(pen, item.path, "#7b6ff2", this.#brush());
      pen.restore();
    } else {
      this.#stroke(pen, item.path, "#fff", 6 * px);
      this.#stroke(pen, item.path, "#5145cd", 3 * px);
    }
  }

  #dot(pen, [x, y], px) {
    for (const [radius, style] of [[11, "rgb(255 255 255 / 0.9)"], [8, "#5145cd"], [3, "#fff"]]) {
      pen.fillStyle = style;
      pen.beginPath();
      pen.arc(x, y, radius * px, 0, 7);
      pen.fill();
    }
  }

  #outline(pen, [x, y, w, h], px, dash) {
    pen.setLineDash([]);
    pen.strokeStyle = "rgb(255 255 255 / 0.95)";
    pen.lineWidth = 4.5 * px;
    pen.strokeRect(x, y, w, h);
    pen.setLineDash(dash);
    pen.strokeStyle = "#5145cd";
    pen.lineWidth = 2.2 * px;
    pen.strokeRect(x, y, w, h);
    pen.setLineDash([]);
  }

  #drawCross(pen, px) {
    const [x, y] = this.cross;
    for (const [style, width] of [["#fff", 5], ["#1d1b18", 2]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width * px;
      pen.beginPath();
      pen.moveTo(x - 16 * px, y);
      pen.lineTo(x + 16 * px, y);
      pen.moveTo(x, y - 16 * px);
      pen.lineTo(x, y + 16 * px);
      pen.stroke();
    }
  }
}

function rectangle({ from, to }) {
  const [x, y] = [Math.min(from[0], to[0]), Math.min(from[1], to[1])];
  return [x, y, Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
}

/** Points at even distances along a path, its ends among them. */
function alongPath(path) {
  const lengths = [0];
  for (let i = 1; i < path.length; i += 1) lengths.push(lengths[i - 1] + Math.hypot(path[i][0] - path[i - 1][0], path[i][1] - path[i - 1][1]));
  const total = lengths.at(-1);
  if (total < 4) return [path[0]];
  return Array.from({ length: SCRIBBLE_POINTS }, (_, i) => {
    const wanted = (total * i) / (SCRIBBLE_POINTS - 1);
    const index = lengths.findIndex((length) => length >= wanted - 1e-6);
    return path[Math.max(0, index)];
  });
}
