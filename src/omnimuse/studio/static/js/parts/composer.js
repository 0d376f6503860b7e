/** Where a request is written: words, files (chosen, dropped, pasted), what is pointed at. */

import { planOnly, startJob, thumbUrl, upload } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { clock, kindName, t } from "../i18n.js";
import { draft, keepDraft, selection, settings, staged } from "../state.js";
import { pickAsset } from "./asset_picker.js";
import { titleOf } from "./media_card.js";
import { toastError } from "./toast.js";

const MAX_ROWS_PX = 220;

/** The composer; one a page. */
export class Composer {
  #ends = [];

  /** @param {{onJob: (job: object) => void, onPlan: (answer: object, request: object) => void, session: () => string}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.files = []; // assets, in order
    this.isBusy = false;
    this.field = h("textarea", {
      id: "prompt", rows: 1, placeholder: t("composer.placeholder"), "aria-label": t("composer.label"), maxlength: 20000,
      on: { input: () => this.#typed(), keydown: (e) => this.#key(e), paste: (e) => this.#pasted(e) },
    });
    this.field.value = draft(hooks.session());
    this.chips = h("div.composer-chips", {});
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-hidden": "true", tabindex: -1,
      on: { change: () => this.addFiles([...this.picker.files]).then(() => (this.picker.value = "")) } });
    this.sendButton = h("button.primary.send", { type: "submit", "aria-label": t("action.send") }, icon("send", 22));
    this.element = h("form.composer", { on: { submit: (e) => { e.preventDefault(); this.send(); } } },
      this.chips,
      h("div.composer-row", {},
        this.#tool("attach", t("composer.attach"), () => this.picker.click()),
        this.#tool("gallery", t("composer.from_gallery"), () => this.#fromGallery()),
        this.field,
        this.#tool("plan", t("composer.plan"), () => this.planFirst()),
        this.sendButton),
      this.picker);
    this.#ends = [staged.subscribe(() => this.#paintChips()), selection.subscribe(() => this.#paintChips())];
    this.#paintChips();
    queueMicrotask(() => this.#grow());
  }

  leave() {
    for (const end of this.#ends) end();
  }

  /** Put words into the field, for the user to send or change. */
  write(text) {
    this.field.value = text;
    this.#typed();
    this.field.focus();
  }

  /** Upload files and attach them. */
  async addFiles(files) {
    for (const file of files) {
      const waiting = { id: "", name: file.name, isWaiting: true };
      this.files.push(waiting);
      this.#paintChips();
      try {
        Object.assign(waiting, await upload(file), { isWaiting: false });
      } catch (error) {
        this.files.splice(this.files.indexOf(waiting), 1);
        toastError(error);
      }
      this.#paintChips();
    }
  }

  /** Attach an asset that the library has. */
  addAsset(asset) {
    if (!this.files.some((file) => file.id === asset.id)) this.files.push(asset);
    this.#paintChips();
    this.field.focus();
  }

  /** Send what is written. */
  async send() {
    await this.#submit((request) => startJob(request), (job) => {
      this.hooks.onJob(job);
      this.field.value = "";
      this.files = [];
      selection.value = null;
      this.#typed();
      this.#paintChips();
    });
  }

  /** Show the plan without running it. */
  async planFirst() {
    await this.#submit((request) => planOnly(request), (answer, request) => this.hooks.onPlan(answer, request));
  }

  async #submit(post, then) {
    if (this.isBusy || this.files.some((file) => file.isWaiting)) return;
    if (!this.field.value.trim()) {
      this.field.focus();
      return;
    }
    this.#busy(true);
    try {
      const request = await this.#request();
      then(await post(request), request);
    } catch (error) {
      toastError(error);
    } finally {
      this.#busy(false);
      this.field.focus();
    }
  }

  /** The request as the server wants it: the staged asset first, what is pointed at bound to it. */
  async #request() {
    const { models, seed } = settings.value;
    const marks = selection.value;
    const ids = this.files.map((file) => file.id);
    const request = { prompt: this.field.value.trim(), session: this.hooks.session() };
    const stage = staged.value;
    if (stage && !ids.includes(stage.id)) ids.unshift(stage.id);
    if (marks?.asset && marks.asset === stage?.id) {
      if (marks.points?.length) request.points = marks.points.map(([x, y]) => ({ x, y, asset: marks.asset }));
      if (marks.box) {
        const [x, y, width, height] = marks.box;
        request.boxes = [{ x, y, width, height, asset: marks.asset }];
      }
      if (marks.mask) ids.push((await upload(await marks.mask(), { kind: "mask", name: "mask.png" })).id);
      if (marks.span) request.prompt += ` (${t("composer.span", { from: marks.span[0].toFixed(1), to: marks.span[1].toFixed(1) })})`;
    }
    if (ids.length) request.attachments = ids;
    if (Object.keys(models ?? {}).length) request.models = models;
    if (seed !== "" && Number.isFinite(Number(seed))) request.seed = Number(seed);
    return request;
  }

  #busy(isBusy) {
    this.isBusy = isBusy;
    this.sendButton.disabled = isBusy;
    this.element.setAttribute("aria-busy", String(isBusy));
  }

  #typed() {
    keepDraft(this.hooks.session(), this.field.value);
    this.#grow();
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, MAX_ROWS_PX)}px`;
  }

  #key(event) {
    // While an input method composes (Chinese, Japanese, ...), Enter chooses a word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      this.send();
    }
  }

  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.addFiles(files);
  }

  async #fromGallery() {
    const asset = await pickAsset({});
    if (asset) this.addAsset(asset);
  }

  #tool(name, label, click) {
    return h("button.quiet.icon-only", { type: "button", "aria-label": label, title: label, on: { click } }, icon(name, 20));
  }

  #paintChips() {
    const stage = staged.value;
    const marks = selection.value;
    put(this.chips,
      stage && h("span.chip.is-staged", {}, this.#thumb(stage), h("span", {}, t("composer.about", { what: marksLabel(marks) || titleOf(stage).slice(0, 40) })),
        this.#remove(t("composer.unstage"), () => { selection.value = null; staged.value = null; })),
      this.files.map((file) => h("span.chip", { "aria-busy": String(Boolean(file.isWaiting)) },
        file.id ? this.#thumb(file) : icon("spinner", 18),
        h("span", {}, (file.name || kindName(file.kind)).slice(0, 40)),
        this.#remove(t("composer.remove", { name: file.name || file.kind }), () => {
          this.files.splice(this.files.indexOf(file), 1);
          this.#paintChips();
        }))));
    this.chips.hidden = !this.chips.childElementCount;
  }

  #thumb(asset) {
    return asset.thumbnail_url ? h("img", { src: thumbUrl(asset.id, 96), alt: "", width: 28, height: 28 }) : icon("file", 18);
  }

  #remove(label, click) {
    return h("button.chip-remove", { type: "button", "aria-label": label, on: { click } }, icon("close", 14));
  }
}

/** What is pointed at, in words. */
function marksLabel(marks) {
  if (!marks) return "";
  if (marks.label) return marks.label;
  if (marks.mask) return t("marks.mask");
  if (marks.box) return t("marks.box");
  if (marks.span) return `${clock(marks.span[0])}–${clock(marks.span[1])}`;
  if (marks.points?.length === 1) return t("marks.point", { x: Math.round(marks.points[0][0]), y: Math.round(marks.points[0][1]) });
  if (marks.points?.length) return t("marks.points", { n: marks.points.length });
  return "";
}
