"""Normalising flows: inverses, determinants, masses that sum to one, and learning."""

from __future__ import annotations

import itertools
import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.glow import Glow, GlowConfig  # noqa: E402
from omnimuse.models.neural_spline_flow import (  # noqa: E402
    NeuralSplineFlow,
    NeuralSplineFlowConfig,
    spline,
    tailed_spline,
)
from omnimuse.models.real_nvp import RealNVP, RealNVPConfig  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def spline_flow(**settings):
    settings = {"shape": (1, 2, 3), "layers": 2, "bins": 5, "width": 24, "levels": 0, **settings}
    return NeuralSplineFlow(NeuralSplineFlowConfig(**settings))


MAKERS = {
    "real_nvp": lambda: RealNVP(RealNVPConfig((1, 4, 4), scales=2, hidden=8, levels=4)),
    "real_nvp, three channels": lambda: RealNVP(RealNVPConfig((3, 4, 2), 2, hidden=8, levels=4)),
    "glow": lambda: Glow(GlowConfig((1, 4, 4), scales=2, steps=2, hidden=8, levels=4)),
    "glow, three channels": lambda: Glow(GlowConfig((3, 4, 2), 1, steps=2, hidden=8, levels=4)),
    "splines": spline_flow,
    "splines, levels": lambda: spline_flow(levels=4),
    "splines, tails": lambda: spline_flow(tail_bound=3.0),
    "splines, coupling": lambda: spline_flow(kind="coupling", layers=3),
    "splines, coupling, tails": lambda: spline_flow(kind="coupling", layers=3, tail_bound=3.0),
}


def levels_of(flow):
    """Random whole levels that every flow here knows, (64, *shape)."""
    return torch.randint(4, (64, *flow.config.shape)) / 3


def shaken(name):
    """A flow with random weights, so that nothing is the identity any more; double precision."""
    flow = MAKERS[name]()
    if hasattr(flow, "marginals"):
        flow.marginals.fit([levels_of(flow)])
    for parameter in flow.parameters():
        parameter.data.add_(0.15 * torch.randn_like(parameter))
    return flow.double().eval()


@pytest.mark.parametrize("name", MAKERS)
def test_inverse_undoes_forward(name):
    flow = shaken(name)
    y = torch.rand(5, *flow.config.shape, dtype=torch.double)
    if getattr(flow.config, "tail_bound", 0):
        y = 8 * y - 4  # inside and outside the splines
    z, _ = flow(y)
    assert (flow.inverse(z) - y).abs().max() < 1e-6
    assert (z - y.flatten(1)).abs().max() > 0.01  # it does something


@pytest.mark.parametrize("name", ["real_nvp", "glow", "splines, levels"])
def test_inverse_in_single_precision(name):
    flow = shaken(name).float()
    y = torch.rand(5, *flow.config.shape)
    assert (flow.inverse(flow(y)[0]) - y).abs().max() < 1e-4


@pytest.mark.parametrize("name", MAKERS)
def test_log_determinant_is_that_of_the_jacobian(name):
    flow = shaken(name)
    y = 0.05 + 0.9 * torch.rand(2, *flow.config.shape, dtype=torch.double)
    _, log_det = flow(y)
    for i in range(2):
        jacobian = torch.autograd.functional.jacobian(lambda v: flow(v[None])[0][0], y[i])
        jacobian = jacobian.view(y[i].numel(), -1)
        assert torch.linalg.slogdet(jacobian)[1].item() == pytest.approx(
            log_det[i].item(), abs=1e-5
        )


def test_autoregressive_splines_see_only_what_is_before():
    flow = shaken("splines")
    y = torch.rand(1, 2, 3, dtype=torch.double)
    raw = torch.autograd.functional.jacobian(lambda v: flow.networks[0](v.view(1, 6)), y)
    reach = raw.abs().sum((0, 1)).view(6, 6)  # (number, what it depends on)
    assert torch.equal(reach > 0, torch.ones(6, 6).tril(-1).bool())


def test_masses_of_all_small_pictures_sum_to_one():
    """All pictures of 2x2 pixels and 2 levels: the density of a cell, integrated, is its mass."""
    flow = NeuralSplineFlow(NeuralSplineFlowConfig((1, 2, 2), width=16, levels=2)).double()
    for parameter in flow.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    corners = torch.tensor([*itertools.product((0.0, 1.0), repeat=4)]).view(-1, 1, 2, 2).double()
    with torch.no_grad():
        u = torch.rand(400, 1, 1, 2, 2, dtype=torch.double)  # the same noise for every picture
        y = ((corners + u) / 2).view(-1, 1, 2, 2)
        masses = flow.log_prob(y).exp().view(400, 16).mean(0) / 16
        bounds = torch.stack([flow.bound(corners) for _ in range(200)]).mean(0)
    assert masses.sum() == pytest.approx(1.0, abs=0.02)
    assert (bounds <= masses.log() + 0.02).all()


@pytest.mark.parametrize("make", [tailed_spline, None])
def test_spline_rises_and_its_slope_is_its_derivative(make):
    raw = 2 * torch.randn(16, 1).double().expand(16, 401)
    x = torch.linspace(-4, 4, 401).double() if make else torch.linspace(0, 1, 401).double()
    x.requires_grad_(True)
    y, log_slope = tailed_spline(x, raw, 3.0) if make else spline(x, raw)
    slope = torch.autograd.grad(y.sum(), x)[0]
    assert (y.diff() > 0).all()
    inner = slice(1, -1)  # at 0 and 1 themselves the result is clamped
    assert torch.allclose(slope[inner].log(), log_slope[inner], atol=1e-6)
    if make:
        assert torch.equal(y[x.abs() > 3], x[x.abs() > 3])


