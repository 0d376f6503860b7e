/** The plan as a live graph: steps are buttons, edges show what feeds what. */

import { thumbUrl } from "../api.js";
import { h, put, s } from "../dom.js";
import { icon, kindIcon } from "../icons.js";
import { formatSeconds, kindName, t, toolName } from "../i18n.js";
import { hasThumb } from "./media_card.js";
import { openAsset } from "./open_asset.js";
import { NODE_HEIGHT_PX, NODE_WIDTH_PX, layOut, references, sourceOf } from "./plan_layout.js";

const STATUS_ICONS = {
  queued: "clock", running: "spinner", done: "check", cached: "bolt", failed: "alert", skipped: "skip",
};

/** A plan that is drawn once and updated as its steps change. */
export class PlanGraph {
  /**
   * @param {{plan: object, nodes: object, attachments: string[]}} job what is drawn; `nodes` holds
   *   the state of each step.
   */
  constructor({ plan, nodes = {}, attachments = [] }) {
    this.plan = plan;
    this.attachments = attachments;
    this.states = new Map(plan.nodes.map((node) => [node.id, nodes[node.id] ?? { status: "queued" }]));
    this.buttons = new Map();
    this.paths = [];
    this.selected = null;
    this.details = h("div.node-details", { hidden: true });
    this.element = h("div.plan", {}, this.#draw(), this.details);
    for (const id of this.states.keys()) this.#paint(id);
  }

  /** A step changed. */
  setNode(id, state) {
    if (!this.states.has(id)) return;
    this.states.set(id, { ...this.states.get(id), ...state });
    this.#paint(id);
    if (this.selected) this.#showDetails(this.selected);
  }

  /** How many steps are in a state. */
  count(status) {
    return [...this.states.values()].filter((state) => state.status === status).length;
  }

  #draw() {
    const { places, edges, width, height } = layOut(this.plan);
    const lines = s("svg.edges", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const { from, to, via } of edges) {
      const [a, b] = [places.get(from), places.get(to)];
      if (!a || !b) continue;
      const path = s("path", { d: route(a, via, b) });
      this.paths.push({ from, to, path });
      lines.append(path);
    }
    const items = [...places].map(([name, place]) => h("li", {
      style: { left: `${place.x}px`, top: `${place.y}px`, width: `${NODE_WIDTH_PX}px`, height: `${NODE_HEIGHT_PX}px` },
    }, name.startsWith("request.") ? this.#attachment(name) : this.#button(name)));
    const sheet = h("ol.nodes", { "aria-label": t("plan.steps"), style: { width: `${width}px`, height: `${height}px` } }, items);
    sheet.prepend(h("li.edges-holder", { role: "presentation", "aria-hidden": "true" }, lines));
    return h("div.plan-scroll", { tabindex: 0, role: "group", "aria-label": t("plan.title") }, sheet);
  }

  #button(id) {
    const node = this.plan.nodes.find((one) => one.id === id);
    const button = h("button.node", {
      type: "button", "aria-pressed": "false", data: { node: id },
      on: { click: () => this.#showDetails(this.selected === id ? null : id) },
    },
      h("span.node-icon", {}),
      h("span.node-text", {}, h("span.node-name", {}, toolName(node.tool)), h("span.node-state", {})),
      h("span.node-bar", { "aria-hidden": "true" }));
    this.buttons.set(id, button);
    return button;
  }

  #attachment(name) {
    const id = this.attachments[Number(name.split(".")[1])];
    const label = t("plan.attachment", { n: Number(name.split(".")[1]) + 1 });
    return h("button.node.is-attachment", { type: "button", on: { click: () => id && openAsset(id) } },
      id ? h("img", { src: thumbUrl(id, 96), alt: "", width: 40, height: 40, loading: "lazy", on: { error: hide } }) : null,
      h("span.node-text", {}, h("span.node-name", {}, label)));
  }

  #paint(id) {
    const [button, state] = [this.buttons.get(id), this.states.get(id)];
    const status = state.status ?? "queued";
    button.dataset.status = status;
    put(button.querySelector(".node-icon"), icon(STATUS_ICONS[status] ?? "clock", 18));
    const percent = Math.round((state.fraction ?? 0) * 100);
    const parts = [t(`status.${status}`)];
    if (status === "running" && percent > 0) parts.push(`${percent} %`);
    if (state.seconds && (status === "done" || status === "failed")) parts.push(formatSeconds(state.seconds));
    put(button.querySelector(".node-state"), parts.join(" · "));
    button.querySelector(".node-bar").style.setProperty("--done", status === "running" ? `${percent}%` : "0%");
    for (const { from, to, path } of this.paths) {
      const feeds = this.states.get(from)?.status ?? "done";
      const takes = this.states.get(to)?.status;
      path.dataset.state = takes === "running" ? "flowing" : feeds === "done" || feeds === "cached" ? "ready" : "waiting";
    }
  }

