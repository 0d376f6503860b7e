/** A small WebGL viewer for GLB: turn with the mouse, with touch, or with the arrow keys. */

import { contentUrl, thumbUrl } from "../api.js";
import { clamp, h } from "../dom.js";
import { icon } from "../icons.js";
import { formatNumber, t } from "../i18n.js";
import { readGlb } from "./glb.js";
import { lookAt, multiply, perspective } from "./matrices.js";
import { altOf } from "./media_card.js";

const ANGLE = 0.72; // radians, vertical
const START = { yaw: 0.7, pitch: 0.35, zoom: 1 };

const VERTEX = `#version 300 es
in vec3 position; in vec3 normal; in vec4 color; in vec2 uv;
uniform mat4 world, camera; out vec3 n, p; out vec4 c; out vec2 t;
void main() {
  vec4 at = world * vec4(position, 1.0);
  n = mat3(transpose(inverse(world))) * normal; p = at.xyz; c = color; t = uv;
  gl_Position = camera * at;
}`;

// A key light with a Blinn-Phong highlight, light of the sky from above and of the ground from below.
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 n, p; in vec4 c; in vec2 t;
uniform vec4 tint; uniform vec3 eye, glow; uniform float rough, metal; uniform bool hasImage; uniform sampler2D image;
out vec4 pixel;
void main() {
  vec4 base = tint * c * (hasImage ? pow(texture(image, t), vec4(2.2, 2.2, 2.2, 1.0)) : vec4(1.0));
  vec3 N = normalize(n), V = normalize(eye - p), L = normalize(vec3(0.5, 0.9, 0.65));
  if (dot(N, V) < 0.0) N = -N;
  float key = max(dot(N, L), 0.0), up = N.y * 0.5 + 0.5;
  vec3 ambient = mix(vec3(0.20, 0.18, 0.17), vec3(0.46, 0.50, 0.58), up);
  float gloss = mix(96.0, 4.0, rough);
  float shine = pow(max(dot(N, normalize(L + V)), 0.0), gloss) * (1.0 - rough) * key;
  vec3 light = base.rgb * (ambient + key * vec3(1.0, 0.96, 0.9) * 0.95) + mix(vec3(0.35), base.rgb, metal) * shine + glow;
  light = light / (light * 0.28 + 0.86);
  pixel = vec4(pow(light, vec3(1.0 / 2.2)), base.a);
}`;

/** The view of a mesh or a 3D scene. */
export async function modelView(asset) {
  const answer = await fetch(contentUrl(asset.id));
  if (!answer.ok) throw new Error(t("error.unexpected"));
  return new ModelView(asset, readGlb(await answer.arrayBuffer()));
}

class ModelView {
  constructor(asset, model) {
    this.model = model;
    this.look = { ...START };
    this.canvas = h("canvas.model", {
      tabindex: 0, role: "application", "aria-label": t("model.label", { what: altOf(asset) }), "aria-describedby": "model-help",
      on: {
        pointerdown: (e) => this.#down(e), pointermove: (e) => this.#drag(e), pointerup: () => (this.from = null), pointercancel: () => (this.from = null),
        wheel: (e) => { e.preventDefault(); this.#zoom(Math.exp(e.deltaY / 700)); }, keydown: (e) => this.#key(e),
      },
    });
    this.gl = this.canvas.getContext("webgl2", { antialias: true, alpha: true, preserveDrawingBuffer: true });
    const button = (name, label, click) => h("button.quiet.icon-only", { type: "button", "aria-label": label, title: label, on: { click } }, icon(name, 20));
    const bar = h("div.picture-bar", { role: "toolbar", "aria-label": t("model.tools") },
      button("back", t("model.left"), () => this.#turn(-0.25, 0)), button("next", t("model.right"), () => this.#turn(0.25, 0)),
      button("up", t("model.up"), () => this.#turn(0, 0.15)), button("down", t("model.down"), () => this.#turn(0, -0.15)), h("span.gap"),
      button("zoomOut", t("picture.zoom_out"), () => this.#zoom(1.25)), button("zoomIn", t("picture.zoom_in"), () => this.#zoom(0.8)),
      button("rotate", t("model.spin"), () => this.#spin()), button("fit", t("model.reset"), () => this.#reset()));
    this.element = h("div.model-view", {}, bar, this.gl ? this.canvas : h("img.model", { src: thumbUrl(asset.id, 1024), alt: altOf(asset) }),
      h("p.well-help", { id: "model-help" }, this.gl ? t("model.help", { n: formatNumber(model.triangles) }) : t("model.no_webgl")));
    if (!this.gl) return;
    this.#prepare();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.canvas);
  }

  leave() {
    this.observer?.disconnect();
    cancelAnimationFrame(this.spinning);
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #prepare() {
    const { gl } = this;
    this.program = link(gl, VERTEX, FRAGMENT);
    this.places = Object.fromEntries(["world", "camera", "tint", "eye", "glow", "rough", "metal", "hasImage", "image"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.parts = this.model.parts.map((part) => this.#upload(part)).sort((a, b) => Number(a.material.isBlended) - Number(b.material.isBlended));
    gl.enable(gl.DEPTH_TEST);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  }

  #upload(part) {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const white = { data: new Float32Array(part.count * 4).fill(1), size: 4 };
    this.#attribute("position", part.positions, 3);
    this.#attribute("normal", part.normals, 3);
    const color = part.color ?? white;
    this.#attribute("color", Float32Array.from(color.data), color.size);
    this.#attribute("uv", part.uvs ?? new Float32Array(part.count * 2), 2);
    if (part.indices) {
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, part.indices, gl.STATIC_DRAW);
    }
    const made = { array, world: part.world, material: part.material, isIndexed: Boolean(part.indices), length: part.indices?.length ?? part.count, texture: null };
    if (part.material.image) this.#texture(made, part.material.image);
    return made;
  }

  #attribute(name, data, size) {
    const { gl } = this;
    const place = gl.getAttribLocation(this.program, name);
    if (place < 0) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
  }

  async #texture(made, blob) {
    const { gl } = this;
    try {
      const image = await createImageBitmap(blob);
      made.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, made.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.generateMipmap(gl.TEXTURE_2D);
      this.draw();
    } catch {
      made.texture = null; // a damaged texture: the material's colour will do
    }
  }

  /** Draw the model as it is looked at now. */
  draw() {
    const { gl, canvas } = this;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const { low, high } = this.model;
    const centre = low.map((v, i) => (v + high[i]) / 2);
    const radius = Math.hypot(...low.map((v, i) => high[i] - v)) / 2 || 1;
    const aspect = width / height;
    const distance = (radius / Math.sin(ANGLE / 2) / Math.min(1, aspect)) * 0.92 * this.look.zoom;
    const { yaw, pitch } = this.look;
    const eye = [centre[0] + distance * Math.cos(pitch) * Math.sin(yaw), centre[1] + distance * Math.sin(pitch), centre[2] + distance * Math.cos(pitch) * Math.cos(yaw)];
    const camera = multiply(perspective(ANGLE, aspect, distance / 100, distance + radius * 4), lookAt(eye, centre));
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.useProgram(this.program);
    gl.uniformMatrix4fv(this.places.camera, false, camera);
    gl.uniform3fv(this.places.eye, eye);
    for (const part of this.parts) this.#drawPart(part);
  }

  #drawPart({ array, world, material, isIndexed, length, texture }) {
    const { gl, places } = this;
    gl.bindVertexArray(array);
    gl.uniformMatrix4fv(places.world, false, world);
    gl.uniform4fv(places.tint, material.color);
    gl.uniform3fv(places.glow, material.emissive);
    gl.uniform1f(places.rough, material.roughness);
    gl.uniform1f(places.metal, material.metallic);
    gl.uniform1i(places.hasImage, Number(Boolean(texture)));
    if (texture) gl.bindTexture(gl.TEXTURE_2D, texture);
    if (material.isBlended) gl.enable(gl.BLEND);
    else gl.disable(gl.BLEND);
    if (isIndexed) gl.drawElements(gl.TRIANGLES, length, gl.UNSIGNED_INT, 0);
    else gl.drawArrays(gl.TRIANGLES, 0, length);
  }

  #turn(dx, dy) {
    this.look.yaw += dx;
    this.look.pitch = clamp(this.look.pitch + dy, -1.5, 1.5);
    this.draw();
  }

  #zoom(factor) {
    this.look.zoom = clamp(this.look.zoom * factor, 0.15, 4);
    this.draw();
  }

  #reset() {
    cancelAnimationFrame(this.spinning);
    this.spinning = 0;
    this.look = { ...START };
    this.draw();
  }

  #spin() {
    if (this.spinning) {
      cancelAnimationFrame(this.spinning);
      this.spinning = 0;
      return;
    }
    const step = () => {
      this.#turn(0.012, 0);
      this.spinning = requestAnimationFrame(step);
    };
    step();
  }

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.from = [event.clientX, event.clientY];
  }

  #drag(event) {
    if (!this.from) return;
    this.#turn(-(event.clientX - this.from[0]) / 160, (event.clientY - this.from[1]) / 160);
    this.from = [event.clientX, event.clientY];
  }

  #key(event) {
    const turns = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    if (event.key in turns) this.#turn(...turns[event.key]);
    else if (event.key === "+" || event.key === "=") this.#zoom(0.85);
    else if (event.key === "-") this.#zoom(1 / 0.85);
    else if (event.key === "0") this.#reset();
    else return;
    event.preventDefault();
  }
}

function link(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) || "shader");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || "program");
  return program;
}
