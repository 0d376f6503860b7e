"""Speech enhancement by DeepFilterNet 3, its three ONNX graphs run around a NumPy front end.

Speech at 48 kHz is cut into frames of 20 ms every 10 ms. An encoder sees the levels of 32 bands on
the ERB scale and 96 normalised complex bins; one decoder gives a gain for each band, the other a
complex filter over five frames for each of the lowest 96 bins (up to 4.8 kHz).
Source: H. Schroeter, T. Rosenkranz, A. N. Escalante-B., A. Maier, "DeepFilterNet: Perceptually
Motivated Real-Time Speech Enhancement", Interspeech 2023, arXiv:2305.08227.
"""

from __future__ import annotations

import io
import tarfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import open_model
from omnimuse.errors import ArgumentError, CheckpointError

Samples = NDArray[np.float32]
RATE_HZ = 48_000
_SIZE, _HOP = 960, 480
_BANDS, _BINS, _MIN_BINS = 32, 96, 2
_ORDER, _LOOKAHEAD = 5, 2
_ALPHA = 0.99  # of the running means: exp(-hop / (rate * 1 s)), rounded as the model was trained
_CHUNK_FRAMES, _WARM_FRAMES = 2000, 200
_MAX_ARCHIVE = 64 << 20
_MEMBERS = ("enc.onnx", "erb_dec.onnx", "df_dec.onnx")


