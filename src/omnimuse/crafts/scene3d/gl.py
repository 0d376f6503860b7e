"""OpenGL without a window: shadow maps and lit pictures, by Mesa or a GPU through EGL.

A GL context belongs to one thread, so all of it happens in one thread of its own.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.drawable import Drawable
from omnimuse.crafts.scene3d.egl import open_context
from omnimuse.crafts.scene3d.view import Camera, Mood

T = TypeVar("T")
Floats = NDArray[np.float32]
SAMPLES = 4
SHADOW_PX = 2048

_VERTEX = """#version 330 core
layout(location=0) in vec3 place; layout(location=1) in vec3 normal;
layout(location=2) in vec4 color; layout(location=3) in vec4 surface;
uniform mat4 clip;
out vec3 world; out vec3 facing; out vec4 base; out vec4 stuff;
void main() {
  world = place; facing = normal; base = color; stuff = surface;
  gl_Position = clip * vec4(place, 1.0);
}"""

_LIGHT = """#version 330 core
in vec3 world; in vec3 facing; in vec4 base; in vec4 stuff;
uniform vec3 eye, to_key, to_fill, to_rim;
uniform vec3 key, fill, rim, sky, ground;
uniform vec3 backdrop_top, backdrop_low, floor_color;
uniform vec2 size; uniform vec3 center; uniform float reach, bias, is_floor;
uniform mat4 to_light; uniform sampler2D shadows;
out vec4 picture;

