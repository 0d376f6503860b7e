/** Models: what plays which role, why, what it needs, and how to choose another. */

import { explainModel, listModels, switchModel } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { formatBytes, t } from "../i18n.js";
import { openDialog } from "../parts/keys_help.js";
import { jsonTree } from "../parts/document.js";
import { toast, toastError } from "../parts/toast.js";
import { choose, me, settings } from "../state.js";

/** The page. */
export function modelsView() {
  const body = h("div.stack", {}, h("p.busy", {}, icon("spinner"), t("action.loading")));
  const load = async () => {
    try {
      put(body, draw(await listModels(), load));
    } catch (error) {
      put(body);
      toastError(error);
    }
  };
  load();
  return { element: h("div.content", {}, h("header.page-head", {}, h("div", {}, h("h1", {}, t("nav.models")), h("p.muted", {}, t("models.lead")))), body) };
}

const megabytes = (mb) => (mb ? formatBytes(mb * 1e6) : "–");

function draw({ items, roles }, load) {
  const cards = new Map(items.map((card) => [card.name, card]));
  const rows = roles.map((role) => {
    const card = cards.get(settings.value.models?.[role.role] ?? role.chosen);
    return h("tr", {},
      h("th", { scope: "row" }, role.role), h("td", {}, picker(role, cards, load)),
      h("td", {}, card ? megabytes(card.memory_mb) : "–"), h("td", {}, card ? megabytes(card.disk_mb) : "–"), h("td", {}, card?.licence ?? "–"),
      h("td", {}, h("button.quiet.small", { type: "button", "aria-label": `${t("models.why")}: ${role.role}`, on: { click: () => why(role) } }, t("models.why"))));
  });
  const head = ["role", "model", "memory", "disk", "licence", "reason"].map((key) => h("th", { scope: "col" }, t(`models.${key}`)));
  return [
    h("section.panel.scroll-x", { tabindex: 0, role: "region", "aria-label": t("models.roles") }, h("table.models-table", {}, h("caption.visually-hidden", {}, t("models.roles")), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows))),
    h("h2", {}, t("models.all")),
    h("ul.card-list", {}, items.map((card) => h("li.panel", { data: { card: card.name } },
      h("div.card-head", {}, h("strong", {}, card.name), h("span.badge", { data: { tone: card.is_here ? "good" : "quiet" } }, t(card.is_here ? "models.here" : "models.absent"))),
      h("p.muted", {}, (card.roles ?? []).join(", ")),
      h("p", {}, [card.backend, megabytes(card.disk_mb), card.licence, (card.languages ?? []).join(" ")].filter((part) => part && part !== "–").join(" · ")),
      !card.is_here && card.missing && h("p.muted", {}, card.missing)))),
  ];
}

/** Choosing applies to this browser; whoever administers the server may make it everybody's. */
function picker(role, cards, load) {
  const mine = settings.value.models?.[role.role] ?? "";
  const select = h("select", { "aria-label": t("models.choose", { role: role.role }), on: { change: () => change() } },
    h("option", { value: "" }, `${t("models.automatic")}${role.chosen ? ` (${role.chosen})` : ""}`),
    role.cards.map((name) => h("option", { value: name, disabled: cards.get(name)?.is_here === false }, name)));
  select.value = mine;
  const change = async () => {
    const { [role.role]: _, ...others } = settings.value.models ?? {};
    choose({ models: select.value ? { ...others, [role.role]: select.value } : others });
    toast(t("models.switched", { role: role.role, card: select.value || t("models.automatic") }), "good");
    load();
  };
  const canFix = mine && mine !== role.chosen && (me.value?.scopes ?? []).includes("admin");
  const fix = async () => {
    try {
      await switchModel(role.role, mine);
      toast(t("models.fixed", { role: role.role }), "good");
      load();
    } catch (error) {
      toastError(error);
    }
  };
  return h("div.row", {}, select, canFix && h("button.quiet.small", { type: "button", on: { click: fix } }, t("models.fix")));
}

async function why(role) {
  const box = h("div.stack", {}, h("p", {}, role.why || t("models.no_reason")));
  openDialog(`${t("models.why")} ${role.role}`, box);
  try {
    box.append(jsonTree(await explainModel(role.role), t("models.explained"), true));
  } catch {
    // the short reason is all there is
  }
}
