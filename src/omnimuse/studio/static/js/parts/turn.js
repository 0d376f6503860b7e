/** One turn of a conversation: what was asked, the plan as it runs, what came of it. */

import { archiveUrl, cancelJob, followJob, getJob, retryJob, thumbUrl } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { formatSeconds, t } from "../i18n.js";
import { isWords, mediaCard } from "./media_card.js";
import { openAsset } from "./open_asset.js";
import { PlanGraph } from "./plan_graph.js";
import { toastError } from "./toast.js";

const ENDED = new Set(["succeeded", "failed", "refused", "needs_input", "cancelled"]);
/** Kinds that stand behind a result rather than being one: shown small. */
const BEHIND = new Set(["scene", "layout", "transcript", "score", "graph", "mask", "depth", "edges"]);

/** Whether a job's status is its last. */
export const hasEnded = (status) => ENDED.has(status);

/** A turn that draws a job and follows it to its end. */
export class Turn {
  #stop = () => {};

  /**
   * @param {object} job as the server gives it.
   * @param {{onRetry?: (job: object) => void, onBranch?: () => void, onDone?: (job: object) => void}}
   *   [hooks] what the page does on them.
   */
  constructor(job, hooks = {}) {
    this.job = { nodes: {}, assets: [], errors: [], attachments: [], ...job };
    this.hooks = hooks;
    this.graph = null;
    this.status = h("p.turn-status", { role: "status" });
    this.planBox = h("div.turn-plan", {});
    this.results = h("div.turn-results", {});
    this.actions = h("div.turn-actions", {});
    this.element = h("article.turn", { data: { job: this.job.id }, "aria-label": this.job.prompt || this.job.tool || "" },
      this.#asked(), h("div.answer", {}, this.status, this.planBox, this.results, this.actions));
    if (this.job.plan) this.#drawPlan();
    this.#paint();
    if (!hasEnded(this.job.status)) this.#follow();
  }

  /** Stop listening (the job itself goes on). */
  leave() {
    this.#stop();
  }

  /** Ask the server to stop the job. */
  async cancel() {
    try {
      await cancelJob(this.job.id);
    } catch (error) {
      toastError(error);
    }
  }

  #asked() {
    const sent = this.job.request?.attachments ?? [];
    const points = this.job.request?.points ?? [];
    const boxes = this.job.request?.boxes ?? [];
    const pointed = points.length + boxes.length;
    return h("div.asked", {},
      sent.length > 0 && h("div.asked-files", {}, sent.map((id) => h("button.thumb", {
        type: "button", "aria-label": t("turn.attachment"), on: { click: () => openAsset(id) },
      }, h("img", { src: thumbUrl(id, 160), alt: "", loading: "lazy", on: { error: (e) => e.target.replaceWith(icon("file", 24)) } })))),
      h("p", {}, this.job.prompt || (this.job.tool ? t("turn.tool", { tool: this.job.tool }) : t("turn.plan"))),
      pointed > 0 && h("p.asked-points", {}, icon("click", 14), t("turn.pointed", { n: pointed })));
  }

