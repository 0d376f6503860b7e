"""Sample rates and channels: how sound is brought to the form that somebody wants."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from omnimuse.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_ROOT_HALF = 0.70710678


def resample(samples: Samples, rate_hz: int, wanted_hz: int) -> Samples:
    """(N, C) samples at another rate: polyphase filtering with a Kaiser window (scipy)."""
    import numpy as np
    from scipy.signal import resample_poly

    if not 1000 <= wanted_hz <= 768_000:
        raise InputError(f"a sample rate of {wanted_hz} Hz", hint="1000 to 768000 Hz.")
    factor = gcd(rate_hz, wanted_hz)
    result = resample_poly(samples, wanted_hz // factor, rate_hz // factor, axis=0)
    return np.ascontiguousarray(result, dtype=np.float32)


def mix_channels(samples: Samples, channels: int) -> Samples:
    """(N, C) to (N, channels): mono by the mean, mono spread to all, 5.1 by ITU-R BS.775."""
    import numpy as np

    given = samples.shape[1]
    if given == channels:
        return samples
    if given == 6 and channels <= 2:
        left, right, centre, _, left_back, right_back = samples.T
        shared = centre * _ROOT_HALF
        pair = (left + shared + left_back * _ROOT_HALF, right + shared + right_back * _ROOT_HALF)
        samples = (np.stack(pair, axis=1) / (1 + 2 * _ROOT_HALF)).astype(np.float32)
        if channels == 2:
            return samples
    mono = samples.mean(axis=1, keepdims=True, dtype=np.float32)
    return mono if channels == 1 else np.repeat(mono, channels, axis=1)


class BlockResampler:
    """`resample` over a stream: each block is converted with enough of its neighbours around it."""

    def __init__(self, rate_hz: int, wanted_hz: int, channels: int) -> None:
        import numpy as np

        if not 1000 <= wanted_hz <= 768_000:
            raise InputError(f"a sample rate of {wanted_hz} Hz", hint="1000 to 768000 Hz.")
        factor = gcd(rate_hz, wanted_hz)
        self._up, self._down = wanted_hz // factor, rate_hz // factor
        reach = 10 * max(self._up, self._down) // self._up + 2
        self._edge = -(-reach // self._down) * self._down if self._up != self._down else 0
        self._held = np.zeros((self._edge, channels), np.float32)

    def push(self, block: Samples) -> Samples:
        """Take (n, C) samples; give what can be converted by now."""
        import numpy as np

        if not self._edge:
            return block
        self._held = np.concatenate((self._held, block))
        ready = (len(self._held) - 2 * self._edge) // self._down * self._down
        return self._convert(ready) if ready >= 8 * self._edge else self._held[:0]

    def finish(self) -> Samples:
        """Give the rest."""
        import numpy as np

        if not self._edge:
            return self._held[:0]
        rest = len(self._held) - self._edge
        filled = np.pad(self._held, ((0, 2 * self._edge + self._down), (0, 0)))
        self._held = filled
        padded = -(-rest // self._down) * self._down
        return self._convert(padded)[: -(-rest * self._up // self._down)]

    def _convert(self, count: int) -> Samples:
        import numpy as np
        from scipy.signal import resample_poly

        window = self._held[: count + 2 * self._edge]
        dense = resample_poly(window, self._up, self._down, axis=0)
        first, length = self._edge * self._up // self._down, count * self._up // self._down
        self._held = self._held[count:]
        return np.ascontiguousarray(dense[first : first + length], dtype=np.float32)
