from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.conftest import MODELS_DIR

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.media import audio_asset, image_asset, read_audio, read_frames, read_image
from omnimuse.errors import ArgumentError, BackendUnavailableError, InputError, RunCancelled
from omnimuse.tools.declare import spec_of
from omnimuse.tools.video import (
    concat_videos,
    extract_audio,
    extract_frames,
    make_video,
    mux_video,
    trim_video,
)

SIZE = {"width": 128, "height": 72, "fps": 12.0}


def picture(level: int, size: tuple[int, int] = (256, 144), credit: str = "") -> Asset:
    attribution = (Attribution(credit, licence="MIT"),) if credit else ()
    return image_asset(Pillow.new("RGB", size, (level, level, level)), attribution=attribution)


def tone(seconds: float, level: float = 0.3, **facts: Any) -> Asset:
    time = np.arange(round(seconds * 24000)) / 24000
    asset = audio_asset((level * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 24000)
    return Asset.from_bytes(
        asset.read_bytes(), "audio", asset.media_type, facts={**asset.facts, **facts}
    )


def transcript(*words: tuple[str, float, float]) -> Asset:
    entries = [{"text": w, "start_s": a, "end_s": b} for w, a, b in words]
    segment = {
        "text": " ".join(w for w, _, _ in words),
        "start_s": words[0][1],
        "end_s": words[-1][2],
        "words": entries,
    }
    return Asset.from_json({"segments": [segment]}, "transcript")


def rms(asset: Asset, start: float, end: float) -> float:
    samples, rate = read_audio(asset)
    return float(np.sqrt((samples[round(start * rate) : round(end * rate)] ** 2).mean()))


@pytest.fixture
def clip(make_context: Any, tmp_path: Any) -> Asset:
    """Three seconds: dark, then light; a tone all along."""
    made = make_video(
        make_context(), [picture(40), picture(220)], audio=tone(3.0), duration_s=3.0,
        motion="still", transition="cut", **SIZE,
    )  # fmt: skip
    kept = tmp_path / "clip.mp4"
    kept.write_bytes(made.read_bytes())
    return Asset.from_file(kept, "video", facts=made.facts)


def test_specs() -> None:
    assert [port.kind for port in spec_of(make_video).outputs] == ["video"]
    assert spec_of(make_video).input("images").is_list
    assert spec_of(make_video).input("transcript").kind == "transcript"
    assert not spec_of(make_video).input("captions").is_required


def test_a_film_lasts_as_told_else_as_its_sound_else_four_seconds_a_picture(
    make_context: Any,
) -> None:
    pictures = [picture(90), picture(160)]
    told = make_video(make_context(), pictures, audio=tone(1.0), duration_s=2.0, **SIZE)
    heard = make_video(make_context(), pictures, audio=tone(1.2), **SIZE)
    plain = make_video(make_context(), [picture(90)], **SIZE)
    assert told.facts["duration_s"] == pytest.approx(2.0, abs=0.05)
    assert heard.facts["duration_s"] == pytest.approx(2.0, abs=0.09)
    assert plain.facts["duration_s"] == pytest.approx(4.0, abs=0.05)
    assert (plain.facts["frames"], plain.facts["has_audio"]) == (48, False)


def test_the_film_takes_the_shape_that_its_pictures_share(make_context: Any) -> None:
    square = make_video(make_context(), [picture(9, (64, 64))], duration_s=0.5, fps=4)
    mixed = make_video(
        make_context(), [picture(9, (64, 64)), picture(9, (64, 32))], duration_s=0.5, fps=4
    )
    assert (square.facts["width_px"], square.facts["height_px"]) == (960, 960)
    assert (mixed.facts["width_px"], mixed.facts["height_px"]) == (1280, 720)


def test_the_same_film_has_the_same_bytes_and_its_parts_credits(make_context: Any) -> None:
    parts = [picture(90, credit="a"), picture(160, credit="b")]
    first, second = (make_video(make_context(), parts, duration_s=1.0, **SIZE) for _ in range(2))
    assert first.id == second.id
    assert {a.source for a in first.attribution} == {"a", "b"}


def shown(film: Asset, at_s: float) -> bool:
    """Whether letters are seen at that time."""
    frame = next(f for f in read_frames(film, start_s=at_s))
    return bool((frame.pixels[45:] > 200).any())


def test_a_transcript_wins_over_text_and_starts_with_the_voice(make_context: Any) -> None:
    film = make_video(
        make_context(),
        [picture(60)],
        audio=tone(3.0, speech_start_s=1.0),
        captions=Asset.from_text("never shown all the time"),
        transcript=transcript(("fox", 0.5, 0.9)),
        duration_s=3.0,
        motion="still",
        **SIZE,
    )
    assert [shown(film, t) for t in (0.8, 1.3, 1.7, 2.5)] == [False, False, True, False]


def test_a_transcript_as_captions_is_timed_too(make_context: Any) -> None:
    film = make_video(
        make_context(), [picture(60)], captions=transcript(("fox", 1.0, 1.4)), duration_s=3.0,
        motion="still", **SIZE,
    )  # fmt: skip
    assert [shown(film, t) for t in (0.6, 1.2, 2.3)] == [False, True, False]


def test_plain_captions_are_spread_over_the_film(make_context: Any) -> None:
    film = make_video(
        make_context(), [picture(60)], captions=Asset.from_text("fox\nmoon"), duration_s=3.0,
        motion="still", **SIZE,
    )  # fmt: skip
    assert [shown(film, t) for t in (0.1, 1.0, 2.0, 2.8)] == [False, True, True, False]


def test_no_picture_and_no_scene_model_are_named(make_context: Any) -> None:
    with pytest.raises(InputError, match="at least one picture"):
        make_video(make_context(), [])
    from omnimuse.crafts.illustration.scene import Scene

    scene = Asset.from_json(Scene((64, 64)).to_json(), "scene")
    with pytest.raises(BackendUnavailableError, match="scene-to-image"):
        make_video(make_context(), [picture(9)], scenes=[scene], duration_s=0.5)
    with pytest.raises(ArgumentError, match="not a scene"):
        make_video(make_context(), [picture(9)], scenes=[Asset.from_json({}, "scene")])


@pytest.mark.weights
def test_scenes_are_shown_alive(make_context: Any) -> None:
    folder = MODELS_DIR / "fluent-illustrator"
    if not (folder / "modern.zip").is_file():
        pytest.skip("the card fluent-illustrator is not pulled")
    from omnimuse.backends.card import ModelCard
    from omnimuse.crafts.illustration.backend import IllustratorBackend
    from omnimuse.crafts.illustration.scene import Background, Scene, SceneObject

    painter = IllustratorBackend(ModelCard("x", ("scene-to-image",), "illustrator"), folder)
    cat = SceneObject("cat-1", "cat", "fluent:cat", (0.3, 0.3, 0.4, 0.6))
    scene = Asset.from_json(Scene((160, 90), Background("meadow"), (cat,)).to_json(), "scene")
    context = make_context(**{"scene-to-image": painter})
    film = make_video(
        context, [picture(9, (160, 90))], scenes=[scene], captions=Asset.from_text("红狐狸"),
        duration_s=2.0, **SIZE,
    )  # fmt: skip
    frames = [f.pixels.astype(int) for f in read_frames(film)]
    assert len(frames) == 24
    assert frames[12][..., 1].mean() > 90, "the meadow, not the dark picture"
    assert np.abs(frames[16] - frames[8]).mean() > 0.5
    assert any(a.licence == "OFL-1.1" for a in film.attribution)


def test_frames_are_taken_where_they_are_asked_for(make_context: Any, clip: Asset) -> None:
    dark, light = extract_frames(make_context(), clip, at_s=[0.9, 2.2])
    levels = [np.asarray(read_image(p, mode="L")).mean() for p in (dark, light)]
    assert levels[0] == pytest.approx(40, abs=6)
    assert levels[1] == pytest.approx(220, abs=6)
    assert len(extract_frames(make_context(), clip, count=5)) == 5
    with pytest.raises(InputError, match="outside"):
        extract_frames(make_context(), clip, at_s=[99.0])


def test_the_last_moment_has_a_frame(make_context: Any, clip: Asset) -> None:
    assert len(extract_frames(make_context(), clip, at_s=[0.0, 3.0])) == 2


def test_sound_is_taken_out_again(make_context: Any, clip: Asset) -> None:
    sound = extract_audio(make_context(), clip)
    assert sound.facts["duration_s"] == pytest.approx(3.0, abs=0.06)
    assert rms(sound, 0.5, 2.0) == pytest.approx(0.3 / 2**0.5, rel=0.1)
    silent = make_video(make_context(), [picture(9)], duration_s=0.5, **SIZE)
    with pytest.raises(InputError, match="no sound"):
        extract_audio(make_context(), silent)


def test_trimming_keeps_the_part_and_its_sound(make_context: Any, clip: Asset) -> None:
    part = trim_video(make_context(), clip, start_s=1.0, end_s=2.0)
    assert part.facts["duration_s"] == pytest.approx(1.0, abs=0.05)
    levels = [f.pixels.mean() for f in read_frames(part)]
    assert len(levels) == 12
    assert levels[1] < 60
    assert levels[-2] > 200
    assert part.facts["has_audio"]
    with pytest.raises(InputError, match="empty"):
        trim_video(make_context(), clip, start_s=5.0)


def test_films_are_joined_with_their_sound(make_context: Any, clip: Asset, tmp_path: Any) -> None:
    made = make_video(
        make_context(),
        [picture(130, (64, 64))],
        duration_s=1.0,
        motion="still",
        width=64,
        height=64,
        fps=12,
    )
    kept = tmp_path / "silent.mp4"
    kept.write_bytes(made.read_bytes())
    silent = Asset.from_file(kept, "video", facts=made.facts)
    joined = concat_videos(make_context(), [clip, silent])
    assert joined.facts["duration_s"] == pytest.approx(4.0, abs=0.09)
    assert (joined.facts["width_px"], joined.facts["height_px"]) == (128, 72)
    sound = extract_audio(make_context(), joined)
    assert rms(sound, 0.5, 2.5) > 0.15
    assert rms(sound, 3.2, 3.9) < 0.02
    with pytest.raises(InputError, match="no video"):
        concat_videos(make_context(), [])


def test_dubbing_replaces_or_mixes(make_context: Any, clip: Asset, tmp_path: Any) -> None:
    quiet = tone(1.0, level=0.05)
    replaced = mux_video(make_context(), clip, quiet)
    sound = extract_audio(make_context(), replaced)
    assert rms(sound, 0.3, 0.9) == pytest.approx(0.05 / 2**0.5, rel=0.15)
    assert rms(sound, 1.5, 2.5) < 0.01
    mixed = extract_audio(make_context(), mux_video(make_context(), clip, quiet, mode="mix"))
    assert rms(mixed, 1.5, 2.5) > 0.15
    loud = extract_audio(
        make_context(), mux_video(make_context(), clip, tone(3.0, 0.95), mode="mix", level_db=12)
    )
    samples, _ = read_audio(loud)
    assert np.abs(samples).max() <= 1.0


def test_a_film_can_be_cancelled(make_context: Any) -> None:
    context = make_context()
    context.is_cancelled = lambda: True
    with pytest.raises(RunCancelled):
        make_video(context, [picture(9)], duration_s=1.0, **SIZE)