  #follow() {
    this.#stop = followJob(this.job.id, (type, data) => this.#on(type, data));
  }

  #on(type, data) {
    if (type === "queued") Object.assign(this.job, { status: "queued", position: data.position });
    if (type === "started") this.job.status = "running";
    if (type === "planned") {
      Object.assign(this.job, { status: "running", plan: data.plan, attachments: data.attachments ?? [] });
      this.#drawPlan();
    }
    if (type === "node") this.#onNode(data);
    if (type === "done") this.#onDone(data);
    if (type === "lost") this.#reload();
    this.#paint();
  }

  #onNode({ node, ...state }) {
    const known = this.job.nodes[node] ?? {};
    this.job.nodes[node] = { ...known, ...state, assets: state.assets?.length ? state.assets : known.assets ?? [] };
    this.graph?.setNode(node, this.job.nodes[node]);
  }

  async #onDone(data) {
    Object.assign(this.job, data);
    try {
      this.job = { ...this.job, ...(await getJob(this.job.id)) };
    } catch {
      // the last event says enough
    }
    for (const [id, state] of Object.entries(this.job.nodes)) this.graph?.setNode(id, state);
    if (this.planDetails && this.job.status === "succeeded" && this.job.plan.nodes.length === 1) this.planDetails.open = false;
    this.#paint();
    this.hooks.onDone?.(this.job);
  }

  async #reload() {
    try {
      const job = await getJob(this.job.id);
      if (hasEnded(job.status)) this.#onDone(job);
    } catch (error) {
      toastError(error);
    }
  }

  #drawPlan() {
    if (this.graph) return;
    this.graph = new PlanGraph(this.job);
    this.summary = h("summary", {}, icon("plan", 18), h("span", {}));
    this.planDetails = h("details", { open: !hasEnded(this.job.status) }, this.summary, this.graph.element);
    put(this.planBox, this.planDetails);
  }

  #paint() {
    const { status } = this.job;
    this.element.dataset.status = status;
    put(this.status, this.#statusLine());
    if (this.graph) put(this.summary.querySelector("span"), this.#planLine());
    this.#paintResults();
    put(this.actions, hasEnded(status) ? this.#endActions() : this.#liveActions());
  }

  #statusLine() {
    const { status, position } = this.job;
    if (status === "queued") return [icon("clock", 18), position ? t("turn.waiting", { n: position }) : t("turn.queued")];
    if (status === "running") return [icon("spinner", 18), this.job.plan ? this.#nowLine() : t("turn.understanding")];
    if (status === "succeeded") return null;
    if (status === "needs_input") return [icon("info", 18), this.job.question || t("turn.needs_input")];
    if (status === "refused") {
      const { gate, category, reason } = this.job.refusal ?? {};
      return [icon("shield", 18), h("span", {}, t("turn.refused"), " ", reason ?? "",
        category && h("span.muted", {}, ` (${t(`gate.${gate}`)} · ${category})`))];
    }
    if (status === "cancelled") return [icon("stop", 18), t("turn.cancelled")];
    return [icon("alert", 18), h("span", {}, t("turn.failed"), this.#errors())];
  }

  #nowLine() {
    const running = Object.entries(this.job.nodes).find(([, state]) => state.status === "running");
    const message = running?.[1].message;
    const done = this.graph ? this.graph.count("done") + this.graph.count("cached") : 0;
    const line = t("turn.running", { done, all: this.job.plan.nodes.length });
    return message ? `${line} · ${message}` : line;
  }

  #errors() {
    return (this.job.errors ?? []).map((error) => h("span.error-line", {}, " ", error.message, " ", error.hint && h("em", {}, error.hint)));
  }

  #planLine() {
    const all = this.job.plan.nodes.length;
    const parts = [all === 1 ? t("plan.one_step") : t("plan.n_steps", { n: all })];
    const cached = this.graph.count("cached");
    if (cached) parts.push(t("plan.from_cache", { n: cached }));
    const total = this.job.timings?.total;
    if (total) parts.push(formatSeconds(total));
    return parts.join(" · ");
  }

  /** Results as they come: while it runs those of finished steps, then the delivered ones. */
  #paintResults() {
    const early = Object.values(this.job.nodes).flatMap((state) => state.assets ?? []);
    const given = hasEnded(this.job.status) && this.job.assets?.length ? this.job.assets : early;
    const shown = [...new Map(given.map((asset) => [asset.id, asset])).values()];
    const key = shown.map((asset) => asset.id).join();
    if (key === this.shownKey) return;
    this.shownKey = key;
    const isBig = (asset) => !BEHIND.has(asset.kind);
    const big = shown.some(isBig) ? shown.filter(isBig) : shown;
    const rest = shown.filter((asset) => !big.includes(asset));
    const weight = (asset) => (asset.kind === "video" ? 0 : isWords(asset.kind) ? 2 : 1);
    big.sort((a, b) => weight(a) - weight(b));
    put(this.results,
      big.length > 0 && h("div.results", { class: big.length === 1 ? "is-single" : "" }, big.map(mediaCard)),
      rest.length > 0 && h("div.also", {}, h("span.muted", {}, t("turn.also")), rest.map((asset) =>
        h("button.chip", { type: "button", on: { click: () => openAsset(asset) } }, t(`kind.${asset.kind}`)))));
  }

  #liveActions() {
    return [h("button.quiet.small", { type: "button", on: { click: () => this.cancel() } }, icon("stop", 16), t("action.stop"))];
  }

  #endActions() {
    const { onRetry, onBranch } = this.hooks;
    const hasFiles = (this.job.assets ?? []).length > 0;
    return [
      onRetry && h("button.quiet.small", { type: "button", on: { click: () => this.#retry() } }, icon("retry", 16), t("action.retry")),
      onBranch && h("button.quiet.small", { type: "button", on: { click: onBranch } }, icon("branch", 16), t("action.branch")),
      hasFiles && h("a.button.quiet.small", { href: archiveUrl(this.job.id), download: "" }, icon("download", 16), t("action.download_all")),
    ];
  }

  async #retry() {
    try {
      this.hooks.onRetry(await retryJob(this.job.id));
    } catch (error) {
      toastError(error);
    }
  }
}