def test_straight_parameters_are_the_identity():
    x = torch.linspace(0, 1, 50)
    y, log_slope = spline(x, torch.zeros(13, 50))
    assert torch.allclose(y, x, atol=1e-6)
    assert torch.allclose(log_slope, torch.zeros(50), atol=1e-5)


@pytest.mark.parametrize("name", ["real_nvp", "glow"])
def test_an_untrained_flow_with_marginals_is_the_histogram_model(name):
    flow = MAKERS[name]()
    x = (torch.rand(500, 1, 4, 4) ** 2 * 3).round() / 3
    flow.marginals.fit([x[:250], x[250:]])
    flow.eval()
    for steps in getattr(flow, "scales", []) if name == "glow" else []:
        for step in steps:  # the couplings of Glow begin with sigmoid(2), not 1
            step.affine.leave.bias.data[: step.affine.leave.out_channels // 2] = 20.0
    for split in getattr(flow, "splits", []):
        split.leave.bias.data[: split.leave.out_channels // 2] = 20.0
    share = torch.stack([(x == level / 3).float().mean(0) for level in range(4)])
    exact = -(share * share.clamp_min(1e-9).log()).sum().item()
    nats = flow.loss(x)[1]["nats"].item()
    assert nats == pytest.approx(exact, rel=0.02)


def test_spline_flow_starts_from_histograms_where_asked():
    flow = NeuralSplineFlow(NeuralSplineFlowConfig((1, 3, 3), width=16, levels=2))
    x = (torch.rand(800, 1, 3, 3) < torch.rand(3, 3)).float()
    before = flow.loss(x)[0].item()
    flow.fit_marginals([x[:400], x[400:]])
    p = x.mean(0).clamp(1e-3, 1 - 1e-3)
    exact = -(p * p.log() + (1 - p) * (1 - p).log()).sum().item()
    assert before == pytest.approx(9 * math.log(2), rel=0.01)
    assert flow.loss(x)[0].item() == pytest.approx(exact, rel=0.02)
    with pytest.raises(ArgumentError, match="bins"):
        spline_flow(levels=4).fit_marginals([x])


def test_actnorm_starts_with_mean_0_and_variance_1():
    flow = Glow(GlowConfig((3, 4, 4), scales=1, steps=1, hidden=8))
    norm = flow.scales[0][0].norm
    h = 3 + 2 * torch.randn(50, 12, 2, 2)
    out, _ = norm.train()(h)
    assert out.mean((0, 2, 3)).abs().max() < 1e-5
    assert (out.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-4
    again, _ = norm(5 * h)  # later batches change nothing
    assert again.std() > 4


@pytest.mark.parametrize("name", ["real_nvp", "glow", "splines, levels", "splines, coupling"])
def test_overfits_a_batch(name):
    flow = MAKERS[name]()
    config = flow.config
    one = torch.randint(4, (4, *config.shape)) / 3
    x = one.repeat(16, 1, 1, 1)
    if hasattr(flow, "marginals"):
        flow.marginals.fit([x])
    if not config.levels:
        x = 0.1 + 0.8 * x
    with torch.no_grad():
        first = flow.train().loss(x)[0].item()
    optimizer = torch.optim.Adam(flow.parameters(), 5e-3)
    for _ in range(150):
        loss, _parts = flow.loss(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first - 0.25


def test_points_are_learned_better_than_by_a_gaussian():
    angle = 2 * math.pi * torch.rand(600)
    x = torch.stack((angle.cos(), angle.sin()), 1) + 0.05 * torch.randn(600, 2)
    flow = spline_flow(shape=(2,), layers=2, bins=8, width=48, tail_bound=3.0)
    optimizer = torch.optim.Adam(flow.parameters(), 1e-2)
    for _ in range(200):
        loss, _parts = flow.loss(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    gaussian = torch.distributions.MultivariateNormal(x.mean(0), torch.cov(x.T))
    assert loss.item() < -gaussian.log_prob(x).mean().item() - 0.4
    radius = flow.sample(300, generator=torch.Generator().manual_seed(0)).norm(dim=1)
    assert ((radius - 1).abs() < 0.3).float().mean() > 0.8


@pytest.mark.parametrize("name", ["real_nvp", "glow", "splines, levels"])
def test_samples_are_whole_levels_and_repeat(name):
    flow = shaken(name).float()
    one, two = (flow.sample(6, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert one.shape == (6, *flow.config.shape)
    assert torch.equal(one, two)
    assert torch.allclose((one * 3).round(), one * 3, atol=1e-5)


def test_refuse_what_does_not_fit():
    for name in ("real_nvp", "glow", "splines"):
        with pytest.raises(ArgumentError, match="wanted"):
            MAKERS[name]()(torch.rand(2, 1, 8, 8))
    with pytest.raises(ArgumentError, match="divide"):
        GlowConfig((1, 6, 6), scales=2)
    with pytest.raises(ArgumentError, match="divide"):
        RealNVPConfig((1, 7, 7))
    with pytest.raises(ArgumentError, match="kind"):
        NeuralSplineFlowConfig(kind="affine")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="log_prob"):
        spline_flow().bound(torch.rand(2, 1, 2, 3))
