"""A model in slices: each process keeps its part of the parameters, gradients and averages.

    state at rest    every parameter is cut along its first axis, a slice for each process
    a step           the rest of the model is gathered, the named layers one after another
    backward         gradients are summed over the processes into slices
    optimiser        works on slices, so that its state is sliced too

Stands on PyTorch's composable FSDP (`torch.distributed.fsdp.fully_shard`). Source: Zhao et al.
2023, arXiv:2304.11277; Rajbhandari et al. 2020, arXiv:1910.02054 (ZeRO stage 3). Parameters of one
number cannot be cut: they stay whole everywhere, and the trainer averages their gradients.

A recipe calls any method of its model, so the model's own parameters (all but those of the layers
that the recipe names) are gathered around the whole step and not around one `forward`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from omnimuse.errors import ConfigError
from omnimuse.training.recipe import Recipe
from omnimuse.training.settings import TrainConfig

LAUNCHER = "ACCELERATE_USE_FSDP"
_OFFLOAD = "FSDP_OFFLOAD_PARAMS"
_RESHARD = "FSDP_RESHARD_AFTER_FORWARD"


def is_asked_for(train: TrainConfig, environ: Mapping[str, str]) -> bool:
    """Whether settings or launcher (`accelerate launch --use_fsdp`) ask for a model in slices.

    Raises:
        ConfigError: together with what slices cannot do.
    """
    if not (train.shard or _is_on(environ, LAUNCHER)):
        return False
    if _is_on(environ, _OFFLOAD):
        raise ConfigError(
            "the launcher asks for parameters in the CPU's memory",
            hint="Launch without --fsdp_offload_params: slices stay on their devices here.",
        )
    if train.precision == "fp16":
        raise ConfigError(
            "fp16 scales its losses, which a model in slices does not take",
            hint="Set train.precision to bf16 or fp32.",
        )
    return True


def _is_on(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() in ("1", "true", "yes")


@contextmanager
def left_to_us() -> Iterator[None]:
    """Keep the launcher's wish from Accelerate, which would wrap the model in its own way."""
    import os

    wish = os.environ.pop(LAUNCHER, None)
    try:
        yield
    finally:
        if wish is not None:
            os.environ[LAUNCHER] = wish


def check(recipe: Recipe[Any]) -> None:
    """Refuse a recipe whose model cannot be cut.

    Raises:
        ConfigError: says which and why.
    """
    reason = recipe.whole_because
    if recipe.saves_trained_only and not reason:
        reason = "it trains an adapter on a frozen base, which every process loads whole"
    if reason:
        raise ConfigError(
            f"recipe {recipe.name} cannot be sharded: {reason}",
            hint="Set train.shard to false and launch without --use_fsdp.",
        )


class Sharding:
    """Cuts a model, and gathers it where it is used.

    Args:
        model: on its device, with the weights it begins with; is changed in place.
        layers: names of `ModuleList`s in it, whose entries are gathered one after another.
        device: where the model lies.
        processes: how many share it.
        environ: the launcher's variables.
    """

    def __init__(
        self, model: Any, layers: Sequence[str], device: Any, processes: int,
        environ: Mapping[str, str],
    ) -> None:  # fmt: skip
        import torch
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

        self.model = model
        mesh = init_device_mesh(device.type, (processes,))
        single = {p for p in model.parameters() if p.ndim == 0}
        frees = environ.get(_RESHARD, "true").lower() not in ("false", "2", "shard_grad_op")
        for path in layers:
            for layer in model.get_submodule(path):
                methods = own_methods(layer)
                # a method that calls `forward` would find its parameters gone after it
                fully_shard(
                    layer, mesh=mesh, ignored_params=single,
                    reshard_after_forward=frees and not methods,
                )  # fmt: skip
                for name in methods:
                    register_fsdp_forward_method(layer, name)
        fully_shard(model, mesh=mesh, ignored_params=single, reshard_after_forward=False)
        model.set_reshard_after_backward(False, recurse=False)
        model.omnimuse_close = _call
        register_fsdp_forward_method(model, "omnimuse_close")
        with torch.no_grad():
            self._close(None)  # the first that runs is taken for the root
        self.release()

    def _close(self, loss: Any) -> Any:
        # in a closure: a tensor among the arguments would end backward where it begins
        return self.model.omnimuse_close(lambda: loss)

    def gather(self) -> None:
        """Make the model's own parameters whole."""
        self.model.unshard()

    def release(self) -> None:
        """Leave slices only."""
        from torch.distributed.fsdp import FSDPModule

        for module in self.model.modules():
            if isinstance(module, FSDPModule):
                module.reshard()

    def renew(self) -> None:
        """Gather again, after an optimiser has changed the slices."""
        self.release()
        self.gather()

    def backward(self, loss: Any, others: Sequence[Any], run: Callable[[Any], None]) -> None:
        """`run` a backward pass of `loss`, whose gradients become slices; `others` get none."""
        kept = [parameter.grad for parameter in others]
        for parameter in others:
            parameter.grad = None
        run(self._close(loss))
        for parameter, grad in zip(others, kept):
            parameter.grad = grad
        self.gather()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """The model as it is used outside of a step; every process must do the same with it."""
        self.gather()
        try:
            yield
        finally:
            self.release()


