/** A form from a tool's JSON Schema: one field an argument, pickers for assets. */

import { getAsset, upload } from "../api.js";
import { h, put } from "../dom.js";
import { icon } from "../icons.js";
import { kindName, t } from "../i18n.js";
import { pickAsset } from "./asset_picker.js";
import { tile } from "./media_card.js";
import { toastError } from "./toast.js";

const TEXTUAL = new Set(["text", "code", "lyrics", "caption"]);

/** The fields of a tool. */
export class SchemaForm {
  /** @param {object} tool as `/api/tools` gives it. */
  constructor(tool) {
    this.tool = tool;
    this.inputs = new Map(tool.inputs.map((port) => [port.name, new AssetField(port)]));
    const required = new Set(tool.schema.required ?? []);
    this.fields = new Map(Object.entries(tool.schema.properties ?? {})
      .filter(([name]) => !this.inputs.has(name))
      .map(([name, schema]) => [name, valueField(name, schema, required.has(name))]));
    const main = [...this.fields.values()].filter((field) => field.isRequired);
    const rest = [...this.fields.values()].filter((field) => !field.isRequired);
    this.element = h("div.stack.schema-form", {}, [...this.inputs.values()].map((field) => field.element), main.map((field) => field.element),
      rest.length > 0 && h("details.more-options", { open: rest.length <= 4 }, h("summary", {}, t("form.options", { n: rest.length })), h("div.stack", {}, rest.map((field) => field.element))));
  }

  /** `{arguments, inputs}`; throws an Error that names the field that is wrong. */
  read() {
    const given = {};
    const inputs = {};
    for (const [name, field] of this.fields) {
      const value = field.read();
      if (value !== undefined) given[name] = value;
      else if (field.isRequired) throw new Error(t("form.missing", { name }));
    }
    for (const [name, field] of this.inputs) {
      const { text, ids } = field.read();
      if (ids.length) inputs[name] = field.port.is_list ? ids : ids[0];
      else if (text) given[name] = text;
      else if (field.port.is_required) throw new Error(t("form.missing", { name }));
    }
    return { arguments: given, inputs };
  }
}