  #showDetails(id) {
    this.selected = id;
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(name === id));
    this.details.hidden = !id;
    if (!id) return;
    const node = this.plan.nodes.find((one) => one.id === id);
    const state = this.states.get(id);
    const args = Object.entries(node.arguments ?? {});
    put(this.details,
      h("div.details-head", {},
        h("h4", {}, toolName(node.tool)),
        h("code", {}, id),
        h("a", { href: `#/tools/${encodeURIComponent(node.tool)}` }, t("plan.about_tool"))),
      node.note && h("p.muted", {}, node.note),
      state.error && h("p.problem", { role: "alert" }, [state.error.message, state.error.hint].filter(Boolean).join(" ")),
      h("dl.facts", {},
        fact(t("plan.status"), t(`status.${state.status}`)),
        state.message && fact(t("plan.message"), state.message),
        state.seconds !== null && state.seconds !== undefined && fact(t("plan.time"), formatSeconds(state.seconds)),
        args.map(([key, value]) => fact(key, typeof value === "string" ? value : JSON.stringify(value)))),
      this.#media(t("plan.inputs"), references(node).map(([port, ref]) => [port, this.#assetOf(ref), ref])),
      this.#media(t("plan.outputs"), (state.assets ?? []).map((asset) => [asset.port ?? asset.kind, asset, ""])));
  }

  #assetOf(ref) {
    const source = sourceOf(ref);
    if (source.startsWith("request.")) return { id: this.attachments[Number(source.split(".")[1])] };
    const made = this.states.get(source)?.assets ?? [];
    const port = ref.split(".")[1];
    return made.find((asset) => asset.port === port) ?? made[0];
  }

  #media(title, entries) {
    if (!entries.length) return null;
    return h("div.node-media", {}, h("h5", {}, title), h("ul.chips", {}, entries.map(([label, asset, ref]) =>
      h("li", {}, asset?.id
        ? h("button.chip", { type: "button", on: { click: () => openAsset(asset.id) } },
            asset.kind && !hasThumb(asset.kind) ? kindIcon(asset.kind, 22)
              : h("img", { src: thumbUrl(asset.id, 96), alt: "", width: 36, height: 36, loading: "lazy", on: { error: swapIcon(asset.kind) } }),
            h("span", {}, label), asset.kind && h("span.muted", {}, kindName(asset.kind)))
        : h("span.chip", {}, h("span", {}, label), h("span.muted", {}, ref))))));
  }
}

/** A line from the right of one node to the left of another, level at every stop. */
function route(a, via, b) {
  const middle = NODE_HEIGHT_PX / 2;
  const stops = [[a.x + NODE_WIDTH_PX, a.y + middle], ...via.flatMap(({ x, y }) => [[x, y + middle], [x + NODE_WIDTH_PX, y + middle]]), [b.x, b.y + middle]];
  let d = `M${stops[0].join(" ")}`;
  for (let i = 1; i < stops.length; i += 1) {
    const [[x1, y1], [x2, y2]] = [stops[i - 1], stops[i]];
    const bend = (x2 - x1) / 2;
    d += `C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  return d;
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function hide(event) {
  event.target.hidden = true;
}

/** A picture that cannot be shown gives way to the icon of its kind. */
const swapIcon = (kind) => (event) => event.target.replaceWith(kindIcon(kind, 24));
