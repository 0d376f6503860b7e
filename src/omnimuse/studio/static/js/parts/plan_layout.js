/**
 * Where the steps of a plan stand: layers by longest path from the start, each layer ordered by
 * the mean place of what feeds it (Sugiyama, Tagawa, Toda 1981, one downward sweep).
 */

export const NODE_WIDTH_PX = 196;
export const NODE_HEIGHT_PX = 60;
const GAP_ALONG_PX = 32;
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
 * @returns {{places: Map<string, {x: number, y: number}>, edges: {from: string, to: string,
 *   via: {x: number, y: number}[]}[], width: number, height: number}} places in pixels by node id,
 *   attachments among them; edges go around the nodes between their ends, by way of `via`.
 */
export function layOut(plan) {
  const pairs = plan.nodes.flatMap((node) => references(node).map(([, ref]) => [sourceOf(ref), node.id]));
  const unique = [...new Map(pairs.map((pair) => [pair.join("\n"), pair])).values()];
  const attachments = new Set(unique.map(([from]) => from).filter((name) => name.startsWith("request.")));
  const names = [...attachments, ...plan.nodes.map((node) => node.id)];
  const depths = depthsOf(names, unique);
  const { chains, links, waypoints } = split(unique, depths);
  const layers = ordered([...names, ...waypoints.keys()], links, (name) => depths.get(name) ?? waypoints.get(name));
  const { places, width, height } = placed(layers);
  const edges = chains.map(({ from, to, via }) => ({ from, to, via: via.map((name) => places.get(name)) }));
  for (const name of waypoints.keys()) places.delete(name);
  return { places, edges, width, height };
}

/** The longest path to each node. */
function depthsOf(names, edges) {
  const feeds = new Map(names.map((name) => [name, []]));
  for (const [from, to] of edges) if (feeds.has(from)) feeds.get(to)?.push(from);
  const depths = new Map();
  const depthOf = (name, trail) => {
    if (depths.has(name)) return depths.get(name);
    if (trail.has(name)) return 0; // a circle is no plan; draw it all the same
    const inner = new Set(trail).add(name);
    const found = Math.max(-1, ...feeds.get(name).map((from) => depthOf(from, inner))) + 1;
    depths.set(name, found);
    return found;
  };
  for (const name of names) depthOf(name, new Set());
  return depths;
}

/** Edges over several layers get a waypoint in each layer between. */
function split(edges, depths) {
  const waypoints = new Map();
  const links = [];
  const chains = edges.filter(([from]) => depths.has(from)).map(([from, to], index) => {
    const via = [];
    for (let depth = depths.get(from) + 1; depth < depths.get(to); depth += 1) {
      via.push(`~${index}.${depth}`);
      waypoints.set(via.at(-1), depth);
    }
    const stops = [from, ...via, to];
    for (let i = 1; i < stops.length; i += 1) links.push([stops[i - 1], stops[i]]);
    return { from, to, via };
  });
  return { chains, links, waypoints };
}

/** Layers, each in the order of what feeds it. */
function ordered(names, links, depthOf) {
  const layers = [];
  for (const name of names) (layers[depthOf(name)] ??= []).push(name);
  const rank = new Map();
  const feeds = (name) => links.filter(([, to]) => to === name).map(([from]) => rank.get(from) ?? 0);
  for (const layer of layers) {
    const weighed = layer.map((name, index) => {
      const ranks = feeds(name);
      return [ranks.length ? ranks.reduce((a, b) => a + b, 0) / ranks.length : index, index, name];
    });
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
