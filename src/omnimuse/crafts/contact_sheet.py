"""Contact sheet: everything that a run made, on one picture that people can look at."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_audio, read_frames, read_image
from omnimuse.graph.kinds import ancestors

if TYPE_CHECKING:
    from PIL import Image, ImageFont

CELL_PX, MARGIN_PX, LABEL_PX, TITLE_PX = 320, 20, 26, 64
_PAPER, _INK, _SOFT, _WAVE = (250, 248, 244), (40, 38, 36), (140, 134, 126), (66, 98, 138)
_MAX_CELLS = 24


def contact_sheet(items: Sequence[tuple[Asset, str]], title: str = "") -> Image.Image:
    """Draw a sheet of cells: pictures, film frames, waveforms, piano rolls, texts.

    Args:
        items: assets with the name to write below each; the first 24 are drawn.
        title: written on top; cut to two lines.

    Returns:
        An RGB picture, four cells wide at most.
    """
    from PIL import Image, ImageDraw

    shown = list(items)[:_MAX_CELLS]
    columns = min(4, max(1, len(shown)))
    rows = -(-len(shown) // columns)
    width = columns * (CELL_PX + MARGIN_PX) + MARGIN_PX
    height = rows * (CELL_PX + LABEL_PX + MARGIN_PX) + MARGIN_PX + TITLE_PX
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    lines = textwrap.wrap(title, max(20, width // 10))[:2]
    draw.multiline_text((MARGIN_PX, MARGIN_PX), "\n".join(lines), _INK, _font(18), spacing=6)
    for index, (asset, name) in enumerate(shown):
        x = MARGIN_PX + (index % columns) * (CELL_PX + MARGIN_PX)
        y = TITLE_PX + MARGIN_PX + (index // columns) * (CELL_PX + LABEL_PX + MARGIN_PX)
        cell = _cell(asset)
        sheet.paste(cell, (x + (CELL_PX - cell.width) // 2, y + (CELL_PX - cell.height) // 2))
        draw.rectangle((x - 1, y - 1, x + CELL_PX, y + CELL_PX), outline=(222, 216, 206))
        draw.text((x, y + CELL_PX + 5), f"{name[:34]}", _INK, _font(14))
    return sheet


def _cell(asset: Asset) -> Image.Image:
    """One asset as a picture of at most CELL_PX square."""
    from PIL import Image

    kinds = ancestors(asset.kind)
    if "image" in kinds:
        picture = read_image(asset, mode="RGBA")
        picture.thumbnail((CELL_PX, CELL_PX))
        paper = Image.new("RGBA", picture.size, (*_PAPER, 255))
        return Image.alpha_composite(paper, picture).convert("RGB")
    if "audio" in kinds:
        return _waveform(asset)
    if "video" in kinds:
        return _film_strip(asset)
    if "score" in kinds and asset.media_type == "audio/midi":
        return _piano_roll(asset)
    if asset.media_type.startswith(("text/", "application/json")):
        return _page(asset.read_bytes()[:4000].decode(errors="replace"))
    return _page(f"{asset.kind}\n{asset.media_type}\n{asset.size_bytes:,} bytes")


def _waveform(asset: Asset) -> Image.Image:
    from PIL import Image, ImageDraw

    samples, rate = read_audio(asset, channels=1)
    cell = Image.new("RGB", (CELL_PX, CELL_PX), (255, 255, 255))
    draw = ImageDraw.Draw(cell)
    middle, reach = CELL_PX // 2, CELL_PX * 0.42
    for x, part in enumerate(np.array_split(samples[:, 0], CELL_PX)):
        if part.size:
            high, low = float(part.max()), float(part.min())
            draw.line((x, middle - high * reach, x, middle - low * reach), _WAVE)
    draw.text((8, CELL_PX - 24), f"{len(samples) / rate:.1f} s", _SOFT, _font(14))
    return cell


def _film_strip(asset: Asset) -> Image.Image:
    """Four frames at even distances, two by two."""
    from PIL import Image

    cell, half = Image.new("RGB", (CELL_PX, CELL_PX), _INK), CELL_PX // 2
    step = max(float(asset.facts.get("duration_s", 0.0)) / 4, 0.01)
    frames = read_frames(asset, fps=1 / step, start_s=step / 2)
    for index, frame in enumerate(islice(frames, 4)):
        picture = Image.fromarray(frame.pixels)
        picture.thumbnail((half - 4, half - 4))
        left = (index % 2) * half + (half - picture.width) // 2
        cell.paste(picture, (left, (index // 2) * half + (half - picture.height) // 2))
    return cell


def _piano_roll(asset: Asset) -> Image.Image:
    import mido
    from PIL import Image, ImageDraw

    cell = Image.new("RGB", (CELL_PX, CELL_PX), (255, 255, 255))
    draw, clock = ImageDraw.Draw(cell), 0.0
    sounding: dict[tuple[int, int], float] = {}
    notes: list[tuple[float, float, int, int]] = []
    for message in mido.MidiFile(file=io.BytesIO(asset.read_bytes())):
        clock += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if key in sounding:
            notes.append((sounding.pop(key), clock, message.note, message.channel))
        if message.type == "note_on" and message.velocity:
            sounding[key] = clock
    if notes:
        low, high = min(n[2] for n in notes) - 2, max(n[2] for n in notes) + 2
        scale = (CELL_PX - 1) / max(clock, 0.001)
        step = CELL_PX / (high - low + 1)
        for start, end, note, channel in notes:
            top = CELL_PX - (note - low + 1) * step
            colour = (
                (66 + channel * 53) % 180,
                (98 + channel * 31) % 160,
                (138 + channel * 71) % 200,
            )
            draw.rectangle(
                (start * scale, top, max(end * scale - 1, start * scale + 1), top + step - 1),
                colour,
            )
    return cell


def _page(text: str) -> Image.Image:
    from PIL import Image, ImageDraw

    cell = Image.new("RGB", (CELL_PX, CELL_PX), (255, 255, 255))
    lines = [part for line in text.splitlines() for part in (textwrap.wrap(line, 38) or [""])]
    ImageDraw.Draw(cell).multiline_text((14, 14), "\n".join(lines[:17]), _INK, _font(14), spacing=4)
    return cell


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


__all__ = ["contact_sheet"]
