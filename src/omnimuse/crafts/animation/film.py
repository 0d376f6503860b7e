"""A film from shots: camera moves, transitions and captions, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from omnimuse.crafts.animation.camera import ease
from omnimuse.crafts.animation.captions import Caption, CaptionPainter
from omnimuse.crafts.animation.transitions import TRANSITIONS, Transition

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FrameAt = Callable[[float], "NDArray[np.uint8]"]


@dataclass(frozen=True)
class Shot:
    """What the camera sees for a while.

    Attributes:
        frame_at: from t in [0, 1] to a frame (height, width, 3).
        duration_s: how long; transitions overlap into the next shot.
    """

    frame_at: FrameAt
    duration_s: float


@dataclass(frozen=True)
class Film:
    """Shots in order, joined by transitions.

    Attributes:
        shots: at least one.
        width: pixels, even.
        height: pixels, even.
        fps: frames per second.
        transition: between shots.
        transition_s: its length, cut to half of the shorter neighbour.
        captions: drawn onto the frames.
        fonts: font files for captions that the built-in font cannot write.
        fade_s: fade from black at the start and to black at the end.
    """

    shots: Sequence[Shot]
    width: int
    height: int
    fps: float = 24.0
    transition: Transition = "dissolve"
    transition_s: float = 0.8
    captions: Sequence[Caption] = ()
    fonts: Sequence[Path] = ()
    fade_s: float = 0.5

    @property
    def duration_s(self) -> float:
        """Whole length in seconds."""
        return sum(shot.duration_s for shot in self.shots)

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return max(1, round(self.duration_s * self.fps))

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """All frames in order."""
        painter = CaptionPainter(self.captions, self.width, self.height, fonts=self.fonts)
        for number in range(self.frame_count):
            time_s = number / self.fps
            frame = painter.draw(self._picture(time_s), time_s)
            yield self._faded(frame, time_s)

    def _picture(self, time_s: float) -> NDArray[np.uint8]:
        start = 0.0
        for index, shot in enumerate(self.shots):
            is_last = index + 1 == len(self.shots)
            if time_s < start + shot.duration_s or is_last:
                break
            start += shot.duration_s
        # a shot is seen a little before its own time, while the transition lasts
        lead = self._overlap(index)
        frame = shot.frame_at((time_s - start + lead) / (shot.duration_s + lead))
        if is_last or self.transition == "cut":
            return frame
        overlap = self._overlap(index + 1)
        left = start + shot.duration_s - time_s
        if left >= overlap or overlap == 0:
            return frame
        following = self.shots[index + 1]
        into = overlap - left
        upcoming = following.frame_at(into / (following.duration_s + overlap))
        return TRANSITIONS[self.transition](frame, upcoming, into / overlap)

    def _overlap(self, index: int) -> float:
        """Seconds for which shot `index` overlaps the one before it."""
        if index == 0 or self.transition == "cut":
            return 0.0
        before, after = self.shots[index - 1], self.shots[index]
        return min(self.transition_s, before.duration_s / 2, after.duration_s / 2)

    def _faded(self, frame: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        if self.fade_s <= 0:
            return frame
        end = self.duration_s - time_s
        level = min(time_s + 1 / self.fps, end) / self.fade_s
        return frame if level >= 1 else (frame * np.float32(ease(level))).astype(np.uint8)
