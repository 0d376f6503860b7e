"""Makes the tables that listening needs, from recordings that this package makes itself.

    OMNIMUSE_MODELS_DIR=... python recipes/listening.py [--out src/omnimuse/crafts/listening]

Writes `segmentation.json` (two logistic regressions: speech, music) and `events.npz` with
`events.json` (measurements of performances of every sound class), and prints how well both do on
recordings of other seeds. About three minutes on one core. Needs the default voice and soundfont.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import omnimuse.backends
from omnimuse.backends.card import ModelCard
from omnimuse.crafts.listening import events, segmentation
from omnimuse.crafts.listening.spectrum import RATE_HZ, measure_frames
from omnimuse.crafts.sound.catalogue import perform, sound_classes

Samples = NDArray[np.float32]

SENTENCES = (
    "The ferry leaves at half past six, and it does not wait for anybody.",
    "My grandmother kept a small blue notebook in the drawer of the kitchen table.",
    "Please read the instructions carefully before you switch the machine on.",
    "Nobody had expected so much rain in the second week of August.",
    "We walked along the river until the lights of the town were far behind us.",
    "In the last quarter, sales rose by eleven percent, mostly in the north.",
    "Could you tell me where I find the nearest pharmacy?",
    "The committee will meet again on Thursday to discuss the new schedule.",
    "A fox crossed the field, stopped, looked back and was gone.",
    "Stop! Do not open that door before I have counted to ten.",
    "Heat the oil, add the onions, and stir until they are soft and golden.",
    "He said that he would call, but the telephone stayed silent all evening.",
    "Light travels about three hundred thousand kilometres in a second.",
    "Once upon a time there was a tailor who was afraid of his own scissors.",
    "If the battery is low, connect the cable and wait for a quarter of an hour.",
    "The old theatre smells of dust, of paint and of a hundred forgotten evenings.",
    "Turn left at the church, then follow the road down to the harbour.",
    "Scientists have found water under the ice of the southern pole.",
    "I never liked the colour of that wall, and now it is too late to change it.",
    "Good evening, and welcome to our programme about the history of maps.",
    "What do you think, shall we take the train or shall we wait until tomorrow?",
    "The child laughed, the dog barked, and the whole house was awake.",
    "Seven people were on the boat when the fog came down.",
    "Write your name at the top of the page and leave the rest empty.",
)


class Makers:
    """The default voice and the default orchestra, at 22,050 Hz."""

    def __init__(self, tunes: Path | None = None) -> None:
        from omnimuse.backends.melody_lm import MelodyModel
        from omnimuse.backends.piper import PiperSynthesizer
        from omnimuse.backends.soundfont import SoundfontRenderer

        self._spoken: dict[tuple[int, float], tuple[Samples, int]] = {}
        self._tunes = sorted(tunes.glob("*.wav")) if tunes else []
        models = Path(os.environ["OMNIMUSE_MODELS_DIR"])
        cards = Path(omnimuse.backends.__file__).parent / "cards"
        self._voice = PiperSynthesizer(
            ModelCard.from_file(cards / "piper-joe.toml"), models / "piper-joe"
        )
        card = ModelCard.from_file(cards / "fluidr3mono-gm.toml")
        self._font = SoundfontRenderer(card, models / "fluidr3mono-gm" / str(card.options["file"]))
        options = {"file": "folk-gpt.safetensors"}
        self._writer = MelodyModel(ModelCard("folk-gpt", (), "melody-gpt", options=options), Path())

    def speech(self, index: int, rng: np.random.Generator) -> Samples:
        """A sentence at another pace and, by resampling, of a larger or smaller speaker."""
        from scipy.signal import resample

        key = (index % len(SENTENCES), (0.85, 1.0, 1.2)[index % 3])
        if key not in self._spoken:
            self._spoken[key] = self._voice.speak(SENTENCES[key[0]], rate=key[1])
        voice, rate_hz = self._spoken[key]
        said = voice.reshape(len(voice), -1)[:, 0]
        factor = float(rng.uniform(0.78, 1.2)) * rate_hz / RATE_HZ
        return np.asarray(resample(said, round(len(said) / factor)), np.float32)

    def music(self, index: int, rng: np.random.Generator) -> Samples:
        """Half a minute in one of the styles; from the folder of tunes if there is one."""
        if self._tunes:
            import soundfile

            return np.asarray(
                soundfile.read(self._tunes[index % len(self._tunes)], dtype="float32")[0]
            )
        from scipy.signal import resample_poly

        from omnimuse.crafts.music.brief import Brief
        from omnimuse.crafts.music.compose import compose
        from omnimuse.crafts.music.midi import write_midi
        from omnimuse.crafts.music.styles import styles
        from omnimuse.crafts.music.theory import Key, Metre

        style = styles()[sorted(styles())[index % len(styles())]]
        metre = Metre.parse(("4/4", "3/4", "6/8", "2/4")[int(rng.integers(4))])
        key = Key(int(rng.integers(12)), ("major", "minor")[int(rng.integers(2))])
        tempo = float(rng.uniform(60, 165))
        beats = metre.bar_ticks / metre.beat_ticks
        bars = max(8, round(28 * tempo / 60 / beats / 4) * 4)
        brief = Brief(key, metre, tempo, bars, style, float(rng.uniform(-1, 1)),
                      float(rng.uniform(-0.9, 0.9)), "")  # fmt: skip
        seed = int(rng.integers(2**31))
        piece = compose(brief, seed, candidates=1, writer=self._writer).piece
        mix = self._font.render(write_midi(piece)).mean(axis=1)
        return np.asarray(resample_poly(mix, 1, 2), np.float32)


def level(samples: Samples, rms_db: float) -> Samples:
    """The samples at an RMS level."""
    rms = float(np.sqrt((samples.astype(np.float64) ** 2).mean())) + 1e-9
    return np.asarray(samples * (10 ** (rms_db / 20) / rms), np.float32)


def scenes(makers: Makers, seed: int, per_style: int) -> Iterator[tuple[Samples, int, int]]:
    """Recordings with (has speech, has music): alone, under a voice, with effects and noise."""
    from omnimuse.crafts.music.styles import styles

    rng = np.random.default_rng([seed, 11])
    names = sorted(sound_classes())
    voices = [makers.speech(i, rng) for i in range(len(SENTENCES))]

    def talk(seconds: float) -> Samples:
        parts = []
        while sum(map(len, parts)) < seconds * RATE_HZ:
            parts += [level(voices[int(rng.integers(len(voices)))], -20),
                      np.zeros(int(rng.uniform(0.1, 0.6) * RATE_HZ), np.float32)]  # fmt: skip
        return np.concatenate(parts)[: round(seconds * RATE_HZ)]

    def effect(seconds: float) -> Samples:
        made = perform(names[int(rng.integers(len(names)))], duration_s=seconds,
                       sample_rate_hz=RATE_HZ, seed=int(rng.integers(2**31)),
                       intensity=float(rng.uniform(0.2, 0.8)))  # fmt: skip
        return level(made.mean(axis=1), -22)

    for index in range(per_style * len(styles())):
        tune = level(makers.music(index + (22 if seed else 0), rng), -20)
        half = len(tune) // 2
        yield tune[:half], 0, 1
        under = tune[half:]
        voice = talk(len(under) / RATE_HZ)
        yield voice + np.float32(10 ** (-rng.uniform(4, 14) / 20)) * under, 1, 1
        yield talk(12.0), 1, 0
        yield talk(8.0) + np.float32(10 ** (-rng.uniform(8, 20) / 20)) * effect(8.0), 1, 0
    for index, name in enumerate(names):
        made = perform(name, duration_s=6, sample_rate_hz=RATE_HZ, seed=seed + index,
                       intensity=float(rng.uniform(0.2, 0.8)))  # fmt: skip
        yield level(made.mean(axis=1), -22), 0, 0


def windows(makers: Makers, seed: int, per_style: int) -> tuple[NDArray, NDArray]:
    """Features of all windows that are not silent, and what is in them."""
    rows, labels = [], []
    for samples, speech, music in scenes(makers, seed, per_style):
        frames = measure_frames([samples])
        quiet = segmentation._quiet_steps(frames, max(1, round(frames.duration_s / 0.5)))
        found = segmentation.window_features(frames)[~quiet]
        rows.append(found)
        labels.append(np.tile([speech, music], (len(found), 1)))
    return np.concatenate(rows), np.concatenate(labels)


def fit(rows: NDArray, labels: NDArray, penalty: float = 3.0) -> segmentation.Weights:
    """Logistic regressions by L-BFGS, the classes weighted alike."""
    from scipy.optimize import minimize

    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    inputs = segmentation.expanded((rows - mean) / scale)
    found = []
    for target in labels.T:
        weight = np.where(target == 1, 0.5 / target.mean(), 0.5 / (1 - target.mean()))
        sign = 2.0 * target - 1

        def loss(theta: NDArray, sign: NDArray = sign, weight: NDArray = weight) -> tuple:
            margin = sign * (inputs @ theta[:-1] + theta[-1])
            value = (weight * np.logaddexp(0, -margin)).sum() + penalty * (theta[:-1] ** 2).sum()
            slope = -weight * sign / (1 + np.exp(np.clip(margin, -30, 30)))
            return value, np.append(inputs.T @ slope + 2 * penalty * theta[:-1], slope.sum())

        start = np.zeros(inputs.shape[1] + 1)
        found.append(minimize(loss, start, jac=True, method="L-BFGS-B",
                              options={"maxiter": 400}).x)  # fmt: skip
    theta = np.array(found)
    return segmentation.Weights(mean, scale, theta[:, :-1], theta[:, -1])


def train_segmentation(out: Path, makers: Makers) -> dict[str, float]:
    """Train and write the regressions; how they do on recordings of other seeds."""
    rows, labels = windows(makers, 0, 1)
    weights = fit(rows, labels)
    names = ("mean", "scale", "weights", "bias")
    record = {name: np.round(getattr(weights, name), 5).tolist() for name in names}
    (out / "segmentation.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
    return {"training_windows": len(rows), **check_segmentation(makers, weights)}


def check_segmentation(makers: Makers, weights: segmentation.Weights) -> dict[str, float]:
    """How often speech and music are told on recordings of other seeds and other tunes."""
    other, truth = windows(makers, 900, 1)
    guessed = segmentation.probabilities(other, weights) > 0.5
    right = (guessed == truth).mean(axis=0)
    return {
        "held_out_windows": len(other),
        "speech_right": round(float(right[0]), 4), "music_right": round(float(right[1]), 4),
        "both_right": round(float((guessed == truth).all(axis=1).mean()), 4),
    }  # fmt: skip


def performances(seed: int, count: int) -> tuple[NDArray, NDArray]:
    """Measurements of `count` performances of each class and the class of each."""
    rng = np.random.default_rng([seed, 5])
    rows, owners = [], []
    for owner, (name, kind) in enumerate(sound_classes().items()):
        for turn in range(count):
            length_s = min(6.0, kind.default_s * float(rng.uniform(0.8, 1.5)))
            made = perform(name, duration_s=length_s, sample_rate_hz=RATE_HZ, seed=seed + turn,
                           intensity=float(rng.uniform(0.15, 0.85)),
                           density=float(rng.uniform(0.25, 0.75)))  # fmt: skip
            rows.append(events.measure_event(made.mean(axis=1)))
            owners.append(owner)
    return np.array(rows), np.array(owners)


def train_events(out: Path) -> dict[str, float]:
    """Measure and write the table; how it does on performances of other seeds."""
    rows, owners = performances(0, 7)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    standard = np.clip(np.round((rows - mean) / scale * 16), -127, 127).astype(np.int8)
    np.savez_compressed(out / "events.npz", rows=standard, owners=owners.astype(np.uint8),
                        mean=mean.astype(np.float32), scale=scale.astype(np.float32))  # fmt: skip
    names = tuple(sound_classes())
    table = events.Table(names, owners, standard.astype(np.float32) / 16,
                         mean.astype(np.float32), scale.astype(np.float32), 9.9,
                         (0.0,) * 10)  # fmt: skip
    sure, reach = calibrate(table, *performances(5000, 2))
    record = {"names": names, "reach": reach, "sure": sure}
    (out / "events.json").write_text(json.dumps(record, indent=1) + "\n")
    other, truth = performances(9000, 1)
    first = top = claimed = 0.0
    for row, owner in zip(other, truth, strict=True):
        ranked, _ = events.guess(row, table)
        first += ranked[0][0] == names[owner]
        top += names[owner] in [name for name, _ in ranked[:4]]
        claimed += sure[min(int(ranked[0][1] * 10), 9)]
    count = len(truth)
    return {
        "classes": len(names), "held_out": count, "first_right": round(first / count, 4),
        "among_first_four": round(top / count, 4), "mean_confidence": round(claimed / count, 4),
    }  # fmt: skip


def calibrate(table: events.Table, rows: NDArray, owners: NDArray) -> tuple[list[float], float]:
    """How often guesses of each score were right, never falling; the distance that 98 % keep."""
    right, total, distances = np.full(10, 0.5), np.ones(10), []
    for row, owner in zip(rows, owners, strict=True):
        ranked, distance = events.guess(row, table)
        step = min(int(ranked[0][1] * 10), 9)
        right[step] += ranked[0][0] == table.names[owner]
        total[step] += 1
        distances.append(distance)
    sure = np.maximum.accumulate(right / total)
    return [round(float(s), 3) for s in sure], round(float(np.quantile(distances, 0.98)), 3)


def main() -> None:
    """Read the command line, make the tables, print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("src/omnimuse/crafts/listening"))
    parser.add_argument("--tunes", type=Path, help="WAVs at 22,050 Hz instead of new tunes")
    parser.add_argument("--only", choices=("events", "segmentation"))
    parser.add_argument("--check", action="store_true", help="measure the tables that are there")
    arguments = parser.parse_args()
    if arguments.check:
        weights = segmentation.trained_weights()
        print(json.dumps(check_segmentation(Makers(arguments.tunes), weights), indent=1))
        return
    report: dict[str, object] = {}
    if arguments.only != "segmentation":
        report["events"] = train_events(arguments.out)
    if arguments.only != "events":
        report["segmentation"] = train_segmentation(arguments.out, Makers(arguments.tunes))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
