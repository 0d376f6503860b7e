"""Our samplers beside diffusers' schedulers, on the same made-up network, step by step."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from omnimuse.schedulers import (  # noqa: E402
    EDM,
    DiscreteVP,
    Flow,
    Level,
    cosine_betas,
    denoiser,
    gaussian,
    linear_betas,
    rescaled,
    sample_ancestral,
    sample_ddim,
    sample_dpm_solver,
    sample_euler,
    sample_heun,
    scaled_linear_betas,
    zero_terminal_snr,
)

pytestmark = pytest.mark.torch
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SCHEDULE = DiscreteVP(scaled_linear_betas())


def network(x, time):
    """Smooth, of bounded slope, and different at each time."""
    return torch.tanh(0.8 * x + 0.3) * (0.5 + float(time) / 2000) - 0.2 * x


def predict(x, level: Level):
    return network(x, level.time)


def start(scale: float = 1.0):
    generator = torch.Generator().manual_seed(3)
    return scale * torch.randn((2, 3, 4, 4), generator=generator, dtype=torch.float64)


def theirs(scheduler, x, *, scaled: bool = False, seed: int | None = None):
    """Their loop; every x that it passed."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    options = {} if seed is None else {"generator": generator}
    passed = []
    for time in scheduler.timesteps:
        seen = scheduler.scale_model_input(x, time) if scaled else x
        x = scheduler.step(network(seen, time), time, x, **options).prev_sample
        passed.append(x)
    return passed


def ours(sample, denoise, x, levels, **options):
    passed = []
    sample(denoise, x, levels, callback=lambda step: passed.append(step.x), **options)
    return passed


def assert_same(mine, other, *, tolerance=1e-8):
    assert len(mine) == len(other)
    for a, b in zip(mine, other, strict=True):
        assert torch.allclose(a, b.to(a.dtype), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
def test_ddim(kind, spacing):
    other = diffusers.DDIMScheduler(
        **BETAS, clip_sample=False, timestep_spacing=spacing, prediction_type=kind
    )
    other.set_timesteps(10)
    levels = SCHEDULE.levels(10, spacing=spacing)
    assert [level.time for level in levels[:-1]] == other.timesteps.tolist()
    mine = ours(sample_ddim, denoiser(predict, kind), start(), levels)
    assert_same(mine, theirs(other, start()), tolerance=1e-5)  # their betas are float32


def test_ddim_with_zero_terminal_snr():
    other = diffusers.DDIMScheduler(
        **BETAS,
        clip_sample=False,
        timestep_spacing="trailing",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
    )
    other.set_timesteps(10)
    levels = DiscreteVP(zero_terminal_snr(scaled_linear_betas())).levels(10)
    mine = ours(sample_ddim, denoiser(predict, "v_prediction"), start(), levels)
    assert_same(mine, theirs(other, start()), tolerance=2e-4)  # 1 - alpha-bar in float32


@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
def test_ddpm(variance):
    other = diffusers.DDPMScheduler(
        **BETAS, clip_sample=False, variance_type=variance, timestep_spacing="leading"
    )
    other.set_timesteps(20)
    noise = gaussian(torch.Generator().manual_seed(5))
    mine = ours(
        sample_ancestral,
        denoiser(predict, "epsilon"),
        start(),
        SCHEDULE.levels(20, spacing="leading"),
        noise=noise,
        variance=variance.removeprefix("fixed_"),
    )
    assert_same(mine, theirs(other, start(), seed=5), tolerance=1e-5)


def test_betas():
    for name, betas in (
        ("linear", linear_betas()),
        ("squaredcos_cap_v2", cosine_betas()),
    ):
        other = diffusers.DDPMScheduler(beta_schedule=name).betas.numpy()
        assert np.allclose(betas, other, rtol=1e-4, atol=1e-8)


def scaled_denoise(x, level: Level):
    """For walks in x / alpha, as Karras-style schedulers take them."""
    return x - level.sigma * network(x / (1 + level.sigma**2) ** 0.5, level.time)


def their_levels(scheduler):
    """Their sigmas with alpha = 1."""
    times = [*scheduler.timesteps.unique_consecutive().tolist(), -1]
    sigmas = scheduler.sigmas.unique_consecutive().tolist()
    return [Level(t, 1.0, s) for t, s in zip(times, sigmas, strict=True)]


@pytest.mark.parametrize(
    ("name", "sample", "is_random"),
    [
        ("EulerDiscreteScheduler", sample_euler, False),
        ("EulerAncestralDiscreteScheduler", sample_ancestral, True),
    ],
)
def test_karras_style(name, sample, is_random):
    other = getattr(diffusers, name)(**BETAS, timestep_spacing="leading", steps_offset=1)
    other.set_timesteps(12)
    levels = their_levels(other)
    wanted = SCHEDULE.levels(12, spacing="leading", offset=1)
    assert [level.sigma for level in levels] == pytest.approx(
        [level.sigma / level.alpha for level in wanted], rel=1e-4
    )
    options = {"noise": gaussian(torch.Generator().manual_seed(5))} if is_random else {}
    mine = ours(sample, scaled_denoise, start(14.0), levels, **options)
    their = theirs(other, start(14.0), scaled=True, seed=5 if is_random else None)
    assert_same(mine, their, tolerance=2e-4)  # they step in float32


def test_heun():
    other = diffusers.HeunDiscreteScheduler(**BETAS, timestep_spacing="leading", steps_offset=1)
    other.set_timesteps(8)
    their = theirs(other, start(14.0), scaled=True)[1::2] + theirs_last(other, start(14.0))
    mine = ours(sample_heun, scaled_denoise, start(14.0), their_levels(other))
    assert_same(mine, their, tolerance=2e-4)


def theirs_last(other, x):
    other.set_timesteps(8)
    return theirs(other, x, scaled=True)[-1:]


def test_euler_in_both_views_is_one_walk():
    """In x as in x / alpha: why one Euler step serves all schedules."""
    levels = SCHEDULE.levels(12)
    plain = sample_euler(denoiser(predict, "epsilon"), start(), levels)
    ratio = [Level(t, 1.0, s / a) for t, a, s in levels]
    scaled = sample_euler(scaled_denoise, start() / levels[0].alpha, ratio)
    assert torch.allclose(plain, scaled, atol=1e-10)


@pytest.mark.parametrize("steps", [8, 20])
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("is_karras", [False, True])
def test_dpm_solver(steps, kind, is_karras):
    other = diffusers.DPMSolverMultistepScheduler(
        **BETAS, prediction_type=kind, timestep_spacing="leading", use_karras_sigmas=is_karras
    )
    other.set_timesteps(steps)
    levels = [
        Level(t, (1 + s**2) ** -0.5, s * (1 + s**2) ** -0.5)
        for t, s in zip([*other.timesteps.tolist(), -1], other.sigmas.tolist(), strict=True)
    ]
    mine = ours(sample_dpm_solver, denoiser(predict, kind), start(), levels)
    assert_same(mine, theirs(other, start()), tolerance=1e-5)


def test_karras_spacing():
    other = diffusers.DPMSolverMultistepScheduler(**BETAS, use_karras_sigmas=True)
    other.set_timesteps(10)
    levels = SCHEDULE.levels(10, spacing="karras")
    mine = [level.sigma / level.alpha for level in levels]
    assert mine == pytest.approx(other.sigmas.tolist(), rel=1e-4)
    times = [level.time for level in levels[:-1]]
    assert times == pytest.approx(other.timesteps.tolist(), abs=0.51)  # they round


def flow_predict(x, level: Level):
    return network(x, level.time * 1000)


@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize("steps", [4, 25])
def test_flow_euler(shift, steps):
    other = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift)
    other.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps).tolist())
    mine = ours(
        sample_euler, denoiser(flow_predict, "flow_prediction"), start(), Flow(shift).levels(steps)
    )
    assert_same(mine, theirs(other, start()), tolerance=1e-4)  # they step in float32


