"""Which tools there are: a lazy table of built-ins, then entry points; loaded when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from typing import Any

from omnimuse.errors import OmnimuseError, PluginError, UnknownToolError
from omnimuse.graph.spec import ToolSpec
from omnimuse.tools.declare import spec_of

ENTRY_POINT_GROUP = "omnimuse.tools"

BUILT_IN: dict[str, str] = {
    name: f"omnimuse.tools.{module}:{name}"
    for module, names in {
        "text": ("write_text", "rewrite_text", "summarize_text", "translate_text"),
        "layout": ("plan_layout",),
        "image": ("generate_image", "render_scene"),
        "image_edit": ("stylize_image", "upscale_image", "recolor_image", "relight_image"),
        "image_compose": ("crop_image", "resize_image", "composite_images", "overlay_text"),
        "image_retouch": (
            "select_region",
            "remove_background",
            "replace_background",
            "remove_object",
            "extend_image",
        ),
        "scene_edit": ("edit_scene",),
        "image_understand": (
            "answer_about_image",
            "describe_image",
            "detect_objects",
            "find_depth",
            "find_edges",
            "read_text",
        ),
        "people": ("find_faces", "find_poses"),
        "picture_search": ("find_picture",),
        "zoo": ("sample_model",),
        "diffusion": ("redraw_image", "fill_region", "draw_from_structure", "rewrite_prompt"),
        "speech": ("synthesize_speech", "transcribe_speech", "make_subtitles"),
        "music": (
            "compose_music",
            "render_score",
            "restyle_music",
            "continue_music",
            "transpose_score",
            "transcribe_score",
            "draw_score",
        ),
        "music_edit": (
            "make_loop",
            "refine_loop",
            "fill_music",
            "vary_music",
            "set_lyrics",
            "compose_with_agents",
        ),
        "voice": (
            "generate_audio",
            "clone_voice",
            "convert_voice",
            "enhance_speech",
            "tell_speakers_apart",
        ),
        "sound": ("generate_sound", "sound_cuts", "mix_audio", "change_speed"),
        "audio_script": ("write_audio_script", "compile_audio_script"),
        "audio_edit": (
            "trim_audio",
            "cut_by_transcript",
            "repair_audio",
            "normalize_audio",
            "join_audio",
            "fade_audio",
            "insert_audio",
        ),
        "audio_understand": ("analyse_audio", "describe_audio", "audio_to_midi"),
        "video": (
            "make_video",
            "extract_frame",
            "extract_frames",
            "extract_audio",
            "trim_video",
            "concat_videos",
            "mux_video",
        ),
        "video_retouch": ("remove_object_from_video",),
        "judge": ("judge_image", "refine_image"),
        "scene3d": ("generate_3d", "render_turntable", "render_view"),
    }.items()
    for name in names
}


class ToolRegistry:
    """Tools by name; each is imported when first asked for.

    Args:
        table: name -> `module:attribute`; the built-ins if None.
        plugins: distributions whose entry points may load; `*` is all, none is empty.
    """

    def __init__(
        self, table: dict[str, str] | None = None, *, plugins: Iterable[str] = ("*",)
    ) -> None:
        self._targets = dict(BUILT_IN if table is None else table)
        self._functions: dict[str, Callable[..., Any]] = {}
        self.failures: list[PluginError] = []
        self._load_entry_points(set(plugins))

    def _load_entry_points(self, allowed: set[str]) -> None:
        for point in entry_points(group=ENTRY_POINT_GROUP):
            distribution = point.dist.name if point.dist else "?"
            if not allowed & {"*", distribution}:
                continue
            if point.name in self._targets:
                self.failures.append(
                    PluginError(
                        f"{distribution}: tool {point.name!r} ({point.value}) exists already",
                        hint="Rename the plugin's tool; a plugin cannot replace another's.",
                    )
                )
                continue
            self._targets[point.name] = point.value

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def add(self, function: Callable[..., Any]) -> None:
        """Add a decorated function of the caller's own.

        Raises:
            PluginError: the name is taken.
            TypeError: not decorated.
        """
        name = spec_of(function).name
        if name in self._targets:
            raise PluginError(f"tool {name!r} exists already", hint="Choose another name.")
        self._targets[name] = f"{function.__module__}:{function.__qualname__}"
        self._functions[name] = function

    def function(self, name: str) -> Callable[..., Any]:
        """The tool function of that name.

        Raises:
            UnknownToolError: no such tool.
            PluginError: it cannot be imported.
        """
        if name not in self._functions:
            if name not in self._targets:
                raise UnknownToolError(
                    f"no tool is called {name!r}", hint="`omnimuse tools list` shows all tools."
                )
            module, _, attribute = self._targets[name].partition(":")
            try:
                function = getattr(importlib.import_module(module), attribute)
                spec_of(function)
            except OmnimuseError:
                raise
            except Exception as error:
                raise PluginError(f"tool {name!r} ({module}:{attribute}): {error}") from error
            self._functions[name] = function
        return self._functions[name]

    def spec(self, name: str) -> ToolSpec:
        """The spec of a tool; raises as `function` does."""
        return spec_of(self.function(name))

    def specs(self) -> dict[str, ToolSpec]:
        """All specs by name. Tools that fail to load are left out and listed in `failures`."""
        found = {}
        for name in self._targets:
            try:
                found[name] = self.spec(name)
            except PluginError as error:
                if all(str(error) != str(known) for known in self.failures):
                    self.failures.append(error)
        return found
