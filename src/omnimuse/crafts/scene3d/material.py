"""Materials: base colour, metalness, roughness, transparency and glow, by name.

A material is asked for as `wood`, as `#c83232`, or as `wood #c83232` (the sort, in another colour).
Values follow glTF 2.0's metallic-roughness model; colours are sRGB here and linear in files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """One surface.

    Attributes:
        name: as it was asked for.
        color: sRGB `#rrggbb`.
        metallic: 0 or 1, or between for worn metal.
        roughness: 0 is a mirror, 1 is chalk.
        alpha: below 1 it can be seen through.
        glow: how brightly it shines by itself, 0 to 1.
    """

    name: str
    color: str
    metallic: float = 0.0
    roughness: float = 0.6
    alpha: float = 1.0
    glow: float = 0.0

    @property
    def linear(self) -> Color:
        """The colour as linear light."""
        return linear(self.color)


_SORTS = {
    "wood": ("#b07a45", 0.0, 0.55),
    "dark wood": ("#6d4426", 0.0, 0.5),
    "bark": ("#6b4a33", 0.0, 0.9),
    "metal": ("#a9adb3", 1.0, 0.32),
    "steel": ("#c3c7cd", 1.0, 0.25),
    "iron": ("#4a4c52", 0.9, 0.5),
    "gold": ("#f2b93b", 1.0, 0.22),
    "silver": ("#dfe3e8", 1.0, 0.16),
    "bronze": ("#a9713a", 1.0, 0.35),
    "copper": ("#c9744a", 1.0, 0.28),
    "brass": ("#cfa545", 1.0, 0.28),
    "chrome": ("#eef1f5", 1.0, 0.06),
    "stone": ("#9a968f", 0.0, 0.9),
    "brick": ("#a8523b", 0.0, 0.88),
    "marble": ("#ece9e4", 0.0, 0.2),
    "concrete": ("#b1b0ac", 0.0, 0.9),
    "plaster": ("#efe6d4", 0.0, 0.9),
    "slate": ("#56606e", 0.0, 0.7),
    "plastic": ("#e2573f", 0.0, 0.35),
    "rubber": ("#26272b", 0.0, 0.85),
    "ceramic": ("#f3efe8", 0.0, 0.18),
    "fabric": ("#6f84a8", 0.0, 0.95),
    "leather": ("#7a4a2c", 0.0, 0.5),
    "paper": ("#f8f4ea", 0.0, 0.9),
    "wax": ("#f6eeda", 0.0, 0.45),
    "paint": ("#d8433b", 0.0, 0.3),
    "skin": ("#edb892", 0.0, 0.6),
    "fur": ("#a0724a", 0.0, 0.85),
    "feather": ("#5b7fb5", 0.0, 0.75),
    "leaf": ("#58993a", 0.0, 0.75),
    "pine": ("#2f6b41", 0.0, 0.8),
    "grass": ("#79b552", 0.0, 0.95),
    "sand": ("#e3c88f", 0.0, 0.98),
    "earth": ("#7d5a3d", 0.0, 0.98),
    "snow": ("#f6f9fd", 0.0, 0.8),
    "ice": ("#cfe8f5", 0.0, 0.12),
    "straw": ("#d9b45f", 0.0, 0.9),
    "tile": ("#b5523c", 0.0, 0.7),
    "clay": ("#b9714f", 0.0, 0.8),
    "coal": ("#24242a", 0.0, 0.7),
    "ivory": ("#f5f0dc", 0.0, 0.4),
    "fruit": ("#d93a30", 0.0, 0.3),
}
MATERIALS: dict[str, Material] = {
    name: Material(name, color, metallic, roughness)
    for name, (color, metallic, roughness) in _SORTS.items()
} | {
    "glass": Material("glass", "#cfe6ea", 0.0, 0.05, alpha=0.32),
    "window": Material("window", "#8fb8cf", 0.2, 0.08),
    "water": Material("water", "#4a9fc9", 0.0, 0.06, alpha=0.82),
    "flame": Material("flame", "#ffc04a", 0.0, 0.6, glow=1.0),
    "lamplight": Material("lamplight", "#ffe9b8", 0.0, 0.6, glow=0.9),
    "sunlight": Material("sunlight", "#ffd23e", 0.0, 0.7, glow=0.75),
    "moonlight": Material("moonlight", "#f1e7bd", 0.0, 0.9, glow=0.35),
}
_ALIASES = {
    "wooden": "wood",
    "oak": "wood",
    "log": "wood",
    "metallic": "metal",
    "stainless steel": "steel",
    "golden": "gold",
    "brazen": "brass",
    "cloth": "fabric",
    "cotton": "fabric",
    "wool": "fabric",
    "woolen": "fabric",
    "silk": "fabric",
    "velvet": "fabric",
    "porcelain": "ceramic",
    "china": "ceramic",
    "terracotta": "clay",
    "granite": "stone",
    "rock": "stone",
    "crystal": "glass",
    "cardboard": "paper",
    "bamboo": "straw",
    "wicker": "straw",
    "aluminium": "metal",
    "aluminum": "metal",
    "tin": "metal",
    "icy": "ice",
    "snowy": "snow",
    "cement": "concrete",
    "sandstone": "sand",
    "rusty": "iron",
}
_SAME_COLOR = {"gold", "silver", "bronze", "copper"}


def is_material(word: str) -> bool:
    """Whether there is such a material."""
    return _ALIASES.get(word, word) in MATERIALS


def material(name: str) -> Material:
    """The material of that name: a sort, a colour code, or both.

    Raises:
        KeyError: no such sort; a fault of a model, not of a caller.
    """
    sort, _, code = name.partition("#")
    sort = sort.strip()
    if not sort:
        return Material(f"#{code}", f"#{code}", 0.0, 0.5)
    found = MATERIALS[_ALIASES.get(sort, sort)]
    return replace(found, name=name, color=f"#{code}") if code else found


def dressed(usual: str, color: str, stuff: str) -> Material:
    """What the main surface of a thing is made of, given what was said of it.

    Args:
        usual: the model's own material.
        color: `#rrggbb` or "".
        stuff: a material's name or "".
    """
    if not stuff or not is_material(stuff):
        base = material(usual)
        return replace(base, name=f"{base.name} {color}".strip(), color=color) if color else base
    found = material(stuff)
    return replace(found, name=f"{found.name} {color}", color=color) if color else found


def metal_of(color_word: str) -> str:
    """Colour words that name a metal mean the metal: a gold crown is made of gold."""
    word = _ALIASES.get(color_word, color_word)
    return word if word in _SAME_COLOR else ""


def linear(code: str) -> Color:
    """`#rrggbb` as linear light, 0 to 1."""
    values = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return (r, g, b)
