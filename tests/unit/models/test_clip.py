"""CLIP and SigLIP: losses in closed form, towers, and that both learn one batch."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.models.clip import (  # noqa: E402
    CLIP,
    CLIPConfig,
    ImageTower,
    clip_loss,
    retrieval_ranks,
)
from omnimuse.models.siglip import SigLIP, siglip_loss  # noqa: E402

pytestmark = pytest.mark.torch
SMALL = CLIPConfig(side=32, channels=(16, 24), blocks=(1, 1), width=16, dropout=0.0)


def batch(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(count, 3, 32, 32, generator=generator)
    sentences = torch.randn(count, 384, generator=generator)
    return pictures, torch.nn.functional.normalize(sentences, dim=1)


def test_clip_loss_of_equal_logits_is_log_n_and_of_sure_ones_zero() -> None:
    assert float(clip_loss(torch.zeros(5, 5))) == pytest.approx(math.log(5))
    assert float(clip_loss(100 * torch.eye(5))) == pytest.approx(0, abs=1e-6)


def test_clip_loss_is_the_same_from_both_sides() -> None:
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    assert float(clip_loss(logits)) == pytest.approx(float(clip_loss(logits.T)))


def test_siglip_loss_in_closed_form() -> None:
    # one true and one wrong pair in each row: -log s(2) - log s(1) for logits 2 and -1
    logits = torch.tensor([[2.0, -1.0], [-1.0, 2.0]])
    wanted = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))
    assert float(siglip_loss(logits)) == pytest.approx(wanted, rel=1e-6)


def test_siglip_takes_several_true_pairs_of_a_picture() -> None:
    logits = torch.full((2, 2), 50.0)
    assert float(siglip_loss(logits, torch.ones(2, 2, dtype=torch.bool))) == pytest.approx(0)
    assert float(siglip_loss(logits)) == pytest.approx(50.0)


def test_ranks_count_ties_against() -> None:
    similarity = torch.tensor([[3.0, 1.0, 2.0], [5.0, 4.0, 9.0], [7.0, 7.0, 7.0]])
    assert retrieval_ranks(similarity).tolist() == [0, 2, 2]


@pytest.mark.parametrize("channels", [(16, 24), (16, 24, 32)])
def test_image_vectors_have_unit_length(channels: tuple[int, ...]) -> None:
    tower = ImageTower(
        CLIPConfig(side=32, channels=channels, blocks=(1,) * len(channels), width=16)
    )
    found = tower(batch(3)[0])
    assert found.shape == (3, 16)
    assert torch.allclose(found.norm(dim=1), torch.ones(3), atol=1e-5)


@pytest.mark.parametrize("kind", [CLIP, SigLIP])
def test_learns_one_batch(kind: type[CLIP] | type[SigLIP]) -> None:
    torch.manual_seed(0)
    model, (pictures, sentences) = kind(SMALL), batch(12)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(60):
        logits = model(pictures, sentences)
        loss = clip_loss(logits) if kind is CLIP else siglip_loss(logits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert retrieval_ranks(model(pictures, sentences)).max() == 0
    assert retrieval_ranks(model(pictures, sentences).T).max() == 0
