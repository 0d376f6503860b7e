/** Film and sound in time: a player, film strip, waveform, captions, and a span to point at. */

import { contentUrl, getPeaks, getText, listAssets, thumbUrl } from "../api.js";
import { clamp, h, put } from "../dom.js";
import { icon } from "../icons.js";
import { clock, t } from "../i18n.js";
import { selection } from "../state.js";
import { altOf, waveform } from "./media_card.js";

const STRIP_FRAMES = 10;
const STEP_S = 1;

/** The view of a film or a sound. */
export async function timelineView(asset) {
  const view = new TimelineView(asset);
  view.load();
  return view;
}

class TimelineView {
  constructor(asset) {
    this.asset = asset;
    this.isFilm = asset.kind === "video";
    this.duration = asset.facts?.duration_s ?? 0;
    this.span = null;
    this.media = h(this.isFilm ? "video" : "audio", {
      src: contentUrl(asset.id), preload: "auto", playsinline: true, "aria-label": altOf(asset), poster: this.isFilm ? thumbUrl(asset.id, 960) : null,
    });
    this.playButton = h("button.play", { type: "button", on: { click: () => this.#toggle() } });
    this.time = h("output.time", { "aria-label": t("player.position") });
    this.caption = h("p.caption-line", { "aria-live": "off" });
    this.head = h("div.playhead", {});
    this.spanBox = h("div.span-box", { hidden: true });
    this.strip = h("div.strip", { "aria-hidden": "true" });
    this.wave = h("div.track-wave", { "aria-hidden": "true" });
    this.words = h("div.track-words", {});
    this.track = h("div.tracks", {
      tabindex: 0, role: "slider", "aria-label": t("timeline.label"), "aria-valuemin": 0, "aria-orientation": "horizontal",
      on: { keydown: (e) => this.#key(e), pointerdown: (e) => this.#down(e), pointermove: (e) => this.#drag(e), pointerup: () => this.#up(), pointercancel: () => this.#up() },
    }, this.isFilm && this.strip, this.wave, this.spanBox, this.head);
    const small = (label, text, click) => h("button.quiet.small", { type: "button", on: { click } }, text, h("span.visually-hidden", {}, label));
    this.element = h("div.timeline", {},
      h("div.screen", { class: this.isFilm ? "" : "is-sound" }, this.media, this.isFilm ? null : h("div.big-wave", { "aria-hidden": "true" })),
      this.caption,
      h("div.transport", {}, this.playButton, this.time, h("span.gap"),
        small(t("timeline.in_label"), t("timeline.in"), () => this.#mark(0)), small(t("timeline.out_label"), t("timeline.out"), () => this.#mark(1)),
        h("button.quiet.small", { type: "button", on: { click: () => this.#clear() } }, t("timeline.clear"))),
      this.track, this.words, h("p.well-help", {}, t("timeline.help")));
    this.#listen();
    this.#paint();
  }

  load() {
    if (!this.isFilm || this.asset.facts?.has_audio) this.#waves();
    else this.wave.hidden = true;
    this.#captions();
    if (this.isFilm) this.#filmStrip();
  }

  #waves() {
    getPeaks(this.asset.id, 500).then(({ peaks, duration_s }) => {
      this.duration ||= duration_s;
      this.wave.append(waveform(peaks, { width: 1000, height: 72 }));
      this.element.querySelector(".big-wave")?.append(waveform(peaks, { width: 1000, height: 220 }));
    }, () => (this.wave.hidden = true));
  }

  leave() {
    this.media.pause();
    this.media.removeAttribute("src");
    this.film?.removeAttribute("src");
    cancelAnimationFrame(this.ticker);
  }

  #listen() {
    for (const event of ["play", "pause", "ended", "loadedmetadata", "seeked", "timeupdate"]) {
      this.media.addEventListener(event, () => {
        if (Number.isFinite(this.media.duration)) this.duration = this.media.duration;
        this.#paint();
        if (!this.media.paused) this.#tick();
      });
    }
    this.media.addEventListener("click", () => this.#toggle());
  }

  /** Smooth while it plays: `timeupdate` comes four times a second only. */
  #tick() {
    cancelAnimationFrame(this.ticker);
    this.ticker = requestAnimationFrame(() => {
      this.#paint();
      if (!this.media.paused) this.#tick();
    });
  }

  #toggle() {
    if (this.media.paused) this.media.play().catch(() => {});
    else this.media.pause();
  }

  #paint() {
    const now = this.media.currentTime || 0;
    const percent = this.duration ? (now / this.duration) * 100 : 0;
    this.head.style.left = `${percent}%`;
    const state = this.media.paused ? "play" : "pause";
    if (this.playButton.dataset.state !== state) {
      this.playButton.dataset.state = state;
      put(this.playButton, icon(state, 22));
      this.playButton.setAttribute("aria-label", t(`player.${state}`));
    }
    const text = `${clock(now)} / ${clock(this.duration)}`;
    if (this.time.textContent !== text) put(this.time, text);
    this.track.setAttribute("aria-valuemax", this.duration.toFixed(1));
    this.track.setAttribute("aria-valuenow", now.toFixed(1));
    this.track.setAttribute("aria-valuetext", text);
    this.#paintWords(now);
    this.spanBox.hidden = !this.span;
    if (this.span && this.duration) {
      this.spanBox.style.left = `${(this.span[0] / this.duration) * 100}%`;
      this.spanBox.style.width = `${((this.span[1] - this.span[0]) / this.duration) * 100}%`;
    }
  }

  #seek(to) {
    this.media.currentTime = clamp(to, 0, this.duration || 0);
    this.#paint();
  }

  #key(event) {
    const now = this.media.currentTime;
    const actions = {
      ArrowLeft: () => this.#seek(now - (event.shiftKey ? 0.1 : STEP_S)), ArrowRight: () => this.#seek(now + (event.shiftKey ? 0.1 : STEP_S)),
      Home: () => this.#seek(0), End: () => this.#seek(this.duration), " ": () => this.#toggle(),
      i: () => this.#mark(0), o: () => this.#mark(1), Escape: () => this.#clear(),
    };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !this.span) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  #timeAt(event) {
    const box = this.track.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * this.duration;
  }

  #down(event) {
    this.track.setPointerCapture(event.pointerId);
    this.from = this.#timeAt(event);
    this.#seek(this.from);
  }

  #drag(event) {
    if (this.from === undefined) return;
    const to = this.#timeAt(event);
    if (Math.abs(to - this.from) < this.duration / 100) return;
    this.#setSpan([Math.min(this.from, to), Math.max(this.from, to)]);
  }

