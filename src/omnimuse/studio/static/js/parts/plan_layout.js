/**
 * Where the steps of a plan stand: layers by longest path from the start, each layer ordered by
 * the mean place of what feeds it (Sugiyama, Tagawa, Toda 1981, one downward sweep).
 */

export const NODE_WIDTH_PX = 200;
export const NODE_HEIGHT_PX = 60;
const GAP_ALONG_PX = 48;
const GAP_ACROSS_PX = 16;

/** References of a node as `[port, "node" | "node.port" | "request.K"]`. */
export function references(node) {
  return Object.entries(node.inputs ?? {}).flatMap(([port, value]) =>
    (Array.isArray(value) ? value : [value]).map((ref) => [port, String(ref)]));
}

/** The node that a reference points at; attachments as `request.K`. */
export const sourceOf = (ref) => (ref.startsWith("request.") ? ref : ref.split(".")[0]);

/**
 * Lay a plan out.
 *
 * @param {{nodes: object[]}} plan the plan.
 * @returns {{places: Map<string, {x: number, y: number}>, edges: [string, string][],
 *   width: number, height: number}} places in pixels by node id, attachments among them.
 */
export function layOut(plan) {
  const edges = [];
  for (const node of plan.nodes) {
    for (const [, ref] of references(node)) edges.push([sourceOf(ref), node.id]);
  }
  const unique = [...new Map(edges.map((edge) => [edge.join("\n"), edge])).values()];
  const names = [
    ...new Set(unique.map(([from]) => from).filter((name) => name.startsWith("request."))),
    ...plan.nodes.map((node) => node.id),
  ];
  const layers = layered(names, unique);
  return { ...placed(layers), edges: unique };
}

function layered(names, edges) {
  const feeds = new Map(names.map((name) => [name, []]));
  for (const [from, to] of edges) if (feeds.has(from)) feeds.get(to)?.push(from);
  const depth = new Map();
  const depthOf = (name, trail) => {
    if (depth.has(name)) return depth.get(name);
    if (trail.has(name)) return 0; // a circle is no plan; draw it all the same
    const inner = new Set(trail).add(name);
    const found = Math.max(-1, ...feeds.get(name).map((from) => depthOf(from, inner))) + 1;
    depth.set(name, found);
    return found;
  };
  const layers = [];
  for (const name of names) (layers[depthOf(name, new Set())] ??= []).push(name);
  const rank = new Map();
  for (const layer of layers) {
    const weight = (name, index) => {
      const ranks = feeds.get(name).map((from) => rank.get(from) ?? 0);
      return ranks.length ? ranks.reduce((a, b) => a + b, 0) / ranks.length : index;
    };
    const weighed = layer.map((name, index) => [weight(name, index), index, name]);
    weighed.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    layer.splice(0, layer.length, ...weighed.map(([, , name]) => name));
    layer.forEach((name, index) => rank.set(name, index - (layer.length - 1) / 2));
  }
  return layers;
}

function placed(layers) {
  const tallest = Math.max(...layers.map((layer) => layer.length), 1);
  const height = tallest * (NODE_HEIGHT_PX + GAP_ACROSS_PX) - GAP_ACROSS_PX;
  const places = new Map();
  layers.forEach((layer, column) => {
    const span = layer.length * (NODE_HEIGHT_PX + GAP_ACROSS_PX) - GAP_ACROSS_PX;
    layer.forEach((name, row) => {
      places.set(name, {
        x: column * (NODE_WIDTH_PX + GAP_ALONG_PX),
        y: (height - span) / 2 + row * (NODE_HEIGHT_PX + GAP_ACROSS_PX),
      });
    });
  });
  const width = layers.length * (NODE_WIDTH_PX + GAP_ALONG_PX) - GAP_ALONG_PX;
  return { places, width: Math.max(width, NODE_WIDTH_PX), height };
}
