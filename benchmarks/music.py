"""Music: do tunes obey, how like the corpus are they, how fast is the sampler.

    python benchmarks/music.py tunes [--count 200] [--corpus music21-10.5.1-*.whl]
    python benchmarks/music.py keys --corpus music21-10.5.1-*.whl
    python benchmarks/music.py bits --corpus music21-10.5.1-*.whl
    python benchmarks/music.py speed --soundfont FluidR3Mono_GM.sf3

`tunes` composes pieces over random keys, metres and styles and counts what was obeyed; with a
corpus it also compares the model's melodies with the training tunes (MusPy's measures). `bits`
compares the melody model with an order-5 n-gram on held-out tunes. Prints JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omnimuse.backends.base import MelodyRequest
from omnimuse.backends.card import ModelCard
from omnimuse.backends.melody_lm import MelodyModel, sequence_bits
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.corpus import read_corpus
from omnimuse.crafts.music.judge import (
    bar_sums_hold,
    groove_consistency,
    pitch_class_entropy,
    scale_consistency,
)
from omnimuse.crafts.music.keyfinding import find_key, heard_in, heard_in_line, krumhansl_key
from omnimuse.crafts.music.midi import read_midi, write_midi
from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.styles import styles
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.models.melody_tokens import Melody, density_level, encode, places, vocabulary


def melody_model() -> MelodyModel:
    card = ModelCard("folk-gpt", (), "melody-gpt", options={"file": "folk-gpt.safetensors"})
    return MelodyModel(card, Path())


def notes_of(melody: Melody) -> list[Note]:
    """Notes from tonic 60, bars one after another."""
    at, notes = 0, []
    for bar in melody.bars:
        for size, pitch in bar:
            if pitch is not None:
                notes.append(Note(at, size, 60 + pitch))
            at += size
    return notes


def obedience(count: int) -> dict[str, Any]:
    """Compose over random briefs; count what was asked and what was made."""
    rng, writer = np.random.default_rng(0), melody_model()
    names, metres = sorted(styles()), ("4/4", "3/4", "6/8", "2/4", "5/4")
    modes = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian")
    found: Counter[str] = Counter()
    started = time.process_time()
    for index in range(count):
        style = styles()[names[int(rng.integers(len(names)))]]
        metre = Metre.parse(metres[int(rng.integers(len(metres)))])
        key = Key(int(rng.integers(12)), modes[int(rng.integers(len(modes)))])
        bars = int(rng.integers(2, 9)) * 4
        arousal = float(rng.uniform(-0.9, 0.9))
        brief = Brief(key, metre, 100.0, bars, style, float(rng.uniform(-1, 1)), arousal, "")
        composition = compose(brief, index, candidates=4, writer=writer)
        piece = read_midi(write_midi(composition.piece))
        melody = piece.part("melody")
        if melody is None:
            continue
        heard = find_key(heard_in(piece))
        classic = krumhansl_key(
            [note for part in piece.parts if part.role != "drums" for note in part.notes]
        )
        scale = {*key.steps, (key.tonic + 11) % 12} if key.mode == "minor" else {*key.steps}
        in_scale = np.mean([note.pitch % 12 in scale for note in melody.notes])
        found["parsed"] += 1
        found["bars_sum"] += bar_sums_hold(melody.notes, metre)
        found["bars_count"] += piece.bars == bars
        found["metre"] += piece.metre == metre
        found["key_written"] += piece.key == key
        found["melody_in_scale_95"] += bool(in_scale >= 0.95)
        found["ends_on_tonic"] += melody.notes[-1].pitch % 12 == key.tonic
        found["key_heard"] += heard == key
        found["key_heard_in_tune_alone"] += find_key(heard_in_line(melody.notes)) == key
        found["krumhansl_tonic_or_scale"] += (
            set(classic.steps) == set(key.steps) or classic.tonic == key.tonic
        )
        found["no_faults"] += not composition.verdict.faults
        found["by_model"] += composition.melody_by != "search"
    shares = {name: round(value / count, 4) for name, value in sorted(found.items())}
    return {"pieces": count, "cpu_s_per_piece": round((time.process_time() - started) / count, 3),
            **shares}  # fmt: skip


def key_finder(corpus: Path) -> dict[str, Any]:
    """Both key finders on the printed tunes, whose tonic and mode their editors wrote."""
    found: Counter[str] = Counter()
    for tune in read_corpus(corpus):
        key, notes = Key(0, tune.mode), notes_of(tune)
        heard, classic = find_key(heard_in_line(notes)), krumhansl_key(notes)
        for name, guess in (("seven_modes", heard), ("krumhansl", classic)):
            found[f"{name}_key"] += guess == key
            found[f"{name}_tonic"] += guess.tonic == key.tonic
            found[f"{name}_scale"] += set(guess.steps) == set(key.steps)
        found[f"of_{tune.mode}"] += 1
        found[f"{tune.mode}_right"] += heard == key
        found["tunes"] += 1
    whole = found["tunes"]
    shares = {n: round(v / whole, 4) for n, v in found.items() if n.startswith(("seven", "krum"))}
    modes = {n[3:]: round(found[f"{n[3:]}_right"] / v, 3) for n, v in found.items() if "of_" in n}
    return {"tunes": whole, **shares, "right_by_mode": modes}


def likeness(corpus: Path, count: int) -> dict[str, Any]:
    """MusPy's measures: the corpus against as many model tunes of the same metres and modes."""
    tunes = [tune for tune in read_corpus(corpus) if 8 <= len(tune.bars) <= 24]
    tunes = [t for t in tunes if t.metre in ("2/4", "3/4", "4/4", "6/8", "9/8")]
    tunes = [t for t in tunes if t.mode in ("major", "minor", "dorian", "mixolydian")]
    rng, writer = np.random.default_rng(1), melody_model()
    picked = [tunes[int(i)] for i in rng.choice(len(tunes), count, replace=False)]
    made = [
        writer.write(
            MelodyRequest(t.mode, t.metre, len(t.bars), density=density_level(t), rests=True,
                          is_chromatic=True, lowest=-14, highest=26, temperature=1.0, top_p=1.0),
            seed=index,
        )[0]
        for index, t in enumerate(picked)
    ]  # fmt: skip
    real, ours = averages(picked), averages(made)
    return {
        "tunes": count, "corpus": real, "model": ours,
        "difference_percent": {k: round(100 * (ours[k] / real[k] - 1), 2) for k in real},
        "copied_bars_of_four": copied(made, tunes),
    }  # fmt: skip


