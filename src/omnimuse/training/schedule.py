"""The learning rate's course: warm-up, then constant, linear or cosine decay."""

from __future__ import annotations

import math

from omnimuse.training.settings import TrainConfig


def rate_factor(train: TrainConfig, step: int, progress: float) -> float:
    """Factor in [0, 1] of every learning rate.

    Args:
        train: `warmup_steps`, `decay` and `final_rate` are used.
        step: optimiser steps done.
        progress: share of the training that is done, in [0, 1].

    Source: cosine decay after Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    """
    warm = min(1.0, (step + 1) / train.warmup_steps) if train.warmup_steps else 1.0
    if train.decay == "constant":
        return warm
    left = 1 - progress if train.decay == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return warm * (train.final_rate + (1 - train.final_rate) * left)
