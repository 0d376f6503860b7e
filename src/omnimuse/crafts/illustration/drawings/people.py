"""Whole people for those that the art pack shows only as faces: its head on a body of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing, borrowed

_WIDTH = 54.0
_SKIN = "#f7c13f"


@dataclass(frozen=True)
class Dress:
    """What a person wears.

    Attributes:
        head: name of the face in the art pack.
        top: colour of the upper garment: the main one.
        bottom: colour of trousers or skirt.
        shoes: colour of the shoes.
        has_skirt: skirt instead of trousers.
        head_size: width of the head out of 54; children's are larger.
        words: labels.
        skin: colour of arms and legs.
    """

    head: str
    top: str
    bottom: str
    shoes: str = "#5a4a5c"
    has_skirt: bool = False
    head_size: float = 38.0
    words: tuple[str, ...] = ()
    skin: str = _SKIN


PEOPLE: dict[str, Dress] = {
    "boy": Dress(
        "boy-default",
        "#3f8fe0",
        "#3d4a78",
        head_size=44,
        words=("boy", "kid", "son", "little boy", "男孩"),
    ),
    "girl": Dress(
        "girl-default",
        "#ef6aa0",
        "#ef6aa0",
        "#8b3f6b",
        True,
        45,
        ("girl", "daughter", "little girl", "女孩"),
    ),
    "child": Dress(
        "child-default",
        "#f5a63b",
        "#4b70a8",
        head_size=45,
        words=("child", "toddler", "小孩", "孩子"),
    ),
    "man": Dress(
        "man-default",
        "#3d86c6",
        "#44506e",
        words=("man", "guy", "gentleman", "father", "dad", "husband", "男人"),
    ),
    "woman": Dress(
        "woman-default",
        "#c2487c",
        "#c2487c",
        "#6e3358",
        True,
        words=("woman", "lady", "mother", "mom", "wife", "女人"),
    ),
    "person": Dress(
        "person-default",
        "#4aa583",
        "#4a546c",
        words=("person", "human", "adult", "pedestrian", "people", "人"),
    ),
    "old-man": Dress(
        "old-man-default", "#8a7a6a", "#5b5f6c", words=("old man", "grandfather", "grandpa", "老人")
    ),
    "robot": Dress(
        "robot",
        "#8fa3cf",
        "#6f7fae",
        "#4d5876",
        head_size=44,
        words=("robot", "机器人"),
        skin="#aab6d6",
    ),
    "clown": Dress(
        "clown-face", "#f2c230", "#4f8fe0", "#d8443c", words=("clown", "jester"), skin="#f6e7d8"
    ),
    "ninja": Dress(
        "ninja-default", "#3d4150", "#343844", "#23262f", words=("ninja",), skin="#3d4150"
    ),
    "old-woman": Dress(
        "old-woman-default",
        "#9a76b8",
        "#9a76b8",
        "#5c4a6c",
        True,
        words=("old woman", "grandmother", "grandma", "奶奶"),
    ),
}


def _paint(name: str, brush: Brush) -> None:
    """A person who stands, seen from the front, arms a little away from the body."""
    pen, dress = brush.pen, PEOPLE[name]
    m, skin = _WIDTH / 2, dress.skin
    top_y = dress.head_size * 0.86
    waist = top_y + (100 - top_y) * 0.48
    for side in (-1, 1):
        x = m + side * 5.2
        leg = skin if dress.has_skirt else dress.bottom
        pen.rect(
            (x - 4, waist - 2, 8, 98 - waist),
            pen.linear(adjust(leg, light=0.03), adjust(leg, light=-0.08), angle=0),
            radius=3,
        )
        shoe = f"M{x - 5.2:.1f} 100V96.6Q{x:.1f} 92 {x + 5.2:.1f} 96.6V100Z"
        pen.path(shoe, pen.shade(dress.shoes))
    for side in (-1, 1):
        a = (m + side * 10.4, top_y + 5)
        b = (m + side * 18.2, waist + 1)
        pen.line(
            f"M{a[0]:.1f} {a[1]:.1f}Q{m + side * 17:.1f} {top_y + 9:.1f} {b[0]:.1f} {b[1]:.1f}",
            skin,
            5.6,
        )
        mid = (m + side * 16.2, top_y + (waist - top_y) * 0.5)
        pen.line(
            f"M{a[0]:.1f} {a[1]:.1f}Q{m + side * 15:.1f} {top_y + 7:.1f} {mid[0]:.1f} {mid[1]:.1f}",
            adjust(dress.top, light=-0.03),
            7.2,
        )
        pen.ellipse(b, 3.5, None, pen.shade(skin))
    torso = pen.linear(
        adjust(dress.top, light=0.07), dress.top, adjust(dress.top, light=-0.08), angle=25
    )
    if dress.has_skirt:
        hem = waist + (100 - waist) * 0.5
        pen.path(
            f"M{m - 10:.1f} {top_y:.1f}Q{m:.1f} {top_y - 4:.1f} {m + 10:.1f} {top_y:.1f}L{m + 10.4:.1f} {waist - 4:.1f}L{m + 18:.1f} {hem:.1f}Q{m:.1f} {hem + 5:.1f} {m - 18:.1f} {hem:.1f}L{m - 10.4:.1f} {waist - 4:.1f}Z",
            torso,
        )
    else:
        pen.rect((m - 12.4, top_y - 3, 24.8, waist - top_y + 6), torso, radius=8)
    head = dress.head_size
    pen.ellipse((m, top_y), head * 0.26, 2.6, "#20142a", ' opacity="0.18"')
    pen.raw(borrowed(brush.art(dress.head), (m - head / 2, 0, head, head), "head"))


DRAWINGS: tuple[Drawing, ...] = tuple(
    Drawing(
        name,
        partial(_paint, name),
        dress.words,
        (_WIDTH / 100, _WIDTH / 100),
        borrows=(dress.head,),
    )
    for name, dress in PEOPLE.items()
)
