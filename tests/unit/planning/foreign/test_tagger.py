"""The tagger's arithmetic against torch's own, its regions, and what the search makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.foreign.evidence import step_ranges
from omnimuse.planning.foreign.tagger import RequestTagger, Tags, _weights, spoken
from omnimuse.planning.intent import Intent, Step
from omnimuse.planning.reading.masking import mask

SPECS = {
    name: ToolSpec(
        name, "1", summary, inputs=(Port("a", takes),), outputs=(Port("b", gives),)
    )
    for name, summary, takes, gives in [
        ("Shrinker", "Makes a text shorter.", "text", "text"),
        ("Painter", "Makes a picture from words.", "text", "image"),
    ]
}  # fmt: skip


class Encoder:
    """Random but fixed states; one token a word."""

    def embed(self, texts: Any) -> Any:
        rows = [np.random.default_rng(len(t)).standard_normal(384) for t in texts]
        made = np.array(rows, np.float32)
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    def locate_tokens(self, texts: Any) -> Any:
        found = []
        for text in texts:
            ranges, at = [(0, 0)], 0
            for word in text.split(" "):
                ranges.append((at, at + len(word)))
                at += len(word) + 1
            states = np.random.default_rng(1).standard_normal((len(ranges), 384))
            found.append((states.astype(np.float32), ranges))
        return found


def test_shares_are_probabilities_on_the_words_of_the_request() -> None:
    masked = mask("Summarise 'a long text' and paint it")
    tags = RequestTagger(_weights(), Encoder()).tag(masked, SPECS)
    assert tags.names == ("Shrinker", "Painter")
    assert tags.shares.shape == (len(tags.spans), 2)
    assert (tags.shares >= 0).all()
    assert (tags.shares.sum(1) <= 1 + 1e-6).all()
    assert next(masked.text[a:b] for a, b in tags.spans) == "Summarise"
    assert tags.spans[-1][1] == len(masked.text)


def test_attention_and_layers_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    arrays = _weights()
    layer = torch.nn.TransformerEncoderLayer(
        384, 6, 768, dropout=0.0, batch_first=True, norm_first=True, activation="gelu"
    )
    context = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    own = {k.removeprefix("context."): torch.tensor(v) for k, v in arrays.items() if "context" in k}
    context.load_state_dict(own)
    states = np.random.default_rng(0).standard_normal((9, 384)).astype(np.float32)
    with torch.no_grad():
        x = torch.nn.functional.layer_norm(
            context(torch.tensor(states)[None])[0], (384,),
            torch.tensor(arrays["norm.weight"]), torch.tensor(arrays["norm.bias"]),
        )  # fmt: skip
        words = x @ torch.tensor(arrays["word.weight"]).T + torch.tensor(arrays["word.bias"])
    unit, ask = RequestTagger(arrays, Encoder())._read(states)
    assert np.allclose(unit, torch.nn.functional.normalize(words, dim=1).numpy(), atol=1e-4)
    assert ask.shape == (9, 1)


def test_literals_are_spoken_and_places_kept() -> None:
    masked = mask("turn 'clip.mp4' into text, see https://a.org/b, say 'hello there'")
    said, places = spoken(masked)
    assert "example.mp4" in said
    assert "example.com" in said
    assert "hello" not in said
    assert len(places) == len(said)
    assert places == sorted(places)
    at = said.index("into")
    assert masked.text[places[at] : places[at] + 4] == "into"


def _tags(rows: list[tuple[float, float]]) -> Tags:
    spans = tuple((6 * n, 6 * n + 5) for n in range(len(rows)))
    shares = np.array(rows, np.float32)
    return Tags(("A", "B"), spans, shares, shares)


def test_what_a_part_asks_for_is_its_best_two_words() -> None:
    tags = _tags([(0.9, 0), (0.5, 0), (0, 0.2), (0, 0.6)])
    assert tags.within(0, 12) == pytest.approx({"A": 0.7, "B": 0.0})
    assert tags.within(12, 30)["B"] == pytest.approx(0.4)
    assert tags.within(100, 200) == {}


def test_steps_reach_to_the_next_one() -> None:
    steps = tuple(Step("x", "x", "x", start=n) for n in (20, 5, 40))
    assert step_ranges(Intent("", "en", steps)) == [(20, 40), (5, 20), (40, 1_000_000)]


@pytest.mark.weights
def test_tools_that_were_never_seen_are_found_in_one_clause(models_dir: Any) -> None:
    """Two tools in one noun phrase; neither tool nor wording is of the training corpus."""
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore
    from omnimuse.config import Settings
    from omnimuse.planning.foreign.tagger import load_tagger

    settings = Settings(models_dir=models_dir)
    roles = Resolver(settings, ModelStore(models_dir), load_cards(settings)).role
    specs = {
        "Speech Recognition": ToolSpec(
            "Speech Recognition", "1", "Converts spoken language into written text.",
            inputs=(Port("a", "audio"),), outputs=(Port("b", "text"),),
        ),
        "Machine Translation": ToolSpec(
            "Machine Translation", "1", "Translates text between languages.",
            inputs=(Port("a", "text"),), outputs=(Port("b", "text"),),
        ),
        "Depth Sensing": ToolSpec(
            "Depth Sensing", "1", "Estimates the distance of objects in an image.",
            inputs=(Port("a", "image"),), outputs=(Port("b", "image"),),
        ),
    }  # fmt: skip
    tags = load_tagger(roles).tag(
        mask("I would love a Spanish translation of what is said in talk.wav"), specs
    )
    best = tags.within(0, 1000)
    assert best["Machine Translation"] > 0.4
    assert best["Speech Recognition"] > 0.2
    assert best["Depth Sensing"] < 0.1