float lit(vec3 p, vec3 n) {
  vec4 q = to_light * vec4(p + n * bias, 1.0);
  vec3 s = q.xyz * 0.5 + 0.5;
  if (any(lessThan(s.xy, vec2(0.0))) || any(greaterThan(s.xy, vec2(1.0)))) return 1.0;
  float total = 0.0;
  float angle = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) * 0.7;
  for (int i = 0; i < 16; i++) {
    float r = sqrt((float(i) + 0.5) / 16.0), a = float(i) * 2.39996 + angle;
    float near = texture(shadows, s.xy + r * vec2(cos(a), sin(a)) * 0.0042).r;
    total += near < min(s.z, 0.9999) - 0.0012 ? 0.0 : 1.0;
  }
  return total / 16.0;
}
vec3 around(vec3 d, float rough) {
  vec3 air = mix(backdrop_low, backdrop_top, smoothstep(0.0, 0.9, d.y)) * 0.9;
  vec3 low = mix(backdrop_low * 0.75, ground * 0.55, smoothstep(0.0, 0.45, -d.y));
  vec3 c = mix(low, air, smoothstep(-0.12 - rough * 0.5, 0.12 + rough * 0.5, d.y));
  float soft = 0.02 + rough * 0.5;
  c += key * 0.85 * smoothstep(0.86 - soft, 0.9 + soft * 0.3, dot(d, to_key));
  c += (sky + fill) * 0.9 * smoothstep(0.8 - soft, 0.86 + soft * 0.3, dot(d, to_fill));
  return c;
}
float shine(vec3 n, vec3 v, vec3 l, float rough) {
  float a = max(rough * rough, 0.004), a2 = a * a;
  vec3 h = normalize(v + l);
  float nh = max(dot(n, h), 0.0), nv = max(dot(n, v), 0.05), nl = max(dot(n, l), 0.0);
  float d = a2 / (3.14159 * pow(nh * nh * (a2 - 1.0) + 1.0, 2.0));
  float k = a * 0.5 + 0.05;
  return d * nl / (4.0 * (nv * (1.0 - k) + k) * (nl * (1.0 - k) + k));
}
vec3 film(vec3 c) {
  c = c * (2.51 * c * 0.62 + 0.03) / (c * (2.43 * c * 0.62 + 0.59) + 0.14) ;
  c = clamp(c, 0.0, 1.0);
  return pow(mix(vec3(dot(c, vec3(0.25, 0.6, 0.15))), c, 0.9), vec3(1.0 / 2.2));
}
void main() {
  vec3 v = normalize(eye - world), n = normalize(facing);
  if (!gl_FrontFacing && base.a < 1.0) n = -n;
  float open = stuff.w;
  float shade = lit(world, n);
  if (is_floor > 0.5) {
    float out_there = smoothstep(reach * 0.9, reach * 2.6, length(world.xz - center.xz));
    vec3 behind = mix(backdrop_low, backdrop_top, smoothstep(0.42, 1.05, gl_FragCoord.y / size.y));
    vec3 sunny = key * to_key.y * (0.12 + 0.3 * shade);
    vec3 near = floor_color * (sky * 0.62 * open + sunny + fill * 0.2);
    vec3 plain = floor_color * (sky * 0.62 + key * to_key.y * 0.42 + fill * 0.2);
    vec3 c = mix(near, behind * near / max(plain, vec3(1e-3)), out_there);
    picture = vec4(film(c), 1.0);
    return;
  }
  float metal = stuff.x, rough = clamp(stuff.y, 0.04, 1.0), glow = stuff.z;
  vec3 albedo = base.rgb;
  vec3 f0 = mix(vec3(0.04), albedo, metal);
  float grazing = pow(1.0 - max(dot(n, v), 0.0), 5.0);
  vec3 fresnel = f0 + (max(vec3(1.0 - rough), f0) - f0) * grazing;
  vec3 ambient = mix(ground, sky, 0.5 + 0.5 * n.y) * open;
  vec3 direct = key * max(dot(n, to_key), 0.0) * shade * mix(0.75, 1.0, open)
    + fill * max(dot(n, to_fill), 0.0) * open
    + rim * max(dot(n, to_rim), 0.0) * 0.5 * open;
  vec3 c = albedo * (1.0 - metal) * (ambient + direct * 0.72);
  float clear = mix(open, 1.0, 0.15) * (1.0 - 0.55 * rough * (1.0 - metal));
  c += fresnel * around(reflect(-v, n), rough) * clear;
  vec3 spark = rim * open * shine(n, v, to_rim, max(rough, 0.2)) * 0.4;
  c += (key * shade * shine(n, v, to_key, rough) + spark) * f0 * 1.6;
  c += albedo * glow * 1.9;
  float alpha = base.a;
  if (alpha < 1.0) alpha = clamp(alpha + grazing * 0.6 + dot(fresnel, vec3(0.33)) * 0.4, 0.0, 1.0);
  picture = vec4(film(c), alpha);
}"""

_BACKDROP_VERTEX = """#version 330 core
out vec2 at;
void main() {
  at = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  gl_Position = vec4(at * 2.0 - 1.0, 0.99999, 1.0);
}"""
_BACKDROP = """#version 330 core
in vec2 at; out vec4 picture;
uniform vec3 backdrop_top, backdrop_low;
vec3 film(vec3 c) {
  c = c * (2.51 * c * 0.62 + 0.03) / (c * (2.43 * c * 0.62 + 0.59) + 0.14) ;
  c = clamp(c, 0.0, 1.0);
  return pow(mix(vec3(dot(c, vec3(0.25, 0.6, 0.15))), c, 0.9), vec3(1.0 / 2.2));
}
void main() {
  vec3 c = mix(backdrop_low, backdrop_top, smoothstep(0.42, 1.05, at.y));
  float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
  picture = vec4(film(c) + grain / 255.0, 1.0);
}"""
_DEPTH_ONLY = "#version 330 core\nvoid main() {}"


@dataclass(frozen=True, eq=False)
class Lights:
    """Directions towards the three lights, the key light's matrix and the mood."""

    mood: Mood
    to_key: NDArray[np.floating[Any]]
    to_fill: NDArray[np.floating[Any]]
    to_rim: NDArray[np.floating[Any]]
    key_matrix: NDArray[np.floating[Any]]


class GlUnavailable(Exception):
    """There is no way to draw with OpenGL on this machine; the message says why."""


