/** The page that asks for an API key, where the server wants one. */

import { login } from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { wordmark } from "../shell.js";
import { explain } from "./toast.js";

/** A form; `then` is called once the key was taken. */
export function showLogin(then) {
  const problem = h("p.problem", { role: "alert" });
  const key = h("input", {
    type: "password", id: "login-key", name: "key", required: true, autocomplete: "current-password",
    placeholder: "omk_…",
  });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await login(key.value.trim());
      await then();
    } catch (error) {
      put(problem, explain(error).filter(Boolean).join(" "));
      key.focus();
    }
  };
  return h(
    "main.login",
    {},
    wordmark(),
    h("h1", {}, t("login.title")),
    h("p.muted", {}, t("login.lead")),
    h("form.stack", { on: { submit } },
      h("label", { for: "login-key" }, t("login.key")), key, problem,
      h("button.primary", { type: "submit" }, t("login.enter"))),
  );
}
