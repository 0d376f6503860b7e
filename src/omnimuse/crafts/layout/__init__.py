"""From a prompt to a layout: what is to be seen (parse), and where (place). JSON: `schema`."""

from omnimuse.crafts.layout.parse import describe_scene, describe_scenes
from omnimuse.crafts.layout.plan import lay_out, plan_layouts
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup

__all__ = [
    "GroupRelation",
    "SceneRequest",
    "ThingGroup",
    "describe_scene",
    "describe_scenes",
    "lay_out",
    "plan_layouts",
]
