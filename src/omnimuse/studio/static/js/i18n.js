/** Words of the interface: one dictionary file a language, `{name}` is filled in. */

export const LANGUAGES = { en: "English", zh: "中文" };

let words = {};
let language = "en";

/** Load a language's dictionary. */
export async function loadLanguage(name) {
  language = name in LANGUAGES ? name : "en";
  const answer = await fetch(`i18n/${language}.json`);
  if (!answer.ok) throw new Error(`no dictionary for ${language}`);
  words = await answer.json();
}

/** The words of a key; the key itself where the dictionary lacks it. */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** The words of a key if there are any, else `otherwise`. */
export const tOr = (key, otherwise) => words[key] ?? otherwise;

const locale = () => (language === "zh" ? "zh-CN" : "en-GB");

/** A date and time, as people write them. */
export function formatDate(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Seconds: "0.4 s", "12 s", "3:05". */
export function formatSeconds(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(Number(seconds))) return "";
  const value = Number(seconds);
  if (value < 10) return `${formatNumber(value, 1)} ${t("unit.s")}`;
  if (value < 60) return `${Math.round(value)} ${t("unit.s")}`;
  return clock(value);
}

/** Seconds as a player shows them: "0:07", "1:02:09". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A number with at most so many decimals. */
export function formatNumber(value, decimals = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: decimals }).format(value);
}

/** Bytes: "512 B", "38 kB", "1.2 MB". */
export function formatBytes(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${formatNumber(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${formatNumber(bytes / 1e6, 1)} MB`;
  return `${formatNumber(bytes / 1e9, 2)} GB`;
}

/** `generate_image` -> "Generate image", or the dictionary's own name of the tool. */
export function toolName(name) {
  const plain = String(name ?? "").replaceAll("_", " ");
  return tOr(`tool.${name}`, plain.charAt(0).toUpperCase() + plain.slice(1));
}

/** The name of a kind of media. */
export const kindName = (kind) => tOr(`kind.${kind}`, kind);
