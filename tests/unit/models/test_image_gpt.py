import itertools
import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.image_gpt import ImageGPT, ImageGPTConfig, palette_of, quantise  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> ImageGPT:
    torch.manual_seed(0)
    settings = {"colors": 3, "height": 2, "width_px": 2, "width": 16, "layers": 2, **changes}
    return ImageGPT(ImageGPTConfig(**settings)).eval()


def test_probabilities_of_all_pictures_sum_to_one():
    pictures = torch.tensor(list(itertools.product(range(3), repeat=4)))
    with torch.no_grad():
        assert small().log_prob(pictures).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_no_pixel_sees_itself_or_what_follows():
    model = small(height=3, width_px=3)
    tokens = torch.zeros(1, 9, dtype=torch.long)
    before = model(tokens)
    for place in range(9):
        changed = tokens.clone()
        changed[0, place] = 2
        moved = (model(changed) - before).abs().sum(2)[0] > 1e-7
        assert not moved[: place + 1].any()
        assert moved[place + 1 :].all()


def test_it_learns_one_batch_by_class():
    model = small(classes=2, height=4, width_px=4, width=32).train()
    tokens = torch.randint(3, (2, 16), generator=torch.Generator().manual_seed(0))
    label = torch.tensor([0, 1])
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(160):
        optimizer.zero_grad()
        loss, parts = model.loss(tokens, label)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * 16 * math.log(3)
    assert parts["bits_per_pixel"].item() == pytest.approx(loss.item() / (16 * math.log(2)))
    model.eval()
    made = model.sample(2, label=label, temperature=0.1)
    assert torch.equal(made, tokens)


def test_cached_sampling_is_sampling_without_a_cache():
    model = small(height=3, width_px=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    made = model.sample(4, generator=torch.Generator().manual_seed(5))
    generator, tokens = torch.Generator().manual_seed(5), torch.zeros(4, 0, dtype=torch.long)
    for _ in range(9):
        padded = torch.cat((tokens, torch.zeros(4, 1, dtype=torch.long)), dim=1)
        logits = model(padded)[:, -1]
        drawn = torch.multinomial(logits.softmax(1), 1, generator=generator)
        tokens = torch.cat((tokens, drawn), dim=1)
    assert torch.equal(made, tokens)


def test_completion_keeps_what_is_given_and_top_one_is_greedy():
    model, start = small(height=3, width_px=3), torch.tensor([[2, 0, 1, 2]])
    made = model.sample(1, start=start, top_k=1)
    assert torch.equal(made[:, :4], start)
    with torch.no_grad():
        assert torch.equal(model(made)[:, 4:].argmax(2), made[:, 4:])


def test_palettes_are_the_clusters():
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.1, 0.1, 0.1], [0.9, 0.2, 0.1], [0.8, 0.9, 1.0]])
    which = torch.randint(3, (300,), generator=generator)
    pixels = centres[which] + 0.01 * torch.randn(300, 3, generator=generator)
    palette = palette_of(pixels, 3)
    assert torch.allclose(palette, centres, atol=0.01)
    assert torch.equal(quantise(pixels, palette), which)
    assert quantise(pixels.view(3, 100, 3), palette).shape == (3, 100)


@pytest.mark.parametrize("settings", [{"colors": 1}, {"width": 15}, {"height": 0}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        small(**settings)


def test_wrong_calls_are_named():
    with pytest.raises(ArgumentError, match="tokens"):
        small()(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(ArgumentError, match="temperature"):
        small().sample(1, temperature=0)
