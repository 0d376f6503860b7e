"""What several processes of one training tell each other; nothing where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def agreed(value: float, processes: int, device: Any) -> float:
    """The largest of all processes' values, so that all decide alike."""
    if processes == 1:
        return value
    import torch

    found = torch.tensor(value, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
    return float(found)


def of_main_process(figures: dict[str, float], processes: int) -> dict[str, float]:
    """Figures as the main process has them: statistics of batches differ between processes."""
    if processes == 1:
        return figures
    from accelerate.utils import broadcast_object_list

    found: dict[str, float] = broadcast_object_list([figures])[0]
    return found


def average_gradients(parameters: Sequence[Any], processes: int, device: Any) -> None:
    """Mean over processes, in one message; a parameter that no process used stays without."""
    if processes == 1 or not parameters:
        return
    import torch

    users = torch.tensor([float(p.grad is not None) for p in parameters], device=device)
    torch.distributed.all_reduce(users)
    used = [p for p, count in zip(parameters, users.tolist()) if count]
    if not used:
        return
    for parameter in used:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([p.grad.flatten() for p in used])
    torch.distributed.all_reduce(flat)
    flat /= processes
    for parameter, grad in zip(used, flat.split([p.numel() for p in used])):
        parameter.grad.copy_(grad.view_as(parameter))
