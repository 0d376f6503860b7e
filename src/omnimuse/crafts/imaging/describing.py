"""What can be said of a picture, from what was seen and measured; and what cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnimuse.backends.base import Detection

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_IRREGULAR = {"person": "people", "mouse": "mice", "knife": "knives", "sheep": "sheep",
              "skis": "skis", "scissors": "scissors", "fish": "fish", "deer": "deer"}  # fmt: skip
_MASS = {"grass", "water", "snow", "sand", "rain", "broccoli", "skis", "scissors"}
_SURE = 0.45


@dataclass(frozen=True)
class Seen:
    """What was found out about a picture.

    Attributes:
        size: width and height in pixels.
        things: what a detector saw.
        faces: how many faces.
        colors: plain names of the main colours, most of the picture first.
        brightness: mean lightness, 0 to 1.
        lines: written text, in reading order.
        scene: the record that the picture was drawn from, if it is known.
    """

    size: tuple[int, int]
    things: Sequence[Detection] = ()
    faces: int = 0
    colors: Sequence[str] = ()
    brightness: float = 0.5
    lines: Sequence[str] = ()
    scene: Mapping[str, Any] | None = field(default=None)


def caption(seen: Seen) -> str:
    """A few plain English sentences.

    From a scene record it is exact; from detections it says what is likely, and where nothing was
    recognised, so.
    """
    sentences = [_scene_sentence(seen.scene)] if seen.scene is not None else _pixel_sentences(seen)
    if seen.lines:
        sentences.append(f"It reads: {' / '.join(seen.lines)}.")
    if seen.colors:
        shade = "dark" if seen.brightness < 0.38 else "bright" if seen.brightness > 0.78 else ""
        tone = f"The picture is {shade}, mostly" if shade else "The picture is mostly"
        sentences.append(f"{tone} {join_words(list(seen.colors)[:3])}.")
    return " ".join(sentences)


def _pixel_sentences(seen: Seen) -> list[str]:
    sure = [d for d in seen.things if d.score >= _SURE]
    maybe = [d for d in seen.things if d.score < _SURE]
    people = sum(d.label == "person" for d in sure)
    sentences = []
    if sure:
        sentences.append(f"It shows {join_words(_groups(sure, seen.size))}.")
    doubtful = sorted({d.label for d in maybe} - {d.label for d in sure})[:3]
    if doubtful:
        sentences.append(f"Perhaps there is also {join_words([article(x) for x in doubtful])}.")
    if seen.faces and seen.faces != people:
        noun = "face" if seen.faces == 1 else "faces"
        sentences.append(f"{count_word(seen.faces).capitalize()} {noun} can be seen.")
    if not sentences:
        sentences.append("I cannot tell what it shows: no thing that I know was recognised in it.")
    return sentences


def _groups(things: Sequence[Detection], size: tuple[int, int]) -> list[str]:
    """`two dogs`, `a cat on the left`: one phrase for each kind, the largest kinds first."""
    counts = Counter(d.label for d in things)
    area = {x: max(d.box[2] * d.box[3] for d in things if d.label == x) for x in counts}
    phrases = []
    for label in sorted(counts, key=lambda x: (-area[x], x)):
        phrase = counted(label, counts[label])
        if counts[label] == 1:
            box = next(d.box for d in things if d.label == label)
            phrase += _place((box[0] + box[2] / 2) / size[0], box[2] / size[0])
        phrases.append(phrase)
    return phrases


def _place(center: float, width: float) -> str:
    if width > 0.6:
        return ""
    return " on the left" if center < 0.36 else " on the right" if center > 0.64 else ""


def _scene_sentence(scene: Mapping[str, Any]) -> str:
    named: Counter[str] = Counter()
    order: list[str] = []
    for item in scene.get("objects", ()):
        attributes = item.get("attributes", {})
        words = [attributes.get(key, "") for key in ("size", "color")]
        name = " ".join([*(w for w in words if w), str(item.get("label", "thing"))])
        if name not in named:
            order.append(name)
        named[name] += 1
    ground = scene.get("background", {})
    place = str(ground.get("place", "")) if isinstance(ground, Mapping) else ""
    when = str(ground.get("time", "")) if isinstance(ground, Mapping) else ""
    weather = str(ground.get("weather", "")) if isinstance(ground, Mapping) else ""
    what = join_words([counted(name, named[name]) for name in order]) or "no things"
    setting = f" with {article(place)} as background" if place and place != "plain" else ""
    moment = f" at {when}" if when == "night" else f" by {when}light" if when == "day" else ""
    moment = moment or (f" in the {when}" if when in ("morning", "evening") else "")
    moment = moment or (f" at {when}" if when else "")
    sentence = f"It shows {what}{setting}{moment}{f', {weather}' if weather else ''}."
    texts = [str(layer.get("text", "")) for layer in scene.get("texts", ())]
    return sentence + (f" It reads: {' / '.join(texts)}." if texts else "")


def counted(label: str, count: int) -> str:
    """`a dog`, `two dogs`, `12 dogs`."""
    if count == 1:
        return article(label)
    return f"{count_word(count)} {plural(label)}"


def count_word(count: int) -> str:
    """Numbers up to ten as words."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def article(label: str) -> str:
    """The label with `a` or `an`, or with none for what is not counted."""
    if label.split()[-1] in _MASS:
        return label
    return f"an {label}" if label[:1].lower() in "aeiou" else f"a {label}"


def plural(label: str) -> str:
    """The plural of a label's last word."""
    head, _, last = label.rpartition(" ")
    if last in _IRREGULAR:
        ending = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        ending = last + "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        ending = last[:-1] + "ies"
    elif last.endswith("fe"):
        ending = last[:-2] + "ves"
    else:
        ending = last + "s"
    return f"{head} {ending}".strip()


def join_words(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
