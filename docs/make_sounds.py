"""Makes the playable examples of docs/sound: small Ogg files, and pictures of what they hold.

    python docs/make_sounds.py [--only calm-piano,rain] [--out FOLDER]

Needs `omnimuse models pull --default`. Same requests and seeds give the same sounds. Every example
is made by the tool that its page shows; pictures show the waveform over the spectrogram.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image
from scipy.signal import resample_poly, stft

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import audio_asset, read_audio
from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import load_settings
from omnimuse.tools.audio_edit import cut_by_transcript, insert_audio, join_audio, repair_audio
from omnimuse.tools.audio_script import compile_audio_script, write_audio_script
from omnimuse.tools.context import ToolContext
from omnimuse.tools.music import compose_music
from omnimuse.tools.sound import change_speed, generate_sound, mix_audio
from omnimuse.tools.speech import synthesize_speech

MAX_BYTES = 40_000
RATE_HZ = 24_000
INTERVIEW = (
    "I have been a baker for thirty years. My father taught me how to make bread. "
    "Last week it rained so hard that the cellar was full of water. "
    "People come for the rolls and stay for the talk."
)
PLAY = (
    "[rain, background]\n[music: a sad waltz]\n[door knock]\n"
    "ANNA: Who is there, at this hour?\nBEN: It is only me. I lost my key again.\n"
    "[door creak]\nANNA: Come in, you are wet to the bone.\n"
)
Made = dict[str, Asset]
Make = Callable[[ToolContext, Made], Asset]


def text(words: str) -> Asset:
    return Asset.from_text(words)


def speak(words: str, **options: Any) -> Make:
    return lambda ctx, made: synthesize_speech(ctx, text(words), **options).speech


def music(prompt: str, duration_s: float, **options: Any) -> Make:
    return lambda ctx, made: (
        compose_music(ctx, text(prompt), duration_s=duration_s, **options).music
    )


def sound(prompt: str, duration_s: float) -> Make:
    return lambda ctx, made: generate_sound(ctx, text(prompt), duration_s=duration_s)


def damaged(ctx: ToolContext, made: Made) -> Asset:
    """The interview with hum, clicks and noise of its own making."""
    samples, rate_hz = read_audio(made["interview"])
    rng = np.random.default_rng(1)
    time_s = np.arange(len(samples)) / rate_hz
    hum = sum(0.03 / k * np.sin(2 * np.pi * 50 * k * time_s + k) for k in range(1, 7))
    bad = samples[:, 0] + hum + rng.normal(0, 0.006, len(samples))
    bad[rng.choice(len(bad), 30)] += rng.choice((-0.7, 0.7), 30)
    return audio_asset(np.clip(bad, -1, 1).astype(np.float32), rate_hz, "speech")


def play(ctx: ToolContext, made: Made) -> Asset:
    return compile_audio_script(ctx, write_audio_script(ctx, text(PLAY), form="play")).audio


EXAMPLES: dict[str, Make] = {
    "numbers": speak("On 3 May at 5:30 pm, Dr. Lee paid $12.50 for 2 kg of apples."),
    "slow-low": speak("Good evening. This is the late news.", rate=0.8, pitch_semitones=-2.0),
    "ssml": speak(
        "<speak>Wait. <break time='700ms'/> <prosody rate='slow' pitch='+3st'>Did you hear"
        " that?</prosody> It was <emphasis>right</emphasis> behind us.</speak>"
    ),
    "interview": speak(INTERVIEW),
    "calm-piano": music("a calm piano tune", 10, tempo_bpm=80),
    "sad-waltz": music("a sad waltz in D minor for violin and piano", 10),
    "jig": music("an Irish jig in 6/8 on fiddle and guitar", 9),
    "chiptune": music("an 8-bit melody for a game, 140 bpm", 8),
    "epic": music("an epic orchestral theme with drums", 9),
    "rain": sound("heavy rain on a roof with distant thunder", 8),
    "campfire": sound("a crackling campfire at night with an owl", 8),
    "waves": sound("waves breaking on a beach and seagulls", 8),
    "train": sound("a steam train passing from left to right", 8),
    "church": sound("church bells in the distance", 8),
    "spaceship": sound("a spaceship hum with beeps", 7),
    "dog": sound("a dog barking twice in a hall", 4),
    "play": play,
    "narration": lambda ctx, made: mix_audio(
        ctx, made["slow-low"], made["calm-piano"], [made["rain"]]
    ),
    "cut": lambda ctx, made: cut_by_transcript(
        ctx, made["interview"], text("cut the sentence about the weather")
    ).audio,
    "damaged": damaged,
    "repaired": lambda ctx, made: repair_audio(ctx, made["damaged"]),
    "faster": lambda ctx, made: change_speed(ctx, made["interview"], rate=1.35),
    "joined": lambda ctx, made: join_audio(
        ctx, [made["jig"], made["chiptune"]], crossfade_s=1.5
    ),
    "knock": lambda ctx, made: insert_audio(
        ctx, made["slow-low"], generate_sound(ctx, text("a door knock"), duration_s=1.5),
        at_s=1.4,
    ),
}  # fmt: skip
NEEDS = {"narration": ("slow-low", "calm-piano", "rain"), "cut": ("interview",),
         "damaged": ("interview",), "repaired": ("damaged",), "faster": ("interview",),
         "joined": ("jig", "chiptune"), "knock": ("slow-low",)}  # fmt: skip


def write_ogg(asset: Asset, path: Path) -> int:
    """Ogg Vorbis, mono where it is too large in stereo, cut to fit 40 kB; its size."""
    samples, rate_hz = read_audio(asset)
    samples = resample_poly(samples, RATE_HZ, rate_hz, axis=0).astype(np.float32)
    for channels, quality in ((2, 0.85), (1, 0.85), (1, 0.95), (1, 1.0)):
        taken = samples.mean(axis=1) if channels == 1 else samples
        peak = max(1.0, float(np.abs(taken).max()) * 1.01)
        with soundfile.SoundFile(
            path, "w", RATE_HZ, taken.reshape(len(taken), -1).shape[1], "VORBIS",
            format="OGG", compression_level=quality,
        ) as file:  # fmt: skip
            for start in range(0, len(taken), RATE_HZ):
                file.write(taken[start : start + RATE_HZ] / peak)
        if path.stat().st_size <= MAX_BYTES:
            return path.stat().st_size
    kept = int(len(samples) * MAX_BYTES / path.stat().st_size * 0.95)
    short = replace(audio_asset(samples[:kept], RATE_HZ, asset.kind), attribution=())
    return write_ogg(short, path)


def picture(asset: Asset) -> Image.Image:
    """Waveform above the spectrogram (log frequency, 60 Hz to 12 kHz, 70 dB), 480 x 200."""
    samples, rate_hz = read_audio(asset, channels=1)
    wide, high = 480, 140
    wave = samples[:, 0]
    parts = np.array_split(wave, wide)
    top = max(float(np.abs(wave).max()), 1e-6)
    image = np.full((60 + high, wide, 3), 16, np.uint8)
    for column, part in enumerate(parts):
        low, up = (int(30 - 28 * float(v) / top) for v in (part.max(), part.min()))
        image[max(low, 0) : up + 1, column] = (120, 200, 255)
    hz, times, spectrum = stft(wave, rate_hz, nperseg=2048, noverlap=1536)
    level = 20 * np.log10(np.abs(spectrum) + 1e-7)
    rows = np.geomspace(12_000, 60, high)
    at = np.clip(np.searchsorted(hz, rows), 0, len(hz) - 1)
    columns = np.linspace(0, len(times) - 1, wide).astype(int)
    shade = np.clip((level[at][:, columns] - level.max() + 70) / 70, 0, 1)[..., None]
    heat = np.concatenate((shade**0.7, shade**1.6, (1 - shade) * shade * 2.2), axis=2)
    image[60:] = (16 + 239 * np.clip(heat, 0, 1)).astype(np.uint8)
    return Image.fromarray(image)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "sound")
    chosen = parser.parse_args()
    wanted = [n for n in chosen.only.split(",") if n] or list(EXAMPLES)
    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    made: Made = {}
    facts: dict[str, Any] = {}

    def make(name: str) -> Asset:
        for need in NEEDS.get(name, ()):
            if need not in made:
                make(need)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            context = ToolContext(seed=7, workdir=Path(folder), role=resolver.role)
            asset = EXAMPLES[name](context, made)
            # the folder goes away; the bytes stay
            made[name] = replace(asset, data=asset.read_bytes(), path=None)
        facts[name] = dict(asset.facts)
        print(f"{name}: {asset.facts.get('duration_s')} s in {time.perf_counter() - started:.1f} s")
        return made[name]

    for name in wanted:
        asset = make(name) if name not in made else made[name]
        size = write_ogg(asset, chosen.out / f"{name}.ogg")
        picture(asset).save(chosen.out / f"{name}.webp", quality=60, method=6)
        print(f"  {size} bytes; {json.dumps(facts[name], default=str)[:300]}")


if __name__ == "__main__":
    main()
