"""What a small parser overlooks: imperatives read as something else, ingredients, cores.

Everything here works on words and kinds; no tool is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.intent import NEW, Mention
from omnimuse.planning.reading.phrases import ADDING, lemma_of
from omnimuse.planning.reading.syntax import Word
from omnimuse.planning.reading.values import COLOURS
from omnimuse.planning.reading.vocabulary import kind_of, makers

# Verbs that mean nothing without what they govern: "make it look old".
LIGHT = frozenset(["make", "let", "have", "get", "do"])
_SILENT = frozenset(["light", "room", "door", "car", "up", "down", "on", "off", "fire", "water"])
SAYING = frozenset(["say", "pronounce"])
# Verbs whose "with" brings a part that takes the place of another, or goes into it.
EXCHANGING = frozenset(
    ["replace", "swap", "exchange", "dub", "change", "substitute", "score", "mix", "combine",
     "blend", "layer", "accompany"]
)  # fmt: skip
_PLACES = frozenset(["front", "top", "background", "behind", "before", "onto", "over", "against"])
_SCENERY = frozenset(["background", "backdrop"])
_SOUNDS = frozenset(["music", "sound", "speech"])
SOUNDING = frozenset(["music", "sound", "speech", "audio"])
UNDER = frozenset(["under", "underneath", "beneath", "behind", "over", "below"])
_LINKS = frozenset(
    [",", ";", "and", "then", "also", "finally", "afterwards", "next", "lastly", "please", "&"]
)
_OPENING_TAGS = frozenset(["DT", "PDT", "PRP", "PRP$", "CD"])
_LITERAL = re.compile(r"[QFU]\d+x")
_NO_VERBS = frozenset(
    ["a", "an", "the", "this", "that", "these", "those", "my", "your", "our", "his", "her",
     "its", "their", "what", "which", "who", "how", "where", "when", "why", "is", "are", "can",
     "does", "do", "did", "was", "were", "has", "should", "will", "could", "would", "i", "you",
     "we", "it", "some", "any", "no", "with", "of", "in", "on", "at", "from", "for", "to",
     "and", "or", "two", "three", "more", "another", "please", "new"]
)  # fmt: skip
_TRAILING = re.compile(
    r"(?:[\s,;]+(?:and|then|also|finally|afterwards|next|lastly))*[\s,;]*$", re.I
)
THINGS = {
    "image": "a picture", "text": "a text", "music": "a piece of music", "sound": "a sound",
    "speech": "a text aloud", "video": "a film", "scene3d": "a 3D model",
}  # fmt: skip


def openers_of(specs: Mapping[str, ToolSpec]) -> frozenset[str]:
    """Verbs with which requests begin, as the tools' own names, summaries and examples show."""
    first: set[str] = set()
    for spec in specs.values():
        for text in (spec.name.replace("_", " "), spec.summary, *spec.examples):
            word = re.match(r"[A-Za-z]+", text)
            if word:
                first.add(word[0].lower())
        first.update(_listed(spec.summary))
    return frozenset((first | makers()) - _NO_VERBS)


def _listed(summary: str) -> Iterable[str]:
    """Such as "Draw, paint or generate a picture": all verbs before the first object."""
    match = re.match(r"((?:[A-Za-z]+, )*[A-Za-z]+,? (?:or|and) [A-Za-z]+)\b", summary)
    return re.findall(r"[a-z]+", match[1].lower()) if match else ()


def opens_object(words: Sequence[Word], at: int) -> bool:
    """Whether an object of a verb may begin there: "the ...", "it", a quotation."""
    while at < len(words) and words[at].tag_ in ("RB", "RP"):
        at += 1
    if at >= len(words):
        return False
    return words[at].tag_ in _OPENING_TAGS or bool(_LITERAL.fullmatch(words[at].text))


def hidden_imperatives(words: Sequence[Word], read: set[int], openers: frozenset[str]) -> list[int]:
    """Offsets of verbs that open a clause and were not read as predicates.

    Args:
        words: of one sentence, in order.
        read: numbers of the words that are predicates already.
        openers: verbs that requests begin with.
    """
    found = []
    for at, word in enumerate(words[1:], start=1):
        if word.i in read or word.lower_ not in openers or words[at - 1].lower_ not in _LINKS:
            continue
        if opens_object(words, at + 1):
            found.append(word.idx)
    return found


