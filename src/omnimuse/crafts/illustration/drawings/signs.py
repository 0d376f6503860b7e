"""What bears words: signs, posters, cards, banners, boards."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing


def _wooden_sign(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#c08a54"
    pen.rect(
        (w / 2 - 4, 40, 8, 60),
        pen.linear(adjust(wood, light=-0.06), adjust(wood, light=-0.18), angle=0),
        radius=2,
    )
    pen.rect(
        (0, 4, w, 56),
        pen.linear(adjust(wood, light=0.07), wood, adjust(wood, light=-0.08)),
        radius=7,
    )
    pen.rect((3.4, 7.4, w - 6.8, 49.2), pen.linear("#f6e3bf", "#ecd2a2"), radius=5)


def _poster(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 100), pen.linear("#fffdf7", "#f3ecdd"), radius=1.5)
    pen.rect((4, 4, w - 8, 92), "none", radius=1, more=' stroke="#d7a84a" stroke-width="1.6"')
    pen.rect((6.4, 6.4, w - 12.8, 87.2), "none", more=' stroke="#d7a84a" stroke-width="0.5"')


def _card(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 100), pen.linear("#ffffff", "#f6f1ea"), radius=5)
    for x, y in ((0.0, 0.0), (w, 0.0), (0.0, 100.0), (w, 100.0)):
        for r, code in ((15.0, "#f7c3cf"), (9.0, "#f59bb0")):
            dx, dy = (r if x == 0 else -r), (r if y == 0 else -r)
            pen.path(f"M{x} {y}h{dx}A{r} {r} 0 0 {1 if dx * dy > 0 else 0} {x} {y + dy}Z", code)
    pen.rect((5, 5, w - 10, 90), "none", radius=3, more=' stroke="#e9bcc7" stroke-width="1"')


def _banner(brush: Brush) -> None:
    pen = brush.pen
    w, cloth = pen.width, "#e8505b"
    for x, s in ((0.0, 1), (w, -1)):
        pen.polygon(
            [
                (x, 26),
                (x + s * w * 0.16, 26),
                (x + s * w * 0.16, 98),
                (x, 98),
                (x + s * w * 0.06, 62),
            ],
            adjust(cloth, light=-0.12),
        )
    pen.rect(
        (w * 0.08, 4, w * 0.84, 78),
        pen.linear(adjust(cloth, light=0.07), cloth, adjust(cloth, light=-0.04)),
        radius=3,
    )


def _board(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 100), pen.linear("#c89358", "#9c6c3c"), radius=4)
    pen.rect((5, 5, w - 10, 86), pen.linear("#3c6b55", "#2d5443"), radius=2)
    pen.rect((w * 0.4, 91, 14, 3.4), "#ffffff", radius=1)
    pen.rect((w * 0.52, 91, 9, 3.4), "#ffd66b", radius=1)


def _billboard(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    for x in (0.2, 0.8):
        pen.rect((w * x - 3, 60, 6, 40), pen.linear("#8c93a1", "#626977", angle=0))
    pen.rect((0, 2, w, 66), "#545b6b", radius=3)
    pen.rect((3.5, 5.5, w - 7, 59), pen.linear("#fffdf6", "#f2eee2"), radius=1.5)


def _screen(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((w * 0.42, 80, w * 0.16, 14), "#9aa2b0")
    pen.rect((w * 0.28, 93, w * 0.44, 7), pen.linear("#b5bcc8", "#8d95a4"), radius=3)
    pen.rect((0, 0, w, 84), pen.linear("#3b4152", "#262b38"), radius=5)
    pen.rect((4, 4, w - 8, 74), pen.linear("#f1f7fd", "#cfe4f6", angle=60), radius=2)


def _paper(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.path(f"M0 0H{w - 16:.1f}L{w:.1f} 16V100H0Z", pen.linear("#ffffff", "#efede8"))
    pen.polygon([(w - 16, 0), (w, 16), (w - 16, 16)], "#d8d4cb")


_ROOM = (0.1, 0.12, 0.8, 0.42)

DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "sign",
        _wooden_sign,
        (
            "sign",
            "signpost",
            "wooden sign",
            "signboard",
            "street sign",
            "name sign",
            "牌子",
            "标牌",
        ),
        (0.8, 2.4),
        text_box=_ROOM,
    ),
    Drawing(
        "poster",
        _poster,
        ("poster", "placard", "flyer", "notice", "cover", "海报"),
        (0.6, 1.6),
        "center",
        (0.12, 0.14, 0.76, 0.72),
    ),
    Drawing(
        "card",
        _card,
        ("card", "greeting card", "birthday card", "invitation", "postcard", "贺卡", "卡片"),
        (0.7, 1.8),
        "center",
        (0.15, 0.2, 0.7, 0.6),
    ),
    Drawing(
        "banner",
        _banner,
        ("banner", "ribbon banner", "pennant", "横幅"),
        (1.6, 6.0),
        "center",
        (0.13, 0.12, 0.74, 0.62),
        has_shadow=False,
    ),
    Drawing(
        "board",
        _board,
        ("blackboard", "chalkboard", "board", "whiteboard", "黑板"),
        (1.0, 2.4),
        "center",
        (0.1, 0.14, 0.8, 0.66),
    ),
    Drawing(
        "billboard",
        _billboard,
        ("billboard", "advertisement", "广告牌"),
        (1.2, 2.6),
        text_box=(0.06, 0.1, 0.88, 0.5),
    ),
    Drawing(
        "monitor",
        _screen,
        ("monitor", "computer monitor", "flat screen", "computer screen", "screen"),
        (1.1, 1.8),
        text_box=(0.1, 0.12, 0.8, 0.58),
    ),
    Drawing(
        "paper",
        _paper,
        ("paper", "note", "sheet of paper", "page", "document"),
        (0.65, 1.3),
        "center",
        (0.12, 0.2, 0.76, 0.6),
    ),
)
