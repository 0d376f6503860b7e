"""IllustratorBackend: the role `text-to-image`, played by drawing a layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Attribution
from omnimuse.backends.base import Painted
from omnimuse.backends.card import ModelCard
from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.compose import compose_scene
from omnimuse.crafts.illustration.render import render_scene, scene_svg
from omnimuse.crafts.illustration.scene import Scene
from omnimuse.errors import ArgumentError

_PACKAGE = "npm:fluentui-emoji==1.3.0"
_FONT_FAMILIES = {
    "fredoka": "The Fredoka Project Authors",
    "comfortaa": "The Comfortaa Project Authors",
    "zcool-kuaile": "The ZCOOL KuaiLe Project Authors",
}


class IllustratorBackend:
    """Draws what a layout says. Roles `text-to-image` and `scene-to-image`.

    Args:
        card: the card that was chosen.
        folder: where its art lies.

    Raises:
        CheckpointError: the art is missing.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self.card = card
        self.pack = ArtPack(folder)

    def paint(
        self,
        prompt: str,
        *,
        width: int,
        height: int,
        seed: int,
        negative_prompt: str = "",
        layout: Mapping[str, Any] | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        report: Callable[[float, str], None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Painted:
        """Draw the layout; see `omnimuse.backends.base.ImageGenerator`.

        The illustrator needs a layout: it draws, it does not read prompts (`plan_layout` does).
        Steps and guidance have no meaning for it and are ignored. `options`: `embed`, the
        sentence embedding by which labels find their art, and `style`, one of the scene's styles.

        Raises:
            ArgumentError: no layout, or not a layout.
        """
        del num_inference_steps, guidance_scale
        if layout is None:
            raise ArgumentError(
                "the illustrator draws layouts and was given none",
                hint="Use plan_layout first, or generate_image, which does so by itself.",
            )
        options = options or {}
        unwanted = {part.strip().lower() for part in negative_prompt.split(",") if part.strip()}
        if unwanted:
            layout = {**layout, "objects": _without(layout.get("objects", ()), unwanted)}
        scene = compose_scene(
            layout,
            self.pack,
            canvas=(width, height),
            style=str(options.get("style") or ""),
            seed=seed,
            embed=options.get("embed"),
        )
        return self.paint_scene(scene, report=report)

    def paint_scene(
        self,
        scene: Scene,
        *,
        width: int | None = None,
        height: int | None = None,
        report: Callable[[float, str], None] | None = None,
    ) -> Painted:
        """Render a scene at any size; see `render.render_scene`."""

        def tell(share: float) -> None:
            if report is not None:
                report(share, "drawing")

        # What is drawn is what the record says, to the last digit that it keeps.
        scene = Scene.from_json(scene.to_json())
        pixels = render_scene(scene, self.pack, width=width, height=height, on_layer=tell)
        return Painted(
            pixels,
            scene.to_json(),
            scene_attribution(scene, self.pack),
            {"matches": {o.label: [o.art, o.match, o.confidence] for o in scene.objects}},
        )

    def scene_svg(self, scene: Scene) -> tuple[str, tuple[Attribution, ...]]:
        """The scene as a layered SVG document, and whose drawings it holds."""
        return scene_svg(scene, self.pack), scene_attribution(scene, self.pack)


def _without(objects: Any, labels: set[str]) -> Any:
    """The entries of other labels; what is no list is left for the composer to refuse."""
    if not isinstance(objects, Sequence) or isinstance(objects, str):
        return objects
    return [o for o in objects if not (isinstance(o, Mapping) and o.get("label") in labels)]


def scene_attribution(scene: Scene, pack: ArtPack) -> tuple[Attribution, ...]:
    """Whose drawings and fonts a scene shows, each file once."""
    from omnimuse.crafts.illustration.drawings import borrowed_art

    names: set[str] = set()
    for item in scene.objects:
        sort, _, name = item.art.partition(":")
        if sort == "fluent":
            names.add(name)
        elif sort == "drawn":
            names.update(borrowed_art(name))
    folder = {"flat": "flat", "contrast": "high-contrast"}.get(scene.style, "modern")
    found = [
        Attribution(
            f"{_PACKAGE}/icons/{folder}/{name}.svg", "Microsoft (Fluent Emoji)", "MIT", name
        )
        for name in sorted(names)
    ]
    words = [text.text for text in scene.texts]
    words += [item.label for item in scene.objects if item.art.startswith("standin:")]
    return (*found, *font_attribution(words, pack))


def font_attribution(words: Sequence[str], pack: ArtPack) -> list[Attribution]:
    """The font families that the words are set in."""
    stems = {font.path.stem for text in words for font, _ in pack.fonts.runs(text)}
    found = []
    for stem in sorted(stems):
        family = next((name for name in _FONT_FAMILIES if f"-{name}" in stem), "")
        if family:
            source, author = f"npm:@fontsource/{family}==5.3.0", _FONT_FAMILIES[family]
            found.append(Attribution(source, author, "OFL-1.1", family))
        else:
            found.append(Attribution(f"font:{stem}", title=stem))
    return list(dict.fromkeys(found))
