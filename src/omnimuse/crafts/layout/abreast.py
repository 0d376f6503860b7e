"""Several groups in front of one thing, or behind it, stand beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omnimuse.crafts.layout.grid import Cell

if TYPE_CHECKING:
    from omnimuse.crafts.layout.place import Cluster


def stand_abreast(
    cells: dict[int, Cell], clusters: Sequence[Cluster], x: dict[int, float], y: dict[int, float]
) -> None:
    """Groups that are all in front of one thing, or all behind it, stand beside each other.

    Of three or more in front the taller stand farther off and the lower nearer, as in traffic.
    """
    for host in cells:
        for manner in ("in front of", "behind"):
            guests = [g for g in cells if (cells[g].host, cells[g].manner) == (host, manner)]
            if len(guests) < 2:
                continue
            lanes = _lanes(guests, clusters) if manner == "in front of" else [guests]
            for lane in lanes:
                _line_abreast(lane, clusters, x, x.get(host, 0.0))
            for group in lanes[-1] if len(lanes) > 1 else ():
                far = max(y[g] + clusters[g].height / 2 for g in lanes[0])
                y[group] = far + 0.15 * clusters[group].height


def _lanes(guests: list[int], clusters: Sequence[Cluster]) -> list[list[int]]:
    """A farther and a nearer lane of about the same width; one lane for two groups."""
    if len(guests) < 3:
        return [guests]
    lanes: list[list[int]] = [[], []]
    widths = [0.0, 0.0]
    for group in sorted(guests, key=lambda g: -clusters[g].height):
        lane = 0 if widths[0] <= widths[1] else 1
        lanes[lane].append(group)
        widths[lane] += clusters[group].width
    return lanes


def _line_abreast(
    lane: Sequence[int], clusters: Sequence[Cluster], x: dict[int, float], middle: float
) -> None:
    gap = 0.08 * sum(clusters[g].width for g in lane) / len(lane)
    cursor = middle - (sum(clusters[g].width for g in lane) + gap * (len(lane) - 1)) / 2
    for group in lane:
        x[group] = cursor + clusters[group].width / 2
        cursor += clusters[group].width + gap