class DeepFilterNet:
    """Role `audio-to-audio`; see `SpeechEnhancer`.

    Args:
        card: option `file`, the tar.gz with the model's three graphs.
        folder: where it lies.

    Raises:
        CheckpointError: no such archive, or one that lacks a graph.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        graphs = _read_archive(folder / Path(str(card.options.get("file", "model.tar.gz"))).name)
        self._encoder, self._gains, self._filters = (
            open_model(graphs[name], name) for name in _MEMBERS
        )
        self._lock = threading.Lock()
        self._window = _window()
        self._widths = band_widths()

    def enhance(self, samples: Samples, sample_rate_hz: int, *, limit_db: float = 100.0) -> Samples:
        """Speech (N, 1) at 48 kHz without its noise, (N, 1), in time with what came in.

        Args:
            samples: of one channel.
            sample_rate_hz: 48,000.
            limit_db: noise goes down by this at most; what is above is mixed back.

        Raises:
            ArgumentError: another rate, or more channels.
        """
        if sample_rate_hz != RATE_HZ or samples.ndim != 2 or samples.shape[1] != 1:
            raise ArgumentError("the enhancer takes one channel at 48000 Hz")
        if not len(samples):
            return samples.copy()
        spectrum = self._analyse(samples[:, 0])
        levels, shapes = _features(spectrum, self._widths)
        made = np.empty_like(spectrum)
        for start in range(0, len(spectrum), _CHUNK_FRAMES):
            begin = max(0, start - _WARM_FRAMES)  # the recurrent layers find their state again
            stop = min(len(spectrum), start + _CHUNK_FRAMES)
            clean = self._filter(spectrum, levels, shapes, begin, stop)
            made[start:stop] = clean[start - begin :]
        if limit_db < 100:
            kept = np.float32(10 ** (-limit_db / 20))
            made = made * (1 - kept) + spectrum * kept
        return self._synthesise(made, len(samples))[:, None]

    def _analyse(self, mono: Samples) -> NDArray[np.complex64]:
        """Spectra of the windowed frames, (T, 481)."""
        padded = np.pad(mono, (_HOP, 2 * _HOP + (-len(mono)) % _HOP))
        frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP]
        return np.asarray(np.fft.rfft(frames * self._window, axis=1) / _SIZE, np.complex64)

    def _synthesise(self, spectrum: NDArray[np.complex64], count: int) -> Samples:
        frames = np.fft.irfft(spectrum, _SIZE, axis=1).astype(np.float32) * _SIZE * self._window
        out = np.zeros((len(frames) + 1, _HOP), np.float32)
        out[:-1] += frames[:, :_HOP]
        out[1:] += frames[:, _HOP:]
        return np.clip(out.reshape(-1)[_HOP : _HOP + count], -1, 1)

    def _filter(
        self, spectrum: NDArray[np.complex64], levels: Samples, shapes: NDArray[np.complex64],
        begin: int, stop: int,
    ) -> NDArray[np.complex64]:  # fmt: skip
        """Clean spectra of the frames from `begin` to `stop`."""
        ahead = slice(begin + _LOOKAHEAD, stop + _LOOKAHEAD)
        erb = _padded(levels[ahead], stop - begin)[None, None]
        bins = _padded(shapes[ahead], stop - begin)
        pair = np.stack((bins.real, bins.imag))[None].astype(np.float32)
        with self._lock:
            coded = _named(self._encoder, {"feat_erb": erb, "feat_spec": pair})
            gains = self._gains.run(
                ["m"], {name: coded[name] for name in ("emb", "e3", "e2", "e1", "e0")}
            )[0]
            filters = self._filters.run(["coefs"], {n: coded[n] for n in ("emb", "c0")})[0]
        clean = spectrum[begin:stop] * np.repeat(gains[0, 0], self._widths, axis=1)
        taps = filters.reshape(stop - begin, _BINS, _ORDER, 2)
        weights = taps[..., 0] + 1j * taps[..., 1]
        before = _ORDER - 1 - _LOOKAHEAD
        around = np.pad(spectrum[:, :_BINS], ((before, _LOOKAHEAD), (0, 0)))
        low = sum(around[begin + tap : stop + tap] * weights[:, :, tap] for tap in range(_ORDER))
        clean[:, :_BINS] = low
        return np.asarray(clean, np.complex64)


def band_widths() -> NDArray[np.int64]:
    """Bins of each of the 32 bands, at least two, equally wide on the ERB scale; 481 in all."""
    scale, width = 24.7 * 9.265, RATE_HZ / _SIZE
    step = 9.265 * np.log1p(RATE_HZ / 2 / scale) / _BANDS
    widths, before, over = [], 0, 0
    for band in range(1, _BANDS + 1):
        edge = round(scale * (np.exp(band * step / 9.265) - 1) / width)
        size = edge - before - over
        over = max(0, _MIN_BINS - size)
        widths.append(max(size, _MIN_BINS))
        before = edge
    widths[-1] += 1
    widths[-1] -= sum(widths) - (_SIZE // 2 + 1)
    return np.array(widths)


def _features(
    spectrum: NDArray[np.complex64], widths: NDArray[np.int64]
) -> tuple[Samples, NDArray[np.complex64]]:
    """Band levels (T, 32) less their running mean, and bins (T, 96) over their running size."""
    edges = np.concatenate(([0], np.cumsum(widths)[:-1]))
    power = np.add.reduceat(np.abs(spectrum) ** 2, edges, axis=1) / widths
    level = 10 * np.log10(power + 1e-10)
    mean = _running(level, np.linspace(-60, -90, _BANDS))
    low = spectrum[:, :_BINS]
    size = _running(np.abs(low), np.linspace(0.001, 0.0001, _BINS))
    return ((level - mean) / 40).astype(np.float32), (low / np.sqrt(size)).astype(np.complex64)


def _running(values: NDArray[np.floating[Any]], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential means along the first axis."""
    from scipy.signal import lfilter

    state = _ALPHA * np.asarray(start, np.float64)[None]
    made, _ = lfilter([1 - _ALPHA], [1, -_ALPHA], values, axis=0, zi=state)
    return np.asarray(made)


def _window() -> Samples:
    """The power-complementary window of Vorbis."""
    inner = np.sin(np.pi * (np.arange(_SIZE) + 0.5) / _SIZE)
    return np.sin(np.pi / 2 * inner**2).astype(np.float32)


def _padded(rows: NDArray[Any], count: int) -> NDArray[Any]:
    return np.pad(rows, ((0, count - len(rows)), (0, 0)))


def _named(session: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def _read_archive(path: Path) -> dict[str, bytes]:
    """The model's graphs, read in memory by name; nothing is unpacked."""
    if not path.is_file():
        raise CheckpointError(f"{path.name} is missing", hint="Pull the model again.")
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), mode="r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if name in _MEMBERS and member.isfile() and member.size <= _MAX_ARCHIVE:
                    stream = archive.extractfile(member)
                    found[name] = stream.read() if stream else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CheckpointError(f"{path.name} cannot be read: {error}") from None
    missing = [name for name in _MEMBERS if name not in found]
    if missing:
        raise CheckpointError(f"{path.name} lacks {', '.join(missing)}")
    return found
