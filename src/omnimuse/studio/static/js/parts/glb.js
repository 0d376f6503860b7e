/** Binary glTF 2.0 as plain arrays: what the viewer draws, and nothing that runs. */

import { compose, identity, multiply, transform } from "./matrices.js";

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BIN_CHUNK = 0x004e4942;
const MAX_DEPTH = 64;
const TYPES = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const NORMALS = { 5120: 127, 5121: 255, 5122: 32767, 5123: 65535 };
const SIZES = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT4: 16 };

/**
 * Read a GLB file.
 *
 * @param {ArrayBuffer} buffer the file.
 * @returns {{parts: object[], low: number[], high: number[], triangles: number}} parts with
 *   positions, normals, colors, uvs, indices, material, world matrix; bounds of them all.
 * @throws {Error} not a GLB, or one that needs what the viewer lacks.
 */
export function readGlb(buffer) {
  const { json, bin } = chunks(buffer);
  const reader = new Reader(json, bin);
  const scene = json.scenes?.[json.scene ?? 0];
  for (const root of scene?.nodes ?? []) reader.visit(root, identity(), 0);
  if (!reader.parts.length) throw new Error("no triangles in this file");
  return { parts: reader.parts, low: reader.low, high: reader.high, triangles: reader.triangles };
}

function chunks(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 20 || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== 2) throw new Error("not a GLB 2.0 file");
  let json = null;
  let bin = null;
  for (let at = 12; at + 8 <= buffer.byteLength; ) {
    const length = view.getUint32(at, true);
    const type = view.getUint32(at + 4, true);
    if (at + 8 + length > buffer.byteLength) throw new Error("the file is cut short");
    if (type === JSON_CHUNK) json = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, at + 8, length)));
    if (type === BIN_CHUNK) bin = buffer.slice(at + 8, at + 8 + length);
    at += 8 + length;
  }
  if (!json) throw new Error("the file has no description");
  return { json, bin: bin ?? new ArrayBuffer(0) };
}

class Reader {
  constructor(json, bin) {
    Object.assign(this, { json, bin, parts: [], triangles: 0, low: [1e30, 1e30, 1e30], high: [-1e30, -1e30, -1e30] });
  }

  visit(index, parent, depth) {
    const node = this.json.nodes?.[index];
    if (!node || depth > MAX_DEPTH) return;
    const world = multiply(parent, node.matrix ?? compose(node.translation, node.rotation, node.scale));
    for (const primitive of this.json.meshes?.[node.mesh]?.primitives ?? []) this.#part(primitive, world);
    for (const child of node.children ?? []) this.visit(child, world, depth + 1);
  }

  #part(primitive, world) {
    if ((primitive.mode ?? 4) !== 4 || primitive.attributes.POSITION === undefined) return;
    const positions = this.#accessor(primitive.attributes.POSITION).data;
    const indices = primitive.indices === undefined ? null : Uint32Array.from(this.#accessor(primitive.indices).data);
    const count = positions.length / 3;
    const normals = primitive.attributes.NORMAL === undefined ? flatNormals(positions, indices) : this.#accessor(primitive.attributes.NORMAL).data;
    const color = primitive.attributes.COLOR_0 === undefined ? null : this.#accessor(primitive.attributes.COLOR_0);
    const uvs = primitive.attributes.TEXCOORD_0 === undefined ? null : this.#accessor(primitive.attributes.TEXCOORD_0).data;
    for (let i = 0; i < count; i += 1) {
      const at = transform(world, positions.subarray(i * 3, i * 3 + 3));
      for (let k = 0; k < 3; k += 1) {
        this.low[k] = Math.min(this.low[k], at[k]);
        this.high[k] = Math.max(this.high[k], at[k]);
      }
    }
    this.triangles += (indices ? indices.length : count) / 3;
    this.parts.push({ positions, normals, color, uvs, indices, count, world, material: this.#material(primitive.material) });
  }

  #material(index) {
    const material = this.json.materials?.[index] ?? {};
    const surface = material.pbrMetallicRoughness ?? {};
    return {
      color: surface.baseColorFactor ?? [1, 1, 1, 1],
      roughness: surface.roughnessFactor ?? 1,
      metallic: surface.metallicFactor ?? 1,
      emissive: material.emissiveFactor ?? [0, 0, 0],
      isBlended: material.alphaMode === "BLEND",
      image: this.#image(surface.baseColorTexture?.index),
    };
  }

  #image(texture) {
    const image = this.json.images?.[this.json.textures?.[texture]?.source];
    if (image?.bufferView === undefined) return null; // files beside the GLB are never fetched
    const view = this.json.bufferViews[image.bufferView];
    return new Blob([new Uint8Array(this.bin, view.byteOffset ?? 0, view.byteLength)], { type: image.mimeType });
  }

  #accessor(index) {
    const accessor = this.json.accessors[index];
    const [Type, size] = [TYPES[accessor.componentType], SIZES[accessor.type]];
    const view = this.json.bufferViews?.[accessor.bufferView];
    if (!Type || !size || accessor.sparse) throw new Error("an accessor that the viewer does not read");
    const total = accessor.count * size;
    if (!view) return { data: new Float32Array(total), size };
    const start = (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
    const width = Type.BYTES_PER_ELEMENT;
    const stride = view.byteStride ?? size * width;
    if (start + stride * (accessor.count - 1) + size * width > this.bin.byteLength) throw new Error("an accessor beyond the file's end");
    let data = new Type(total);
    for (let i = 0; i < accessor.count; i += 1) {
      const bytes = this.bin.slice(start + i * stride, start + i * stride + size * width);
      data.set(new Type(bytes), i * size);
    }
    const divisor = accessor.normalized ? NORMALS[accessor.componentType] : 0;
    if (divisor) data = Float32Array.from(data, (v) => v / divisor);
    return { data, size };
  }
}

/** Normals of the faces, where a file brings none. */
function flatNormals(positions, indices) {
  const normals = new Float32Array(positions.length);
  const order = indices ?? Uint32Array.from({ length: positions.length / 3 }, (_, i) => i);
  for (let i = 0; i + 2 < order.length; i += 3) {
    const [a, b, c] = [order[i] * 3, order[i + 1] * 3, order[i + 2] * 3];
    const u = [0, 1, 2].map((k) => positions[b + k] - positions[a + k]);
    const v = [0, 1, 2].map((k) => positions[c + k] - positions[a + k]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const corner of [a, b, c]) for (let k = 0; k < 3; k += 1) normals[corner + k] += n[k];
  }
  return normals;
}
