/** What is known about an asset: how it was made, what was measured. */

import { forgetAsset, startJob } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { formatBytes, formatDate, formatNumber, kindName, t, toolName } from "../i18n.js";
import { settings, staged } from "../state.js";
import { toast, toastError } from "./toast.js";

/** The tab with an asset's facts. */
export function detailsView(asset) {
  const origin = asset.origin ?? {};
  const args = Object.entries(origin.arguments ?? {}).filter(([, value]) => value !== null && value !== "" && !asset.is_upload);
  const row = (name, value) => value !== undefined && value !== null && value !== "" && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return {
    element: h("div.padded.stack", {},
      h("h3", {}, t("details.made")),
      h("dl.facts", {},
        row(t("details.tool"), asset.is_upload ? t("gallery.uploaded") : h("a", { href: `#/tools/${encodeURIComponent(origin.tool ?? "")}` }, toolName(origin.tool))),
        row(t("details.created"), formatDate(asset.created)),
        row(t("details.seed"), origin.seed),
        args.map(([key, value]) => row(key, typeof value === "string" ? value : JSON.stringify(value)))),
      h("h3", {}, t("details.measured")),
      h("dl.facts", {},
        row(t("details.kind"), kindName(asset.kind)), row(t("details.type"), asset.media_type), row(t("details.size"), formatBytes(asset.size_bytes)),
        Object.entries(asset.facts ?? {}).map(([key, value]) => row(key, shown(value))),
        row(t("details.id"), h("code", {}, asset.id))),
      h("div.row", {},
        !asset.is_upload && origin.tool && h("button.small", { type: "button", on: { click: () => again(asset) } }, icon("retry", 16), t("details.again")),
        h("button.small.danger", { type: "button", on: { click: () => forget(asset) } }, icon("trash", 16), t("details.forget")))),
  };
}

const shown = (value) => (typeof value === "number" ? formatNumber(value, 3) : typeof value === "object" ? JSON.stringify(value) : String(value));

/** The same tool and inputs with a new seed. */
async function again(asset) {
  const { tool, arguments: args = {}, inputs = {} } = asset.origin;
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== ""));
  const wired = Object.fromEntries(Object.entries(inputs).filter(([name]) => !(name in given)).map(([name, ids]) => [name, ids.length === 1 ? ids[0] : ids]));
  try {
    await startJob({ tool, arguments: given, inputs: wired, session: settings.value.session || undefined, seed: Math.floor(Math.random() * 2 ** 31) });
    toast(t("details.again_started"), "good");
    location.hash = `#/create/${encodeURIComponent(settings.value.session)}`;
  } catch (error) {
    toastError(error);
  }
}

async function forget(asset) {
  try {
    await forgetAsset(asset.id);
    staged.value = null;
    dispatchEvent(new Event("assets-changed"));
    toast(t("details.forgotten"), "good");
  } catch (error) {
    toastError(error);
  }
}
