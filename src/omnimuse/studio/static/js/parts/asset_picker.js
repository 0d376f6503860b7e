/** A dialog to choose an asset from the gallery, or bring a file. */

import { listAssets, upload } from "../api.js";
import { debounce, h, put } from "../dom.js";
import { t } from "../i18n.js";
import { openDialog } from "./keys_help.js";
import { tile } from "./media_card.js";
import { toastError } from "./toast.js";

/**
 * Let the user choose.
 *
 * @param {{kind?: string}} wanted only assets of this kind, if given.
 * @returns {Promise<object|null>} the asset, null if the dialog was closed.
 */
export function pickAsset({ kind = "" }) {
  return new Promise((resolve) => {
    const grid = h("div.tiles.is-small", {});
    const choose = (asset) => {
      resolve(asset);
      dialog.close();
    };
    const fill = async () => {
      try {
        const { items } = await listAssets({ q: search.value.trim(), kind, limit: 30 });
        put(grid, items.length ? items.map((asset) => tile(asset, { onOpen: choose })) : h("p.muted", {}, t("gallery.none")));
      } catch (error) {
        toastError(error);
      }
    };
    const search = h("input", { type: "search", placeholder: t("gallery.search"), "aria-label": t("gallery.search"), on: { input: debounce(fill, 250) } });
    const file = h("input", { type: "file", "aria-label": t("picker.file"), on: { change: () => bring(file.files[0]) } });
    const bring = async (chosen) => {
      try {
        choose(await upload(chosen, { kind: kind === "mask" ? "mask" : "" }));
      } catch (error) {
        toastError(error);
      }
    };
    const dialog = openDialog(t("picker.title"), h("div.row", {}, search, file), grid);
    dialog.classList.add("is-wide");
    dialog.addEventListener("close", () => resolve(null));
    fill();
  });
}