_AHEAD = re.compile(
    r"\s*((?:from|using|with|(?:based|conditioned) on|(?:guided|steered) by|for|on|in|following"
    r"|after|according to)\s[^,;]+),\s*(([a-z]+)\s.+)$",
    re.I | re.S,
)


def said_first(text: str, openers: frozenset[str]) -> str:
    """A sentence with its verb first: "From the sketch, draw a house" is turned round."""
    match = _AHEAD.match(text)
    if match is None or match[3].lower() not in openers:
        return text
    head, rest = match[1], match[2].rstrip(" .!")
    return f"{rest[:1].upper()}{rest[1:]} {head[:1].lower()}{head[1:]}"


_IDIOMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), said)
    for pattern, said in (
        (r"\b(?:get|getting) rid of\b", "remove"),
        (r",? as well as\b", " and"),
        (
            rf"\bturn (?P<a>(?:the|my|his|her|its|our|your|their|an?|this|that) [^,;.]+?) "
            rf"(?P<b>{'|'.join(sorted(COLOURS))})\b(?! \w)",
            r"make \g<a> \g<b>",
        ),
        (r"\b(?:each|both|all) of (?=(?:the )?F\d+x)", ""),
        (
            r"\buse (?P<a>[^,;]+?) to "
            r"(?P<b>(?:make|paint|draw|create|generate|compose|write|produce) [^,;.]+)",
            r"\g<b> from \g<a>",
        ),
        (  # whole pictures are segmented by the tools that draw after the segments
            r"\bsegment (?P<a>[^,;]+?),? (?:and|then) "
            r"(?P<b>\w+ [^,;.]+ from the (?:segmentation|segments))",
            r"\g<b> of \g<a>",
        ),
        (
            r"\bI (?:do not|don't|do n't) want (?P<a>[^,;.]+?)(?: any ?more)?"
            r"(?P<end>$|[;.]|,? (?:so |please |and )*(?:remove|delete|erase) (?:it|them)\b)",
            r"remove \g<a>",
        ),
        (
            r"\b(make|draw|paint|write|compose|build|create|produce|design|record) (?:me|us)\b",
            r"\1",
        ),
        (r"\b(?:to go|that goes|that go|going) (?:along )?with\b", "for"),
        (
            r"\buse (?P<a>[^,;]+?) as (?:the |its |a |an )?(?:new |background )?"
            r"(?:sound ?tracks?|sound|music|audio(?: track)?|voice(?:-over)?)"
            r"(?: (?:of|for|in|on) (?P<b>(?:the |my |this )?[\w.-]+(?<![.])))?",
            r"put \g<a> onto \g<b>",
        ),
        (r"\bas (?:its|the) (?:new )?(?:sound ?track|sound|music|audio)(?: track)?\b(?! of)", ""),
    )
)
_ONTO_NOTHING = re.compile(r"\bonto (?=$|[,.;]| and\b)")


def said_plainly(text: str) -> str:
    """Idioms in plain verbs: "get rid of it" removes it, "use it as the sound of" puts it onto."""
    for pattern, said in _IDIOMS:
        text = pattern.sub(said, text)
    return _ONTO_NOTHING.sub("onto it", text)


def trim_clause(text: str) -> str:
    """A piece of a sentence without the words that linked it to the next."""
    return _TRAILING.sub("", text)


def without_phrase(clause: str, phrase: str, role: str) -> str:
    """A clause without a phrase and the preposition that led to it."""
    pattern = rf"[\s,]*(?:\b{re.escape(role)}\s+)?{re.escape(phrase)}"
    return re.sub(pattern, " ", clause, count=1, flags=re.I).strip(" ,")