def test_flow_heun():
    other = diffusers.FlowMatchHeunDiscreteScheduler()
    other.set_timesteps(6)
    passed = theirs(other, start())
    levels = [Level(s, 1 - s, s) for s in other.sigmas.unique_consecutive().tolist()]
    mine = ours(sample_heun, denoiser(flow_predict, "flow_prediction"), start(), levels)
    assert_same(mine, passed[1::2] + passed[-1:], tolerance=1e-4)


def test_flow_dpm_solver():
    other = diffusers.DPMSolverMultistepScheduler(
        use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction"
    )
    other.set_timesteps(20)
    sigmas = other.sigmas.tolist()
    times = [*(other.timesteps / 1000).tolist(), 0]
    levels = [Level(t, 1 - s, s) for t, s in zip(times, sigmas, strict=True)]
    mine = ours(sample_dpm_solver, denoiser(flow_predict, "flow_prediction"), start(), levels)
    assert_same(mine, theirs(other, start()), tolerance=1e-4)


def test_edm_euler():
    other = diffusers.EDMEulerScheduler(sigma_data=0.5)
    other.set_timesteps(10)
    levels = EDM().levels(10)
    assert [level.sigma for level in levels] == pytest.approx(other.sigmas.tolist(), rel=1e-4)

    def denoise(x, level: Level):
        seen = x / (level.sigma**2 + 0.5**2) ** 0.5
        made = network(seen, 0.25 * np.log(level.sigma))
        return other.precondition_outputs(x, made, torch.tensor(level.sigma))

    mine = ours(sample_euler, denoise, start(80.0), levels)
    assert_same(mine, theirs(other, start(80.0), scaled=True), tolerance=2e-4)


def test_rescaled_guidance():
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg

    good, guided = start(), start() * 3 + 0.5
    assert torch.allclose(rescaled(guided, good, 0.7), rescale_noise_cfg(guided, good, 0.7))
