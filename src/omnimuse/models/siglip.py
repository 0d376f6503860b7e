"""SigLIP: CLIP's towers, trained with one yes-or-no question for each pair of the table.

    loss = -1/N * sum over all i, j of log sigmoid(z_ij * (exp(t) * x_i . y_j + b)),  z = +1 on the
    diagonal, else -1

No softmax over the batch, so the loss needs no large batches and no gathering over processes; a
batch may hold several true pairs of one caption, which CLIP would call wrong.

Source: Zhai et al. 2023, arXiv:2303.15343, algorithm 1 (t starts at log 10, b at -10). The towers
and their deviations are those of `omnimuse.models.clip`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.models.clip import CLIPConfig, ImageTower, TextHead


class SigLIP(nn.Module):  # type: ignore[misc]
    """Both towers, the temperature and the bias."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.config = config
        self.image = ImageTower(config)
        self.text = TextHead(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        self.bias = nn.Parameter(torch.tensor(-10.0))

    def forward(self, pictures: Tensor, sentences: Tensor) -> Tensor:
        """Logits (N, M) that picture n and sentence m belong together; see `CLIP.forward`."""
        return self.log_scale.exp() * self.image(pictures) @ self.text(sentences).T + self.bias


def siglip_loss(logits: Tensor, pairs: Tensor | None = None) -> Tensor:
    """The sigmoid loss.

    Args:
        logits: (N, M).
        pairs: (N, M), true where a picture and a sentence belong together; None: the diagonal.
    """
    if pairs is None:
        pairs = torch.eye(*logits.shape, dtype=torch.bool, device=logits.device)
    signs = torch.where(pairs, 1.0, -1.0)
    return -functional.logsigmoid(signs * logits).sum() / len(logits)
