"""Sound by diffusion checkpoints: AudioLDM, AudioLDM 2, MusicLDM, Stable Audio (torch extra).

Only safetensors weights are read, and no code that comes with a checkpoint is run.
Source: H. Liu et al., AudioLDM, arXiv:2301.12503.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import best_device, check_safetensors, loading
from omnimuse.errors import ArgumentError, CheckpointError

AUDIO_PIPELINES = ("AudioLDMPipeline", "AudioLDM2Pipeline", "MusicLDMPipeline",
                   "StableAudioPipeline")  # fmt: skip
_MAX_S = 120.0


def is_audio_pipeline(folder: Path) -> bool:
    """Whether a folder's model_index.json names a pipeline that makes sound."""
    return _class_name(folder) in AUDIO_PIPELINES


def _class_name(folder: Path) -> str:
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(index.get("_class_name", "")) if isinstance(index, dict) else ""


class DiffusersAudio:
    """Role `text-to-audio`; see `AudioGenerator`. The same seed gives the same sound on one device.

    Args:
        card: options `device` (the best there is), `dtype` (float32), `num_inference_steps` (50),
            `guidance_scale` (3.5).
        folder: a diffusers pipeline of one of `AUDIO_PIPELINES`.

    Raises:
        CheckpointError: not such a folder, or only weights that can carry code.
        BackendUnavailableError: torch, diffusers or transformers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        check_safetensors(folder)
        name = _class_name(folder)
        if name not in AUDIO_PIPELINES:
            raise CheckpointError(
                f"{folder.name} is a checkpoint for {name!r}, no sound pipeline of diffusers",
                hint=f"Known: {', '.join(AUDIO_PIPELINES)}.",
            )
        self._options, self._lock = card.options, threading.Lock()
        self._device = str(card.options.get("device") or best_device())
        with loading(card.name):
            import diffusers
            import torch

            dtype = getattr(torch, str(card.options.get("dtype", "float32")))
            pipeline = getattr(diffusers, name).from_pretrained(
                str(folder), use_safetensors=True, local_files_only=True, torch_dtype=dtype
            )
            self._pipeline = pipeline.to(self._device)
            self._pipeline.set_progress_bar_config(disable=True)
        self._is_stable = name == "StableAudioPipeline"

    @property
    def sample_rate_hz(self) -> int:
        """Of what the model makes."""
        if self._is_stable:
            return int(self._pipeline.vae.config.sampling_rate)
        return int(self._pipeline.vocoder.config.sampling_rate)

    def generate_audio(
        self, prompt: str, *, duration_s: float, seed: int, guidance_scale: float | None = None,
        negative_prompt: str = "", num_inference_steps: int | None = None,
    ) -> tuple[NDArray[np.float32], int]:  # fmt: skip
        """Sound of the prompt, (N, C), and its rate; see `AudioGenerator`.

        Raises:
            ArgumentError: no length that can be generated.
        """
        import torch

        if not 0 < duration_s <= _MAX_S:
            raise ArgumentError(f"{duration_s:g} s; 0 to {_MAX_S:g} s can be generated")
        length = "audio_end_in_s" if self._is_stable else "audio_length_in_s"
        steps = num_inference_steps or int(self._options.get("num_inference_steps", 50))
        scale = (
            self._options.get("guidance_scale", 3.5) if guidance_scale is None else guidance_scale
        )
        given: dict[str, Any] = {
            length: duration_s, "num_inference_steps": steps, "guidance_scale": float(scale),
            "negative_prompt": negative_prompt or None, "num_waveforms_per_prompt": 1,
            "generator": torch.Generator("cpu").manual_seed(seed), "output_type": "np",
        }  # fmt: skip
        with self._lock, torch.inference_mode():
            made = np.asarray(self._pipeline(prompt, **given).audios[0], np.float32)
        samples = made[:, None] if made.ndim == 1 else made.T
        kept = np.clip(np.nan_to_num(samples), -1, 1)[: round(duration_s * self.sample_rate_hz)]
        return np.ascontiguousarray(kept), self.sample_rate_hz
