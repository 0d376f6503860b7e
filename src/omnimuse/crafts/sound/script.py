"""Audio scripts: speech, sounds and music in time, as an editable JSON record.

{"title", "loudness_lufs", "characters": {"ANNA": {"voice", "rate", "pitch_semitones", "pan"}},
 "items": [{"id", "type": "speech|sound|music|pause", "text", "character", "layer":
   "foreground|background", "start_s", "gap_s", "duration_s", "until", "gain_db", "pan", "clip"}]}

Foreground items follow each other, `gap_s` apart, unless `start_s` says when. Background items
begin with the next foreground item and last for `duration_s`, until the item named in `until` ends,
or to the end. `clip` is the number of an attached recording to be used instead of a made one.

Source: the script-then-compile design of WavJourney (Liu et al. 2023, arXiv:2307.14335); the format
is our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from omnimuse.errors import InputError

TYPES = ("speech", "sound", "music", "pause")
MAX_ITEMS = 400
MAX_DURATION_S = 1800.0
_OFFSETS = ((0.0, 0.0), (-2.5, -0.25), (2.5, 0.25), (-4.5, 0.4), (4.5, -0.4), (1.2, 0.15))
_STAGE = re.compile(r"^\s*[\[(](?P<body>[^\])]+)[\])]\s*$")
_LINE = re.compile(r"^\s*(?P<name>[A-Z][\w .'-]{0,30}?)\s*[:：]\s*(?P<words>\S.*)$")
_KIND = re.compile(
    r"^(?P<kind>music|song|sound|sfx|effect|ambience|background|pause)s?\b\s*[:：-]?\s*",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:s|sec|seconds?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Character:
    """Who speaks: a voice of the synthesiser, its pace, pitch and place."""

    voice: str = ""
    rate: float = 1.0
    pitch_semitones: float = 0.0
    pan: float = 0.0


@dataclass(frozen=True)
class Item:
    """One entry of a script; see the module's docstring."""

    id: str
    type: str
    text: str = ""
    character: str = ""
    layer: str = "foreground"
    start_s: float | None = None
    gap_s: float = 0.3
    duration_s: float | None = None
    until: str = ""
    gain_db: float = 0.0
    pan: float | None = None
    clip: int | None = None


@dataclass(frozen=True)
class AudioScript:
    """A whole script."""

    items: tuple[Item, ...]
    characters: Mapping[str, Character] = field(default_factory=dict)
    title: str = ""
    loudness_lufs: float = -16.0

    def to_json(self) -> dict[str, Any]:
        """As a record; values that are absent or usual are left out of items."""
        usual = asdict(Item("", ""))
        return {
            "title": self.title,
            "loudness_lufs": self.loudness_lufs,
            "characters": {name: asdict(who) for name, who in self.characters.items()},
            "items": [
                {k: v for k, v in asdict(item).items() if k in ("id", "type") or v != usual[k]}
                for item in self.items
            ],
        }


@dataclass(frozen=True)
class Placed:
    """An item with its time."""

    item: Item
    start_s: float
    duration_s: float