def averages(tunes: Sequence[Melody]) -> dict[str, float]:
    rows = [
        (pitch_class_entropy(notes), scale_consistency(notes), groove_consistency(notes, metre))
        for notes, metre in ((notes_of(t), Metre.parse(t.metre)) for t in tunes)
    ]
    names = ("pitch_class_entropy", "scale_consistency", "groove_consistency")
    return {
        name: round(float(value), 4)
        for name, value in zip(names, np.mean(rows, axis=0), strict=True)
    }


def copied(made: Sequence[Melody], tunes: Sequence[Melody]) -> float:
    """Share of four-bar stretches of the model's tunes that stand in the corpus note for note."""
    known = {t.bars[i : i + 4] for t in tunes for i in range(len(t.bars) - 3)}
    stretches = [t.bars[i : i + 4] for t in made for i in range(len(t.bars) - 3)]
    return round(sum(s in known for s in stretches) / max(1, len(stretches)), 4)


def is_held_out(melody: Melody, share: float = 0.05) -> bool:
    """The same split as the recipe's."""
    letters = "".join(c for c in melody.title.lower() if c.isalpha()) or melody.source
    return int(hashlib.sha256(letters.encode()).hexdigest()[:8], 16) / 2**32 < share


class NGram:
    """Order-5 n-gram with Witten-Bell interpolation."""

    def __init__(self, order: int, size: int) -> None:
        self._order, self._size = order, size
        self._counts: list[dict[tuple[int, ...], Counter[int]]] = [
            defaultdict(Counter) for _ in range(order)
        ]

    def learn(self, tokens: Sequence[int]) -> None:
        for index in range(1, len(tokens)):
            for length in range(self._order):
                if index >= length:
                    self._counts[length][tuple(tokens[index - length : index])][tokens[index]] += 1

    def share(self, history: Sequence[int], token: int) -> float:
        value = 1 / self._size
        for length in range(min(self._order, len(history) + 1)):
            counter = self._counts[length].get(tuple(history[len(history) - length :]))
            if not counter:
                break
            total, kinds = counter.total(), len(counter)
            value = (counter[token] + kinds * value) / (total + kinds)
        return value

    def bits(self, tokens: Sequence[int]) -> float:
        return float(-sum(np.log2(self.share(tokens[max(0, i - self._order + 1) : i], tokens[i]))
                          for i in range(1, len(tokens))))  # fmt: skip


def bits(corpus: Path, context: int = 400) -> dict[str, Any]:
    """Bits per token and per note on held-out tunes: the model and an order-5 n-gram."""
    words, model = vocabulary(), melody_model()
    ngram = NGram(5, len(words))
    held_out = []
    for tune in read_corpus(corpus):
        tokens = encode(tune, words)
        if is_held_out(tune):
            held_out.append((tune, tokens[: context + 1]))
        else:
            ngram.learn(tokens)
    count = sum(len(tokens) - 1 for _, tokens in held_out)
    notes = sum(sum(words.names[t].startswith("pitch") for t in tokens) for _, tokens in held_out)
    ours = 0.0
    for tune, tokens in held_out:
        spots, lefts = places(tokens, words, len(tune.bars))
        ours += sequence_bits(model, tokens, spots, lefts) * (len(tokens) - 1)
    theirs = sum(ngram.bits(tokens) for _, tokens in held_out)
    return {
        "held_out_tunes": len(held_out), "tokens": count,
        "model_bits_per_token": round(ours / count, 4),
        "ngram_bits_per_token": round(theirs / count, 4),
        "model_bits_per_note": round(ours / notes, 4),
        "ngram_bits_per_note": round(theirs / notes, 4),
        "better_percent": round(100 * (1 - ours / theirs), 2),
    }  # fmt: skip


def speed(soundfont: Path) -> dict[str, Any]:
    """Seconds of music per second of processor time, 30 s in four parts, cold and warm."""
    from omnimuse.backends.soundfont import SoundfontRenderer

    renderer = SoundfontRenderer(ModelCard("font", (), "soundfont"), soundfont)
    brief = Brief(Key.parse("C"), Metre(4, 4), 120.0, 15, styles()["pop"], 0.5, 0.4, "")
    midi = write_midi(compose(brief, 1, candidates=1).piece)
    result = {}
    for name in ("cold", "warm"):
        started = time.process_time()
        mix = renderer.render(midi)
        result[name] = round(len(mix) / 44100 / (time.process_time() - started), 1)
    return {"times_real_time": result, "parts": 5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("tunes", "keys", "bits", "speed"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--soundfont", type=Path)
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    if arguments.what == "tunes":
        result["obedience"] = obedience(arguments.count)
        if arguments.corpus:
            result["likeness"] = likeness(arguments.corpus, arguments.count)
    elif arguments.what == "keys":
        result["key_finder"] = key_finder(arguments.corpus)
    elif arguments.what == "bits":
        result["bits"] = bits(arguments.corpus)
    else:
        result["speed"] = speed(arguments.soundfont)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
