"""Editing and understanding with the pulled models: what was made is what is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnimuse.backends
from omnimuse.assets.asset import Asset
from omnimuse.backends.card import ModelCard

pytestmark = pytest.mark.weights

CARDS = {
    "text-to-speech": ("piper-joe", "piper:PiperSynthesizer"),
    "automatic-speech-recognition": ("whisper-base", "whisper:WhisperRecognizer"),
    "feature-extraction": ("all-minilm-l6-v2-int8", "onnx_text:OnnxEmbedder"),
    "token-classification": ("en-core-web-sm", "spacy_parser:SpacyParser"),
}
SAID = (
    "I have been a baker for thirty years. My father taught me how to make bread. "
    "Last week it rained so hard that the cellar was full of water. "
    "People come for the rolls."
)


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


def test_a_sentence_is_cut_by_what_it_is_about(make_context, engines):
    from omnimuse.tools.audio_edit import cut_by_transcript
    from omnimuse.tools.speech import synthesize_speech, transcribe_speech

    roles = ("text-to-speech", "automatic-speech-recognition", "feature-extraction")
    context = make_context(2, **{role: engines(role) for role in roles})
    speech = synthesize_speech(context, Asset.from_text(SAID)).speech
    cut = cut_by_transcript(context, speech, Asset.from_text("cut the sentence about the weather"))
    heard = transcribe_speech(context, cut.audio).text.read_text().lower()
    assert "cellar" not in heard
    assert "rain" not in heard
    assert "bread" in heard
    assert "rolls" in heard
    assert cut.audio.facts["found_by"] == "meaning"
    assert cut.audio.facts["duration_s"] < speech.facts["duration_s"] - 2


def test_speech_is_told_from_effects_and_described(make_context, engines):
    import numpy as np

    from omnimuse.assets.media import audio_asset, read_audio
    from omnimuse.crafts.sound.catalogue import perform
    from omnimuse.tools.audio_understand import analyse_audio, describe_audio
    from omnimuse.tools.speech import synthesize_speech

    roles = ("text-to-speech", "automatic-speech-recognition")
    context = make_context(2, **{role: engines(role) for role in roles})
    speech = synthesize_speech(context, Asset.from_text(SAID)).speech
    said, rate_hz = read_audio(speech)
    bell = perform("church_bell", duration_s=6, sample_rate_hz=rate_hz, seed=3).mean(axis=1)
    gap = np.zeros((2 * rate_hz, 1), np.float32)
    both = audio_asset(np.concatenate((said, gap, bell[:, None])), rate_hz)
    analysis = analyse_audio(context, both)
    record = analysis.read_json()
    first = max(record["segments"], key=lambda s: min(s["end_s"], 10) - s["start_s"])
    assert first["label"].startswith("speech")
    assert "church_bell" in [event["name"] for event in record["events"]]
    assert "baker" in record["transcript"].lower()
    assert "church bell" in describe_audio(context, both, analysis).read_text()


def test_a_request_for_a_play_is_read(engines):
    from omnimuse.crafts.sound.play_request import read_request

    text = "a two-minute radio play about a lost key with rain, two voices and a sad waltz"
    tokens = engines("token-classification").parse([text])[0]
    request = read_request(text, tokens, engines("feature-extraction").embed)
    assert request.duration_s == 120
    assert request.voices == ("ANNA", "BEN")
    assert request.sounds == ("rain",)
    assert request.music == ("sad waltz",)
    assert request.topic == "a lost key"
