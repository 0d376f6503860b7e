import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.maskgit import MaskGIT, MaskGITConfig  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> MaskGIT:
    torch.manual_seed(0)
    sizes = {"vocabulary": 5, "tokens": 12, "width": 16, "layers": 1, **changes}
    return MaskGIT(MaskGITConfig(**sizes)).eval()


MODEL = small()


@settings(max_examples=30, deadline=None)
@given(
    known=st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=12, max_size=12),
    rounds=st.integers(1, 15),
    seed=st.integers(0, 99),
)
def test_known_tokens_never_change_and_masked_ones_are_filled(known, rounds, seed):
    start = torch.tensor([[MODEL.mask if code is None else code for code in known]])
    generator = torch.Generator().manual_seed(seed)
    made = MODEL.sample(1, rounds=rounds, start=start, generator=generator)
    is_known = start != MODEL.mask
    assert torch.equal(made[is_known], start[is_known])
    assert made.max() < MODEL.mask


def test_the_cosine_schedule_opens_the_right_number_a_round():
    model, seen = small(tokens=40), []
    model.register_forward_pre_hook(
        lambda module, inputs: seen.append(int((inputs[0] == module.mask).sum()))
    )
    model.sample(1, rounds=8, generator=torch.Generator().manual_seed(0))
    assert seen == [40, *(math.floor(40 * math.cos(math.pi * t / 16)) for t in range(1, 8))]


def test_the_surest_tokens_stay_first():
    """A network that is sure of some places only, asked without noise."""
    model = small()
    sure = torch.tensor([1, 4, 7])

    class Head(torch.nn.Module):
        def forward(self, x):
            logits = torch.zeros(len(x), 12, 5)
            logits[:, sure, 2] = 20.0
            return logits

    model.head, seen = Head(), []
    model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    model.sample(1, rounds=4, choice_temperature=0.0)
    opened = (seen[2] != model.mask)[0]
    assert opened[sure].all()
    assert (seen[2][0, sure] == 2).all()


def test_it_learns_one_batch_by_class():
    model = small(classes=2, width=32, layers=2).train()
    tokens = torch.randint(5, (2, 12), generator=torch.Generator().manual_seed(0))
    label = torch.tensor([0, 1])
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss, parts = model.loss(tokens.repeat(8, 1), label.repeat(8))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(math.log(5), rel=0.3)
    assert sum(losses[-20:]) / 20 < 0.25 * losses[0]
    assert 0 <= parts["right"].item() <= 1
    model.eval()
    generator = torch.Generator().manual_seed(0)
    made = model.sample(2, label=label, scale=2.0, choice_temperature=1.0, generator=generator)
    assert (made == tokens).float().mean() > 0.8


def test_the_context_is_looked_at_and_guided():
    model = small(context=6).eval()
    tokens = torch.full((2, 12), model.mask)
    context = torch.randn(2, 3, 6)
    told, free = model(tokens, context=context), model(tokens)
    assert not torch.allclose(told, free)
    guided = model._guided(tokens, None, context, 3.0)
    assert torch.allclose(guided, free + 3 * (told - free), atol=1e-5)


@pytest.mark.parametrize("wrong", [{"vocabulary": 1}, {"width": 15}, {"tokens": 0}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(ArgumentError):
        small(**wrong)


def test_wrong_calls_are_named():
    with pytest.raises(ArgumentError, match="tokens"):
        MODEL(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(ArgumentError, match="rounds"):
        MODEL.sample(1, rounds=0)
