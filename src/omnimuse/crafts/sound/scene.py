"""A described soundscape: phrases, where their sources are, and the layers made from them.

What sounds is found by meaning (`retrieval`). How it sounds (distance, direction, force, pace,
place) is read from a closed set of degree words, like any other unit of measure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.catalogue import perform
from omnimuse.crafts.sound.counting import asked_count, repeated, without_count
from omnimuse.crafts.sound.limiting import limit_true_peak
from omnimuse.crafts.sound.mixing import fade_edges
from omnimuse.crafts.sound.space import NEAR_M, place_sound
from omnimuse.crafts.sound.take import SoundClass
from omnimuse.errors import InputError

Samples = NDArray[np.float32]

MAX_LAYERS = 8

_SPLIT = re.compile(
    r"\s*(?:[,;，；、。\n]|\band then\b|\band\b|\bwith\b|\bwhile\b|\bplus\b|\balong with\b|"
    r"\bover\b|&|\+|加上|伴随着|伴随|还有|以及|并有|和|与)\s*",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:please\s+)?(?:(?:make|create|generate|produce|play|give me|add|i want|record)\s+)?"
    r"(?:(?:\d+(?:\.\d+)?|a few|some)\s*(?:-\s*)?(?:s|sec|seconds?|minutes?|min)\b\s*)?"
    r"(?:long\s+)?"
    r"(?:of\s+)?(?:(?:an?|the|some)\s+)?"
    r"(?:(?:sounds?|noises?|audio|recording|ambience|sound effects?|effects?)\s+(?:of|from)\s+)?"
    r"(?:then\s+)?(?:(?:an?|the)\s+)?",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*-?\s*(seconds?|secs?|s|minutes?|mins?|秒钟?|分钟?)(?![a-z])", re.IGNORECASE
)
_DISTANCES_M = (
    (r"\bvery (?:far|distant)\b|很远", 250.0),
    (r"\b(?:distant|far|far away|faraway|far off|in the distance)\b|远处|远方|远远", 70.0),
    (r"\b(?:nearby|close|near|up close|next to (?:me|us))\b|近处|附近", NEAR_M),
)
_FORCES = (
    (r"\b(?:violent|fierce|furious|raging|deafening|very loud|roaring)\b|猛烈|狂暴", 1.0),
    (r"\b(?:loud|strong|heavy|hard|big|powerful|intense)\b|大声|强烈|响亮", 0.8),
    (
        r"\b(?:soft|softly|gentle|gently|quiet|quietly|light|calm|mild|faint|small)\b|轻轻|轻柔|安静",
        0.2,
    ),
)
_PACES = (
    (
        r"\b(?:many|constant|constantly|frequent|rapid|fast|quick|busy|furiously|non-?stop)\b|很多|急促|快速",
        0.9,
    ),
    (r"\b(?:occasional|occasionally|few|rare|single|slow|slowly|sparse)\b|偶尔|缓慢|稀疏", 0.15),
)
_SIDES = (
    (r"\bfrom (?:the )?left to (?:the )?right\b|从左到右", (-0.9, 0.9)),
    (r"\bfrom (?:the )?right to (?:the )?left\b|从右到左", (0.9, -0.9)),
    (r"\b(?:on|to|from) the left\b|左边|左侧", (-0.7, None)),
    (r"\b(?:on|to|from) the right\b|右边|右侧", (0.7, None)),
)
_WHERE = (
    (r"\bin (?:an? |the )?(?:\w+ )?cave\b|山洞|洞穴", "cave"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:church|cathedral|temple)\b|教堂里", "church"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:hall|theatre|theater|auditorium|stadium)\b|大厅里", "hall"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:room|office|house|kitchen|bedroom)\b|房间里|室内", "room"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:bathroom|shower room)\b|浴室里", "bathroom"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:forest|woods|jungle)\b|森林里|树林里|林中", "forest"),
    (r"\bin (?:an? |the )?(?:\w+ )?(?:street|alley|city)\b|街上", "street"),
)
_BEHIND = re.compile(r"\bin the background\b|背景(?:里|中)?|\bfaintly\b", re.IGNORECASE)


@dataclass(frozen=True)
class Layer:
    """One source of a soundscape.

    Attributes:
        phrase: what was asked for.
        sound: class name.
        distance_m: 0.5 to 2,000.
        pan: -1 left to 1 right.
        pan_to: direction at the end where it moves.
        intensity: 0 to 1.
        density: 0 to 1.
        place: a name of `reverb.PLACES`.
        gain_db: extra level.
        count: how many events; None for as many as the class likes.
    """

    phrase: str
    sound: str = ""
    distance_m: float = NEAR_M
    pan: float = 0.0
    pan_to: float | None = None
    intensity: float = 0.5
    density: float = 0.5
    place: str = "outdoors"
    gain_db: float = 0.0
    count: int | None = None

    def overruled(self, wishes: Mapping[str, float | None], place: str | None) -> Layer:
        """The layer with explicit numbers in the place of what its words said."""
        given = {name: value for name, value in wishes.items() if value is not None}
        return replace(self, place=place or self.place, **given)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Plain values for the asset's facts."""
        return asdict(self)


def _degree(text: str, table: Sequence[tuple[str, Any]]) -> Any:
    return next((v for pattern, v in table if re.search(pattern, text, re.IGNORECASE)), None)


def asked_duration_s(prompt: str) -> float | None:
    """The duration that a request names, in seconds."""
    found = _DURATION.search(prompt)
    if found is None:
        return None
    is_minutes = found[2].lower().startswith("m") or found[2].startswith("分")
    return float(found[1]) * (60.0 if is_minutes else 1.0)