def _number(value: Any, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError(
            f"{where} is {value!r}", hint=f"Wanted: a number from {low:g} to {high:g}."
        )
    return float(value)


def _item(data: Any, index: int) -> Item:
    where = f"item {index}"
    known = {one.name for one in fields(Item)}
    if not isinstance(data, dict) or set(data) - known:
        extra = sorted(set(data) - known) if isinstance(data, dict) else data
        raise InputError(f"{where}: unknown {extra!r}", hint=f"Known: {', '.join(sorted(known))}.")
    values = {"id": f"item{index}", **data}
    if values.get("type") not in TYPES:
        raise InputError(
            f"{where}: type {values.get('type')!r}", hint=f"One of {', '.join(TYPES)}."
        )
    if values.get("layer", "foreground") not in ("foreground", "background"):
        raise InputError(f"{where}: layer {values['layer']!r}", hint="foreground or background.")
    limits = {
        "start_s": (0, MAX_DURATION_S), "gap_s": (-30, 60), "duration_s": (0.05, MAX_DURATION_S),
        "gain_db": (-60, 20), "pan": (-1, 1), "clip": (0, 63),
    }  # fmt: skip
    for key, (low, high) in limits.items():
        if values.get(key) is not None:
            number = _number(values[key], f"{where}: {key}", low, high)
            values[key] = int(number) if key == "clip" else number
    for key in ("id", "text", "character", "until"):
        if not isinstance(values.get(key, ""), str):
            raise InputError(f"{where}: {key} is not text")
    item = Item(**values)
    if item.type != "pause" and not item.text.strip() and item.clip is None:
        raise InputError(f"{where} ({item.type}) has neither text nor clip")
    return item


def read_script(data: Any) -> AudioScript:
    """Read and check a script record.

    Raises:
        InputError: names the item and what is wrong with it.
    """
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise InputError("not an audio script", hint='Wanted: {"items": [{"type", "text"}, ...]}.')
    if not 1 <= len(data["items"]) <= MAX_ITEMS:
        raise InputError(f"{len(data['items'])} items; 1 to {MAX_ITEMS} can be compiled")
    items = tuple(_item(entry, index) for index, entry in enumerate(data["items"]))
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise InputError(f"two items are called {item.id!r}")
        seen.add(item.id)
    for item in items:
        if item.until and item.until not in seen:
            raise InputError(f"{item.id}: until {item.until!r} names no item")
    characters = {}
    for name, entry in dict(data.get("characters") or {}).items():
        try:
            who = Character(**entry)
        except TypeError as error:
            raise InputError(f"character {name!r}: {error}") from None
        _number(who.rate, f"character {name!r}: rate", 0.5, 2)
        _number(who.pitch_semitones, f"character {name!r}: pitch_semitones", -12, 12)
        _number(who.pan, f"character {name!r}: pan", -1, 1)
        characters[name] = who
    loudness = _number(data.get("loudness_lufs", -16.0), "loudness_lufs", -40, -6)
    script = AudioScript(items, characters, str(data.get("title", "")), loudness)
    names = tuple(dict.fromkeys(i.character for i in items if i.type == "speech"))
    return AudioScript(
        items, {**cast_characters(names, ("",)), **characters}, script.title, loudness
    )


def cast_characters(names: tuple[str, ...], voices: tuple[str, ...]) -> dict[str, Character]:
    """Give each name a voice; where there are more names than voices, pitches tell them apart."""
    cast = {}
    for index, name in enumerate(names):
        turn = index // max(len(voices), 1)
        pitch, _ = _OFFSETS[turn % len(_OFFSETS)]
        _, pan = _OFFSETS[index % len(_OFFSETS)]
        cast[name] = Character(voices[index % len(voices)] if voices else "", 1.0, pitch, pan)
    return cast


def schedule(script: AudioScript, lengths_s: Mapping[str, float]) -> list[Placed]:
    """Times of all items, given the lengths of the foreground ones; sorted by start.

    Raises:
        InputError: the script is longer than 30 minutes.
    """
    placed: dict[str, Placed] = {}
    waiting: list[Item] = []
    starts: dict[str, float] = {}
    cursor = end_s = 0.0
    for item in script.items:
        if item.layer == "background":
            waiting.append(item)
            continue
        gap_s = item.gap_s if cursor > 0 else 0.0
        start_s = max(cursor + gap_s, 0.0) if item.start_s is None else item.start_s
        length_s = lengths_s.get(item.id, item.duration_s or 1.0)
        placed[item.id] = Placed(item, start_s, length_s)
        for behind in waiting:
            starts[behind.id] = start_s
        waiting.clear()
        cursor = start_s + length_s
        end_s = max(end_s, cursor)
    for behind in waiting:
        starts[behind.id] = cursor
    background = [item for item in script.items if item.layer == "background"]
    fixed_end_s = max(
        [end_s]
        + [
            (starts[i.id] if i.start_s is None else i.start_s) + i.duration_s
            for i in background
            if i.duration_s is not None
        ]
    )
    for item in background:
        start_s = starts[item.id] if item.start_s is None else item.start_s
        stop_s = fixed_end_s
        if item.duration_s is not None:
            stop_s = start_s + item.duration_s
        elif item.until in placed:
            stop_s = placed[item.until].start_s + placed[item.until].duration_s
        placed[item.id] = Placed(item, start_s, max(stop_s - start_s, 1.0))
    total_s = max(one.start_s + one.duration_s for one in placed.values())
    if total_s > MAX_DURATION_S:
        raise InputError(
            f"the script lasts {total_s:.0f} s; {MAX_DURATION_S:.0f} s can be compiled",
            hint="Split it into scenes.",
        )
    return sorted(placed.values(), key=lambda one: (one.start_s, one.item.id))


def _stage_item(body: str, index: int) -> Item:
    """A direction such as `[sound: rain, background]` as an item."""
    found = _KIND.match(body)
    kind = found["kind"].lower() if found else "sound"
    text = body[found.end() :] if found else body
    seconds = _SECONDS.search(body)
    duration_s = min(max(float(seconds[1]), 0.05), MAX_DURATION_S) if seconds else None
    is_behind = kind in ("ambience", "background") or bool(re.search(r"\bbackground\b", text))
    text = re.sub(r",?\s*(?:in the )?background\b", "", _SECONDS.sub("", text)).strip(" ,.")
    if kind == "pause":
        return Item(f"item{index}", "pause", duration_s=duration_s or 1.0, gap_s=0.0)
    if kind in ("music", "song"):
        layer = "foreground" if re.match(r"^(?:sting|jingle)\b", text) else "background"
        return Item(f"item{index}", "music", text or "calm music", layer=layer,
                    duration_s=duration_s, gain_db=-4.0)  # fmt: skip
    layer = "background" if is_behind else "foreground"
    return Item(f"item{index}", "sound", text or body, layer=layer, duration_s=duration_s)


def read_play(text: str, *, title: str = "") -> AudioScript:
    """Read a radio play: `NAME: words` is speech, `[sound: ...]` and `[music: ...]` are directions.

    Lines without a name are the narrator's; a line that goes on belongs to who spoke last.

    Raises:
        InputError: nothing in it, or too long.
    """
    items: list[Item] = []
    speaker = "Narrator"
    for line in text.splitlines():
        stage, said = _STAGE.match(line), _LINE.match(line)
        if not line.strip():
            speaker = "Narrator"
        elif stage:
            speaker = "Narrator"
            items.append(_stage_item(stage["body"].strip(), len(items)))
        elif said:
            speaker = said["name"].strip()
            items.append(Item(f"item{len(items)}", "speech", said["words"].strip(), speaker))
        elif items and items[-1].type == "speech" and items[-1].character == speaker:
            last = items[-1]
            items[-1] = Item(last.id, "speech", f"{last.text}\n{line.strip()}", speaker)
        else:
            items.append(Item(f"item{len(items)}", "speech", line.strip(), speaker))
    return read_script({"title": title, "items": [asdict(item) for item in items]})
