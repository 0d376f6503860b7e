"""Speech, effects and mixing in figures: speed against real time, loudness, word times, identity.

    OMNIMUSE_MODELS_DIR=... python benchmarks/sound.py [effects|mix|classes|speech]... [-o FILE]

Ratios from one run on one core; nothing here is collected by pytest. `classes` trains a plain
k-nearest-neighbour classifier on measurements of some performances of each class and names others,
of other seeds, intensities and densities.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

RATE = 22050
STORY = (
    "The old lighthouse stood at the end of the harbour. Every evening the keeper climbed the "
    "stairs and lit the lamp. On Monday a small boat came out of the fog, and nobody was on board. "
    "He looked twice, put down his cup, and walked slowly to the window."
)


def effects() -> dict[str, Any]:
    """How many times faster than real time each class is made, at 44.1 kHz."""
    from omnimuse.crafts.sound.catalogue import perform, sound_classes

    perform("rain", duration_s=1, sample_rate_hz=44100, seed=0)
    speeds = {}
    for name, kind in sound_classes().items():
        length_s = max(kind.default_s, 4.0)
        start = time.process_time()
        perform(name, duration_s=length_s, sample_rate_hz=44100, seed=1)
        speeds[name] = round(length_s / (time.process_time() - start), 1)
    slowest = min(speeds, key=speeds.__getitem__)
    return {
        "classes": len(speeds),
        "median_times_real_time": float(np.median(list(speeds.values()))),
        "slowest": {slowest: speeds[slowest]},
    }


def mix() -> dict[str, Any]:
    """Two minutes of voice, music and six sounds: seconds, loudness error, true peak."""
    from omnimuse.crafts.sound.catalogue import perform
    from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
    from omnimuse.crafts.sound.mixing import Stem, mix_stems

    rng = np.random.default_rng(0)
    gate = np.repeat(rng.uniform(0, 1, 240) > 0.3, 22050)
    voice = (0.2 * rng.standard_normal(120 * 44100) * gate).astype(np.float32)
    music = (0.1 * rng.standard_normal((60 * 44100, 2))).astype(np.float32)
    names = ("rain", "owl", "door_knock", "thunder", "campfire", "church_bell")
    sounds = [
        Stem(perform(name, duration_s=8, sample_rate_hz=44100, seed=2), start_s=15.0 * i)
        for i, name in enumerate(names)
    ]
    found = {}
    for target in (-23.0, -16.0):
        start = time.perf_counter()
        out = mix_stems(
            [Stem(voice[:, None], level_lufs=-20)],
            [Stem(music, is_looped=True, is_ducked=True, level_lufs=-22), *sounds],
            duration_s=120,
            sample_rate_hz=44100,
            loudness_lufs=target,
        )
        found[f"{target:.0f}"] = {
            "seconds": round(time.perf_counter() - start, 2),
            "error_lu": round(integrated_loudness(out, 44100) - target, 3),
            "true_peak_dbtp": round(true_peak_dbtp(out), 2),
        }
    return found


def measurements(samples: np.ndarray) -> np.ndarray:
    """What a listener's meter would show: spectrum, its change, rhythm, tonality, decay."""
    from scipy.signal import stft

    mono = samples.mean(axis=1)
    _, _, spectrum = stft(mono, RATE, nperseg=1024, noverlap=512)
    power = np.abs(spectrum) ** 2 + 1e-12
    edges = np.unique(np.geomspace(1, 512, 25).astype(int))
    bands = np.array([power[a:b].sum(axis=0) for a, b in pairwise(edges)])
    level = 10 * np.log10(bands / bands.sum(axis=0).mean())
    loud = 10 * np.log10(power.sum(axis=0))
    loud -= loud.max()
    envelope = np.maximum(loud, -60) + 60
    rhythm = np.abs(np.fft.rfft(envelope - envelope.mean(), 512))[1:80].reshape(-1, 79).ravel()
    rhythm = np.log1p(rhythm)[:78].reshape(-1, 6).mean(axis=1)
    flatness = np.log(power[2:400]).mean(axis=0) - np.log(power[2:400].mean(axis=0))
    return np.concatenate(
        (
            np.log10(bands.mean(axis=1) / bands.sum() + 1e-6) * 3,
            level.std(axis=1) / 6,
            np.quantile(loud, (0.1, 0.5, 0.9)) / 10,
            rhythm / 2,
            [np.average(flatness, weights=power.sum(axis=0)), flatness.std()],
        )
    )


