/** The conversation: ask, watch the plan run, look, point, ask for more. */

import { branchSession, dropSession, getJob, getSession, listJobs, startJob, undoTurn } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { Composer } from "../parts/composer.js";
import { isPicture } from "../parts/media_card.js";
import { openAsset } from "../parts/open_asset.js";
import { PlanGraph } from "../parts/plan_graph.js";
import { toast, toastError } from "../parts/toast.js";
import { Turn } from "../parts/turn.js";
import { go } from "../shell.js";
import { choose, newSessionName, settings, staged } from "../state.js";

const IDEAS = ["fox", "song", "speech", "scene3d"];

/** The page; `route.rest[0]` names the session. */
export function createView(route) {
  return new CreatePage(route);
}

class CreatePage {
  constructor(route) {
    this.turns = [];
    this.session = route.rest[0] || settings.value.session || newSessionName();
    if (settings.value.session !== this.session) choose({ session: this.session });
    this.list = h("div.turns", { role: "log", "aria-label": t("create.conversation"), "aria-live": "off" });
    this.composer = new Composer({
      onJob: (job) => this.#add(job),
      onPlan: (answer, request) => this.#showPlan(answer, request),
      session: () => this.session,
    });
    this.undoButton = h("button.quiet.small", { type: "button", on: { click: () => this.#undo() } }, icon("undo", 16), t("action.undo_turn"));
    this.dropButton = h("button.quiet.small", { type: "button", on: { click: () => this.#drop() } }, icon("trash", 16), t("action.delete_session"));
    this.bar = h("div.session-bar", {}, this.undoButton, this.dropButton);
    this.element = h("div.create", {}, h("h1.visually-hidden", {}, t("nav.create")), this.bar,
      h("div.scroller", {}, this.list), h("div.composer-dock", {}, this.composer.element, h("p.hint", {}, t("composer.hint"))));
    this.scroller = this.element.querySelector(".scroller");
    this.#dropZone();
    this.#load();
  }

  /** The same page with another session is made anew; with the same one nothing changes. */
  update(route) {
    const wanted = route.rest[0] || settings.value.session;
    return wanted === this.session;
  }

  leave() {
    for (const turn of this.turns) turn.leave();
    this.composer.leave();
  }

  async #load() {
    try {
      const { items } = await listJobs({ session: this.session, limit: 50 });
      const shown = await this.#kept(items.reverse());
      const jobs = await Promise.all(shown.map((job) => getJob(job.id)));
      for (const job of jobs) this.#add(job, { isOld: true });
      this.#toEnd();
    } catch (error) {
      toastError(error);
    }
    this.#paintEmpty();
  }

  /** Without the turns that were undone: a finished job that its session no longer names. */
  async #kept(jobs) {
    if (!jobs.length) return this.#branchJobs();
    const { turns } = await getSession(this.session).catch(() => ({ turns: [] }));
    const named = new Set(turns.map((turn) => turn.job));
    const earlier = turns.filter((turn) => turn.job && !jobs.some((job) => job.id === turn.job));
    return [
      ...earlier.map((turn) => ({ id: turn.job })),
      ...jobs.filter((job) => job.status !== "succeeded" || named.has(job.id)),
    ];
  }

  /** A branch has turns before it has jobs of its own. */
  async #branchJobs() {
    const { turns } = await getSession(this.session).catch(() => ({ turns: [] }));
    return turns.filter((turn) => turn.job).map((turn) => ({ id: turn.job }));
  }

  #add(job, { isOld = false } = {}) {
    const index = this.turns.length;
    const turn = new Turn(job, {
      onRetry: (again) => this.#add(again),
      onBranch: () => this.#branch(index + 1),
      onDone: (done) => this.#done(done),
    });
    this.turns.push(turn);
    if (index === 0) put(this.list);
    this.list.append(turn.element);
    this.#paintEmpty();
    if (!isOld) {
      this.#toEnd();
      if (index === 0) setTimeout(() => dispatchEvent(new Event("sessions-changed")), 400);
    }
  }

  /** A new version of what is on the stage takes its place there. */
  #done(job) {
    this.#reveal(job.id);
    dispatchEvent(new Event("sessions-changed"));
    const stage = staged.value;
    if (!stage || job.status !== "succeeded" || !(job.request?.attachments ?? []).includes(stage.id)) return;
    const same = (asset) => asset.kind === stage.kind || (isPicture(asset.kind) && isPicture(stage.kind));
    const next = job.assets.find((asset) => same(asset) && asset.id !== stage.id);
    if (next) openAsset(next);
  }

  #showPlan(answer, request) {
    const box = h("article.turn.is-draft", { "aria-label": t("plan.draft") });
    const problem = answer.question || answer.refusal?.reason || answer.errors?.[0]?.message;
    const run = async () => {
      try {
        const job = await startJob({ ...request, plan: answer.plan });
        box.remove();
        this.composer.write("");
        this.#add(job);
      } catch (error) {
        toastError(error);
      }
    };
    const graph = answer.plan?.nodes?.length ? new PlanGraph({ plan: answer.plan, attachments: request.attachments ?? [] }) : null;
    box.append(
      h("div.asked", {}, h("p", {}, request.prompt)),
      h("div.answer", {}, h("p.turn-status", {}, icon("plan", 18), problem || t("plan.draft_lead")), graph && h("div.turn-plan", {}, graph.element),
        h("div.turn-actions", {},
          graph && !problem && h("button.primary.small", { type: "button", on: { click: run } }, icon("play", 16), t("plan.run")),
          h("button.quiet.small", { type: "button", on: { click: () => { box.remove(); this.#paintEmpty(); } } }, icon("close", 16), t("action.discard")))));
    this.list.querySelector(".is-draft")?.remove();
    this.list.querySelector(".welcome")?.remove();
    this.list.append(box);
    this.#toEnd();
  }

  async #undo() {
    try {
      await undoTurn(this.session);
      this.#reload();
      toast(t("create.undone"), "good", t("create.undone_detail"));
    } catch (error) {
      toastError(error);
    }
  }

  #reload() {
    for (const turn of this.turns) turn.leave();
    this.turns = [];
    put(this.list);
    staged.value = null;
    this.#load();
  }

  async #branch(count) {
    try {
      const name = newSessionName();
      await branchSession(this.session, count, name);
      dispatchEvent(new Event("sessions-changed"));
      go(`/create/${encodeURIComponent(name)}`);
      toast(t("create.branched"), "good");
    } catch (error) {
      toastError(error);
    }
  }

  async #drop() {
    try {
      await dropSession(this.session);
    } catch (error) {
      if (error.status !== 404) return toastError(error);
    }
    choose({ session: "" });
    dispatchEvent(new Event("sessions-changed"));
    const name = newSessionName();
    choose({ session: name });
    go(`/create/${encodeURIComponent(name)}`);
    return undefined;
  }

  /** Bring what just ended into view, its beginning first. */
  #reveal(id) {
    const turn = this.turns.at(-1);
    if (turn?.job.id !== id) return; // the user has gone on
    requestAnimationFrame(() => {
      const isTall = turn.element.offsetHeight > this.scroller.clientHeight - 40;
      turn.element.scrollIntoView({ block: isTall ? "start" : "end" });
    });
  }

  #toEnd() {
    requestAnimationFrame(() => this.scroller.scrollTo({ top: this.scroller.scrollHeight }));
  }

  #paintEmpty() {
    const isEmpty = this.turns.length === 0;
    this.bar.hidden = isEmpty;
    this.element.classList.toggle("is-empty", isEmpty);
    if (isEmpty && !this.list.childElementCount) put(this.list, this.#welcome());
  }

  #welcome() {
    return h("section.welcome", {},
      h("h2", {}, t("welcome.title")), h("p.lead", {}, t("welcome.lead")),
      h("div.ideas", {}, IDEAS.map((idea) => h("button.idea", { type: "button", on: { click: () => this.composer.write(t(`idea.${idea}`)) } },
        icon({ fox: "video", song: "audio", speech: "text", scene3d: "mesh" }[idea], 20), h("span", {}, t(`idea.${idea}`))))));
  }

  #dropZone() {
    const veil = h("div.drop-veil", { hidden: true }, icon("attach", 40), h("p", {}, t("composer.drop")));
    this.element.append(veil);
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    this.element.addEventListener("dragenter", (event) => hasFiles(event) && (veil.hidden = false));
    this.element.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    veil.addEventListener("dragleave", () => (veil.hidden = true));
    this.element.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      veil.hidden = true;
      this.composer.addFiles([...event.dataTransfer.files]);
    });
  }
}
