/** The dialog that lists all keys. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";

const GROUPS = {
  "keys.everywhere": [
    ["/", "keys.focus_prompt"], ["Alt 1–5", "keys.pages"], ["Alt N", "keys.new"],
    ["?", "keys.this"], ["Esc", "keys.close"],
  ],
  "keys.prompt": [["Enter", "keys.send"], ["Shift Enter", "keys.line"], ["Ctrl V", "keys.paste"]],
  "keys.picture": [
    ["C B P S", "keys.picture_tools"], ["← ↑ → ↓", "keys.crosshair"], ["Enter", "keys.point"],
    ["Ctrl Z", "keys.undo_mark"], ["+ − 0", "keys.zoom"],
  ],
  "keys.timeline": [["Space", "keys.play"], ["← →", "keys.seek"], ["I O", "keys.span"]],
  "keys.model": [["← ↑ → ↓", "keys.orbit"], ["+ −", "keys.zoom"], ["0", "keys.reset"]],
};

/** A modal dialog with a title; closes by its button, Esc, or a click beside it. */
export function openDialog(title, ...content) {
  const dialog = h("dialog", { "aria-label": title });
  const close = () => dialog.close();
  dialog.append(
    h("div.dialog-head", {}, h("h2", {}, title),
      h("button.quiet.icon-only", { type: "button", "aria-label": t("action.close"), on: { click: close } },
        icon("close"))),
    h("div.dialog-body", {}, ...content),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Show the keys. */
export function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  openDialog(t("keys.title"), h("div.keys", {}, Object.entries(GROUPS).map(([group, rows]) =>
    h("section", {}, h("h3", {}, t(group)),
      h("dl", {}, rows.map(([keys, what]) => h("div", {},
        h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, t(what)))))))));
}
