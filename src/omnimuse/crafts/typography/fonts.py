"""FontBook: finds a font that has the characters, and gives their outlines.

Fonts are looked for in the folders that are given, then in the system's. Outlines come from
FreeType in font units; nothing depends on which fonts the reader of an SVG has.
"""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from omnimuse.errors import BackendUnavailableError

_ENDINGS = {".ttf", ".otf", ".ttc", ".woff"}
_MAX_SYSTEM_FONTS = 400


def system_font_folders() -> tuple[Path, ...]:
    """Where this platform keeps fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts")


@dataclass(frozen=True)
class Glyph:
    """One character's outline, y upwards, in units of the em (1.0 is the font size)."""

    path: tuple[tuple[str, tuple[float, ...]], ...]
    advance: float


@dataclass(eq=False)
class FontBook:
    """Fonts in the order they are preferred.

    Attributes:
        folders: looked at first, file names in order.
        use_system: whether the system's fonts may be used too.
    """

    folders: tuple[Path, ...] = ()
    use_system: bool = True
    _fonts: dict[Path, Font | None] = field(default_factory=dict, repr=False)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """All font files, most preferred first."""
        own = [path for folder in self.folders for path in _font_files(folder)]
        system: list[Path] = []
        if self.use_system:
            for folder in system_font_folders():
                system += _font_files(folder)
            system.sort(key=_system_rank)
        return tuple(dict.fromkeys([*own, *system[:_MAX_SYSTEM_FONTS]]))

    def font_for(self, text: str) -> Font | None:
        """The first font that has every visible character of the text, None if none has."""
        needed = {ord(c) for c in text if not c.isspace() and not _is_invisible(c)}
        for path in self.files:
            font = self._open(path)
            if font is not None and all(font.has(code) for code in needed):
                return font
        return None

    def runs(self, text: str) -> list[tuple[Font, str]]:
        """The text in runs of one font each.

        Raises:
            BackendUnavailableError: a character that no font has; it is named.
        """
        whole = self.font_for(text)
        if whole is not None:
            return [(whole, text)]
        runs: list[tuple[Font, str]] = []
        for character in text:
            if runs and (character.isspace() or runs[-1][0].has(ord(character))):
                runs[-1] = (runs[-1][0], runs[-1][1] + character)
                continue
            font = self.font_for(character)
            if font is None:
                name = unicodedata.name(character, f"U+{ord(character):04X}")
                raise BackendUnavailableError(
                    f"no font has {character!r} ({name})",
                    hint="Install a font for that script, or pull the card fluent-illustrator.",
                    code="no_font",
                )
            runs.append((font, character))
        return runs

    def _open(self, path: Path) -> Font | None:
        if path not in self._fonts:
            self._fonts[path] = _load(path)
        return self._fonts[path]


class Font:
    """One font file."""

    def __init__(self, face: Any, path: Path) -> None:
        self._face, self.path = face, path
        self._units = float(face.units_per_EM or 1000)
        self.ascent = face.ascender / self._units
        self.descent = -face.descender / self._units
        self._glyphs: dict[int, Glyph] = {}

    def has(self, code: int) -> bool:
        """Whether the font has the character."""
        return bool(self._face.get_char_index(code))

    def glyph(self, character: str) -> Glyph:
        """The outline of a character."""
        code = ord(character)
        if code not in self._glyphs:
            self._glyphs[code] = self._outline(code)
        return self._glyphs[code]

    def kerning(self, left: str, right: str) -> float:
        """Extra advance between two characters, in em."""
        import freetype

        if not self._face.has_kerning:
            return 0.0
        pair = (self._face.get_char_index(ord(c)) for c in (left, right))
        return float(self._face.get_kerning(*pair, freetype.FT_KERNING_UNSCALED).x) / self._units

    def _outline(self, code: int) -> Glyph:
        import freetype

        self._face.load_char(chr(code), freetype.FT_LOAD_NO_SCALE | freetype.FT_LOAD_NO_BITMAP)
        steps: list[tuple[str, tuple[float, ...]]] = []
        scale = 1 / self._units

        def step(command: str) -> Any:
            def add(*points: Any) -> None:
                values = [v * scale for p in points[:-1] for v in (p.x, p.y)]
                steps.append((command, tuple(values)))

            return add

        outline = self._face.glyph.outline
        outline.decompose(
            None, move_to=step("M"), line_to=step("L"), conic_to=step("Q"), cubic_to=step("C")
        )
        return Glyph(tuple(steps), self._face.glyph.advance.x * scale)


@lru_cache(maxsize=256)
def _load(path: Path) -> Font | None:
    """A font, or None for files that FreeType cannot read or that have no outlines."""
    import freetype

    try:
        face = freetype.Face(str(path))
    except freetype.FT_Exception:
        return None
    return Font(face, path) if face.is_scalable else None


def _font_files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS)
    except OSError:
        return []


def _system_rank(path: Path) -> tuple[bool, bool, bool, str]:
    """Upright bold sans first: what signs are written in."""
    name = path.stem.lower()
    slanted = "italic" in name or "oblique" in name
    return (
        slanted or "mono" in name or "condensed" in name,
        "serif" in name,
        "bold" not in name,
        name,
    )


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cc", "Mn") and not character.isprintable()