def classes() -> dict[str, Any]:
    """Share of performances that are named rightly, and the pairs most often confused."""
    from omnimuse.crafts.sound.catalogue import perform, sound_classes

    names = list(sound_classes())
    rng = np.random.default_rng(5)

    def take(name: str, seed: int) -> np.ndarray:
        return measurements(
            perform(
                name, duration_s=6, sample_rate_hz=RATE, seed=seed,
                intensity=float(rng.uniform(0.2, 0.8)), density=float(rng.uniform(0.3, 0.7)),
            )
        )  # fmt: skip

    known = np.array([take(name, seed) for name in names for seed in range(5)])
    owners = np.repeat(np.arange(len(names)), 5)
    scale = known.std(axis=0) + 1e-6
    right, confused = 0, {}
    trials = [(index, seed) for index in range(len(names)) for seed in (100, 101)]
    for index, seed in trials:
        distance = (((known - take(names[index], seed)) / scale) ** 2).sum(axis=1)
        nearest = owners[np.argsort(distance)[:3]]
        votes = np.bincount(nearest, minlength=len(names))
        guess = int(nearest[0] if votes.max() == 1 else votes.argmax())
        right += guess == index
        if guess != index:
            pair = f"{names[index]} as {names[guess]}"
            confused[pair] = confused.get(pair, 0) + 1
    return {
        "classes": len(names),
        "accuracy": round(right / len(trials), 3),
        "chance": round(1 / len(names), 3),
        "confused": sorted(confused, key=lambda pair: -confused[pair])[:12],
    }


def _engines() -> dict[str, Any]:
    from omnimuse.backends.card import ModelCard
    from omnimuse.backends.piper import PiperSynthesizer
    from omnimuse.backends.whisper import WhisperRecognizer

    models = Path(os.environ["OMNIMUSE_MODELS_DIR"])
    import omnimuse.backends

    cards = Path(omnimuse.backends.__file__).parent / "cards"
    made = {}
    for role, name, kind in (
        ("text-to-speech", "piper-joe", PiperSynthesizer),
        ("automatic-speech-recognition", "whisper-base", WhisperRecognizer),
    ):
        made[role] = kind(ModelCard.from_file(cards / f"{name}.toml"), models / name)
    return made


def _word_error_rate(said: str, heard: str) -> float:
    import re

    a, b = (re.findall(r"[a-z']+", text.lower()) for text in (said, heard))
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1] / len(a)


def speech() -> dict[str, Any]:
    """Real-time factor and overhead over the bare voice, word errors and word-time errors."""
    from omnimuse.assets.asset import Asset
    from omnimuse.tools.context import ToolContext
    from omnimuse.tools.speech import synthesize_speech, transcribe_speech

    engines = _engines()
    voice = engines["text-to-speech"]
    with tempfile.TemporaryDirectory() as folder:
        context = ToolContext(seed=0, workdir=Path(folder), role=engines.__getitem__)
        voice.speak("Warm.")
        start = time.perf_counter()
        bare, rate_hz = voice.speak(STORY)
        bare_s = time.perf_counter() - start
        start = time.perf_counter()
        reading = synthesize_speech(context, Asset.from_text(STORY))
        ours_s = time.perf_counter() - start
        heard = transcribe_speech(context, reading.speech)
        from omnimuse.assets.media import audio_asset

        bare_heard = transcribe_speech(context, audio_asset(bare, rate_hz, "speech"))
        told = [w for s in reading.transcript.read_json()["segments"] for w in s["words"]]
        found = [w for s in heard.transcript.read_json()["segments"] for w in s["words"]]
    errors = [
        min(
            abs(f["start_s"] - t["start_s"])
            for f in found
            if f["text"].lower() == t["text"].lower()
        )
        for t in told
        if any(f["text"].lower() == t["text"].lower() for f in found)
    ]
    return {
        "real_time_factor": round(ours_s / reading.speech.facts["duration_s"], 4),
        "bare_voice_real_time_factor": round(bare_s / (len(bare) / rate_hz), 4),
        "word_error_rate": round(_word_error_rate(STORY, heard.text.read_text()), 4),
        "bare_voice_word_error_rate": round(
            _word_error_rate(STORY, bare_heard.text.read_text()), 4
        ),
        "word_start_error_s": {
            "median": round(float(np.median(errors)), 3),
            "p90": round(float(np.quantile(errors, 0.9)), 3),
        },
    }


SUITES = {"effects": effects, "mix": mix, "classes": classes, "speech": speech}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help="all if none")
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "environment": {"python": platform.python_version(), "numpy": np.__version__,
                        "cores": os.cpu_count(), "machine": platform.machine()},
    }  # fmt: skip
    for name in arguments.suites or SUITES:
        print(f"{name} ...", file=sys.stderr)
        report[name] = SUITES[name]()
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