def _call(function: Callable[[], Any]) -> Any:
    return function()


def own_methods(module: Any) -> list[str]:
    """Public methods, beside `forward`, that a module's classes add to torch's."""
    from torch import nn

    added = {
        name
        for kind in type(module).__mro__
        if issubclass(kind, nn.Module) and not kind.__module__.startswith("torch.")
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    return sorted(added - {"forward"})


def is_slice(tensor: Any) -> bool:
    """Whether a tensor is cut over the processes."""
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def local(tensor: Any) -> Any:
    """The part of a tensor that this process has; changes to it are changes to the tensor."""
    return tensor.to_local() if is_slice(tensor) else tensor


def whole(tensors: Mapping[str, Any], *, keep: bool) -> dict[str, Any]:
    """Tensors put together, by all processes at once.

    Args:
        tensors: by name, the same names everywhere.
        keep: whether this process wants them; if not, they are dropped one after another.

    Returns:
        Copies: what is no slice may be swapped away (`ShardedAverage`) before it is written.
    """
    found = {}
    for name, value in tensors.items():
        full = value.full_tensor() if is_slice(value) else value.clone()
        if keep:
            found[name] = full.detach().cpu()
    return found


def like(tensor: Any, value: Any) -> Any:
    """`value` cut as `tensor` is, if it has its shape."""
    if not is_slice(tensor) or value.shape != tensor.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(
        value.to(tensor.device), tensor.device_mesh, tensor.placements, src_data_rank=None
    )


def sliced(module: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Whole tensors cut as a module's own are."""
    own = module.state_dict()
    return {n: like(own[n], value) if n in own else value for n, value in tensors.items()}


def clip_norm(parameters: Sequence[Any], limit: float) -> None:
    """`torch.nn.utils.clip_grad_norm_` where some gradients are slices and some whole."""
    import torch

    grads = [p.grad for p in parameters if p.grad is not None]
    if not grads:
        return
    zero = torch.zeros((), device=local(grads[0]).device)
    cut = sum((local(g).square().sum() for g in grads if is_slice(g)), zero)
    torch.distributed.all_reduce(cut)
    rest = sum((g.square().sum() for g in grads if not is_slice(g)), zero)
    factor = (limit / ((cut + rest).sqrt() + 1e-6)).clamp(max=1.0)
    for grad in grads:
        local(grad).mul_(factor)


def one_by_one(optimizer: Any) -> None:
    """Let an optimiser step each parameter for itself, where slices and whole ones are mixed."""
    for group in optimizer.param_groups:
        kinds = {is_slice(parameter) for parameter in group["params"]}
        if len(kinds) > 1:
            group["foreach"] = group["fused"] = False


class ShardedAverage:
    """Averaged weights (`training.ema`) of which each process keeps its slices.

    Args:
        sharding: the model to follow.
        decay: share of the average that stays at each update, in [0, 1).
    """

    def __init__(self, sharding: Sharding, decay: float) -> None:
        self.decay, self._sharding = decay, sharding
        sharding.release()
        model = sharding.model
        self._followed = [t.detach() for t in (*model.parameters(), *model.buffers())]
        self._own = [local(t).clone() for t in self._followed]

    def update(self, updates: int) -> None:
        """Follow the model after it was changed for the time number `updates`, from 0."""
        import torch

        decay = min(self.decay, (1 + updates) / (10 + updates))
        with torch.no_grad():
            for own, followed in zip(self._own, self._followed):
                if own.is_floating_point():
                    own.lerp_(local(followed), 1 - decay)
                else:
                    own.copy_(followed)

    @contextmanager
    def put_in(self) -> Iterator[None]:
        """The averages in the model's place; what changes there meanwhile changes the averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        import torch

        self._sharding.release()
        with torch.no_grad():
            for own, followed in zip(self._own, self._followed):
                mine = local(followed)
                kept = mine.clone()
                mine.copy_(own)
                own.copy_(kept)
