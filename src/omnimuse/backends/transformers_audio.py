"""Sound by checkpoints in the transformers layout: music, voices, vocoders (needs the torch extra).

MusicGen-class models play `text-to-audio`; VITS, SpeechT5 and codec language models of the Bark
kind play `text-to-speech`; SpeechT5 also converts and clones voices; HiFi-GAN turns mel spectra
into sound. Only safetensors weights are read, and no code that comes with a checkpoint is run.
Sources: J. Copet et al., MusicGen, arXiv:2306.05284; J. Kim et al., VITS, arXiv:2106.06103; J. Ao
et al., SpeechT5, arXiv:2110.07205; J. Kong et al., HiFi-GAN, arXiv:2010.05646.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.card import ModelCard
from omnimuse.backends.torch_checkpoint import LOCAL_ONLY, best_device, check_safetensors, loading
from omnimuse.errors import ArgumentError, CheckpointError

Samples = NDArray[np.float32]
AUDIO_ROLES: Mapping[str, tuple[str, ...]] = {
    "MusicgenForConditionalGeneration": ("text-to-audio",),
    "MusicgenMelodyForConditionalGeneration": ("text-to-audio",),
    "VitsModel": ("text-to-speech",),
    "BarkModel": ("text-to-speech",),
    "SpeechT5ForTextToSpeech": ("text-to-speech", "voice-cloning"),
    "SpeechT5ForSpeechToSpeech": ("voice-conversion",),
    "SpeechT5HifiGan": ("vocoder",),
    "WavLMForXVector": ("speaker-embedding",),
    "Wav2Vec2ForXVector": ("speaker-embedding",),
    "UniSpeechSatForXVector": ("speaker-embedding",),
}
_READS_TEXT = {"text-to-audio", "text-to-speech"}
_MAX_S = 120.0
_SPEAKER = "speaker.npy"


def architecture_of(folder: Path) -> str:
    """The class that a checkpoint folder's config.json names; empty if none."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return str(next(iter(config["architectures"]), ""))
    except (OSError, ValueError, LookupError, TypeError):
        return ""


