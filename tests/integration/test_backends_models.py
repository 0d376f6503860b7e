"""The default models themselves, as pulled; a test is skipped where its model is not there."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import load_settings
from omnimuse.errors import ArgumentError

pytestmark = pytest.mark.weights
FOX = "A red fox walks under a yellow moon."


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    settings = load_settings()
    made = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    yield made
    made.close()


def model(resolver: Resolver, name: str) -> Any:
    card = resolver.cards[name]
    if not resolver.store.is_pulled(card):
        pytest.skip(f"{name} is not pulled")
    return resolver.load(card)


def test_pulled_defaults_are_sound(resolver: Resolver) -> None:
    cards = [c for c in resolver.cards.values() if c.default and resolver.store.is_pulled(c)]
    if not cards:
        pytest.skip("nothing is pulled")
    assert {card.name: resolver.store.check(card) for card in cards} == {
        card.name: [] for card in cards
    }


def test_language_model_obeys_schema_grammar_seed_and_stop(resolver: Resolver) -> None:
    llm = model(resolver, "smollm2-135m-instruct")
    ask = [{"role": "user", "content": "Name an animal."}]
    first = llm.generate(ask, max_tokens=12, seed=5)
    llm.generate([{"role": "user", "content": "Something else."}], max_tokens=3)
    assert llm.generate(ask, max_tokens=12, seed=5) == first
    schema = {
        "type": "object",
        "required": ["animal"],
        "additionalProperties": False,
        "properties": {"animal": {"enum": ["fox", "owl"]}},
    }
    assert json.loads(llm.generate(ask, json_schema=schema))["animal"] in ("fox", "owl")
    assert llm.generate(ask, grammar='root ::= "yes" | "no"') in ("yes", "no")
    pieces: list[str] = []
    assert llm.generate(ask, max_tokens=12, seed=5, on_token=pieces.append) == first
    assert "".join(pieces) == first
    with pytest.raises(ArgumentError, match="tokens"):
        llm.generate([{"role": "user", "content": "word " * 5000}])


def test_an_error_of_the_listener_comes_back(resolver: Resolver) -> None:
    llm = model(resolver, "smollm2-135m-instruct")

    def refuse(text: str) -> None:
        raise LookupError(text)

    with pytest.raises(LookupError):
        llm.generate([{"role": "user", "content": "Hi"}], on_token=refuse)


def test_language_model_can_be_unloaded(resolver: Resolver) -> None:
    llm = model(resolver, "smollm2-135m-instruct")
    llm.generate([{"role": "user", "content": "Hi"}], max_tokens=2, on_token=lambda text: None)
    probe = weakref.ref(llm)
    del llm
    resolver.close()
    gc.collect()
    assert probe() is None


def test_embeddings_know_meaning(resolver: Resolver) -> None:
    embedder = model(resolver, "all-minilm-l6-v2-int8")
    texts = ["a red fox", "a crimson vulpine animal", "the stock market report", ""]
    vectors = embedder.embed(texts)
    assert vectors.shape == (4, embedder.dimension) == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.4 > 0.25 > far
    np.testing.assert_array_equal(embedder.embed(texts[:1])[0], vectors[0])


def test_chinese_and_english_meet(resolver: Resolver) -> None:
    embedder = model(resolver, "multilingual-e5-small-q4")
    english = embedder.embed(["a red fox under the moon", "draw a cat", "stock market report"])
    chinese = embedder.embed(["月亮下的一只红狐狸", "画一只猫", "股票市场报告"])
    nearest = (english @ chinese.T).argmax(axis=1)
    assert nearest.tolist() == [0, 1, 2]


def test_speech_is_heard_as_it_was_said(resolver: Resolver) -> None:
    speaker, hearer = model(resolver, "piper-joe"), model(resolver, "whisper-tiny")
    audio, rate_hz = speaker.speak(FOX)
    np.testing.assert_array_equal(speaker.speak(FOX, seed=9)[0], audio)
    assert 0.05 < float(np.sqrt(np.mean(audio**2))) < 0.3
    found = hearer.transcribe(audio, rate_hz)
    assert found.language == "en"
    assert found.text.strip(" .").lower() == FOX.strip(" .").lower()
    words = [word for segment in found.segments for word in segment.words]
    assert [word.text.strip(".,").lower() for word in words] == FOX.strip(".").lower().split()
    assert all(a.start_s <= b.start_s for a, b in pairwise(words))
    assert words[-1].end_s <= len(audio) / rate_hz + 0.1
    fast = speaker.speak(FOX, rate=1.5)[0]
    assert len(audio) / len(fast) == pytest.approx(1.5, abs=0.15)


def test_silence_is_not_made_into_words(resolver: Resolver) -> None:
    hearer = model(resolver, "whisper-tiny")
    assert hearer.transcribe(np.zeros(32_000, np.float32), 16_000).text == ""
    with pytest.raises(ArgumentError, match="language 'xx'"):
        hearer.transcribe(np.zeros(32_000, np.float32), 16_000, language="xx")


def test_eyes_run_on_any_size(resolver: Resolver) -> None:
    classifier = model(resolver, "nsfwjs-mobilenet")
    detector = model(resolver, "centernet-coco")
    sky = np.zeros((90, 130, 4), np.uint8)
    sky[..., 2], sky[..., 3] = np.linspace(90, 250, 130).astype(np.uint8), 255
    scores = classifier.classify(sky)
    assert set(scores) == {"Drawing", "Hentai", "Neutral", "Porn", "Sexy"}
    assert sum(scores.values()) == pytest.approx(1, abs=1e-4)
    assert scores["Neutral"] + scores["Drawing"] > 0.8
    assert detector.detect(sky, threshold=0.4) == []
    assert len(detector.labels) == 80
