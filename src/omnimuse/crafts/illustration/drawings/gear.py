"""Sports gear and plain solids."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing


def _bat(brush: Brush) -> None:
    pen = brush.pen
    wood = "#d9a15f"
    pen.raw('<g transform="rotate(38 50 50)">')
    pen.path(
        "M46 112Q45 84 43 52Q40 8 50 -8Q60 8 57 52Q55 84 54 112Z",
        pen.linear(adjust(wood, light=0.12), wood, adjust(wood, light=-0.14), angle=0),
    )
    pen.rect((45.4, 88, 9.2, 20), "#3b3f4e", radius=2)
    pen.rect((42.4, 108, 15.2, 6), pen.shade(adjust(wood, light=-0.08)), radius=3)
    pen.raw("</g>")


def _glove(brush: Brush) -> None:
    pen = brush.pen
    hide = "#b4672f"
    for x, top, turn in ((24, 22, -16), (40, 8, -5), (57, 6, 4), (73, 14, 13)):
        pen.raw(
            f'<rect x="{x - 9}" y="{top}" width="18" height="56" rx="9" fill="{pen.linear(adjust(hide, light=0.09), hide, adjust(hide, light=-0.08))}" transform="rotate({turn} {x} 60)"/>'
        )
    pen.blob(
        [
            (8.0, 52.0),
            (20.0, 50.0),
            (50.0, 44.0),
            (82.0, 50.0),
            (88.0, 74.0),
            (70.0, 97.0),
            (34.0, 97.0),
            (14.0, 80.0),
        ],
        pen.shade(hide),
    )
    pen.blob(
        [(2.0, 40.0), (14.0, 38.0), (28.0, 62.0), (26.0, 78.0), (12.0, 74.0)],
        pen.shade(adjust(hide, light=0.03)),
    )
    pen.ellipse((52, 62), 15, None, pen.shade("#fbf8f2"))
    pen.line("M43 52q5 10 0 20M61 52q-5 10 0 20", "#d8443c", 1.3)


def _racket(brush: Brush) -> None:
    pen = brush.pen
    pen.raw('<g transform="rotate(40 50 50)">')
    pen.rect((46, 66, 8, 46), pen.linear("#4b5163", "#2c3140", angle=0), radius=4)
    pen.path("M38 58L47 74H53L62 58Z", "#d63f3f")
    pen.ellipse((50, 26), 27, 35, "#eaf3f6", ' fill-opacity="0.45"')
    for i in range(-4, 5):
        pen.line(
            f"M{50 + i * 5.4:.1f} {26 - 33 * (1 - (i / 5.4) ** 2) ** 0.5:.1f}V{26 + 33 * (1 - (i / 5.4) ** 2) ** 0.5:.1f}",
            "#c6d2d8",
            0.8,
        )
        pen.line(
            f"M{50 - 25.6 * (1 - (i / 5) ** 2) ** 0.5:.1f} {26 + i * 6.8:.1f}H{50 + 25.6 * (1 - (i / 5) ** 2) ** 0.5:.1f}",
            "#c6d2d8",
            0.8,
        )
    pen.ellipse((50, 26), 27, 35, "none", ' stroke="#d63f3f" stroke-width="5"')
    pen.raw("</g>")


def _surfboard(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    m = w / 2
    board = f"M{m:.1f} 0C{w * 0.98:.1f} 24 {w:.1f} 70 {w * 0.7:.1f} 100H{w * 0.3:.1f}C0 70 {w * 0.02:.1f} 24 {m:.1f} 0Z"
    pen.path(board, pen.linear("#5fd3e6", "#2fa8d8", "#2286bd", angle=25))
    pen.raw(f"<g{pen.clip(board)}>")
    pen.rect((0, 60, w, 9), "#ffffff")
    pen.rect((0, 72, w, 5), "#ffcf4a")
    pen.raw("</g>")
    pen.line(f"M{m:.1f} 4V98", "#ffffff", 1.0, ' opacity="0.8"')


def _snowboard(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 100), pen.linear("#8f66e8", "#5d49cf", "#3a3aa8", angle=60), radius=w / 2)
    for y in (28, 66):
        pen.rect((w * 0.14, y, w * 0.72, 9), pen.linear("#3a3f50", "#232733"), radius=3)
    pen.rect((w * 0.3, 44, w * 0.4, 12), "#ffd24d", radius=5)


def _skis(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    for x, lean in ((0.3, -7), (0.7, 7)):
        pen.raw(f'<g transform="rotate({lean} {w * x:.1f} 60)">')
        pen.path(
            f"M{w * x - 6:.1f} 99V12Q{w * x - 5:.1f} 1 {w * x:.1f} 1T{w * x + 6:.1f} 12V99Z",
            pen.linear("#ff7a5c", "#e2403f", "#b42b3b", angle=0),
        )
        pen.rect((w * x - 4.6, 50, 9.2, 12), "#2f3443", radius=2)
        pen.raw("</g>")


def _cube(brush: Brush) -> None:
    pen, code = brush.pen, "#8f9bb3"
    pen.polygon([(4, 28), (66, 28), (66, 98), (4, 98)], pen.linear(adjust(code, light=0.06), code))
    pen.polygon([(4, 28), (32, 4), (96, 4), (66, 28)], adjust(code, light=0.15))
    pen.polygon(
        [(66, 28), (96, 4), (96, 72), (66, 98)],
        pen.linear(adjust(code, light=-0.06), adjust(code, light=-0.15)),
    )


def _sphere(brush: Brush) -> None:
    pen, code = brush.pen, "#8f9bb3"
    pen.ellipse(
        (50, 50),
        49,
        None,
        pen.radial(
            adjust(code, light=0.22), code, adjust(code, light=-0.18), at=(0.35, 0.3), radius=0.8
        ),
    )


def _ball(brush: Brush) -> None:
    pen, code = brush.pen, "#e2403c"
    paint = pen.radial(
        adjust(code, light=0.14), code, adjust(code, light=-0.14), at=(0.35, 0.3), radius=0.8
    )
    pen.ellipse((50, 50), 49, None, paint)
    pen.raw(f"<g{pen.clip('M50 1A49 49 0 1 1 49.9 1Z')}>")
    pen.path(
        "M-4 58Q50 84 104 50", "none", f' stroke="{adjust(code, light=-0.13)}" stroke-width="3"'
    )
    pen.raw("</g>")
    pen.ellipse((36, 28), 13, 8, "#ffffff", ' opacity="0.42" transform="rotate(-32 36 28)"')


def _pyramid(brush: Brush) -> None:
    pen, w, code = brush.pen, brush.pen.width, "#e3be77"
    pen.polygon(
        [(w * 0.46, 2), (0, 96), (w * 0.62, 100)], pen.linear(adjust(code, light=0.09), code)
    )
    pen.polygon(
        [(w * 0.46, 2), (w * 0.62, 100), (w, 88)],
        pen.linear(adjust(code, light=-0.05), adjust(code, light=-0.15)),
    )


def _cylinder(brush: Brush) -> None:
    pen, w, code = brush.pen, brush.pen.width, "#8f9bb3"
    pen.path(
        f"M0 12V88A{w / 2:.1f} 12 0 0 0 {w:.1f} 88V12Z",
        pen.linear(adjust(code, light=0.12), code, adjust(code, light=-0.16), angle=0),
    )
    pen.ellipse((w / 2, 12), w / 2, 12, adjust(code, light=0.15))


def _cone(brush: Brush) -> None:
    pen, w, code = brush.pen, brush.pen.width, "#f08a3c"
    pen.path(
        f"M{w / 2:.1f} 1L{w:.1f} 88A{w / 2:.1f} 11 0 0 1 0 88Z",
        pen.linear(adjust(code, light=0.13), code, adjust(code, light=-0.15), angle=0),
    )


def _rectangle(brush: Brush) -> None:
    pen, code = brush.pen, "#8f9bb3"
    pen.rect(
        (0, 0, pen.width, 100),
        pen.linear(adjust(code, light=0.06), code, adjust(code, light=-0.05)),
        radius=3,
    )


def _triangle(brush: Brush) -> None:
    pen, w, code = brush.pen, brush.pen.width, "#8f9bb3"
    pen.polygon(
        [(w / 2, 1), (w, 99), (0, 99)],
        pen.linear(adjust(code, light=0.08), code, adjust(code, light=-0.06)),
    )


DRAWINGS: tuple[Drawing, ...] = (
    Drawing("baseball-bat", _bat, ("baseball bat", "bat and ball"), (1, 1)),
    Drawing("baseball-glove", _glove, ("baseball glove", "baseball mitt", "catcher mitt"), (1, 1)),
    Drawing("tennis-racket", _racket, ("tennis racket", "racket", "tennis racquet"), (1, 1)),
    Drawing("surfboard", _surfboard, ("surfboard", "surf board", "冲浪板"), (0.26, 0.36)),
    Drawing("snowboard", _snowboard, ("snowboard",), (0.24, 0.34)),
    Drawing("skis", _skis, ("ski", "skis"), (0.4, 0.6)),
    Drawing("cube", _cube, ("cube", "block", "立方体"), (1, 1)),
    Drawing("sphere", _sphere, ("sphere", "orb", "marble", "球体"), (1, 1)),
    Drawing("ball", _ball, ("ball", "rubber ball", "球"), (1, 1)),
    Drawing("circle", _sphere, ("circle", "disc", "dot"), (1, 1), "center"),
    Drawing("pyramid", _pyramid, ("pyramid", "金字塔"), (0.9, 1.6)),
    Drawing("cylinder", _cylinder, ("cylinder", "drum can", "tube"), (0.5, 1.2)),
    Drawing("cone", _cone, ("cone",), (0.7, 1.1)),
    Drawing("square", _rectangle, ("square",), (1, 1), "center"),
    Drawing("rectangle", _rectangle, ("rectangle",), (0.3, 3.5), "center"),
    Drawing("triangle", _triangle, ("triangle",), (0.9, 1.3), "center"),
)