def split_request(prompt: str) -> list[str]:
    """The phrases of a request, each naming one source.

    Raises:
        InputError: nothing is left to look for, or more than 8 sources.
    """
    parts = [part.strip(" .!?\"'") for part in _SPLIT.split(_DURATION.sub(" ", prompt))]
    phrases = [
        cleaned for part in parts if (cleaned := _LEAD.sub("", part.strip(), count=1).strip())
    ]
    if not phrases:
        raise InputError("no sound was described", hint="Say what should be heard: 'rain, an owl'.")
    if len(phrases) > MAX_LAYERS:
        raise InputError(
            f"{len(phrases)} sounds at once; {MAX_LAYERS} is the most",
            hint="Make two soundscapes and mix them.",
        )
    return phrases


def read_layer(phrase: str) -> Layer:
    """A phrase's degree words as numbers; the sound itself is not looked up here."""
    distance_m, side = _degree(phrase, _DISTANCES_M), _degree(phrase, _SIDES)
    force, pace = _degree(phrase, _FORCES), _degree(phrase, _PACES)
    return Layer(
        phrase=phrase,
        distance_m=NEAR_M if distance_m is None else distance_m,
        pan=side[0] if side else 0.0,
        pan_to=side[1] if side else None,
        intensity=0.5 if force is None else force,
        density=0.5 if pace is None else pace,
        place=_degree(phrase, _WHERE) or "outdoors",
        gain_db=-8.0 if _BEHIND.search(phrase) else 0.0,
        count=asked_count(phrase),
    )


def bare_phrase(phrase: str) -> str:
    """A phrase without the words that only say where its source is."""
    for table in (_SIDES, _DISTANCES_M):
        for pattern, _ in table:
            phrase = re.sub(pattern, " ", phrase, flags=re.IGNORECASE)
    phrase = without_count(phrase)
    return " ".join(_BEHIND.sub(" ", phrase).split()) or phrase


def plan_layers(prompt: str, find: Callable[[str], SoundClass]) -> list[Layer]:
    """Read a request into layers; `find` names the class of a phrase or raises.

    Sources without a direction of their own are spread a little from the centre, the first stays
    in the middle. A place named once holds for all.
    """
    layers = [read_layer(phrase) for phrase in split_request(prompt)]
    common = next((layer.place for layer in layers if layer.place != "outdoors"), "outdoors")
    spread = (0.0, 0.35, -0.35, 0.6, -0.6, 0.2, -0.2, 0.8)
    return [
        replace(
            layer,
            sound=find(bare_phrase(layer.phrase)).name,
            pan=layer.pan if layer.pan or layer.pan_to is not None else spread[index],
            place=common if layer.place == "outdoors" else layer.place,
        )
        for index, layer in enumerate(layers)
    ]


def _layer_samples(
    layer: Layer, kind: SoundClass, duration_s: float, sample_rate_hz: int, seed: int
) -> Samples:
    """The dry sound of a layer: ambiences run through, happenings come again by density."""
    count = max(int(duration_s * sample_rate_hz), 1)

    def once(length_s: float, turn: int) -> Samples:
        return perform(
            layer.sound,
            duration_s=length_s,
            sample_rate_hz=sample_rate_hz,
            seed=(seed + 7919 * turn) % 2**32,
            intensity=layer.intensity,
            density=layer.density,
        )

    if layer.count is not None and not kind.is_ambience:
        return repeated(
            lambda turn: once(kind.default_s, turn), layer.count, duration_s, sample_rate_hz, seed
        )
    if kind.is_ambience or duration_s <= 1.5 * kind.default_s:
        return once(duration_s, 0)
    first = once(kind.default_s, 0)
    out = np.zeros((count, first.shape[1]), np.float32)
    rng = np.random.default_rng([seed, 1, *layer.sound.encode()])
    gap_s = 12.0 * (1.0 / 12.0) ** layer.density
    at_s, turn = 0.0, 0
    while at_s < duration_s - 0.3 * kind.default_s:
        part = first if turn == 0 else once(kind.default_s, turn)
        at = int(at_s * sample_rate_hz)
        room = min(len(part), count - at)
        out[at : at + room] += part[:room]
        at_s += kind.default_s + gap_s * rng.uniform(0.6, 1.4)
        turn += 1
    return out


def render_layers(
    layers: Sequence[Layer],
    classes: dict[str, SoundClass],
    *,
    duration_s: float,
    sample_rate_hz: int,
    seed: int,
) -> Samples:
    """All layers placed and summed, (N, 2), with soft edges and the true peak below -1 dBTP."""
    count = max(int(duration_s * sample_rate_hz), 1)
    out = np.zeros((count, 2), np.float32)
    for layer in layers:
        dry = _layer_samples(layer, classes[layer.sound], duration_s, sample_rate_hz, seed)
        placed = place_sound(
            dry,
            sample_rate_hz,
            distance_m=layer.distance_m,
            pan=layer.pan,
            pan_to=layer.pan_to,
            place=layer.place,
        )
        out += placed * np.float32(10 ** (layer.gain_db / 20))
    is_ambience = any(classes[layer.sound].is_ambience for layer in layers)
    rise, fall = int(0.005 * sample_rate_hz), int((0.02 if is_ambience else 0.2) * sample_rate_hz)
    out = fade_edges(out, min(rise, count // 8), min(fall, count // 8))
    return limit_true_peak(out, sample_rate_hz)