class AssetField {
  constructor(port) {
    this.port = port;
    this.assets = [];
    this.text = TEXTUAL.has(port.kind) && !port.is_list ? h("textarea", { id: `input-${port.name}`, rows: 3, "aria-describedby": `about-${port.name}` }) : null;
    this.list = h("div.tiles.is-small", {});
    this.element = h("fieldset.field", {},
      h("legend", {}, port.name.replaceAll("_", " "), port.is_required && h("span.required", { "aria-hidden": "true" }, " *"), h("span.kind-tag", {}, kindName(port.kind), port.is_list ? " …" : "")),
      port.description && h("p.muted", { id: `about-${port.name}` }, port.description),
      this.text && h("label.visually-hidden", { for: `input-${port.name}` }, port.name), this.text,
      this.list,
      h("div.row", {}, h("button.small", { type: "button", on: { click: () => this.#pick() } }, icon("gallery", 16), t("form.choose")), h("label.button.small", {}, icon("attach", 16), t("form.bring"),
        h("input.visually-hidden", { type: "file", multiple: port.is_list, on: { change: (event) => this.#bring([...event.target.files]) } }))));
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#bring([...event.dataTransfer.files]);
    });
  }

  /** Set the assets by id. */
  async fill(ids) {
    for (const id of ids) this.#add(await getAsset(id));
  }

  read() {
    return { text: this.text?.value.trim() ?? "", ids: this.assets.map((asset) => asset.id) };
  }

  async #pick() {
    const asset = await pickAsset({ kind: this.port.kind });
    if (asset) this.#add(asset);
  }

  async #bring(files) {
    try {
      for (const file of files) this.#add(await upload(file, { kind: this.port.kind === "mask" ? "mask" : "" }));
    } catch (error) {
      toastError(error);
    }
  }

  #add(asset) {
    this.assets = this.port.is_list ? [...this.assets, asset] : [asset];
    put(this.list, this.assets.map((one) => tile(one, {
      extra: h("button.tile-remove.icon-only.small", { type: "button", "aria-label": t("action.remove"), on: { click: () => { this.assets = this.assets.filter((other) => other !== one); this.list.querySelector(`[data-asset="${CSS.escape(one.id)}"]`)?.remove(); } } }, icon("close", 14)),
    })));
  }
}

/** The plain type of a schema: of `anyOf [X, null]` it is X. */
function plain(schema) {
  const options = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.type !== "null");
  if (options.length === 1) return { ...options[0], default: schema.default, description: schema.description ?? options[0].description };
  if (Array.isArray(schema.type)) return { ...schema, type: schema.type.find((type) => type !== "null") };
  return schema;
}

function valueField(name, whole, isRequired) {
  const schema = plain(whole);
  const id = `arg-${name}`;
  const about = `${id}-about`;
  const { control, read, element } = makeControl(schema, { id, "aria-describedby": schema.description ? about : null, required: isRequired });
  const unit = schema.unit ? ` (${schema.unit})` : "";
  const isCheck = schema.type === "boolean";
  const label = h("label", { for: id }, name.replaceAll("_", " "), unit, isRequired && h("span.required", { "aria-hidden": "true" }, " *"));
  return {
    isRequired,
    control,
    read,
    element: h("div.field", { class: isCheck ? "is-check" : "" }, isCheck ? [element, label] : [label, element], schema.description && h("p.muted", { id: about }, schema.description)),
  };
}

function makeControl(schema, props) {
  if (schema.enum) {
    const control = h("select", props, h("option", { value: "" }, defaultText(schema)), schema.enum.map((value) => h("option", { value: JSON.stringify(value) }, String(value))));
    return { control, element: control, read: () => (control.value ? JSON.parse(control.value) : undefined) };
  }
  if (schema.type === "boolean") {
    const control = h("input", { ...props, type: "checkbox", required: null });
    control.checked = schema.default === true;
    return { control, element: control, read: () => (control.checked === (schema.default === true) ? undefined : control.checked) };
  }
  if (schema.type === "number" || schema.type === "integer") return numberControl(schema, props);
  if (schema.type === "string" || schema.type === undefined) {
    const control = h(props.required ? "textarea" : "input", { ...props, rows: 2, placeholder: defaultText(schema) });
    return { control, element: control, read: () => control.value.trim() || undefined };
  }
  const control = h("textarea", { ...props, rows: 2, placeholder: schema.default === undefined ? "[…]" : JSON.stringify(schema.default), spellcheck: "false" });
  return { control, element: control, read: () => readJson(control.value, props.id.slice(4)) };
}

function numberControl(schema, props) {
  const [low, high] = [schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum];
  const step = schema.type === "integer" ? 1 : "any";
  const control = h("input", { ...props, type: "number", min: schema.minimum, max: schema.maximum, step, placeholder: defaultText(schema), inputmode: schema.type === "integer" ? "numeric" : "decimal" });
  const read = () => (control.value === "" ? undefined : Number(control.value));
  if (low === undefined || high === undefined || high - low > 5000) return { control, element: control, read };
  const fine = schema.type === "integer" ? 1 : (high - low) / 100;
  const slider = h("input", { type: "range", min: low, max: high, step: fine, value: schema.default ?? low, "aria-label": t("form.slider"), on: { input: () => (control.value = Number(slider.value).toFixed(fine < 1 ? 2 : 0)) } });
  control.addEventListener("input", () => (slider.value = control.value || schema.default || low));
  return { control, element: h("div.number", {}, slider, control), read };
}

const defaultText = (schema) => (schema.default === undefined || schema.default === null || schema.default === "" ? t("form.automatic") : String(schema.default));

function readJson(text, name) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(t("form.not_json", { name }));
  }
}
