"""Small real files of every kind, made once."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def gradient(width: int = 48, height: int = 32) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)


def sine(seconds: float = 0.5, rate: int = 22050, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def glb_bytes(document: dict[str, Any], binary: bytes = b"") -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def triangle_document() -> dict[str, Any]:
    return {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "buffers": [{"byteLength": 36}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
    }


def triangle_glb() -> bytes:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")
    return glb_bytes(triangle_document(), points.tobytes())


def write_film(path: Path, frames: int = 24, fps: int = 12, *, sound: bool = True) -> Path:
    """A film of grey frames, brighter by 10 each; VP9 for .webm, H.264 else."""
    import av

    is_webm = path.suffix == ".webm"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libvpx-vp9" if is_webm else "libx264", rate=fps)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        rate = 48000 if is_webm else 44100
        track = container.add_stream("libopus" if is_webm else "aac", rate=rate) if sound else None
        for index in range(frames):
            pixels = np.full((48, 64, 3), min(255, index * 10), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        if track is not None:
            samples = np.tile(sine(frames / fps, rate), (2, 1))
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate = rate
            resampler = av.AudioResampler(
                format=track.codec_context.format, layout="stereo", rate=rate, frame_size=960
            )
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                container.mux(track.encode(part))
            container.mux(track.encode())
    return path


@pytest.fixture(scope="session")
def samples_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good file of each type; read only by agreement."""
    import mido
    import soundfile
    from PIL import Image

    folder = tmp_path_factory.mktemp("samples")
    picture = Image.fromarray(gradient())
    for name in ("picture.png", "picture.jpg", "picture.webp", "picture.bmp", "picture.tiff"):
        picture.save(folder / name)
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "green", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=100)
    for name in ("tone.wav", "tone.flac", "tone.ogg", "tone.mp3"):
        soundfile.write(folder / name, np.stack([sine(), sine()], 1), 22050)
    write_film(folder / "film.mp4")
    write_film(folder / "film.webm")
    score = mido.MidiFile()
    track = mido.MidiTrack()
    score.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=400_000))
    for note in (60, 64, 67):
        track.append(mido.Message("note_on", note=note, velocity=80, time=0))
        track.append(mido.Message("note_off", note=note, velocity=0, time=480))
    score.save(folder / "chord.mid")
    (folder / "tune.abc").write_text("X:1\nT:Fox Trot\nM:4/4\nK:D\nDEFG|\n")
    (folder / "triangle.glb").write_bytes(triangle_glb())
    (folder / "cloud.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n"
        "property float z\nend_header\n0 0 0\n1 1 1\n"
    )
    (folder / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
        '<rect width="20" height="20" fill="#ff0000"/></svg>'
    )
    (folder / "rows.csv").write_text("name,age\nfox,3\nowl,5\n")
    (folder / "graph.json").write_text('{"nodes": [], "edges": []}')
    (folder / "poem.txt").write_text("A red fox\nunder a yellow moon\n月亮\n")
    (folder / "note.md").write_text("# Note\n\nText.\n")
    return folder
