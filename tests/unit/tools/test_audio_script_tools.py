from __future__ import annotations

import numpy as np
import pytest

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.media import audio_asset, read_audio
from omnimuse.crafts.sound.loudness import integrated_loudness
from omnimuse.errors import InputError
from omnimuse.tools.audio_script import compile_audio_script, write_audio_script

RATE = 16000


class Humming:
    voices = ("hum",)

    def __init__(self):
        self.said = []

    def speak(self, text, *, voice="", rate=1.0, seed=0):
        self.said.append((text, voice))
        time = np.arange(int(RATE * 0.05 * len(text) / rate)) / RATE
        return (0.3 * np.sin(2 * np.pi * 200 * time)).astype("f4")[:, None], RATE


PLAY = """[ambience: rain]
A: Hello there, my friend.
[door knock]
B: Come in.
"""


@pytest.fixture
def context(make_context):
    return make_context(2, **{"text-to-speech": Humming()})


def test_a_play_is_written_and_compiled(context):
    script = write_audio_script(context, Asset.from_text(PLAY), title="Visit")
    assert script.kind == "graph"
    assert script.facts == {
        "format": "audio-script",
        "items": 4,
        "voices": 2,
        "sounds": 2,
        "music": 0,
    }
    done = compile_audio_script(context, script)
    samples, rate = read_audio(done.audio)
    assert integrated_loudness(samples, rate) == pytest.approx(-16, abs=0.5)
    assert done.audio.facts["true_peak_dbtp"] <= -1.0
    times = {i.get("text", i["type"]): i for i in done.script.read_json()["items"]}
    hello, knock, come = (times[t] for t in ("Hello there, my friend.", "door knock", "Come in."))
    assert hello["start_s"] + hello["duration_s"] < knock["start_s"] < come["start_s"]
    assert times["rain"]["duration_s"] == pytest.approx(
        come["start_s"] + come["duration_s"], abs=0.01
    )
    record = done.transcript.read_json()
    assert record["text"] == "Hello there, my friend. Come in."
    assert record["segments"][1]["start_s"] >= come["start_s"]
    voices = {who["voice"] for who in done.script.read_json()["characters"].values()}
    assert voices == {""}
    assert {voice for _, voice in context.role("text-to-speech").said} == {"hum"}


def test_compiling_again_gives_the_same(context):
    script = write_audio_script(context, Asset.from_text(PLAY))
    first, second = compile_audio_script(context, script), compile_audio_script(context, script)
    assert first.audio.id == second.audio.id
    assert first.script.id == second.script.id


def test_resolved_script_compiles_to_the_same_times(context):
    script = write_audio_script(context, Asset.from_text(PLAY))
    first = compile_audio_script(context, script)
    again = compile_audio_script(context, first.script)
    old, new = first.script.read_json()["items"], again.script.read_json()["items"]
    assert [i["start_s"] for i in new] == pytest.approx([i["start_s"] for i in old], abs=0.01)


def test_clips_are_used_and_credited(context):
    credit = Attribution("file:bell.wav", licence="CC0")
    clip = audio_asset(np.full((RATE, 1), 0.1, "f4"), RATE, attribution=(credit,))
    script = Asset.from_json({"items": [{"type": "sound", "clip": 0}]}, "graph")
    done = compile_audio_script(context, script, [clip])
    assert done.audio.attribution == (credit,)
    assert done.audio.facts["duration_s"] == pytest.approx(1.5)
    with pytest.raises(InputError, match="wants clip 0, and 0 are attached"):
        compile_audio_script(context, script)


def test_bad_scripts_are_named(context):
    with pytest.raises(InputError, match="not an audio script"):
        compile_audio_script(context, Asset.from_json({"nodes": []}, "graph"))
