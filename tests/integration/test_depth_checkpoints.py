"""Depth from a tiny checkpoint in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.adhoc import sniff_checkpoint
from omnimuse.backends.card import ModelCard
from omnimuse.errors import CheckpointError

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
CARD = ModelCard("depth", ("depth-estimation",), "transformers-depth")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessor

    torch.manual_seed(0)
    config = DPTConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=24,
        image_size=32, patch_size=16, backbone_out_indices=[0, 1, 2, 3], is_hybrid=False,
        neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8,
    )  # fmt: skip
    made = tmp_path_factory.mktemp("depth")
    model = DPTForDepthEstimation(config)
    with torch.no_grad():
        for weight in model.head.parameters():
            weight.uniform_(0.0, 0.5)  # else its last rectifier passes next to nothing
    model.save_pretrained(made)
    DPTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(made)
    return made


def test_a_depth_checkpoint_is_recognised_and_gives_maps(folder: Path) -> None:
    from omnimuse.backends.transformers_depth import TransformersDepth

    assert sniff_checkpoint(folder) == ("transformers-depth", {})
    pixels = np.random.default_rng(0).integers(0, 256, (45, 70, 4), np.uint8)
    model = TransformersDepth(CARD, folder)
    near = model.estimate_depth(pixels)
    assert near.shape == (45, 70)
    assert near.dtype == np.float32
    assert (near.min(), near.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(near, model.estimate_depth(pixels))
    model._is_distance = True
    np.testing.assert_allclose(model.estimate_depth(pixels), 1 - near, atol=1e-5)


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    from omnimuse.backends.transformers_depth import TransformersDepth

    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointError):
        TransformersDepth(CARD, tmp_path)