def is_ingredient(mention: Mention, verb: Word) -> bool:
    """A new thing that is put into another one: "replace its sound with a calm tune"."""
    if mention.status != NEW or mention.literals or mention.is_output or mention.head == "style":
        return False
    lemma = lemma_of(verb)
    if not mention.kind:
        objects = {c.lower_ for c in verb.children if c.dep_ == "dobj"}
        if mention.role == "object" and lemma in ADDING and mention.head not in COLOURS:
            heard = [c for c in verb.subtree if c.dep_ == "pobj" and c.head.lower_ in UNDER]
            return any(kind_of(c.lower_) in SOUNDING for c in heard)  # "strings under the voice"
        is_scenery = bool(objects & _SCENERY) and mention.head not in COLOURS
        return is_scenery and mention.role == "with" and lemma in EXCHANGING
    if mention.kind in _SOUNDS:
        is_put = mention.role in ("object", "with", "by") and lemma in ADDING | EXCHANGING
        return is_put and (mention.role != "object" or lemma in ADDING)
    if mention.kind != "image" or not re.search(r"\b(?:of|showing|with)\s", mention.text):
        return False
    if lemma in ADDING and mention.role in ("on", "onto", "before", "behind", "against", "over"):
        return True
    places = {w.lower_ for w in verb.subtree} & _PLACES
    return bool(places) or (mention.role in ("with", "by") and lemma in ADDING | EXCHANGING)


_FURTHER = frozenset(["ukulele", "mandolin", "accordion", "lute", "bongos", "keyboards", "synths"])


@cache
def _instruments() -> frozenset[str]:
    table = resources.files("omnimuse.crafts.music") / "instruments.tsv"
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    return frozenset(word.strip().split()[-1] for row in rows for word in row[5].split(",") if word)


@cache
def _sound_names() -> frozenset[str]:
    from omnimuse.crafts.sound.catalogue import sound_classes

    names: set[str] = set()
    for sound in sound_classes().values():
        for name in (sound.name.replace("_", " "), *sound.aliases):
            names.add(name.split()[-1])
    return frozenset(names) - _SILENT


def heard_kind(mention: Mention, *, is_heard: bool) -> str:
    """The kind of sound that a noun phrase without a medium names, empty if it names none.

    Args:
        mention: the noun phrase.
        is_heard: the clause speaks of sound, so that "an owl" is one that is heard.
    """
    head = mention.head.lower()
    if is_instrument(head) and head not in _AMBIGUOUS and head not in _sound_names():
        return "music"
    words = {head, *(m.lower() for m in mention.modifiers)}
    if words & _noises() or any(word.endswith("ing") and word in _sound_names() for word in words):
        return "sound"
    return "sound" if is_heard and {head, head.removesuffix("s")} & _sound_names() else ""


@cache
def _noises() -> frozenset[str]:
    """Nouns for what can only be heard."""
    return frozenset(_NOISES) & (_sound_names() | frozenset(_NOISES))


_AMBIGUOUS = frozenset(["voice", "horn", "bell", "bells", "pad", "lead", "whistle", "box", "bass"])
_NOISES = (
    "thunder", "applause", "birdsong", "purr", "roar", "hum", "hiss", "murmur", "chatter", "siren",
    "ticking", "tick", "ding", "beep", "blip", "click", "clap", "cheer", "heartbeat", "footsteps",
    "snore", "howl", "bark", "meow", "buzz", "knock", "thunderstorm", "rainfall", "static", "gulls",
    "cheering", "chirp", "rumble", "splash", "whoosh", "swoosh", "jingle bells", "drumroll",
    "fireworks", "alarm", "doorbell", "laughter", "crickets", "surf",
)  # fmt: skip


def is_sounding(noun: str) -> bool:
    """Whether a noun names what is heard by itself: "thunder", "a bell", "waves"."""
    low = noun.lower()
    return bool({low, low.removesuffix("s")} & _sound_names())


def is_instrument(noun: str) -> bool:
    """Whether a noun names a musical instrument: "strings", "a harp"."""
    low = noun.lower()
    return bool({low, low.removesuffix("s"), low + "s"} & (_instruments() | _FURTHER))


def core_of(verb: str, wanted: str, mentions: Sequence[Mention]) -> str:
    """A making clause without what the thing shows: "paint a picture", "a slow sad piece".

    What is depicted says nothing about who makes it; empty if the clause works on a given thing.
    """
    worked_on = [m for m in mentions if m.role != "for"]
    if not wanted or any((m.status != NEW and m.kind) or m.literals for m in worked_on):
        return ""
    made = next((m for m in mentions if m.is_output and m.kind == wanted), None)
    thing = THINGS.get(wanted, f"a {wanted}")
    if made is not None and kind_of(made.head, made.modifiers) == wanted:
        thing = f"a {' '.join([*made.modifiers[-2:], made.head])}".replace(" - ", "-")
    return f"{verb or 'make'} {thing}"
