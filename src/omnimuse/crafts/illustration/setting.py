"""Where and when a picture is set: the backdrop that fits its words, or else its things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omnimuse.crafts.illustration.concepts import Concept, Embed
from omnimuse.crafts.illustration.drawings.people import PEOPLE
from omnimuse.crafts.illustration.nouns import singular
from omnimuse.crafts.illustration.scene import Background
from omnimuse.crafts.illustration.sky import GREY_SKIES, LUMINARY, TIMES

# What each backdrop shows, in words; sentence embeddings find the nearest for any other.
SCENERY: dict[str, tuple[str, ...]] = {
    "meadow": (
        "meadow",
        "field",
        "grass",
        "park",
        "garden",
        "lawn",
        "farm",
        "countryside",
        "hill",
        "pasture",
        "prairie",
        "savanna",
        "grassland",
        "yard",
        "backyard",
        "playground",
        "nature",
        "outdoors",
        "valley",
        "hillside",
        "zoo",
        "landscape",
        "spring",
    ),
    "village": ("village", "hamlet", "small town"),
    "forest": ("forest", "wood", "woods", "woodland", "jungle", "rainforest", "grove"),
    "mountains": ("mountain", "mountains", "alps", "peak", "mountain range", "highlands", "cliff"),
    "beach": ("beach", "shore", "seashore", "coast", "seaside", "sand", "island", "tropical beach"),
    "sea": ("sea", "ocean", "open sea", "harbor", "harbour", "bay", "waves", "port"),
    "lake": (
        "lake",
        "river",
        "pond",
        "riverbank",
        "stream",
        "lakeside",
        "water",
        "wetland",
        "swamp",
    ),
    "desert": ("desert", "dune", "dunes", "sahara", "canyon", "wasteland"),
    "snow": (
        "snow",
        "arctic",
        "ice",
        "snowfield",
        "winter landscape",
        "north pole",
        "antarctica",
        "ski slope",
        "glacier",
        "iceberg",
    ),
    "city": (
        "city",
        "town",
        "downtown",
        "skyline",
        "city street",
        "urban",
        "plaza",
        "square",
        "sidewalk",
        "rooftop",
        "market",
        "station",
        "metropolis",
    ),
    "street": (
        "street",
        "road",
        "highway",
        "parking lot",
        "driveway",
        "lane",
        "racetrack",
        "airport",
    ),
    "room": (
        "room",
        "bedroom",
        "kitchen",
        "living room",
        "bathroom",
        "office",
        "classroom",
        "house",
        "library",
        "restaurant",
        "cafe",
        "museum",
        "studio apartment",
        "hotel room",
        "hall",
        "indoors",
        "home",
        "floor",
        "wall",
        "stage",
        "gym",
        "shop",
        "hospital room",
        "windowsill",
    ),
    "table": ("table", "table top", "desk", "counter", "still life", "kitchen counter", "shelf"),
    "plain": ("plain background", "white background", "studio", "backdrop", "blank"),
    "air": (
        "sky",
        "air",
        "clouds",
        "blue sky",
        "heaven",
        "above the clouds",
        "night sky",
        "sunset sky",
    ),
    "space": (
        "space",
        "outer space",
        "galaxy",
        "universe",
        "cosmos",
        "planet",
        "moon surface",
        "orbit",
    ),
    "underwater": (
        "underwater",
        "under the sea",
        "seabed",
        "coral reef",
        "ocean floor",
        "reef",
        "aquarium",
        "deep sea",
    ),
}
_CHINESE = {
    "村": "village",
    "草": "meadow",
    "公园": "meadow",
    "花园": "meadow",
    "田": "meadow",
    "森林": "forest",
    "树林": "forest",
    "山": "mountains",
    "海滩": "beach",
    "沙滩": "beach",
    "海底": "underwater",
    "海": "sea",
    "湖": "lake",
    "河": "lake",
    "沙漠": "desert",
    "雪": "snow",
    "城市": "city",
    "街": "street",
    "路": "street",
    "房间": "room",
    "厨房": "room",
    "桌": "table",
    "太空": "space",
    "宇宙": "space",
    "天空": "air",
}
# From the art pack's groups to where such things are found. Keys: group, or group and subgroup.
_HABITATS: dict[str | tuple[str, int], str] = {
    "animals": "meadow",
    "people": "meadow",
    "food": "table",
    "objects": "plain",
    "activities": "plain",
    "travel": "meadow",
    ("animals", 38): "underwater",
    ("travel", 54): "street",
    ("travel", 55): "sea",
    ("travel", 56): "air",
    ("travel", 59): "meadow",
    ("travel", 58): "plain",
    ("travel", 57): "plain",
    ("objects", 81): "room",
    ("activities", 60): "meadow",
    ("activities", 62): "plain",
    ("travel", 49): "space",
    ("people", 22): "plain",
}
_DRAWN_PLACES = {
    "boat": "sea",
    "sailboat": "sea",
    "ship": "sea",
    "iceberg": "sea",
    "hot-air-balloon": "mountains",
    "lamp-post": "city",
    "couch": "room",
    "table": "room",
    "bookshelf": "room",
    "lamp": "room",
    "fridge": "room",
    "oven": "room",
    "sink": "room",
    "microwave": "plain",
    "toaster": "plain",
    "bowl": "table",
    "bottle": "table",
    "cup": "table",
    "vase": "table",
    "fork": "table",
    "knife": "table",
    "spoon": "table",
    "plate": "table",
    "road": "street",
    "bus": "street",
    "traffic-light": "street",
    "parking-meter": "street",
    "hydrant": "street",
    "remote": "plain",
    "hair-drier": "plain",
    "bridge": "lake",
    "lighthouse": "sea",
    "polar-bear": "snow",
    "igloo": "snow",
    "surfboard": "beach",
    "baseball-bat": "plain",
    "baseball-glove": "plain",
    "tennis-racket": "plain",
    "cube": "plain",
    "sphere": "plain",
    "rug": "room",
    "window-frame": "room",
    "bench": "meadow",
    "curtain": "room",
    "stool": "room",
    "snowboard": "snow",
    "scooter": "street",
    "poster": "room",
    "card": "plain",
    "shop": "street",
    "box": "plain",
    "kettle": "room",
    "pot": "room",
    "jug": "table",
    "pillow": "room",
    "blanket": "room",
    "towel": "room",
    "washing-machine": "room",
    "board": "room",
}
_RURAL = {"tractor", "locomotive", "train", "railway-car", "horse-racing-default", "tram"}
_SEA_LEVEL = {"sea", "lake", "beach", "underwater"}
_WEATHER_WORDS = {
    "rainy": "rain",
    "snowy": "snow",
    "foggy": "fog",
    "stormy": "storm",
    "windy": "wind",
    "sunny": "sun",
    "cloudy": "clouds",
    "cloud": "clouds",
}


def choose_background(
    layout: Mapping[str, Any],
    concepts: Sequence[Concept],
    boxes: Sequence[tuple[float, float, float, float]],
    *,
    embed: Embed | None = None,
) -> Background:
    """The backdrop of a layout: said by its words, else where its things belong."""
    words = str(layout.get("background") or "").lower()
    place = place_of_words(words, embed=embed) if words else ""
    if not place:
        place = _place_of_things(concepts, str(layout.get("season") or ""))
    if place == "beach" and any(concept.anchor == "water" for concept in concepts):
        place = "sea"
    time = str(layout.get("time") or "") or _time_of_words(words)
    is_outside = place not in ("plain", "room", "table", "underwater")
    if time == "day" and not layout.get("time") and is_outside and _has_moon(concepts):
        time = "night"
    weather = str(layout.get("weather") or "")
    weather = _WEATHER_WORDS.get(weather, weather)
    return Background(
        place,
        time if time in TIMES else _time_of_words(time),
        weather if weather in (*GREY_SKIES, "wind", "sun") else "",
        str(layout.get("season") or ""),
        _horizon(place, concepts, boxes),
        _light(concepts, boxes),
        not any(LUMINARY.search(concept.art) for concept in concepts),
    )


def place_of_words(words: str, *, embed: Embed | None = None) -> str:
    """The backdrop that scenery words name, or mean; "" if none is near."""
    for chinese, place in _CHINESE.items():
        if chinese in words:
            return place
    text = " ".join(singular(word) for word in re.findall(r"[a-z]+", words.lower()))
    hits = [
        (match.start(), -len(name), place)
        for place, names in SCENERY.items()
        for name in (place, *names)
        if (match := re.search(rf"\b{re.escape(name)}\b", text))
    ]
    if any(place == "village" for *_, place in hits):
        return "village"  # wherever it lies
    if hits:
        return max(hits, key=lambda hit: (-hit[1], hit[0]))[2]
    if embed is None or not text:
        return ""
    pairs = [(name, place) for place, names in SCENERY.items() for name in names]
    vectors = np.asarray(embed([text, *(name for name, _ in pairs)]), dtype=np.float32)
    scores = vectors[1:] @ vectors[0]
    best = int(np.argmax(scores))
    return pairs[best][1] if scores[best] > 0.45 else ""


def _place_of_things(concepts: Sequence[Concept], season: str) -> str:
    votes: Counter[str] = Counter()
    is_home = any(_DRAWN_PLACES.get(concept.art[6:]) == "room" for concept in concepts)
    for concept in dict.fromkeys(concepts):
        is_person = concept.group == "people" or concept.art.partition(":")[2] in PEOPLE
        if is_home and is_person:
            continue  # people are at home where furniture is
        sort, _, name = concept.art.partition(":")
        if sort == "drawn":
            votes[_DRAWN_PLACES.get(name, "meadow")] += 1
        elif name in _RURAL:
            votes["meadow"] += 1
        elif sort == "fluent":
            narrow = _HABITATS.get((concept.group, concept.subgroup))
            votes[narrow or _HABITATS.get(concept.group, "plain")] += 1
        else:
            votes["plain"] += 1
    del season
    # Water and space hold everything; a living thing or a street sets the place; bare things adapt.
    for place in ("underwater", "sea", "snow", "space", "lake", "beach"):
        strangers = [p for p in votes if p not in (place, "plain", "table", "meadow", "air")]
        if votes[place] and not strangers:
            return place
    ranked = ("street", "room", "meadow", "table", "sea", "air")
    return max(ranked, key=lambda place: votes[place]) if any(votes[p] for p in ranked) else "plain"


def _has_moon(concepts: Sequence[Concept]) -> bool:
    arts = {concept.art for concept in concepts}
    return "drawn:sun" not in arts and any(re.search(r":(star|.*moon)$", art) for art in arts)


def _time_of_words(words: str) -> str:
    for name, time in (
        ("night", "night"),
        ("midnight", "night"),
        ("moon", "night"),
        ("dusk", "evening"),
        ("sunset", "sunset"),
        ("evening", "evening"),
        ("sunrise", "dawn"),
        ("dawn", "dawn"),
        ("morning", "morning"),
        ("夜", "night"),
        ("日落", "sunset"),
    ):
        if name in words:
            return time
    return "day"


def _horizon(
    place: str,
    concepts: Sequence[Concept],
    boxes: Sequence[tuple[float, float, float, float]],
) -> float:
    """High enough that what stands on the ground has ground under its feet."""
    feet = sorted(
        box[1] + box[3]
        for concept, box in zip(concepts, boxes)
        if concept.anchor in ("ground", "water") and box[1] + box[3] > 0.3
    )
    usual = {"room": 0.72, "table": 0.58, "beach": 0.5, "sea": 0.52, "lake": 0.5, "desert": 0.58}
    level = usual.get(place, 0.62)
    if not feet:
        return level
    lowest = feet[0] - (0.05 if place in _SEA_LEVEL else 0.08)
    return round(float(np.clip(min(level, lowest), 0.36, 0.78)), 3)


def _light(
    concepts: Sequence[Concept], boxes: Sequence[tuple[float, float, float, float]]
) -> tuple[float, float]:
    """The middle of the sun or moon where there is one."""
    for concept, box in zip(concepts, boxes):
        if LUMINARY.search(concept.art):
            return (round(box[0] + box[2] / 2, 3), round(box[1] + box[3] / 2, 3))
    return (0.24, 0.12)
