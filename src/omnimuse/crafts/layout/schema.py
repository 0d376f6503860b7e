"""SceneRequest, what a prompt asks to see, and the JSON of a layout, where it is to be seen.

A layout asset (kind `layout`) is one JSON object. All keys but `objects`, `relations`,
`background` and `canvas` are left out when there is nothing to say:

    {
      "canvas": [1024, 768],              # width, height in pixels
      "background": "park",               # scenery in words, "" if the prompt names none
      "objects": [                        # one entry per thing: "three dogs" gives three
        {
          "id": "dog-1",                  # unique, label with hyphens and a running number
          "label": "dog",                 # singular class name, as the prompt has it
          "box": [0.1, 0.5, 0.2, 0.3],    # x, y, w, h; shares of the canvas, origin top left
          "attributes": {                 # all strings; only what the prompt says
            "color": "red",               # "black and white" if several
            "size": "small",              # tiny small short large huge tall long wide ...
            "material": "wooden",
            "pattern": "striped",
            "shape": "round",
            "age": "old",
            "pose": "sitting",            # a present participle: pose or action
            "state": "open",              # any other adjective
            "contents": "tea",            # what a container holds, if it cannot be counted
            "text": "SALE",               # words written on it
            "speech": "Hello!",           # words that it says, drawn in a balloon
            "arrangement": "stack",       # stack, pile, row, line, field: of its group
            "type": "dog house"           # whole name, where the label is but its last word
          },
          "depth": 0.6,                   # 0 is far away, 1 is in front; draw in this order
          "support": "bench-1"            # what it stands on or lies in, if the prompt says so
        },
        {                                 # "several birds": one entry, as their number is open
          "id": "group-of-birds-2", "label": "group of birds", "box": [...], ...,
          "members": [...]                # entries that are proposed; the illustrator draws them
        }
      ],
      "relations": [                      # ids of objects
        {"subject": "dog-1", "relation": "left of", "object": "bench-1"}
      ],
      "time": "night",                    # dawn morning day sunset evening night
      "weather": "rain",                  # rain snow fog storm wind sun clouds
      "season": "winter",                 # spring summer autumn winter
      "style": "watercolor painting",     # how it is to look, in the prompt's words
      "text": ["SALE"],                   # words to be written in the picture
      "excluded": ["cat"],                # what must not be there
      "conflicts": ["..."],               # relations that cannot all hold, in words; the later
                                          # one of each contradiction was given up
      "language": "zh",                   # of the prompt, if it is not English
      "untranslated": ["..."]             # labels that stay in the prompt's language
    }

`relation` is one of RELATIONS. A layout over time may hold `frames`, a list of lists of
`{"id", "box"}`, one list per moment; it is absent from a still picture's layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RELATIONS: tuple[str, ...] = (
    "left of",
    "right of",
    "above",
    "below",
    "on",
    "under",
    "in",
    "next to",
    "near",
    "in front of",
    "behind",
    "between",
    "around",
    "holding",
    "wearing",
    "riding",
    "looking at",
    "at",
)

ATTRIBUTE_KEYS: tuple[str, ...] = (
    "color",
    "size",
    "material",
    "pattern",
    "shape",
    "age",
    "pose",
    "state",
    "contents",
    "text",
    "speech",
    "arrangement",
    "type",
)

MAX_OBJECTS = 400
"""More things than this in one prompt are refused."""


@dataclass(frozen=True)
class ThingGroup:
    """Things of one class that the prompt speaks of together: "three red kites".

    Attributes:
        label: singular class name as the prompt has it; lower case, hyphens folded to spaces.
        count: how many; decided where the prompt leaves it open ("several").
        attributes: see the module's docstring; shared by all of them.
        is_exact: whether the prompt gives the count.
        region: part of the picture it is told to be in: any of left, right, top, bottom, center,
            corner, foreground, background; space separated, "" if free.
    """

    label: str
    count: int = 1
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_exact: bool = True
    region: str = ""


@dataclass(frozen=True)
class GroupRelation:
    """How one group stands to another; indices into `SceneRequest.things`.

    Attributes:
        subject: index of the group that is placed.
        relation: one of RELATIONS.
        object: index of the group it is placed by.
        other: second index of "between", or -1.
    """

    subject: int
    relation: str
    object: int
    other: int = -1


@dataclass(frozen=True)
class SceneRequest:
    """What a prompt asks to see.

    Attributes:
        prompt: as given.
        things: groups of things, in the prompt's order.
        relations: between groups.
        background: scenery in words.
        time: time of day, "" if not said; so are `weather`, `season` and `style`.
        text: words to be written.
        excluded: labels that must not be there.
        language: `en` or `zh`.
        untranslated: labels left in the prompt's language.
    """

    prompt: str
    things: tuple[ThingGroup, ...] = ()
    relations: tuple[GroupRelation, ...] = ()
    background: str = ""
    time: str = ""
    weather: str = ""
    season: str = ""
    style: str = ""
    text: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    language: str = "en"
    untranslated: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """The parts of a layout's JSON that are not places."""
        parts: dict[str, Any] = {
            "time": self.time,
            "weather": self.weather,
            "season": self.season,
            "style": self.style,
            "text": list(self.text),
            "excluded": list(self.excluded),
            "language": "" if self.language == "en" else self.language,
            "untranslated": list(self.untranslated),
        }
        return {"background": self.background} | {key: v for key, v in parts.items() if v}
