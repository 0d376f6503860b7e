/** Put an asset on the stage. */

import { getAsset } from "../api.js";
import { selection, staged } from "../state.js";
import { toastError } from "./toast.js";

/** Show an asset, given whole or by id. */
export async function openAsset(assetOrId) {
  try {
    const asset = typeof assetOrId === "string" ? await getAsset(assetOrId) : assetOrId;
    selection.value = null;
    staged.value = asset;
  } catch (error) {
    toastError(error);
  }
}
