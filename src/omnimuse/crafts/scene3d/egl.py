"""An OpenGL context without a window or a screen, by EGL itself (Khronos EGL 1.5)."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from typing import Any

_SURFACELESS_MESA, _DEVICE_EXT = 0x31DD, 0x313F
_OPENGL_API, _NONE = 0x30A2, 0x3038
_RENDERABLE_TYPE, _OPENGL_BIT, _SURFACE_TYPE, _PBUFFER_BIT = 0x3040, 0x0008, 0x3033, 0x0001
_MAJOR, _MINOR, _PROFILE, _CORE = 0x3098, 0x30FB, 0x30FD, 0x0001


class EglError(Exception):
    """EGL gives no context here; the message says at which step."""


def open_context() -> None:
    """Make an OpenGL 3.3 core context current in the calling thread, for good.

    Raises:
        EglError: there is no EGL library, no display or no such context.
    """
    egl = _library()
    display = _display(egl)
    if not egl.eglBindAPI(_OPENGL_API):
        raise EglError("EGL has no OpenGL")
    config, count = ctypes.c_void_p(), ctypes.c_int()
    for surface in (_PBUFFER_BIT, 0):
        wanted = _list(_RENDERABLE_TYPE, _OPENGL_BIT, _SURFACE_TYPE, surface)
        egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count))
        if count.value:
            break
    version = _list(_MAJOR, 3, _MINOR, 3, _PROFILE, _CORE)
    context = egl.eglCreateContext(display, config if count.value else None, None, version)
    if not context:
        raise EglError("EGL gives no OpenGL 3.3 context")
    if not egl.eglMakeCurrent(display, None, None, ctypes.c_void_p(context)):
        raise EglError("EGL gives no context without a window")


def _library() -> Any:
    name = ctypes.util.find_library("EGL") or "libEGL.so.1"
    try:
        egl = ctypes.CDLL(name)
    except OSError:
        raise EglError("there is no EGL library (Debian: libegl1)") from None
    pointer = ctypes.c_void_p
    for function in ("eglGetDisplay", "eglCreateContext", "eglGetProcAddress"):
        getattr(egl, function).restype = pointer
    egl.eglGetDisplay.argtypes = [pointer]
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    egl.eglInitialize.argtypes = [pointer, pointer, pointer]
    egl.eglChooseConfig.argtypes = [pointer, pointer, pointer, ctypes.c_int, pointer]
    egl.eglCreateContext.argtypes = [pointer, pointer, pointer, pointer]
    egl.eglMakeCurrent.argtypes = [pointer, pointer, pointer, pointer]
    return egl


def _display(egl: Any) -> ctypes.c_void_p:
    """A display that needs no screen, else the default one."""
    address = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    candidates: list[Callable[[], Any]] = []
    if address:
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)
        platform_display: Any = kind(address)
        candidates.append(lambda: platform_display(_SURFACELESS_MESA, None, None))
    candidates.append(lambda: egl.eglGetDisplay(None))
    for candidate in candidates:
        handle = candidate()
        if handle and egl.eglInitialize(ctypes.c_void_p(handle), None, None):
            return ctypes.c_void_p(handle)
    raise EglError("EGL has no display that needs no screen (Debian: libegl-mesa0)")


def _list(*values: int) -> Any:
    return (ctypes.c_int * (len(values) + 1))(*values, _NONE)
