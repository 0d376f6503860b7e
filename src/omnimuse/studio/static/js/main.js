/** The studio begins here: language, look, who we are, then the page. */

import { ApiError, whoAmI } from "./api.js";
import { put } from "./dom.js";
import { loadLanguage, t } from "./i18n.js";
import { showLogin } from "./parts/login.js";
import { buildShell } from "./shell.js";
import { applyLook, settings } from "./state.js";

const root = document.getElementById("app");

async function boot() {
  const [, who] = await Promise.allSettled([loadLanguage(settings.value.language), whoAmI()]);
  if (who.status === "rejected" && !(who.reason instanceof ApiError)) throw who.reason;
  const isOpen = who.status === "fulfilled" && who.value.authenticated;
  const isDenied = who.status === "rejected" && who.reason.status === 401;
  if (isDenied || (who.status === "fulfilled" && !isOpen)) {
    put(root, showLogin(boot));
    return;
  }
  put(root, ...buildShell());
  document.documentElement.dataset.ready = "true";
  performance.mark("studio-usable");
  if (who.status === "rejected") {
    const { toast } = await import("./parts/toast.js");
    toast(t("error.offline"), "bad");
  }
}

applyLook(settings.value);
let language = settings.value.language;
settings.subscribe((value) => {
  applyLook(value);
  if (value.language !== language) {
    language = value.language;
    boot();
  }
});
boot();
