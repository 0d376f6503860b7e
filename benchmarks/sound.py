"""Speech, effects and mixing in figures: speed against real time, loudness, word times, identity.

    OMNIMUSE_MODELS_DIR=... python benchmarks/sound.py [SUITE]... [-o FILE] [--picture FILE]

Suites: effects, mix, classes, speech, voice, script; all if none is named.

Ratios from one run on one core; nothing here is collected by pytest. `classes` trains a plain
k-nearest-neighbour classifier on measurements of some performances of each class and names others,
of other seeds, intensities and densities; `--picture` draws whom it takes for whom. `voice` has our
speech and that of the voice's own command-line program read back by an independent recogniser.
`script` compiles a two-minute play of three voices, music and six effects.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

RATE = 22050
PICTURE: Path | None = None
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
    right, confused = 0, dict[str, int]()
    matrix = np.zeros((len(names), len(names)), int)
    trials = [(index, seed) for index in range(len(names)) for seed in (100, 101)]
    for index, seed in trials:
        distance = (((known - take(names[index], seed)) / scale) ** 2).sum(axis=1)
        nearest = owners[np.argsort(distance)[:3]]
        votes = np.bincount(nearest, minlength=len(names))
        guess = int(nearest[0] if votes.max() == 1 else votes.argmax())
        right += guess == index
        matrix[index, guess] += 1
        if guess != index:
            pair = f"{names[index]} as {names[guess]}"
            confused[pair] = confused.get(pair, 0) + 1
    told_apart = [name for index, name in enumerate(names) if matrix[index, index] == 2
                  and matrix[:, index].sum() == 2]  # fmt: skip
    if PICTURE is not None:
        _draw_confusion(matrix, PICTURE)
    return {
        "classes": len(names),
        "accuracy": round(right / len(trials), 3),
        "chance": round(1 / len(names), 3),
        "classes_never_confused": len(told_apart),
        "confused": sorted(confused, key=lambda pair: -confused[pair])[:12],
    }


def _draw_confusion(matrix: np.ndarray, path: Path) -> None:
    """What was played (rows, from the top) against what it was taken for (columns)."""
    from PIL import Image

    share = matrix / matrix.sum(axis=1, keepdims=True)
    shade = np.full((*matrix.shape, 3), 18, np.uint8)
    is_right = np.eye(len(matrix), dtype=bool)
    shade[is_right] = (18 + np.outer(share[is_right], (100, 200, 150))).astype(np.uint8)
    wrong = ~is_right & (matrix > 0)
    shade[wrong] = (60 + np.outer(share[wrong], (190, 90, 40))).astype(np.uint8)
    Image.fromarray(shade).resize((505, 505), Image.Resampling.NEAREST).save(path)


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


LINES = (
    "The train leaves at half past nine from the third platform.",
    "She put the old letters back into the wooden box.",
    "Nobody had seen the captain since the storm began.",
    "There are twelve eggs and a bottle of milk in the kitchen.",
    "My brother plays the violin in a small orchestra.",
    "If it rains tomorrow we will stay at home and read.",
    "The children ran across the bridge to the other side.",
    "Please turn the music down, the neighbours are asleep.",
    "An old man sat by the window and watched the snow.",
    "They found the road again after three hours of walking.",
    "The museum is closed on Mondays and public holidays.",
    "His first book was about birds and their long journeys.",
    "Could you tell me where the nearest bakery is?",
    "The water was so clear that we could see the stones.",
    "After dinner the guests went out into the garden.",
    "Every morning the doctor walks his dog along the river.",
    "The new engine uses less fuel and makes less noise.",
    "We waited for the answer, but the telephone did not ring.",
    "The farmer sold two horses and bought a little boat.",
    "In the evening the lights of the city shine on the water.",
)
PLAY = """[rain, background]
[music: a sad waltz]
NARRATOR: The ferry had been late for an hour, and the waiting room was cold. Anna sat on her bag
and counted the lamps along the pier, the way she had done when she was a child.
[footsteps]
BEN: Is this the last boat, or did I miss it again?
ANNA: It has not come. They say that there is fog beyond the lighthouse, and that nobody sails
into it.
[thunder]
BEN: Then I am early, for the first time in my life. May I sit down? My name is Ben.
ANNA: I know who you are. You broke the window of our shop, twenty years ago, with a red ball.
[clock ticking]
NARRATOR: He looked at her for a long time. The clock above the door went on, as clocks do, and
did not care about windows, nor about twenty years.
BEN: I paid for it. It took me a whole summer. I carried newspapers up every hill of this town.
ANNA: I know that too. My father kept the money in a glass, and he never spent it. He said that it
was the most honest money that he had ever seen.
[door creak]
NARRATOR: The keeper came in, shook the water from his coat, and told them that the boat would not
come before the morning. There was tea, he said, if they did not mind the tin cups.
BEN: Then we have the whole night. Tell me about the shop. Is the bell still over the door?
ANNA: The bell is there. The shop is a bakery now, and the new people are kind. On Sundays they
let me stand behind the counter, only for the smell of it.
[church bell]
NARRATOR: Far away a bell struck eleven. The rain grew softer, and somewhere in the fog a ship
answered, low and slow, as if it had all the time in the world.
[ship horn]
BEN: Listen. Somebody is out there after all.
ANNA: Somebody always is. Drink your tea, Ben. In the morning I will show you the window.
NARRATOR: And so they sat, with the tin cups in their hands, until the lamps along the pier went
out one after another, and the first boat came in with the light.
"""


def _cpu_s() -> float:
    """Processor time of this process and of the programs that it runs."""
    import psutil

    running = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return time.process_time() + sum(t.user + t.system for t in running)


def _ended_cpu_s() -> float:
    """Processor time of the programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def voice() -> dict[str, Any]:
    """Word errors and real-time factor: our tool against the voice's own command-line program.

    Factors are processor seconds for a second of speech, so that a busy machine does not count;
    the program's start is left out, since the tool keeps it running.
    """
    import subprocess

    import soundfile

    from omnimuse.assets.asset import Asset
    from omnimuse.assets.media import audio_asset
    from omnimuse.tools.context import ToolContext
    from omnimuse.tools.speech import synthesize_speech, transcribe_speech

    engines = _engines()
    models = Path(os.environ["OMNIMUSE_MODELS_DIR"]) / "piper-joe"
    model = sorted((models / "voice").rglob("*.onnx"))[0]
    environment = {**os.environ, "PYTHONPATH": str(models / "site"), "PYTHONUTF8": "1"}
    text = " ".join(LINES)
    with tempfile.TemporaryDirectory() as folder:
        context = ToolContext(seed=0, workdir=Path(folder), role=engines.__getitem__)
        out = Path(folder) / "theirs.wav"
        command = [sys.executable, "-m", "piper", "--model", str(model), "--output-file", str(out)]
        subprocess.run([*command, "--", "Warm."], env=environment, check=True, capture_output=True)
        synthesize_speech(context, Asset.from_text("Warm."))
        seconds: dict[str, list[float]] = {"ours": [], "theirs": [], "theirs_start": []}
        for _ in range(2):
            for name, said in (("theirs_start", "Warm."), ("theirs", text)):
                start = _ended_cpu_s()
                subprocess.run(
                    [*command, "--", said], env=environment, check=True, capture_output=True
                )
                seconds[name].append(_ended_cpu_s() - start)
            start = _cpu_s()
            ours = synthesize_speech(context, Asset.from_text(text)).speech
            seconds["ours"].append(_cpu_s() - start)
        samples, rate_hz = soundfile.read(out, dtype="float32", always_2d=True)
        theirs = audio_asset(samples, rate_hz, "speech")
        heard = {
            name: transcribe_speech(context, asset).text.read_text()
            for name, asset in (("ours", ours), ("theirs", theirs))
        }
    best = {name: min(values) for name, values in seconds.items()}
    lengths = {"ours": ours.facts["duration_s"], "theirs": len(samples) / rate_hz}
    net = best["theirs"] - best["theirs_start"]
    return {
        "words": len(text.split()),
        "word_error_rate": {n: round(_word_error_rate(text, t), 4) for n, t in heard.items()},
        "audio_s": {name: round(length, 1) for name, length in lengths.items()},
        "real_time_factor": round(best["ours"] / lengths["ours"], 4),
        "their_real_time_factor": round(best["theirs"] / lengths["theirs"], 4),
        "their_real_time_factor_without_start": round(net / lengths["theirs"], 4),
    }