_LOCK = Lock()


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="omnimuse-gl")


def in_gl_thread(work: Callable[[], T]) -> T:
    """Run something in the thread that owns the GL context."""
    with _LOCK:
        thread = _thread()
    return thread.submit(work).result()


@lru_cache(maxsize=1)
def gl_status() -> tuple[bool, str]:
    """Whether OpenGL works here, and the renderer's name or the reason why not."""
    try:
        return True, in_gl_thread(lambda: _context().name)
    except GlUnavailable as error:
        return False, str(error)


class _Context:
    """An EGL context, current in this thread for good."""

    def __init__(self) -> None:
        os.environ["PYOPENGL_PLATFORM"] = "egl"
        try:
            from OpenGL import GL

            self.gl = GL
            open_context()
            self.name = GL.glGetString(GL.GL_RENDERER).decode()
            self.max_px = int(GL.glGetIntegerv(GL.GL_MAX_RENDERBUFFER_SIZE))
            self.light = self._program(_VERTEX, _LIGHT)
            self.backdrop = self._program(_BACKDROP_VERTEX, _BACKDROP)
            self.depth = self._program(_VERTEX, _DEPTH_ONLY)
        except GlUnavailable:
            raise
        except Exception as error:  # any driver's fault means: no OpenGL here
            raise GlUnavailable(f"{type(error).__name__}: {str(error)[:200]}") from None

    def _program(self, vertex: str, fragment: str) -> int:
        gl = self.gl
        program = gl.glCreateProgram()
        for kind, source in ((gl.GL_VERTEX_SHADER, vertex), (gl.GL_FRAGMENT_SHADER, fragment)):
            shader = gl.glCreateShader(kind)
            gl.glShaderSource(shader, source)
            gl.glCompileShader(shader)
            if not gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS):
                raise GlUnavailable(gl.glGetShaderInfoLog(shader).decode()[:300])
            gl.glAttachShader(program, shader)
        gl.glLinkProgram(program)
        if not gl.glGetProgramiv(program, gl.GL_LINK_STATUS):
            raise GlUnavailable(gl.glGetProgramInfoLog(program).decode()[:300])
        return int(program)


@lru_cache(maxsize=1)
def _context() -> _Context:
    return _Context()


