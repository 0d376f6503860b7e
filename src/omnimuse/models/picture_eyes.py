"""ThingFinder and ThingRecognizer: two small networks that see illustrated things.

The finder looks at a whole picture and tells where things are: at each fourth pixel whether a
thing covers it, whether a thing has its centre there, and how far that thing's box reaches. The
recogniser names one thing from its description (`omnimuse.backends.thing_features`).

Source: Zhou et al. 2019, arXiv:1904.07850 (things as centre points); Tian et al. 2019,
arXiv:1904.01355 (boxes as distances to four sides); Lin et al. 2017, arXiv:1612.03144 (features
from coarse to fine); He et al. 2016, arXiv:1512.03385 (residual blocks).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FINDER_STRIDE = 4
"""Pixels of the picture for each cell of the finder's maps."""
FINDER_MULTIPLE = 32
"""Sides of a picture given to the finder are multiples of this."""
REACH_PX = 128.0
"""Pixels that a distance of 1 in the finder's boxes stands for."""


class Convolution(nn.Sequential):  # type: ignore[misc]
    """3 x 3 convolution, batch normalisation, ReLU: (B, I, H, W) to (B, O, H/stride, W/stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):  # type: ignore[misc]
    """Two convolutions beside a straight way; keeps the shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = Convolution(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        return functional.relu(x + self.second(self.first(x)))


class ThingFinder(nn.Module):  # type: ignore[misc]
    """Where things are in a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.quarter = nn.Sequential(Convolution(3, 16, 2), Convolution(16, 32, 2), Residual(32))
        self.eighth = nn.Sequential(Convolution(32, 64, 2), Residual(64))
        self.sixteenth = nn.Sequential(Convolution(64, 96, 2), Residual(96), Residual(96))
        self.coarse = nn.Sequential(Convolution(96, 128, 2), Residual(128), Residual(128))
        self.lateral = nn.ModuleList([nn.Conv2d(width, 48, 1) for width in (128, 96, 64, 32)])
        self.smooth = nn.ModuleList([Convolution(48, 48) for _ in range(3)])
        self.head = nn.Sequential(Convolution(48, 48), nn.Conv2d(48, 6, 1))
        last = self.head[1]
        nn.init.constant_(last.bias, 0.0)
        with torch.no_grad():
            last.bias[1] = -4.0

    def forward(self, pictures: Tensor) -> Tensor:
        """See pictures.

        Args:
            pictures: RGB in [0, 1], (B, 3, H, W), sides multiples of FINDER_MULTIPLE.

        Returns:
            (B, 6, H/4, W/4): probability of being covered by a thing and of being a thing's
            centre, then the distances to the left, upper, right and lower side of the box in
            units of REACH_PX.
        """
        quarter = self.quarter(pictures * 2 - 1)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        x = self.lateral[0](self.coarse(sixteenth))
        finer = ((1, sixteenth), (2, eighth), (3, quarter))
        for index, features in finer:
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.smooth[index - 1](x + self.lateral[index](features))
        out = self.head(x)
        return torch.cat((out[:, :2].sigmoid(), functional.softplus(out[:, 2:])), dim=1)


class ThingRecognizer(nn.Module):  # type: ignore[misc]
    """What one thing is, from a description of its edges, light and colours.

    A straight linear way, which starts as a linear discriminant, and a way through a hidden layer,
    which starts at nothing.

    Args:
        features: numbers that describe a thing.
        classes: how many it tells apart; class 0 is "nothing".
        hidden: channels of the hidden layer.
    """

    def __init__(self, features: int, classes: int, hidden: int = 512) -> None:
        super().__init__()
        self.straight = nn.Linear(features, classes)
        self.enter = nn.Linear(features, hidden)
        self.leave = nn.Linear(hidden, classes, bias=False)
        nn.init.zeros_(self.leave.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Name things.

        Args:
            features: (B, features).

        Returns:
            Logits, (B, classes).
        """
        bent = self.leave(functional.relu(self.enter(features)))
        logits: Tensor = self.straight(features) + bent
        return logits
