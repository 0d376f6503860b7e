"""Edit a scene by words; what is not named stays as it is."""

from __future__ import annotations

from typing import NamedTuple

from omnimuse.api import Asset, ToolContext, tool
from omnimuse.errors import ArgumentError
from omnimuse.tools.kinds import Image, Scene, Text
from omnimuse.tools.pixels import embedder, picture


class EditedScene(NamedTuple):
    """The changed scene, and how it looks."""

    scene: Scene
    image: Image


@tool(
    version="1.3.0",
    roles=("scene-to-image", "token-classification", "feature-extraction"),
    cost_s=1.5,
    memory_mb=250.0,
    examples=(
        "remove the left dog",
        "make the house blue",
        "two more birds",
        "move the moon to the right",
        "make the tree bigger",
        "replace the cat by a fox",
        "write SALE on the sign",
        "make it night and let it snow",
    ),
)
def edit_scene(ctx: ToolContext, scene: Scene, instruction: Text) -> EditedScene:
    """Edit a drawn scene by words: add, remove, move, resize, recolour, replace or write something.

    Works on the scene that generate_image gives besides its picture. Objects that are not named
    stay exactly as they are, and so does the light of the sky. English instructions; several may
    be joined by "and".

    Args:
        ctx: context.
        scene: what is changed.
        instruction: how.

    Raises:
        ArgumentError: not a scene, or an empty instruction.
        NeedsInputError: it is not understood, or names a thing that is not there.
        BackendUnavailableError: no model draws scenes, or none reads grammar.
    """
    from omnimuse.crafts.illustration.scene import Scene as DrawnScene
    from omnimuse.crafts.scene_editing.apply import SceneEditor

    before = DrawnScene.from_json(scene.read_json())
    painter = ctx.role("scene-to-image")
    pack = getattr(painter, "pack", None)
    if pack is None:
        raise ArgumentError("this scene-to-image model has no art to add things from")
    editor = SceneEditor(pack, ctx.role("token-classification"), embedder(ctx))
    after = editor.edit(before, instruction.read_text())
    ctx.checkpoint(0.3, "drawing")
    painted = painter.paint_scene(after)
    credits = tuple(painted.attribution)
    record = Asset.from_json(after.to_json(), "scene", attribution=credits)
    return EditedScene(record, picture(painted.pixels, record))