class GlStage:
    """A scene in the graphics memory; make it, use it and close it within `in_gl_thread` only.

    Args:
        scene: what is drawn.
    """

    def __init__(self, scene: Drawable) -> None:
        self._context = _context()
        self._gl = self._context.gl
        self._scene = scene
        self._buffers: list[int] = []
        self._arrays: list[int] = []
        self._things = self._upload(scene, np.ones(len(scene.vertices), np.float32))
        self._floor: tuple[int, int] | None = None

    def relight(self, openness: Floats, floor: tuple[Drawable, Floats] | None) -> None:
        """Set how much of the sky each corner sees, and the floor with the same."""
        self._things = self._upload(self._scene, openness)
        if floor is not None:
            self._floor = (self._upload(*floor), floor[0].faces.size)

    def _upload(self, scene: Drawable, openness: Floats) -> int:
        gl = self._gl
        rows = np.concatenate(
            [scene.vertices, scene.normals, scene.colors, scene.surface, openness[:, None]], axis=1
        ).astype(np.float32)
        array, places, indices = gl.glGenVertexArrays(1), gl.glGenBuffers(1), gl.glGenBuffers(1)
        self._arrays.append(int(array))
        self._buffers += [int(places), int(indices)]
        gl.glBindVertexArray(array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, places)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, rows.nbytes, rows, gl.GL_STATIC_DRAW)
        offset = 0
        for index, width in enumerate((3, 3, 4, 4)):
            gl.glEnableVertexAttribArray(index)
            gl.glVertexAttribPointer(
                index, width, gl.GL_FLOAT, False, rows.shape[1] * 4, ctypes.c_void_p(offset)
            )
            offset += width * 4
        gl.glBindBuffer(gl.GL_ELEMENT_ARRAY_BUFFER, indices)
        faces = np.ascontiguousarray(scene.faces, np.uint32)
        gl.glBufferData(gl.GL_ELEMENT_ARRAY_BUFFER, faces.nbytes, faces, gl.GL_STATIC_DRAW)
        return int(array)

    def close(self) -> None:
        """Free the graphics memory."""
        gl = self._gl
        gl.glDeleteVertexArrays(len(self._arrays), np.array(self._arrays, np.uint32))
        gl.glDeleteBuffers(len(self._buffers), np.array(self._buffers, np.uint32))
        self._arrays, self._buffers = [], []

    def depth_map(self, matrix: NDArray[np.floating[Any]], px: int) -> Floats:
        """Depth in [0, 1] of the solid triangles, (px, px), row 0 at the bottom."""
        gl = self._gl
        texture, frame = self._depth_texture(matrix, px)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, frame)
        data = gl.glReadPixels(0, 0, px, px, gl.GL_DEPTH_COMPONENT, gl.GL_FLOAT)
        found = np.array(np.frombuffer(data, np.float32).reshape(px, px))
        gl.glDeleteFramebuffers(1, [frame])
        gl.glDeleteTextures([texture])
        return found

    def _depth_texture(self, matrix: NDArray[np.floating[Any]], px: int) -> tuple[int, int]:
        gl = self._gl
        texture, frame = gl.glGenTextures(1), gl.glGenFramebuffers(1)
        gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
        gl.glTexImage2D(
            gl.GL_TEXTURE_2D, 0, gl.GL_DEPTH_COMPONENT32F, px, px, 0,
            gl.GL_DEPTH_COMPONENT, gl.GL_FLOAT, None,
        )  # fmt: skip
        for name in (gl.GL_TEXTURE_MIN_FILTER, gl.GL_TEXTURE_MAG_FILTER):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, gl.GL_NEAREST)
        for name in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, gl.GL_CLAMP_TO_EDGE)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, frame)
        gl.glFramebufferTexture2D(
            gl.GL_FRAMEBUFFER, gl.GL_DEPTH_ATTACHMENT, gl.GL_TEXTURE_2D, texture, 0
        )
        gl.glDrawBuffer(gl.GL_NONE)
        gl.glReadBuffer(gl.GL_NONE)
        gl.glViewport(0, 0, px, px)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthMask(True)
        gl.glDisable(gl.GL_BLEND)
        gl.glClear(gl.GL_DEPTH_BUFFER_BIT)
        gl.glUseProgram(self._context.depth)
        self._set(self._context.depth, clip=matrix)
        self._draw(self._things, 0, self._scene.solid * 3)
        return int(texture), int(frame)

    def picture(self, camera: Camera, lights: Lights, size: tuple[int, int]) -> NDArray[np.uint8]:
        """The lit picture, (height, width, 3)."""
        gl = self._gl
        shadow, frame = self._depth_texture(lights.key_matrix, SHADOW_PX)
        width, height = size
        target = self._target(width, height, SAMPLES)
        gl.glViewport(0, 0, width, height)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
        mood = lights.mood
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glUseProgram(self._context.backdrop)
        self._set(
            self._context.backdrop, backdrop_top=mood.backdrop_top, backdrop_low=mood.backdrop_low
        )
        gl.glBindVertexArray(self._things)
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)
        gl.glEnable(gl.GL_DEPTH_TEST)
        self._light(camera, lights, size, shadow)
        if self._floor is not None:
            self._set(self._context.light, is_floor=1.0)
            self._draw(self._floor[0], 0, self._floor[1])
            self._set(self._context.light, is_floor=0.0)
        self._draw(self._things, 0, self._scene.solid * 3)
        self._draw_clear()
        pixels = self._read(target[0], width, height)
        gl.glDeleteFramebuffers(2, [target[0], frame])
        gl.glDeleteRenderbuffers(2, list(target[1:]))
        gl.glDeleteTextures([shadow])
        return pixels

    def _light(self, camera: Camera, lights: Lights, size: tuple[int, int], shadow: int) -> None:
        gl, mood, program = self._gl, lights.mood, self._context.light
        low, high = self._scene.bounds
        radius = float(np.linalg.norm(high - low)) / 2
        gl.glUseProgram(program)
        gl.glActiveTexture(gl.GL_TEXTURE0)
        gl.glBindTexture(gl.GL_TEXTURE_2D, shadow)
        self._set(
            program, clip=camera.projection @ camera.view, to_light=lights.key_matrix,
            eye=camera.eye, to_key=lights.to_key, to_fill=lights.to_fill, to_rim=lights.to_rim,
            key=mood.key, fill=mood.fill, rim=mood.rim, sky=mood.sky, ground=mood.ground,
            backdrop_top=mood.backdrop_top, backdrop_low=mood.backdrop_low,
            floor_color=mood.floor, center=(low + high) / 2, size=size, reach=radius,
            bias=radius * 0.004, is_floor=0.0,
        )  # fmt: skip

    def _draw_clear(self) -> None:
        """See-through triangles over the rest: what faces away first."""
        gl = self._gl
        count = len(self._scene.faces) - self._scene.solid
        if not count:
            return
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFunc(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA)
        gl.glDepthMask(False)
        gl.glEnable(gl.GL_CULL_FACE)
        for side in (gl.GL_FRONT, gl.GL_BACK):
            gl.glCullFace(side)
            self._draw(self._things, self._scene.solid * 3, count * 3)
        gl.glDisable(gl.GL_CULL_FACE)
        gl.glDepthMask(True)
        gl.glDisable(gl.GL_BLEND)

    def _target(self, width: int, height: int, samples: int) -> tuple[int, int, int]:
        gl = self._gl
        frame: Any = gl.glGenFramebuffers(1)
        color: Any
        depth: Any
        color, depth = gl.glGenRenderbuffers(2)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, frame)
        for buffer, form, place in (
            (color, gl.GL_RGBA8, gl.GL_COLOR_ATTACHMENT0),
            (depth, gl.GL_DEPTH_COMPONENT24, gl.GL_DEPTH_ATTACHMENT),
        ):
            gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, buffer)
            gl.glRenderbufferStorageMultisample(gl.GL_RENDERBUFFER, samples, form, width, height)
            gl.glFramebufferRenderbuffer(gl.GL_FRAMEBUFFER, place, gl.GL_RENDERBUFFER, buffer)
        return int(frame), int(color), int(depth)

    def _read(self, frame: int, width: int, height: int) -> NDArray[np.uint8]:
        gl = self._gl
        plain = self._target(width, height, 0)
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, frame)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, plain[0])
        gl.glBlitFramebuffer(
            0, 0, width, height, 0, 0, width, height, gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST
        )
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, plain[0])
        gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)
        data = gl.glReadPixels(0, 0, width, height, gl.GL_RGB, gl.GL_UNSIGNED_BYTE)
        gl.glDeleteFramebuffers(1, [plain[0]])
        gl.glDeleteRenderbuffers(2, list(plain[1:]))
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1].copy()

    def _draw(self, array: int, first: int, count: int) -> None:
        gl = self._gl
        if count:
            gl.glBindVertexArray(array)
            gl.glDrawElements(
                gl.GL_TRIANGLES, count, gl.GL_UNSIGNED_INT, ctypes.c_void_p(first * 4)
            )

    def _set(self, program: int, **values: Any) -> None:
        gl = self._gl
        for name, value in values.items():
            place = gl.glGetUniformLocation(program, name)
            array = np.atleast_1d(np.asarray(value, np.float32))
            if array.shape == (4, 4):
                gl.glUniformMatrix4fv(place, 1, True, np.ascontiguousarray(array))
            else:
                (gl.glUniform1fv, gl.glUniform2fv, gl.glUniform3fv)[len(array) - 1](place, 1, array)