class TransformersAudio:
    """Roles `text-to-audio`, `text-to-speech`, `voice-cloning`, `voice-conversion`, `vocoder`,
    `speaker-embedding`.

    Args:
        card: options `device` (the best there is), `dtype` (float32), `voices` (names of the
            speakers of a model with several, in order), `vocoder` (a SpeechT5 model's HiFi-GAN, a
            folder inside of its own; `vocoder`).
        folder: config.json, *.safetensors and a tokenizer.

    Raises:
        CheckpointError: not such a folder, or only weights that can carry code.
        BackendUnavailableError: torch or transformers is missing.
        DeviceMemoryError: it does not fit.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        check_safetensors(folder)
        self._kind, self._folder, self._card = architecture_of(folder), folder, card
        if self._kind not in AUDIO_ROLES:
            raise CheckpointError(
                f"{folder.name} is a checkpoint of {self._kind or 'an unknown kind'}, which makes"
                " no sound here",
                hint=f"Known: {', '.join(sorted(AUDIO_ROLES))}.",
            )
        self._device = str(card.options.get("device") or best_device())
        self._lock = threading.Lock()
        with loading(card.name):
            self._model = self._open(folder, self._kind)
            self._tokenizer = self._read_tokenizer()
            self._vocoder = self._read_vocoder()
        self.voices = self._voices()

    def _open(self, folder: Path, name: str) -> Any:
        import torch
        import transformers

        dtype = getattr(torch, str(self._card.options.get("dtype", "float32")))
        model = getattr(transformers, name).from_pretrained(
            str(folder), use_safetensors=True, dtype=dtype, **LOCAL_ONLY
        )
        return model.to(self._device).eval()

    def _read_tokenizer(self) -> Any:
        if not _READS_TEXT & set(AUDIO_ROLES[self._kind]):
            return None
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(self._folder), **LOCAL_ONLY)

    def _read_vocoder(self) -> Any:
        if self._kind not in ("SpeechT5ForTextToSpeech", "SpeechT5ForSpeechToSpeech"):
            return None
        folder = self._folder / Path(str(self._card.options.get("vocoder", "vocoder"))).name
        check_safetensors(folder)
        return self._open(folder, "SpeechT5HifiGan")

    def _voices(self) -> tuple[str, ...]:
        named = tuple(str(name) for name in self._card.options.get("voices", ()))
        count = int(getattr(self._model.config, "num_speakers", 1) or 1)
        return named or tuple(f"speaker {index}" for index in range(count))

    @property
    def sample_rate_hz(self) -> int:
        """Of what the model makes."""
        config = self._model.config
        if self._kind.startswith("Musicgen"):
            return int(config.audio_encoder.sampling_rate)
        if self._kind == "BarkModel":
            return int(config.codec_config.sampling_rate)
        return int(config.sampling_rate if self._vocoder is None
                   else self._vocoder.config.sampling_rate)  # fmt: skip

    def generate_audio(
        self, prompt: str, *, duration_s: float, seed: int, guidance_scale: float | None = None,
        negative_prompt: str = "", num_inference_steps: int | None = None,
    ) -> tuple[Samples, int]:  # fmt: skip
        """Sound of the prompt, (N, C), and its rate; see `AudioGenerator`.

        Raises:
            ArgumentError: no length that the model can make, or an option of another family.
        """
        if not 0 < duration_s <= _MAX_S:
            raise ArgumentError(f"{duration_s:g} s; 0 to {_MAX_S:g} s can be generated")
        if negative_prompt or num_inference_steps:
            raise ArgumentError("a token model has no negative prompt and no steps")
        with self._running(seed):
            inputs = self._tokenizer([prompt], return_tensors="pt").to(self._device)
            tokens = max(1, round(duration_s * self._model.config.audio_encoder.frame_rate))
            audio = self._model.generate(
                **inputs, do_sample=True, max_new_tokens=tokens,
                guidance_scale=3.0 if guidance_scale is None else guidance_scale,
            )  # fmt: skip
        made = _samples(audio[0].T)
        return made[: round(duration_s * self.sample_rate_hz)], self.sample_rate_hz

    def speak(
        self, text: str, *, voice: str = "", rate: float = 1.0, seed: int = 0
    ) -> tuple[Samples, int]:
        """Speech (N, 1) and its rate; see `SpeechSynthesizer`.

        Raises:
            ArgumentError: no such voice, or a rate that the model cannot take.
        """
        if voice and voice not in self.voices:
            raise ArgumentError(f"no voice {voice!r}", hint=f"Voices: {', '.join(self.voices)}.")
        speaker = self.voices.index(voice) if voice else 0
        with self._running(seed):
            inputs = self._tokenizer([text], return_tensors="pt").to(self._device)
            if self._kind == "VitsModel":
                self._model.speaking_rate = rate
                more = {"speaker_id": speaker} if len(self.voices) > 1 else {}
                audio = self._model(**inputs, **more).waveform[0]
            elif self._kind == "BarkModel":
                _only_normal(rate)
                audio = self._model.generate(**self._padded(text), do_sample=True)[0]
            else:
                _only_normal(rate)
                audio = self._say(inputs["input_ids"], self._speaker())
        return _samples(audio.reshape(-1, 1)), self.sample_rate_hz

    def _padded(self, text: str) -> Any:
        """Tokens of a text at the fixed length that a codec language model reads."""
        settings = self._model.generation_config.semantic_config
        settings = settings if isinstance(settings, dict) else settings.to_dict()
        length = int(settings.get("max_input_semantic_length", 256))
        return self._tokenizer(
            [text], max_length=length, padding="max_length", truncation=True,
            add_special_tokens=False, return_attention_mask=True, return_token_type_ids=False,
            return_tensors="pt",
        ).to(self._device)  # fmt: skip

    def clone(self, text: str, speaker: Samples, *, seed: int = 0) -> tuple[Samples, int]:
        """A text in the voice of a speaker embedding (D,); see `VoiceCloner`."""
        import torch

        with self._running(seed):
            inputs = self._tokenizer([text], return_tensors="pt")
            embedding = torch.from_numpy(self._sized(speaker))[None].to(self._device)
            audio = self._say(inputs["input_ids"].to(self._device), embedding)
        return _samples(audio.reshape(-1, 1)), self.sample_rate_hz

    def convert(
        self, samples: Samples, sample_rate_hz: int, speaker: Samples, *, seed: int = 0
    ) -> tuple[Samples, int]:
        """Speech (N, 1) at 16 kHz said by another voice; see `VoiceConverter`."""
        import torch

        if sample_rate_hz != 16_000:
            raise ArgumentError(f"speech at {sample_rate_hz} Hz; the converter takes 16000 Hz")
        with self._running(seed):
            wave = torch.from_numpy(np.ascontiguousarray(samples[:, 0]))[None].to(self._device)
            embedding = torch.from_numpy(self._sized(speaker))[None].to(self._device)
            audio = self._model.generate_speech(wave, embedding, vocoder=self._vocoder)
        return _samples(audio.reshape(-1, 1)), self.sample_rate_hz

    @property
    def embedding_size(self) -> int:
        """Numbers of a speaker embedding; 0 if the model takes none."""
        return int(getattr(self._model.config, "speaker_embedding_dim", 0) or 0)

    def embed_voice(self, samples: Samples, sample_rate_hz: int) -> Samples:
        """A unit vector (D,) of who speaks in (N, 1) at 16 kHz; see `SpeakerEncoder`."""
        import torch

        if sample_rate_hz != 16_000:
            raise ArgumentError(f"speech at {sample_rate_hz} Hz; the encoder takes 16000 Hz")
        wave = samples[:, 0] - samples.mean()
        wave = wave / max(float(wave.std()), 1e-6)  # as the encoders were trained
        with self._running(0):
            given = torch.from_numpy(np.ascontiguousarray(wave, np.float32))[None]
            vector = self._model(given.to(self._device)).embeddings[0].float().cpu().numpy()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

    def vocode(self, mel: Samples) -> tuple[Samples, int]:
        """A log mel spectrum (T, M) as sound (N, 1), and its rate; see `Vocoder`.

        Raises:
            ArgumentError: not so many bands as the vocoder takes.
        """
        import torch

        wanted = int(self._model.config.model_in_dim)
        if mel.ndim != 2 or mel.shape[1] != wanted:
            raise ArgumentError(f"a mel spectrum of shape {mel.shape}, wanted (T, {wanted})")
        with self._running(0):
            audio = self._model(torch.from_numpy(np.ascontiguousarray(mel)).to(self._device))
        return _samples(audio.reshape(-1, 1)), self.sample_rate_hz

    def _say(self, ids: Any, speaker: Any) -> Any:
        return self._model.generate_speech(ids, speaker, vocoder=self._vocoder)

    def _speaker(self) -> Any:
        """The checkpoint's own speaker, or the embedding of nobody."""
        import torch

        path = self._folder / _SPEAKER
        if path.is_file():
            return torch.from_numpy(self._sized(np.load(path, allow_pickle=False)))[None]
        return torch.zeros(1, self.embedding_size, device=self._device)

    def _sized(self, speaker: Samples) -> Samples:
        if speaker.shape != (self.embedding_size,):
            raise ArgumentError(
                f"a speaker embedding of shape {speaker.shape}, wanted ({self.embedding_size},)"
            )
        return np.ascontiguousarray(speaker, np.float32)

    @contextmanager
    def _running(self, seed: int) -> Iterator[None]:
        import torch

        devices = [0] if self._device.startswith("cuda") else []
        with self._lock, torch.random.fork_rng(devices=devices), torch.inference_mode():
            torch.manual_seed(seed)
            yield


def _only_normal(rate: float) -> None:
    if rate != 1.0:
        raise ArgumentError(
            "this voice speaks at its own rate only", hint="Change the pace with change_speed."
        )


def _samples(audio: Any) -> Samples:
    """A tensor (N, C) as samples inside of [-1, 1]; a broken model's NaN is silence."""
    made = np.nan_to_num(audio.float().cpu().numpy())
    return np.ascontiguousarray(np.clip(made, -1.0, 1.0), np.float32)