def _unwrapped(play: str) -> str:
    """Lines that go on joined to the one before: a line of a play is one speech."""
    import re

    return re.sub(r"\n(?!\[|[A-Z]+:|$)", " ", play)


def script() -> dict[str, Any]:
    """Two minutes of three voices, music and six effects: seconds, loudness, true peak."""
    from omnimuse.assets.asset import Asset
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore
    from omnimuse.config import load_settings
    from omnimuse.tools.audio_script import compile_audio_script, write_audio_script
    from omnimuse.tools.context import ToolContext

    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    with tempfile.TemporaryDirectory() as folder:
        context = ToolContext(seed=1, workdir=Path(folder), role=resolver.role)
        written = write_audio_script(context, Asset.from_text(_unwrapped(PLAY)), form="play")
        start, cpu = time.perf_counter(), time.process_time()
        made = compile_audio_script(context, written)
        seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        resolver.role("text-to-speech").close()
        of_voice = resource.getrusage(resource.RUSAGE_CHILDREN)
        voice_s = of_voice.ru_utime + of_voice.ru_stime
    facts = made.audio.facts
    return {
        "voices": written.facts["voices"], "effects": written.facts["sounds"],
        "music": written.facts["music"], "duration_s": round(facts["duration_s"], 1),
        "seconds": round(seconds, 1), "cpu_seconds": round(cpu_s + voice_s, 1),
        "loudness_lufs": facts["loudness_lufs"], "true_peak_dbtp": facts["true_peak_dbtp"],
    }  # fmt: skip


SUITES = {"effects": effects, "mix": mix, "classes": classes, "speech": speech, "voice": voice,
          "script": script}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help="all if none")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--picture", type=Path, help="where to draw whom `classes` confuses")
    arguments = parser.parse_args()
    global PICTURE
    PICTURE = arguments.picture
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