  #up() {
    this.from = undefined;
  }

  #mark(end) {
    const now = this.media.currentTime;
    const span = this.span ?? [0, this.duration];
    const next = end ? [Math.min(span[0], now), now] : [now, Math.max(span[1], now)];
    if (next[1] - next[0] > 0.05) this.#setSpan(next);
  }

  #setSpan(span) {
    this.span = span;
    selection.value = { asset: this.asset.id, span };
    this.#paint();
  }

  #clear() {
    this.span = null;
    selection.value = null;
    this.#paint();
  }

  /** The words: of a transcript that the same run made, or of the asset's own inputs. */
  async #captions() {
    const segments = await this.#segments().catch(() => []);
    this.segments = segments.filter((segment) => Number.isFinite(segment.start_s));
    this.wordSpans = this.segments.map((segment) => h("button.said", {
      type: "button", on: { click: () => this.#seek(segment.start_s) },
    }, h("span.muted", {}, clock(segment.start_s)), segment.text));
    put(this.words, this.wordSpans.length > 0 && h("h3", {}, t("timeline.words")), this.wordSpans);
  }

  async #segments() {
    const { run } = this.asset.origin ?? {};
    if (!run) return [];
    const { items } = await listAssets({ run, kind: "transcript", limit: 5 });
    if (!items.length) return [];
    const own = items.find((item) => Object.values(this.asset.origin.inputs ?? {}).flat().includes(item.id)) ?? items[0];
    return (await getText(own.id)).json?.segments ?? [];
  }

  #paintWords(now) {
    const index = this.segments?.findIndex((segment) => now >= segment.start_s && now <= segment.end_s) ?? -1;
    if (index === this.said) return;
    this.said = index;
    put(this.caption, index >= 0 && !this.isFilm ? this.segments[index].text : null);
    this.wordSpans?.forEach((span, i) => span.classList.toggle("is-now", i === index));
  }

  /** Frames at even times, drawn from a second, silent copy of the film. */
  #filmStrip() {
    const film = h("video", { src: contentUrl(this.asset.id), preload: "auto", muted: true });
    this.film = film;
    film.muted = true;
    const next = (index) => {
      if (index >= STRIP_FRAMES || !film.videoWidth) return;
      film.onseeked = () => {
        const height = 54;
        const canvas = Object.assign(document.createElement("canvas"), { height, width: Math.round((film.videoWidth / film.videoHeight) * height) });
        canvas.getContext("2d").drawImage(film, 0, 0, canvas.width, height);
        this.strip.append(canvas);
        next(index + 1);
      };
      film.currentTime = ((index + 0.5) / STRIP_FRAMES) * film.duration;
    };
    film.addEventListener("loadeddata", () => next(0), { once: true });
  }
}
