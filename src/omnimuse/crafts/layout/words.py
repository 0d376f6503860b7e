"""Closed-class English words of a picture request, and what kind of thing a noun names.

The tables hold function words and small adjective classes; open-class nouns come from
`data/nouns.tsv` (derived from WordNet) and `data/sizes.tsv`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBERS: dict[str, int] = {word: i for i, word in enumerate(_ONES)} | {
    word: 10 * (i + 2) for i, word in enumerate(_TENS)
}
MULTIPLIERS = {"dozen": 12, "hundred": 100, "thousand": 1000, "score": 20}

# Counts that a prompt leaves open: how many are drawn.
VAGUE = {
    "few": 3, "some": 3, "several": 4, "various": 4, "multiple": 4, "many": 6, "numerous": 7,
    "countless": 9, "assorted": 4, "different": 3, "both": 2, "lots": 6, "multitude": 8,
}  # fmt: skip
BARE_PLURAL = 3

# Nouns that say how many of the noun after "of": count, and whether that count is exact.
QUANTITY_NOUNS: dict[str, tuple[int, bool]] = {
    "couple": (2, True), "pair": (2, True), "duo": (2, True), "trio": (3, True),
    "quartet": (4, True), "dozen": (12, True), "dozens": (24, False), "hundreds": (60, False),
    "group": (4, False), "herd": (6, False), "flock": (6, False), "bunch": (4, False),
    "pack": (5, False), "crowd": (8, False), "lot": (6, False), "lots": (6, False),
    "number": (4, False), "set": (3, False), "row": (4, False), "line": (4, False),
    "pile": (4, False), "stack": (4, False), "collection": (5, False), "team": (5, False),
    "bouquet": (5, False), "variety": (4, False), "handful": (4, False), "plenty": (6, False),
    "school": (6, False), "swarm": (8, False), "gaggle": (5, False), "pride": (4, False),
    "array": (5, False), "assortment": (5, False), "cluster": (4, False), "fleet": (4, False),
    "litter": (4, False), "colony": (6, False), "range": (4, False), "mix": (4, False),
    "heap": (5, False), "ton": (7, False), "tons": (7, False), "host": (6, False),
    "series": (4, False), "majority": (5, False), "multitude": (8, False), "gang": (4, False),
    "party": (4, False), "selection": (4, False), "plethora": (6, False),
}  # fmt: skip
# Nouns that name a part, a kind or a helping of the noun after "of", which is the thing.
PORTIONS = frozenset(
    "piece slice bit loaf chunk bite hunk serving helping half kind type sort form style part "
    "section head stalk stick ear bar strip wedge".split()
)
# Nouns that picture the noun after "of".
LIKENESSES = frozenset("statue sculpture figurine figure model replica carving bust".split())
CONTAINERS = frozenset(
    "cup glass mug bowl plate bottle can jar box bag basket pot pan tray vase bucket jug pitcher "
    "carton crate barrel case dish platter pint gallon carafe sack tub tank kettle teapot".split()
)
# Nouns that are always plural: "a pair of scissors" is one thing.
ALWAYS_PLURAL = frozenset(
    "scissors skis glasses sunglasses pants jeans shorts trousers headphones binoculars tongs "
    "pliers goggles tweezers chopsticks stairs pajamas leggings earphones clothes grapes".split()
)
IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "geese": "goose",
    "mice": "mouse", "feet": "foot", "teeth": "tooth", "oxen": "ox", "knives": "knife",
    "wives": "wife", "leaves": "leaf", "loaves": "loaf", "wolves": "wolf", "shelves": "shelf",
    "calves": "calf", "halves": "half", "scarves": "scarf", "elves": "elf", "thieves": "thief",
    "bookshelves": "bookshelf", "cattle": "cow", "buses": "bus", "busses": "bus",
    "couches": "couch", "benches": "bench", "dice": "die", "policemen": "policeman",
    "snowmen": "snowman", "firemen": "fireman", "cacti": "cactus", "sandwiches": "sandwich",
    "gentlemen": "gentleman", "octopi": "octopus",
    "hooves": "hoof", "lives": "life", "axes": "axe",
    "sheep": "sheep", "deer": "deer", "fish": "fish", "moose": "moose", "bison": "bison",
    "salmon": "salmon", "aircraft": "aircraft", "spacecraft": "spacecraft", "sushi": "sushi",
}  # fmt: skip
UNMARKED_PLURAL = frozenset(
    "sheep deer fish moose bison salmon aircraft spacecraft shrimp swine elk trout people "
    "cattle".split()
)
COLORS = frozenset(
    "red orange yellow green blue purple violet pink brown black white gray grey silver gold "
    "golden beige tan cream maroon navy teal turquoise cyan magenta lavender indigo crimson "
    "scarlet olive lime ivory bronze copper amber khaki peach coral mint multicolored "
    "multicoloured colorful colourful rainbow blond blonde ginger calico tabby rusty "
    "salmon charcoal burgundy aqua emerald ruby rose lilac mustard".split()
)
SHADES = frozenset("dark light bright pale deep neon pastel hot baby sky royal lime".split())
SIZES = frozenset(
    "tiny small little miniature mini short medium large big huge giant gigantic enormous "
    "massive tall long wide narrow thin thick fat oversized jumbo colossal towering "
    "compact".split()
)
MATERIALS = {
    "wooden": "wooden", "wood": "wooden", "metal": "metal", "metallic": "metal",
    "glass": "glass", "plastic": "plastic", "stone": "stone", "brick": "brick",
    "leather": "leather", "paper": "paper", "concrete": "concrete", "marble": "marble",
    "iron": "iron", "steel": "steel", "ceramic": "ceramic", "porcelain": "porcelain",
    "clay": "clay", "cotton": "cotton", "wool": "woolen", "woolen": "woolen", "silk": "silk",
    "velvet": "velvet", "fabric": "fabric", "cardboard": "cardboard", "wicker": "wicker",
    "straw": "straw", "crystal": "crystal", "rubber": "rubber", "bamboo": "bamboo",
    "aluminum": "aluminum", "brass": "brass", "denim": "denim", "enamel": "enamel",
    "granite": "granite", "chrome": "chrome", "stainless": "steel", "log": "wooden",
    "oak": "wooden", "felt": "felt", "wire": "wire", "tin": "tin", "vinyl": "vinyl",
}  # fmt: skip
PATTERNS = frozenset(
    "striped spotted checkered plaid floral dotted polka patterned flowered tiled paisley "
    "camouflage speckled mottled stripe polka-dot polka-dotted zig-zag zigzag pinstriped".split()
)
SHAPES = frozenset(
    "round square rectangular circular oval triangular curved spiral cubic spherical flat "
    "pointy heart-shaped l-shaped".split()
)
AGES = frozenset("old young new ancient elderly baby vintage antique modern".split())
BABY_MODIFIERS = {"baby": "baby", "adult": "adult", "infant": "baby", "female": "", "male": ""}

FRAMES = frozenset(
    "photo photograph picture image scene view shot closeup drawing painting illustration sketch "
    "rendering render cartoon portrait snapshot wallpaper artwork scenery pic depiction footage "
    "still watercolor collage canvas composition".split()
)
PLAIN_FRAMES = frozenset("picture image scene view shot pic scenery composition still".split())

# Scenery: always the background.
SCENERY = frozenset(
    "background foreground sky ground floor grass lawn field meadow pasture prairie savanna "
    "savannah plain desert forest woods jungle rainforest beach shore seashore coast coastline "
    "sand dirt mud snow ice water sea ocean lake river stream creek pond pool bay harbor harbour "
    "marina street road highway freeway lane sidewalk pavement path trail walkway driveway "
    "intersection crosswalk parking lot park garden yard backyard courtyard patio deck porch "
    "balcony city town village downtown countryside farm farmland ranch zoo enclosure room "
    "kitchen bathroom bedroom office classroom restroom hallway hall corridor basement attic "
    "restaurant cafe cafeteria diner bakery bar pub store shop supermarket market mall airport "
    "runway tarmac station platform subway terminal dock wharf court stadium arena gym "
    "gymnasium studio museum gallery library church hospital school campus playground "
    "landscape cityscape skyline horizon hillside mountainside slope valley canyon cliff "
    "ceiling wall corner area space place outdoors indoors world scene setting environment "
    "terrain surface traffic track tracks railway railroad rail rails surf wave waves tide "
    "airfield hangar campsite orchard vineyard swamp marsh plaza square asphalt gravel "
    "neighborhood suburb alley roadside curb roadway shoreline waters puddle plains hills "
    "mountains savannah stable hotel lobby theater cinema apartment condo lounge skatepark "
    "rink ramp racetrack waterway canal reef fog mist rain sunlight sunshine moonlight air "
    "brush vegetation foliage greenery wilderness outback clearing countertop".split()
)  # fmt: skip
# Names for no thing that could be drawn, though a dictionary may know one.
NO_THING = frozenset(
    "top side left right front back middle center centre bottom edge end each other way "
    "row line camera distance direction day time night morning evening afternoon noon sunset "
    "sunrise dusk dawn midnight daytime nighttime air position shade shadow light rest nap look "
    "view number amount variety lot front half inside outside style color colour size shape "
    "kind type sort part piece bit one ones thing things something anything nothing someone "
    "somebody everyone nobody it game match ride trip motion movement action activity meal "
    "lunch dinner breakfast display use order line race competition tour trick pose weather "
    "winter summer spring autumn fall season mouth fun conversation company love need care "
    "attention sleep show stand contrast reflection detail details total equal "
    "others another pair couple group".split()
)
PARTS = frozenset(
    "mouth head face eye ear nose tongue paw tail leg arm hand foot finger hair neck back chest "
    "skin fur horn trunk wing beak feather hoof mane tooth knee shoulder belly stomach lip "
    "wheel tire door window seat roof hood handle button screen engine lid bumper mirror "
    "headlight label".split()
)
TIMES = {
    "night": "night", "nighttime": "night", "midnight": "night", "evening": "evening",
    "dusk": "sunset", "sunset": "sunset", "twilight": "sunset", "sunrise": "dawn",
    "dawn": "dawn", "morning": "morning", "noon": "day", "daytime": "day", "daylight": "day",
    "afternoon": "day", "moonlit": "night", "nocturnal": "night", "moonlight": "night",
    "starry": "night",
}  # fmt: skip
WEATHERS = {
    "rain": "rain", "raining": "rain", "rainy": "rain", "rainstorm": "storm", "drizzle": "rain",
    "snow": "snow", "snowing": "snow", "snowy": "snow", "snowstorm": "snow", "blizzard": "snow",
    "fog": "fog", "foggy": "fog", "mist": "fog", "misty": "fog", "hazy": "fog",
    "storm": "storm", "stormy": "storm", "thunderstorm": "storm", "wind": "wind",
    "windy": "wind", "sunny": "sun", "sunshine": "sun", "cloudy": "clouds",
    "overcast": "clouds", "snowfall": "snow", "snow-covered": "snow",
}  # fmt: skip
SEASONS = {
    "winter": "winter", "wintry": "winter", "spring": "spring", "springtime": "spring",
    "summer": "summer", "autumn": "autumn", "fall": "autumn", "autumnal": "autumn",
}  # fmt: skip
SINGULAR_PRONOUNS = frozenset("it him her he she this that itself himself herself".split())
PLURAL_PRONOUNS = frozenset("them they these those themselves".split())


@cache
def noun_table() -> dict[str, tuple[str, str]]:
    """Kind letter and the noun that the size is taken from, by noun; see data/nouns.tsv."""
    rows = _rows("nouns.tsv")
    return {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows}


@cache
def size_table() -> dict[str, tuple[float, float, str]]:
    """Width and height in metres and stance, by noun; see data/sizes.tsv."""
    return {name: (float(w), float(h), stance) for name, w, h, stance in _rows("sizes.tsv")}


def _rows(name: str) -> list[list[str]]:
    text = (files("omnimuse.crafts.layout") / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]


@cache
def noun_kind(noun: str) -> str:
    """Kind letter of a noun or compound, see data/nouns.tsv; `?` if nothing is known of it."""
    last = noun.rsplit(" ", 1)[-1]
    if last in SCENERY and noun not in size_table():
        return "l"
    for name in dict.fromkeys((noun, last)):
        if name in size_table():
            entry = noun_table().get(name, ("o", ""))
            return entry[0] if entry[0] in "aoftp" else "o"
        if name in NO_THING:
            return "x"
        if name in noun_table():
            return noun_table()[name][0]
    return "?"


@cache
def is_compound(phrase: str) -> bool:
    """Whether two words together name a thing of their own, like "hot dog"."""
    if phrase in size_table():
        return True
    first = phrase.split(" ")[0]
    plain = COLORS | SIZES | AGES | PATTERNS | SHAPES | set(MATERIALS)
    return first not in plain and noun_table().get(phrase, ("x", ""))[0] in "aoftp"


@cache
def singular(word: str) -> str:
    """Singular of a plural noun, lower case."""
    word = word.lower()
    if word in ALWAYS_PLURAL or word in IRREGULAR:
        return IRREGULAR.get(word, word)
    known = noun_table()
    for ending, replacement in (("s", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", "")):
        stem = word[: -len(ending)] + replacement
        if word.endswith(ending) and len(stem) > 1 and (stem in known or stem in size_table()):
            return stem
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def number_of(word: str) -> int | None:
    """The number that a numeral or number word names, None if it is neither."""
    word = word.lower().rstrip("x").replace(",", "") if word[:1].isdigit() else word.lower()
    if word.isascii() and word.isdigit() and len(word) < 8:
        return int(word)
    if word in NUMBERS:
        return NUMBERS[word]
    tens, _, ones = word.replace("\u2011", "-").partition("-")
    if tens in _TENS and ones in _ONES[1:10]:
        return NUMBERS[tens] + NUMBERS[ones]
    return None
