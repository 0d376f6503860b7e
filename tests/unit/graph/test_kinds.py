

def test_one_object_is_a_scene_too() -> None:
    assert accepts("scene3d", "mesh")
    assert not accepts("mesh", "scene3d")
