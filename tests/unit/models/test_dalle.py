import itertools
import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.dalle import Dalle, DalleConfig, DiscreteVAE  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> Dalle:
    torch.manual_seed(0)
    settings = {
        "size": 4, "shrink": 2, "codes": 3, "codec_width": 8, "words": 4, "text_length": 2,
        "width": 16, "layers": 2, **changes,
    }  # fmt: skip
    return Dalle(DalleConfig(**settings)).eval()


def test_probabilities_of_all_rows_sum_to_one():
    model = small()
    words = torch.tensor(list(itertools.product(range(4), repeat=2)))
    codes = torch.tensor(list(itertools.product(range(3), repeat=4)))
    with torch.no_grad():
        of_words, _ = model.log_prob(words, codes[:1].expand(16, -1))
        _, of_codes = model.log_prob(words[5:6].expand(81, -1), codes)
    assert of_words.exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert of_codes.exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_words_see_no_codes_and_codes_no_later_ones():
    model = small()
    words, codes = torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, 4, dtype=torch.long)
    of_words, of_codes = model(words, codes)
    for place in range(4):
        changed = codes.clone()
        changed[0, place] = 2
        other_words, other_codes = model(words, changed)
        assert torch.allclose(other_words, of_words, atol=1e-6)
        moved = (other_codes - of_codes).abs().sum(2)[0] > 1e-6
        assert not moved[: place + 1].any()
        assert moved[place + 1 :].all()
    assert not torch.allclose(model(words + 1, codes)[1], of_codes)


def test_the_dvae_learns_one_batch_and_its_bound_is_made_of_its_parts():
    torch.manual_seed(0)
    config = DalleConfig(size=8, shrink=2, codes=8, codec_width=8, deviation=0.2)
    codec = DiscreteVAE(config)
    x = torch.rand(4, 1, 4, 4).round().repeat_interleave(2, 2).repeat_interleave(2, 3)
    optimizer = torch.optim.Adam(codec.parameters(), 5e-3)
    errors = []
    for step in range(250):
        optimizer.zero_grad()
        loss, parts = codec.loss(x, temperature=1.0 - 0.8 * step / 250)
        loss.backward()
        optimizer.step()
        errors.append(parts["codec_error"].item())
    wanted = parts["codec_error"] / (2 * 0.2**2) + parts["codec_kl"] * 16 / 64
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-4)
    assert 0 <= parts["codec_kl"].item() <= math.log(8) + 1e-4
    assert 1 <= parts["perplexity"].item() <= 8 + 1e-3
    with torch.no_grad():
        hard = codec.decode(codec.encode(x))
    assert (hard - x).square().mean().item() < 0.3 * x.var().item()


def test_cold_gumbel_samples_are_the_hard_codes():
    codec = DiscreteVAE(DalleConfig(size=8, shrink=2, codes=4, codec_width=8))
    torch.nn.init.normal_(codec.encoder[-1].weight, std=30.0)
    x = torch.rand(2, 1, 8, 8)
    with torch.no_grad():
        soft, _ = codec(x, temperature=1e-3)
        agree = (soft - codec.decode(codec.encode(x))).abs().mean()
    assert agree.item() < 0.05


def test_it_learns_one_batch_by_words():
    model = small().train()
    words, codes = torch.tensor([[1, 2], [3, 1]]), torch.tensor([[0, 1, 2, 1], [2, 2, 0, 0]])
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        loss, parts = model.loss(words, codes)
        loss.backward()
        optimizer.step()
    assert parts["code_nats"].item() < 0.1 * math.log(3)
    model.eval()
    made = model.sample(words, temperature=0.1)
    assert torch.allclose(made, model.codec.decode(codes), atol=1e-5)


def test_a_given_start_stays():
    model, seen = small(), []
    model.codec.decode = lambda codes: seen.append(codes) or codes
    start = torch.tensor([[2, 1]])
    model.sample(torch.zeros(1, 2, dtype=torch.long), start=start)
    assert torch.equal(seen[0][:, :2], start)
    assert seen[0].shape == (1, 4)


@pytest.mark.parametrize("settings", [{"shrink": 3}, {"size": 5}, {"width": 15}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        small(**settings)


def test_wrong_calls_are_named():
    model = small()
    with pytest.raises(ArgumentError, match="words"):
        model(torch.zeros(1, 3, dtype=torch.long), torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(ArgumentError, match="temperature"):
        model.sample(torch.zeros(1, 2, dtype=torch.long), temperature=0)
