/** Where an asset comes from, and whether that can be trusted: signature, models, licences. */

import { getProvenance } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { formatDate, t } from "../i18n.js";
import { jsonTree } from "./document.js";

const ICONS = { trusted: "shield", valid: "shield", unsigned: "info", tampered: "alert" };

/** The tab with an asset's provenance. */
export async function provenanceView(asset) {
  const found = await getProvenance(asset.id);
  const verdict = found.verdict in ICONS ? found.verdict : "unsigned";
  const models = found.models ?? [];
  const credits = found.attribution ?? asset.attribution ?? [];
  return {
    element: h("div.padded.stack.provenance", {},
      h("div.verdict", { data: { verdict } }, icon(ICONS[verdict], 28),
        h("div", {}, h("strong", {}, t(`provenance.${verdict}`)),
          h("p", {}, t(`provenance.${verdict}_detail`)),
          found.signer && h("p.muted", {}, t("provenance.signer", { name: found.signer })))),
      (found.problems ?? []).length > 0 && h("ul.problem", {}, found.problems.map((problem) => h("li", {}, typeof problem === "string" ? problem : JSON.stringify(problem)))),
      h("h3", {}, t("provenance.models")),
      models.length ? h("table", {}, h("thead", {}, h("tr", {}, ["role", "model", "licence", "hash"].map((key) => h("th", { scope: "col" }, t(`provenance.${key}`))))),
        h("tbody", {}, models.map((model) => h("tr", {}, h("td", {}, model.role), h("td", {}, model.card), h("td", {}, model.licence || "–"),
          h("td", {}, h("code", { title: model.sha256 }, (model.sha256 ?? "").replace("sha256:", "").slice(0, 10) || "–"))))))
        : h("p.muted", {}, t("provenance.no_models")),
      h("h3", {}, t("provenance.credits")),
      credits.length ? h("ul.credits", {}, credits.map((part) => h("li", {}, h("strong", {}, part.title || part.source), h("span.muted", {}, [part.author, part.licence].filter(Boolean).join(" · ")), h("code", {}, part.source))))
        : h("p.muted", {}, t("provenance.no_credits")),
      asset.created && h("p.muted", {}, t("provenance.created", { when: formatDate(asset.created) })),
      found.record && jsonTree(found.record, t("provenance.record"))),
  };
}
