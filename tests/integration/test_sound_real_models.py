"""Voice, ears and sentence embeddings as pulled: what is said is heard, what is asked is found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import omnimuse.backends
from omnimuse.assets.asset import Asset
from omnimuse.backends.card import ModelCard
from omnimuse.errors import NeedsInputError

pytestmark = pytest.mark.weights

CARDS = {
    "text-to-speech": ("piper-joe", "piper:PiperSynthesizer"),
    "automatic-speech-recognition": ("whisper-base", "whisper:WhisperRecognizer"),
    "feature-extraction": ("all-minilm-l6-v2-int8", "onnx_text:OnnxEmbedder"),
}


@pytest.fixture(scope="module")
def engines():
    from importlib import import_module

    from tests.conftest import MODELS_DIR

    made = {}

    def engine(role):
        if role not in made:
            name, target = CARDS[role]
            if not (MODELS_DIR / name).is_dir():
                pytest.skip(f"{name} is not pulled")
            module, _, attribute = target.partition(":")
            card = Path(omnimuse.backends.__file__).parent / "cards" / f"{name}.toml"
            kind = getattr(import_module(f"omnimuse.backends.{module}"), attribute)
            made[role] = kind(ModelCard.from_file(card), MODELS_DIR / name)
        return made[role]

    yield engine
    for one in made.values():
        if hasattr(one, "close"):
            one.close()


@pytest.fixture
def context(make_context, engines):
    def build(seed=0, *roles):
        return make_context(seed, **{role: engines(role) for role in roles})

    return build


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


def error_rate(said, heard):
    a, b = words_of(said), words_of(heard)
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1] / len(a)


STORY = (
    "The old lighthouse stood at the end of the harbour. Every evening the keeper climbed the "
    "stairs and lit the lamp. On Monday a small boat came out of the fog, and nobody was on board."
)


def test_what_is_said_is_heard_at_the_times_that_were_told(context):
    from omnimuse.tools.speech import synthesize_speech, transcribe_speech

    ctx = context(0, "text-to-speech", "automatic-speech-recognition")
    speech, transcript = synthesize_speech(ctx, Asset.from_text(STORY))
    heard = transcribe_speech(ctx, speech)
    assert error_rate(STORY, heard.text.read_text()) <= 0.1
    assert heard.transcript.facts["language"] == "en"
    told = [w for s in transcript.read_json()["segments"] for w in s["words"]]
    found = [w for s in heard.transcript.read_json()["segments"] for w in s["words"]]
    errors = []
    for word in told:
        same = [w["start_s"] for w in found if words_of(w["text"]) == words_of(word["text"])]
        if same:
            errors.append(min(abs(start - word["start_s"]) for start in same))
    assert len(errors) > 0.8 * len(told)
    assert np.median(errors) < 0.12


def test_numbers_are_spoken_as_words(context):
    from omnimuse.tools.speech import synthesize_speech, transcribe_speech

    ctx = context(0, "text-to-speech", "automatic-speech-recognition")
    speech, _ = synthesize_speech(ctx, Asset.from_text("Doctor Lee paid $25 on March 3rd, 1984."))
    text = transcribe_speech(ctx, speech).text.read_text().lower()
    assert re.search(r"\$ ?25|twenty-five dollars|25 dollars", text)
    assert re.search(r"march (3rd|third|3)", text)
    assert re.search(r"1984|nineteen eighty-four", text)


REQUESTS = [
    ("raindrops falling on the tent roof", {"rain", "rain_on_roof"}),
    ("a babbling brook", {"stream"}),
    ("someone jumps into the pool", {"splash"}),
    ("logs burning in the fireplace", {"campfire"}),
    ("songbirds at dawn", {"birds"}),
    ("puppy barks", {"dog_bark"}),
    ("ambulance rushing past", {"siren"}),
    ("a knock at the door", {"door_knock"}),
    ("a vase shatters", {"glass_break"}),
    ("people chatting in a restaurant", {"crowd_murmur"}),
    ("a jet passing over", {"airplane"}),
    ("the audience claps", {"applause"}),
    ("steps in the snow", {"footsteps_snow"}),
    ("someone types on a laptop", {"typing"}),
]


@pytest.mark.parametrize(("request_text", "wanted"), REQUESTS)
def test_sounds_are_found_by_meaning(engines, request_text, wanted):
    from omnimuse.crafts.sound.retrieval import find_class

    assert find_class(request_text, engines("feature-extraction")).kind.name in wanted


@pytest.mark.parametrize(
    "request_text",
    ["a woman laughing", "an electric guitar solo", "a baby is crying", "the colour blue",
     "quarterly report", "an elephant trumpeting", "a lion's roar", "toilet flushing"],
)  # fmt: skip
def test_what_cannot_be_made_is_asked_about(engines, request_text):
    from omnimuse.crafts.sound.retrieval import find_class

    with pytest.raises(NeedsInputError, match="one of these meant"):
        find_class(request_text, engines("feature-extraction"))


def test_a_described_scene_becomes_layers(context):
    from omnimuse.tools.sound import generate_sound

    prompt = Asset.from_text("rain drumming on the roof, far away thunder, and an owl on the left")
    sound = generate_sound(context(1, "feature-extraction"), prompt, duration_s=4.0)
    layers = sound.facts["layers"]
    assert [layer["sound"] for layer in layers] == ["rain_on_roof", "thunder", "owl"]
    assert layers[1]["distance_m"] > 20
    assert layers[2]["pan"] < 0
