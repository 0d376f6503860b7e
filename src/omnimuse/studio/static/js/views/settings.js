/** Settings: what this browser keeps, and what the server was started with. */

import { listSettings, logout } from "../api.js";
import { h, put } from "../dom.js";
import { LANGUAGES, t } from "../i18n.js";
import { showKeys } from "../parts/keys_help.js";
import { choose, me, settings } from "../state.js";

/** The page. */
export function settingsView() {
  const server = h("dl.facts", {});
  listSettings().then((items) => put(server, items.map((item) => h("div", {}, h("dt", {}, item.name), h("dd", {}, show(item.value), h("span.muted", {}, ` · ${item.origin}`))))),
    () => put(server, h("div", {}, h("dt", {}, t("settings.server")), h("dd", {}, t("error.not_allowed")))));
  const seed = h("input", { id: "set-seed", type: "number", min: 0, step: 1, value: settings.value.seed ?? "", placeholder: t("form.automatic"), on: { change: () => choose({ seed: seed.value }) } });
  return {
    element: h("div.content.is-narrow", {},
      h("header.page-head", {}, h("div", {}, h("h1", {}, t("nav.settings")), h("p.muted", {}, t("settings.lead")))),
      h("section.panel.stack", {}, h("h2", {}, t("settings.look")),
        choice("language", t("settings.language"), Object.entries(LANGUAGES)),
        choice("theme", t("settings.theme"), ["auto", "light", "dark"].map((value) => [value, t(`settings.theme_${value}`)])),
        choice("motion", t("settings.motion"), ["auto", "reduced"].map((value) => [value, t(`settings.motion_${value}`)]))),
      h("section.panel.stack", {}, h("h2", {}, t("settings.making")),
        h("div.field", {}, h("label", { for: "set-seed" }, t("settings.seed")), seed, h("p.muted", {}, t("settings.seed_detail")))),
      h("section.panel.stack", {}, h("h2", {}, t("settings.account")),
        h("p", {}, t(me.value?.mode === "keys" ? "settings.with_key" : "settings.local", { owner: me.value?.owner ?? "" })),
        h("div.row", {}, h("button", { type: "button", on: { click: showKeys } }, t("keys.title")),
          me.value?.mode === "keys" && h("button", { type: "button", on: { click: async () => { await logout(); location.reload(); } } }, t("settings.logout")))),
      h("section.panel.stack", {}, h("h2", {}, t("settings.server")), h("p.muted", {}, t("settings.server_detail", { version: me.value?.version ?? "?" })), server)),
  };
}

function choice(key, label, options) {
  const now = settings.value[key];
  return h("fieldset.segmented", {}, h("legend", {}, label), options.map(([value, text]) => {
    const radio = h("input", { type: "radio", name: `set-${key}`, value, on: { change: () => choose({ [key]: value }) } });
    radio.checked = value === now;
    return h("label", {}, radio, h("span", {}, text));
  }));
}

const show = (value) => (value === null || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
