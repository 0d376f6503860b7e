/** Line icons, 24 by 24, drawn for the studio: each is a list of path data. */

import { s } from "./dom.js";

const PATHS = {
  create: ["M12 3v4M12 17v4M3 12h4M17 12h4M6 6l2.5 2.5M15.5 15.5 18 18M18 6l-2.5 2.5M8.5 15.5 6 18"],
  gallery: ["M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z"],
  tools: ["M5 7h6M15 7h4M13 5v4M5 12h2M11 12h8M9 10v4M5 17h8M17 17h2M15 15v4"],
  models: ["M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9"],
  settings: [
    "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
    "M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M18.7 5.3l-2.1 2.1M7.4 16.6l-2.1 2.1",
  ],
  plus: ["M12 5v14M5 12h14"],
  close: ["M6 6l12 12M18 6L6 18"],
  send: ["M12 19V5M6 11l6-6 6 6"],
  stop: ["M7 7h10v10H7z"],
  attach: ["M20 11.5l-8.2 8.2a5 5 0 0 1-7-7L13 4.5a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.5-7.5"],
  download: ["M12 4v11M7 11l5 5 5-5M5 20h14"],
  retry: ["M20 5v5h-5M19.4 10A8 8 0 1 0 20 14"],
  undo: ["M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3"],
  redo: ["M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h3"],
  branch: ["M7 4v16M7 14c6 0 10-2 10-7M7 4a0 0 0 0 0 0 0M14.5 7L17 4.5 19.5 7"],
  play: ["M8 5.5v13l10.5-6.5z"],
  pause: ["M8 5v14M16 5v14"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  bolt: ["M13 3L5 14h6l-1 7 8-11h-6z"],
  alert: ["M12 4l9 16H3zM12 10v4M12 17v.5"],
  clock: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2"],
  spinner: ["M12 4a8 8 0 0 1 8 8"],
  skip: ["M6 6l7 6-7 6zM17 6v12"],
  click: ["M5 5l5.5 14 2.2-6.3L19 10.5z"],
  box: ["M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4"],
  brush: ["M19 4l1 1-9 10-2-2zM8 14c-3 0-2 4-5 5 4 2 8 1 8-2.5"],
  scribble: ["M3 15c3-9 6-9 6-3s3 5 5-1 5-5 7-2"],
  hand: ["M4 12h16M12 4v16M7 9l-3 3 3 3M17 9l3 3-3 3M9 7l3-3 3 3M9 17l3 3 3-3"],
  eraser: ["M4 16l8-9 7 6-6 7H8zM9 10.5l6.5 6"],
  zoomIn: ["M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.5 15.5L20 20M11 8.5v5M8.5 11h5"],
  zoomOut: ["M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.5 15.5L20 20M8.5 11h5"],
  fit: ["M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"],
  layers: ["M12 4l9 5-9 5-9-5zM3 14l9 5 9-5"],
  image: ["M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9a1 1 0 1 0 .1 0"],
  video: ["M3 6h12v12H3zM15 10l6-3v10l-6-3"],
  audio: ["M4 10v4M8 6v12M12 9v6M16 4v16M20 10v4"],
  text: ["M5 6h14M5 10h14M5 14h14M5 18h8"],
  mesh: ["M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9"],
  table: ["M4 5h16v14H4zM4 10h16M10 5v14"],
  graph: ["M6 4h5v5H6zM13 15h5v5h-5zM8.5 9v5a3 3 0 0 0 3 3H13"],
  file: ["M6 3h8l4 4v14H6zM14 3v4h4"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5"],
  compare: ["M12 3v18M4 6h5v12H4M20 6h-5v12h5"],
  shield: ["M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5"],
  tree: ["M12 4v5M6 20v-4h12v4M12 9v7M9 4h6"],
  info: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8v.5"],
  menu: ["M4 7h16M4 12h16M4 17h16"],
  more: ["M6 12h.01M12 12h.01M18 12h.01"],
  back: ["M14 6l-6 6 6 6"],
  next: ["M10 6l6 6-6 6"],
  up: ["M6 14l6-6 6 6"],
  down: ["M6 10l6 6 6-6"],
  trash: ["M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5"],
  moon: ["M19 14A8 8 0 0 1 10 5a8 8 0 1 0 9 9z"],
  keyboard: ["M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8"],
  rotate: ["M20 8a8.5 4 0 1 0 0 6M20 4v4h-4"],
  eye: ["M3 12c3-5 6-7 9-7s6 2 9 7c-3 5-6 7-9 7s-6-2-9-7zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"],
  edit: ["M4 20l1-4L16 5l3 3L8 19zM14 7l3 3"],
  plan: ["M4 5h6v5H4zM14 5h6v5h-6zM9 14h6v5H9zM7 10v2h10v-2M12 12v2"],
};

/** An icon; hidden from screen readers, its button carries the name. */
export function icon(name, size = 20) {
  return s(
    "svg.icon",
    { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: `icon-${name}` },
    (PATHS[name] ?? PATHS.file).map((d) => s("path", { d })),
  );
}

const KIND_ICONS = {
  image: "image", mask: "image", depth: "image", edges: "image", scene: "layers", layout: "box",
  audio: "audio", speech: "audio", music: "audio", sound: "audio", score: "audio", video: "video",
  mesh: "mesh", scene3d: "mesh", points3d: "mesh", table: "table", graph: "graph", level: "graph",
  text: "text", code: "text", lyrics: "text", caption: "text", transcript: "text",
};

/** The icon of a kind of media. */
export const kindIcon = (kind, size = 20) => icon(KIND_ICONS[kind] ?? "file", size);
