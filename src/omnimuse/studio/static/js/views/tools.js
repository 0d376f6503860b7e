/** Every tool with a form of its own, made from its schema. */

import { listTools, startJob } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { kindName, t, tOr, toolName } from "../i18n.js";
import { SchemaForm } from "../parts/schema_form.js";
import { toast, toastError } from "../parts/toast.js";
import { Turn } from "../parts/turn.js";
import { settings } from "../state.js";

/** The page; `route.rest[0]` names the tool. */
export function toolsView(route) {
  const page = h("div.content.tools-page", {});
  const view = { element: page, turns: [], leave: () => view.turns.forEach((turn) => turn.leave()) };
  listTools().then((tools) => {
    const tool = tools.find((one) => one.name === route.rest[0]);
    if (tool) put(page, toolPage(tool, view));
    else put(page, index(tools));
  }, (error) => {
    toastError(error);
    put(page, h("h1", {}, t("nav.tools")));
  });
  return view;
}

function index(tools) {
  const list = h("div.stack", {});
  const search = h("input", { id: "search", type: "search", placeholder: t("tools.search"), "aria-label": t("tools.search"), on: { input: () => fill() } });
  const fill = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (tool) => [tool.name, toolName(tool.name), tool.summary, tool.family, ...(tool.examples ?? [])].join(" ").toLowerCase();
    const found = tools.filter((tool) => words.every((word) => text(tool).includes(word)));
    const families = Map.groupBy ? Map.groupBy(found, (tool) => tool.family) : group(found);
    put(list, [...families].map(([family, members]) => h("section", {}, h("h2", {}, tOr(`family.${family}`, toolName(family))), h("ul.tool-list", {}, members.map((tool) => h("li", {},
      h("a.tool-card", { href: `#/tools/${encodeURIComponent(tool.name)}` }, h("strong", {}, toolName(tool.name)), h("span.muted", {}, tool.summary), h("span.kinds", {}, flow(tool)))))))),
    found.length === 0 && h("p.muted", {}, t("tools.none")));
  };
  fill();
  return [h("header.page-head", {}, h("div", {}, h("h1", {}, t("nav.tools")), h("p.muted", {}, t("tools.lead", { n: tools.length })))), h("label.search-box", {}, icon("search", 20), search), list];
}

function group(tools) {
  const families = new Map();
  for (const tool of tools) families.set(tool.family, [...(families.get(tool.family) ?? []), tool]);
  return families;
}

const ports = (list) => list.map((port) => kindName(port.kind)).join(" + ") || "–";
const flow = (tool) => `${ports(tool.inputs.filter((port) => port.is_required))} → ${ports(tool.outputs)}`;

function toolPage(tool, view) {
  const form = new SchemaForm(tool);
  const seed = h("input", { type: "number", id: "tool-seed", min: 0, step: 1, placeholder: t("form.automatic"), inputmode: "numeric" });
  const results = h("div.turns", { "aria-live": "polite" });
  const problem = h("p.problem", { role: "alert" });
  const run = h("button.primary", { type: "submit" }, icon("play", 18), t("tools.run"));
  const submit = async (event) => {
    event.preventDefault();
    put(problem);
    try {
      const request = { tool: tool.name, ...form.read(), models: settings.value.models };
      if (seed.value !== "") request.seed = Number(seed.value);
      const turn = new Turn(await startJob(request), { onRetry: (job) => results.prepend(new Turn(job).element) });
      view.turns.push(turn);
      results.prepend(turn.element);
      toast(t("tools.started"), "good");
    } catch (error) {
      put(problem, [error.message, error.hint].filter(Boolean).join(" "));
    }
  };
  const fillExample = (text) => {
    const field = form.inputs.get("prompt")?.text ?? form.inputs.get("text")?.text ?? form.fields.get("prompt")?.control;
    if (field) field.value = text;
  };
  const takesWords = Boolean(form.inputs.get("prompt")?.text ?? form.fields.get("prompt")?.control);
  return [
    h("nav", { "aria-label": t("tools.back") }, h("a.back-link", { href: "#/tools" }, icon("back", 16), t("nav.tools"))),
    h("header.page-head", {}, h("div", {}, h("h1", {}, toolName(tool.name)), h("p", {}, tool.summary), tool.description && h("p.muted", {}, tool.description))),
    h("div.tool-columns", {},
      h("form.panel.stack", { on: { submit }, novalidate: true, "aria-label": toolName(tool.name) }, form.element,
        h("div.field", {}, h("label", { for: "tool-seed" }, t("details.seed")), seed), problem, h("div.row", {}, run)),
      h("div.stack", {},
        (tool.examples ?? []).length > 0 && h("section.panel", {}, h("h2", {}, t("tools.examples")), h("ul.examples", {}, tool.examples.map((text) => h("li", {}, takesWords ? h("button.quiet.small", { type: "button", on: { click: () => fillExample(text) } }, text) : h("span.muted", {}, text))))),
        h("section.panel", {}, h("h2", {}, t("tools.about")), h("dl.facts", {}, fact(t("tools.flow"), flow(tool)), fact(t("tools.version"), tool.version), fact(t("tools.cost"), `~ ${tool.cost_s} ${t("unit.s")}`), tool.roles?.length > 0 && fact(t("tools.roles"), tool.roles.join(", ")), fact(t("tools.name"), h("code", {}, tool.name)))))),
    results,
  ];
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
