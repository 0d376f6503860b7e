"""What may stand for what."""

from __future__ import annotations

from omnimuse.graph.kinds import KINDS, accepts, ancestors


def test_one_object_is_a_scene_too() -> None:
    assert accepts("scene3d", "mesh")
    assert not accepts("mesh", "scene3d")


def test_every_parent_is_a_kind_and_no_chain_is_a_ring() -> None:
    for name in KINDS:
        chain = ancestors(name)
        assert set(chain) <= KINDS.keys()
        assert len(set(chain)) == len(chain)


def test_a_name_that_is_no_kind_stands_for_itself() -> None:
    assert ancestors("smell") == ("smell",)
