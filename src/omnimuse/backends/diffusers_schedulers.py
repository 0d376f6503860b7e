"""Schedulers of diffusion models by the names that people use for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from omnimuse.errors import ArgumentError


class _Kind(NamedTuple):
    """A class of diffusers, what it is told, and whether it can follow flow-matching models."""

    target: str
    settings: Mapping[str, Any]
    flow: Mapping[str, Any] | None = None


_FLOW: Mapping[str, Any] = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
_DPM: Mapping[str, Any] = {"algorithm_type": "dpmsolver++", "solver_order": 2}

SCHEDULERS: Mapping[str, _Kind] = {
    "ddim": _Kind("DDIMScheduler", {"clip_sample": False}),
    "ddpm": _Kind("DDPMScheduler", {"clip_sample": False}),
    "pndm": _Kind("PNDMScheduler", {"skip_prk_steps": True}),
    "euler": _Kind("EulerDiscreteScheduler", {}),
    "euler-a": _Kind("EulerAncestralDiscreteScheduler", {}),
    "heun": _Kind("HeunDiscreteScheduler", {}),
    "dpm++2m": _Kind("DPMSolverMultistepScheduler", _DPM, {**_DPM, **_FLOW}),
    "dpm++2m-karras": _Kind("DPMSolverMultistepScheduler", {**_DPM, "use_karras_sigmas": True}),
    "dpm++2m-sde": _Kind("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "unipc": _Kind("UniPCMultistepScheduler", {}, _FLOW),
    "lcm": _Kind("LCMScheduler", {}),
    "tcd": _Kind("TCDScheduler", {}),
}
"""DDIM: arXiv:2010.02502; DDPM: 2006.11239; PNDM: 2202.09778; Euler and Heun: 2206.00364; DPM++:
2211.01095; UniPC: 2302.04867; LCM: 2310.04378; TCD: 2402.19159."""


def make_scheduler(name: str, config: Mapping[str, Any]) -> Any:
    """A scheduler for a model whose own scheduler has this configuration.

    The noise schedule and what the network predicts are the model's; the name decides how steps
    are taken. Models trained by flow matching take `euler` (their own), `dpm++2m` and `unipc`.

    Args:
        name: a name of `SCHEDULERS`.
        config: `pipeline.scheduler.config`.

    Raises:
        ArgumentError: no such scheduler, or one that cannot follow this model.
    """
    import diffusers

    if name not in SCHEDULERS:
        raise ArgumentError(
            f"no scheduler is called {name!r}", hint=f"Known: {', '.join(sorted(SCHEDULERS))}."
        )
    kind = SCHEDULERS[name]
    own = str(config.get("_class_name", ""))
    if not own.startswith("FlowMatch"):
        return getattr(diffusers, kind.target).from_config(dict(config), **kind.settings)
    if name == "euler":
        return getattr(diffusers, own).from_config(dict(config))
    if kind.flow is None:
        able = ", ".join(["euler", *(key for key, value in SCHEDULERS.items() if value.flow)])
        raise ArgumentError(
            f"{name} cannot follow a model trained by flow matching", hint=f"These can: {able}."
        )
    shift = {"flow_shift": float(config.get("shift") or 1.0)}
    return getattr(diffusers, kind.target)(
        num_train_timesteps=int(config.get("num_train_timesteps", 1000)), **kind.flow, **shift
    )
