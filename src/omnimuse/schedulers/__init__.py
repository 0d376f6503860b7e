"""Noise schedules and samplers as plain functions, for NumPy arrays and torch tensors alike.

    from omnimuse.schedulers import Flow, denoiser, gaussian, guided, sample_dpm_solver

    predict = guided(with_prompt, without_prompt, 5.0)        # (x, level) -> network's answer
    denoise = denoiser(predict, "flow_prediction")            # (x, level) -> data
    picture = sample_dpm_solver(denoise, noise, Flow(shift=3.0).levels(20))

Pieces: `levels` (x = alpha data + sigma noise), `schedules`, `predictions`, `guidance`, `steps`
(one step each), `samplers` and `sde` (whole walks with callbacks), `noise` (seeded sources).
"""

from omnimuse.schedulers.guidance import guide, guided, is_within, projected, rescaled
from omnimuse.schedulers.levels import Array, Level, add_noise, check_levels, start_at
from omnimuse.schedulers.noise import Noise, gaussian, gaussian_each, normal_like
from omnimuse.schedulers.predictions import (
    Denoise,
    PredictionType,
    convert,
    denoiser,
    from_sample,
    min_snr_weight,
    score,
    to_sample,
    training_target,
)
from omnimuse.schedulers.samplers import (
    Callback,
    Churn,
    Step,
    invert,
    keep_outside,
    sample_ancestral,
    sample_ddim,
    sample_dpm_solver,
    sample_euler,
    sample_heun,
)
from omnimuse.schedulers.schedules import (
    EDM,
    VE,
    ContinuousSchedule,
    ContinuousVP,
    Cosine,
    DiscreteVP,
    Flow,
    Schedule,
    cosine_betas,
    karras_sigmas,
    levels_at,
    linear_betas,
    scaled_linear_betas,
    shifted,
    zero_terminal_snr,
)
from omnimuse.schedulers.sde import (
    langevin_step,
    sample_euler_maruyama,
    sample_predictor_corrector,
)
from omnimuse.schedulers.steps import (
    Point,
    Posterior,
    ancestral_step,
    ddim_step,
    dpm_solver_step,
    euler_step,
    heun_step,
    noise_in,
    posterior,
)

__all__ = [
    "EDM",
    "VE",
    "Array",
    "Callback",
    "Churn",
    "ContinuousSchedule",
    "ContinuousVP",
    "Cosine",
    "Denoise",
    "DiscreteVP",
    "Flow",
    "Level",
    "Noise",
    "Point",
    "Posterior",
    "PredictionType",
    "Schedule",
    "Step",
    "add_noise",
    "ancestral_step",
    "check_levels",
    "convert",
    "cosine_betas",
    "ddim_step",
    "denoiser",
    "dpm_solver_step",
    "euler_step",
    "from_sample",
    "gaussian",
    "gaussian_each",
    "guide",
    "guided",
    "heun_step",
    "invert",
    "is_within",
    "karras_sigmas",
    "keep_outside",
    "langevin_step",
    "levels_at",
    "linear_betas",
    "min_snr_weight",
    "noise_in",
    "normal_like",
    "posterior",
    "projected",
    "rescaled",
    "sample_ancestral",
    "sample_ddim",
    "sample_dpm_solver",
    "sample_euler",
    "sample_euler_maruyama",
    "sample_heun",
    "sample_predictor_corrector",
    "scaled_linear_betas",
    "score",
    "shifted",
    "start_at",
    "to_sample",
    "training_target",
    "zero_terminal_snr",
]
