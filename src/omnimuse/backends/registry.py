"""Which backends there are: a lazy table of name -> `module:Class`, then entry points.

A backend is a class that plays one or more roles (the Protocols of `base`) and is built as
`Backend(card, folder)`; one that needs settings besides (an endpoint's key) has a classmethod
`from_settings(card, folder, settings)`. A module is imported when a card of it is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard
from omnimuse.config import Settings
from omnimuse.errors import BackendUnavailableError, OmnimuseError, PluginError

ENTRY_POINT_GROUP = "omnimuse.backends"

BUILT_IN: dict[str, str] = {
    "blazeface": "omnimuse.backends.vision:BlazeFaceDetector",
    "cedict": "omnimuse.backends.cedict:Cedict",
    "centernet": "omnimuse.backends.vision:CenterNetDetector",
    "dataset": "omnimuse.backends.dataset_files:DatasetFiles",
    "deepfilter": "omnimuse.backends.deepfilter:DeepFilterNet",
    "diffusers": "omnimuse.backends.diffusers_images:DiffusersPainter",
    "diffusers-audio": "omnimuse.backends.diffusers_audio:DiffusersAudio",
    "gguf": "omnimuse.backends.gguf:GgufTextGenerator",
    "icon-diffusion": "omnimuse.backends.icon_diffusion:IconDiffusion",
    "illustrator": "omnimuse.crafts.illustration.backend:IllustratorBackend",
    "line-reader": "omnimuse.backends.text_reader:LineReader",
    "melody-gpt": "omnimuse.backends.melody_lm:MelodyModel",
    "movenet": "omnimuse.backends.movenet:MoveNetPose",
    "ncnn": "omnimuse.backends.ncnn_images:NcnnUpscaler",
    "onnx-classifier": "omnimuse.backends.vision:OnnxClassifier",
    "onnx-clip": "omnimuse.backends.onnx_clip:OnnxClip",
    "onnx-mask": "omnimuse.backends.vision:OnnxSegmenter",
    "onnx-text": "omnimuse.backends.onnx_text:OnnxEmbedder",
    "openai-http": "omnimuse.backends.http_openai:OpenAIEndpoint",
    "picture-eyes": "omnimuse.backends.picture_eyes:PictureEyes",
    "piper": "omnimuse.backends.piper:PiperSynthesizer",
    "soundfont": "omnimuse.backends.soundfont:SoundfontRenderer",
    "spacy": "omnimuse.backends.spacy_parser:SpacyParser",
    "style-onnx": "omnimuse.backends.style:StyleTransfer",
    "transformers": "omnimuse.backends.transformers_text:TransformersGenerator",
    "transformers-audio": "omnimuse.backends.transformers_audio:TransformersAudio",
    "transformers-clip": "omnimuse.backends.transformers_clip:TransformersClip",
    "transformers-depth": "omnimuse.backends.transformers_depth:TransformersDepth",
    "whisper": "omnimuse.backends.whisper:WhisperRecognizer",
    "zoo": "omnimuse.backends.zoo_run:ZooRun",
}

REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
    "diffusers": ("torch", "diffusers", "transformers"),
    "diffusers-audio": ("torch", "diffusers", "transformers"),
    "transformers": ("torch", "transformers"),
    "transformers-audio": ("torch", "transformers"),
    "transformers-clip": ("torch", "transformers"),
    "transformers-depth": ("torch", "transformers"),
    "zoo": ("torch", "accelerate"),
}


@dataclass(frozen=True)
class _Target:
    """Where a backend's class is and who offers it."""

    value: str
    distribution: str


class BackendRegistry:
    """Backends by name.

    Args:
        table: name -> `module:Class`; the built-ins if None.
        plugins: distributions whose entry points may load; `*` is all, none is empty.
    """

    def __init__(
        self, table: Mapping[str, str] | None = None, *, plugins: Iterable[str] = ("*",)
    ) -> None:
        given = BUILT_IN if table is None else table
        self._targets = {name: _Target(value, "omnimuse") for name, value in given.items()}
        self.failures: list[PluginError] = []
        self._add_entry_points(set(plugins))

    def _add_entry_points(self, allowed: set[str]) -> None:
        for point in entry_points(group=ENTRY_POINT_GROUP):
            distribution = point.dist.name if point.dist else "?"
            if not allowed & {"*", distribution}:
                continue
            if point.name in self._targets:
                self.failures.append(
                    PluginError(
                        f"{distribution}: backend {point.name!r} ({point.value}) exists already",
                        hint="Rename the plugin's backend; a plugin cannot replace another's.",
                    )
                )
                continue
            self._targets[point.name] = _Target(point.value, distribution)

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def missing(self, name: str) -> str:
        """Why cards of this backend cannot run here, or an empty string if they can."""
        if name not in self._targets:
            return f"no backend is called {name!r}"
        absent = [package for package in REQUIREMENTS.get(name, ()) if find_spec(package) is None]
        return f"needs {', '.join(absent)} (pip install 'omnimuse[torch]')" if absent else ""

    def backend_class(self, name: str) -> type[Any]:
        """Import a backend's class.

        Raises:
            BackendUnavailableError: no such backend, or a package that it needs is not installed.
            PluginError: a plugin's backend cannot be imported.
        """
        reason = self.missing(name)
        if reason:
            raise BackendUnavailableError(
                f"backend {name!r}: {reason}", hint="`omnimuse models list` shows what can run."
            )
        target = self._targets[name]
        module, _, attribute = target.value.partition(":")
        try:
            found: type[Any] = getattr(importlib.import_module(module), attribute)
        except OmnimuseError:
            raise
        except Exception as error:
            message = f"backend {name!r} of {target.distribution} ({target.value}): {error}"
            if target.distribution != "omnimuse":
                raise PluginError(message, hint="Mend or disallow the plugin.") from error
            raise BackendUnavailableError(message, hint="Reinstall omnimuse.") from error
        return found

    def create(self, card: ModelCard, folder: Path, settings: Settings) -> Any:
        """Build the backend of a card.

        Raises:
            BackendUnavailableError: as `backend_class`.
            CheckpointError, DeviceMemoryError: from the backend itself.
        """
        backend = self.backend_class(card.backend)
        from_settings = getattr(backend, "from_settings", None)
        if from_settings is not None:
            return from_settings(card, folder, settings)
        return backend(card, folder)
