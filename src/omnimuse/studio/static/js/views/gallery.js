/** The gallery: everything made and brought, found by meaning and by facts. */

import { listAssets } from "../api.js";
import { debounce, h, put } from "../dom.js";
import { icon } from "../icons.js";
import { kindName, t } from "../i18n.js";
import { openCompare } from "../parts/compare.js";
import { tile } from "../parts/media_card.js";
import { toastError } from "../parts/toast.js";

const KINDS = ["", "image", "video", "audio", "text", "scene", "scene3d", "score"];
const PAGE = 36;

/** The page; `?q=` and `?kind=` stand in the address. */
export function galleryView(route) {
  return new GalleryPage(route);
}

class GalleryPage {
  constructor(route) {
    this.kind = route.params.get("kind") ?? "";
    this.chosen = new Map();
    this.cursor = null;
    this.search = h("input", { id: "search", type: "search", value: route.params.get("q") ?? "", placeholder: t("gallery.search"), "aria-label": t("gallery.search"), on: { input: debounce(() => this.#renew(), 300) } });
    this.origin = this.#select("gallery.origin", [["", "gallery.any_origin"], ["made", "gallery.made"], ["upload", "gallery.uploads"]]);
    this.size = this.#select("gallery.size", [["", "gallery.any_size"], ["w1024", "gallery.wide"], ["d10", "gallery.long"]]);
    this.kinds = h("div.chips", { role: "group", "aria-label": t("gallery.kinds") });
    this.grid = h("div.tiles", {});
    this.count = h("p.muted", { role: "status" });
    this.more = h("button", { type: "button", hidden: true, on: { click: () => this.#load() } }, t("gallery.more"));
    this.tray = h("div.tray", { hidden: true, role: "region", "aria-label": t("compare.title") });
    this.element = h("div.content", {},
      h("header.page-head", {}, h("div", {}, h("h1", {}, t("nav.gallery")), h("p.muted", {}, t("gallery.lead")))),
      h("div.row.search-row", {}, h("label.search-box", {}, icon("search", 20), this.search), this.origin, this.size),
      this.kinds, this.count, this.grid, h("div.center", {}, this.more), this.tray);
    this.changed = () => this.#renew();
    addEventListener("assets-changed", this.changed);
    this.#paintKinds();
    this.#renew();
  }

  leave() {
    removeEventListener("assets-changed", this.changed);
    this.request?.abort();
  }

  #select(label, options) {
    return h("select", { "aria-label": t(label), on: { change: () => this.#renew() } }, options.map(([value, key]) => h("option", { value }, t(key))));
  }

  #paintKinds() {
    put(this.kinds, KINDS.map((kind) => h("button.chip", {
      type: "button", "aria-pressed": String(kind === this.kind),
      on: { click: () => { this.kind = kind; this.#paintKinds(); this.#renew(); } },
    }, kind ? kindName(kind) : t("gallery.all"))));
  }

  #params() {
    const q = this.search.value.trim();
    return {
      q, kind: this.kind, origin: this.origin.value, limit: PAGE, sort: q ? "meaning" : "newest",
      min_width: this.size.value === "w1024" ? 1024 : "", min_duration: this.size.value === "d10" ? 10 : "",
    };
  }

  #renew() {
    this.cursor = null;
    const { q } = this.#params();
    const address = `#/gallery${q || this.kind ? `?${new URLSearchParams({ ...(q && { q }), ...(this.kind && { kind: this.kind }) })}` : ""}`;
    history.replaceState(null, "", address);
    this.#load(true);
  }

  async #load(isNew = false) {
    this.request?.abort();
    this.request = new AbortController();
    try {
      const answer = await listAssets({ ...this.#params(), cursor: this.cursor }, this.request.signal);
      if (isNew) put(this.grid);
      this.grid.append(...answer.items.map((asset) => this.#tile(asset)));
      this.cursor = answer.next;
      this.more.hidden = !answer.next;
      const shown = this.grid.childElementCount;
      put(this.count, shown ? t(answer.next ? "gallery.shown_more" : "gallery.shown", { n: shown }) : t(this.search.value ? "gallery.nothing_found" : "gallery.none"));
    } catch (error) {
      toastError(error);
    }
  }

  #tile(asset) {
    const box = h("input", { type: "checkbox", "aria-label": t("gallery.choose"), on: { change: () => this.#choose(asset, box) } });
    box.checked = this.chosen.has(asset.id);
    return tile(asset, { extra: h("label.tile-choose", {}, box) });
  }

  #choose(asset, box) {
    if (box.checked) this.chosen.set(asset.id, { asset, box });
    else this.chosen.delete(asset.id);
    while (this.chosen.size > 2) {
      const [oldest, { box: old }] = this.chosen.entries().next().value;
      old.checked = false;
      this.chosen.delete(oldest);
    }
    const both = [...this.chosen.values()].map((entry) => entry.asset);
    this.tray.hidden = both.length === 0;
    put(this.tray, h("span", {}, t("compare.chosen", { n: both.length })),
      h("button.primary.small", { type: "button", disabled: both.length < 2, on: { click: () => openCompare(both[0], both[1]) } }, icon("compare", 16), t("compare.open")),
      h("button.quiet.small", { type: "button", on: { click: () => { for (const { box: one } of this.chosen.values()) one.checked = false; this.chosen.clear(); this.tray.hidden = true; } } }, t("action.clear")));
  }
}
