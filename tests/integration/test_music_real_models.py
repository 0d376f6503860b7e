"""Music with the real soundfont, the real embeddings and the shipped melody model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_audio
from omnimuse.crafts.music.judge import bar_sums_hold
from omnimuse.crafts.music.midi import read_midi
from omnimuse.crafts.sound.loudness import integrated_loudness
from omnimuse.tools.music import compose_music

pytestmark = pytest.mark.weights
ROLES = ("feature-extraction", "score-generation", "score-to-audio")


@cache
def _roles(models_dir: str) -> dict[str, Any]:
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.registry import BackendRegistry
    from omnimuse.backends.store import ModelStore
    from omnimuse.config import load_settings

    settings = load_settings({"models_dir": models_dir}, environ={})
    cards, store = load_cards(settings), ModelStore(Path(models_dir))
    found = {}
    for role in ROLES:
        card = next(c for c in cards.values() if role in c.roles and c.default)
        found[role] = BackendRegistry().create(card, store.folder(card), settings)
    return found


@pytest.fixture
def compose(make_context: Callable[..., Any]) -> Callable[..., Any]:
    roles = _roles(os.environ["OMNIMUSE_MODELS_DIR"])
    return lambda prompt, seed=0, **more: compose_music(
        make_context(seed=seed, **roles), Asset.from_text(prompt), **more
    )


@pytest.mark.parametrize(
    ("prompt", "style", "minor", "player"),
    [
        ("a heartbreaking waltz for violin", "waltz", True, "violin"),
        ("cheerful Irish jig on the fiddle", "jig", False, "violin"),
        ("smoky late night jazz with a saxophone", "jazz", None, "saxophone"),
        ("a lullaby to put the baby to sleep", "lullaby", False, None),
        ("8-bit music for a retro arcade game", "chiptune", None, "square lead"),
        ("guzheng melody of a Chinese garden", "chinese", None, "koto"),
    ],
)
def test_requests_are_understood_by_meaning(
    compose: Callable[..., Any], prompt: str, style: str, minor: bool | None, player: str | None
) -> None:
    facts = compose(prompt, duration_s=8.0).score.facts
    assert facts["style"] == style
    assert minor is None or ("minor" in facts["key"]) is minor
    assert player is None or player in facts["instruments"]


def test_half_a_minute_of_four_parts_is_fast_loud_and_whole(compose: Callable[..., Any]) -> None:
    compose("warm up", duration_s=6.0, instruments="violin, piano, strings, double bass")
    started = time.process_time()
    result = compose(
        "a hopeful theme", duration_s=30.0, instruments="violin, piano, strings, double bass"
    )
    assert time.process_time() - started < 6.0
    samples, rate = read_audio(result.music)
    assert samples.shape == (30 * 44100, 2)
    assert rate == 44100
    assert integrated_loudness(samples, rate) == pytest.approx(-16.0, abs=0.5)
    assert np.abs(samples).max() < 0.95
    assert len({*result.score.facts["instruments"]}) == 4
    assert "FluidR3" in result.music.attribution[0].author
    assert result.music.attribution[0].licence == "MIT"


def test_folk_tunes_come_from_the_melody_model(compose: Callable[..., Any]) -> None:
    result = compose("Irish jig in A dorian on fiddle and guitar", metre="6/8", duration_s=20.0)
    assert result.score.facts["melody_by"] == "melody model"
    assert result.score.facts["judge_faults"] == []
    piece = read_midi(result.score.read_bytes())
    melody = piece.part("melody")
    assert melody is not None
    assert bar_sums_hold(melody.notes, piece.metre)
    assert piece.key.name == "A dorian"
    assert piece.metre.name == "6/8"


def test_louder_moods_sound_brighter(compose: Callable[..., Any]) -> None:
    def brightness(prompt: str) -> float:
        samples, rate = read_audio(compose(prompt, duration_s=10.0, key="D minor").music)
        power = np.abs(np.fft.rfft(samples[:, 0])) ** 2
        return float((power * np.fft.rfftfreq(len(samples), 1 / rate)).sum() / power.sum())

    assert brightness("an energetic driving rock song") > 1.5 * brightness("a calm cello tune")


@pytest.mark.parametrize(
    ("remark", "changes"),
    [
        ("make it darker, add drums, slower, keep the melody",
         [("darker", ()), ("add", ("drums",)), ("slower", ()), ("keep melody", ())]),
        ("a bit faster and happier", [("faster", ()), ("brighter", ())]),
        ("replace the piano with a violin", [("replace", ("piano", "violin"))]),
        ("turn up the strings but drop the drums",
         [("louder", ("strings",)), ("remove", ("drums",))]),
        ("give me another tune", [("new melody", ())]),
        ("加上小提琴，慢一点", [("add", ("violin",)), ("slower", ())]),
    ],
)  # fmt: skip
def test_remarks_about_a_loop_are_understood_by_meaning(
    remark: str, changes: list[tuple[str, tuple[str, ...]]]
) -> None:
    from omnimuse.crafts.music.loops import LoopReader

    reader = LoopReader(_roles(os.environ["OMNIMUSE_MODELS_DIR"])["feature-extraction"])
    assert [(c.name, c.players) for c in reader.read(remark)] == changes
