"""A door into a running pipeline: its denoising network can be called through a method.

A method (tiles, regions) takes the network's place for one run. The pipeline keeps its own
loop, scheduler, guidance and decoding, so a method works with every scheduler and task.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from omnimuse.backends.diffusers_memo import replaced_forward
from omnimuse.errors import ArgumentError

Predict = Callable[..., Any]
Method = Callable[["Denoiser", Any, Any], Any]


@dataclass
class Denoiser:
    """What a method sees at each step.

    Attributes:
        pipeline: the running pipeline; methods use its `encode_prompt`, `vae` and `scheduler`.
        forward: the network's own call.
        name: how the network calls its latents.
        arguments: all else that the pipeline gave, by name.
    """

    pipeline: Any
    forward: Callable[..., Any]
    name: str
    arguments: Mapping[str, Any]

    def given(self, changed: Mapping[str, Any]) -> Self:
        """The same with some arguments changed."""
        return replace(self, arguments={**self.arguments, **changed})

    def predict(self, latents: Any) -> Any:
        """What the network predicts for these latents, (B, C, h, w)."""
        return self.forward(**{**self.arguments, self.name: latents, "return_dict": False})[0]


@contextmanager
def through(pipeline: Any, method: Method | None) -> Iterator[None]:
    """Let a method stand in for the pipeline's network inside the block.

    Args:
        pipeline: has a `unet` or a `transformer`.
        method: called with a `Denoiser`, the latents (B, C, h, w) and the timestep; gives the
            prediction. None changes nothing.

    Raises:
        ArgumentError: from the network's call: latents that are no grid, or structure control,
            whose features belong to the whole picture.
    """
    network = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    if method is None:
        yield
        return
    if network is None:
        raise ArgumentError(f"{type(pipeline).__name__} has no network that a method can call")
    own = network.forward
    names = list(inspect.signature(type(network).forward).parameters)[1:]

    def forward(*args: Any, **given: Any) -> Any:
        arguments = {**dict(zip(names, args, strict=False)), **given}
        latents = arguments.pop(names[0])
        is_tuple = not arguments.pop("return_dict", True)
        if latents.ndim != 4 or any("additional_residuals" in key for key in arguments):
            raise ArgumentError(
                f"{type(pipeline).__name__} cannot be denoised in parts",
                hint="Leave out tiles and layout, or choose a model with a grid of latents.",
            )
        state = Denoiser(pipeline, own, names[0], arguments)
        prediction = method(state, latents, arguments.get("timestep"))
        if is_tuple:
            return (prediction,)
        from diffusers.models.modeling_outputs import Transformer2DModelOutput

        return Transformer2DModelOutput(sample=prediction)

    with replaced_forward(network, forward):
        yield
