"""Words on a picture: exactly the given ones, set by outlines, with an outline or a shadow."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.crafts.typography.layout import MAX_CHARACTERS, break_lines, set_line, text_paths
from omnimuse.errors import ArgumentError

Box = tuple[float, float, float, float]
_MAX_LINES = 12
_LINE_HEIGHT = 1.16


def text_layer(
    text: str,
    size: tuple[int, int],
    box: Box,
    *,
    color: str,
    outline: str = "",
    outline_share: float = 0.06,
    align: str = "center",
    max_lines: int = 6,
    book: FontBook | None = None,
) -> NDArray[np.uint8]:
    """The text as a transparent layer, uint8 (H, W, 4), as large as fits into the box.

    Args:
        text: what is written, in any script that a font has.
        size: width and height of the layer.
        box: x, y, width, height in pixels.
        color: `#rrggbb`.
        outline: `#rrggbb` of a line around the letters; none if empty.
        outline_share: its thickness as a share of the box's height for one line.
        align: `left`, `center` or `right`.
        max_lines: text is broken into at most so many lines.
        book: fonts; the system's if None.

    Raises:
        ArgumentError: no visible text, or too much.
        BackendUnavailableError: a character that no font has.
    """
    import resvg_py
    from PIL import Image

    letters = text_paths(text, box, book=book, color=color, max_lines=max_lines, align=align)
    parts = [letters]
    if outline:
        # The glyphs are scaled from units of the em, so the line's width is one of them too.
        line = f'stroke="{outline}" stroke-width="{2 * outline_share:.4f}" stroke-linejoin="round"'
        parts.insert(0, letters.replace("<g fill=", f"<g {line} fill=", 1))
    width, height = size
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height))
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA"))


def text_box(
    text: str, canvas: tuple[int, int], position: str, line_share: float, book: FontBook
) -> tuple[Box, int]:
    """Where a text goes, and in how many lines.

    Args:
        text: what is written.
        canvas: width and height in pixels.
        position: words of top, bottom, left, right; the middle otherwise.
        line_share: height of a line as a share of the canvas's; less where it does not fit.
        book: fonts.

    Raises:
        ArgumentError: no visible text, or too much.
        BackendUnavailableError: a character that no font has.
    """
    clean = text.strip()
    if not clean or len(clean) > MAX_CHARACTERS:
        raise ArgumentError(f"text of {len(clean)} characters; wanted 1 to {MAX_CHARACTERS}")
    margin = 0.04 * min(canvas)
    room = (canvas[0] - 2 * margin, canvas[1] - 2 * margin)
    wanted = line_share * canvas[1]
    for count in range(1, _MAX_LINES + 1):
        lines = break_lines(clean, count)
        widest = max(set_line(line, book).width for line in lines)
        if widest * wanted <= room[0]:
            break
    tall = 1.0 + _LINE_HEIGHT * (len(lines) - 1)
    em = min(wanted, room[0] / widest, room[1] / tall)
    width, height = widest * em, tall * em
    x = margin if "left" in position else canvas[0] - margin - width
    y = margin if "top" in position else canvas[1] - margin - height
    if "left" not in position and "right" not in position:
        x = (canvas[0] - width) / 2
    if "top" not in position and "bottom" not in position:
        y = (canvas[1] - height) / 2
    # A hair wider, so that rounding does not shrink the letters.
    return (x - 0.5, y - 0.5, width + 1.0, height + 1.0), len(lines)


def readable_on(rgb: NDArray[np.uint8], box: Box) -> tuple[str, str]:
    """Ink and outline, dark and light, whichever way reads better on that part of a picture."""
    from omnimuse.crafts.imaging.oklab import to_oklab

    x, y, w, h = (round(value) for value in box)
    part = rgb[max(0, y) : max(1, y + h), max(0, x) : max(1, x + w)]
    lightness = float(np.median(to_oklab(part)[..., 0])) if part.size else 0.0
    return ("#1c1c22", "#fffdf6") if lightness > 0.68 else ("#fffdf6", "#1c1c22")
