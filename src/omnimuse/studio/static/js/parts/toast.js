/** Short notices at the foot of the page; read out by screen readers. */

import { ApiError } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";

const SHOWN_MS = 6000;

function shelf() {
  let found = document.getElementById("toasts");
  if (!found) {
    found = h("div.toasts", { id: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(found);
  }
  return found;
}

/** Show a notice: tone is "info", "good" or "bad". */
export function toast(text, tone = "info", detail = "") {
  const close = () => note.remove();
  const note = h(
    "div.toast",
    { data: { tone } },
    h("div", {}, h("strong", {}, text), detail && h("p", {}, detail)),
    h("button.quiet.icon-only", { type: "button", "aria-label": t("action.close"), on: { click: close } },
      icon("close", 16)),
  );
  shelf().append(note);
  setTimeout(close, SHOWN_MS);
}

/** What went wrong, in words: the server's own message and hint where it gave one. */
export function explain(error) {
  if (error instanceof ApiError) {
    if (error.code === "offline") return [t("error.offline"), t("error.offline_hint")];
    return [error.message, error.hint];
  }
  return [t("error.unexpected"), String(error?.message ?? error)];
}

/** Show an error. */
export function toastError(error) {
  if (error?.name === "AbortError") return;
  const [message, hint] = explain(error);
  toast(message, "bad", hint);
}
