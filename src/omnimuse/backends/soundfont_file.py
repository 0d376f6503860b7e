"""SoundFontFile: a SoundFont 2 (.sf2) or compressed SoundFont (.sf3) read with bounds checked.

A soundfont is a RIFF file: presets made of zones, zones that point at instruments, instruments made
of zones that point at samples. A zone carries generators (numbers such as tuning or envelope
times) and modulators (generators that depend on velocity or key). `.sf3` stores each sample as Ogg
Vorbis. Nothing in the file is trusted: every size, offset and index is checked.

Source: E-mu Systems, SoundFont Technical Specification 2.04, 2006.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.errors import CheckpointError

MAX_FILE_BYTES = 1 << 30
MAX_SAMPLE_FRAMES = 1 << 25
_IS_VORBIS, _IS_ROM = 0x10, 0x8000

# Generators that the renderer uses, by the specification's number (section 8.1.2).
START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET = 0, 1, 2, 3
START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE = 4, 12, 45, 50
MOD_LFO_TO_PITCH, VIB_LFO_TO_PITCH, MOD_ENV_TO_PITCH = 5, 6, 7
FILTER_CUTOFF, FILTER_Q, MOD_ENV_TO_FILTER = 8, 9, 11
CHORUS_SEND, REVERB_SEND, PAN = 15, 16, 17
MOD_LFO_DELAY, MOD_LFO_FREQUENCY, VIB_LFO_DELAY, VIB_LFO_FREQUENCY = 21, 22, 23, 24
MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, MOD_SUSTAIN, MOD_RELEASE = 25, 26, 27, 28, 29, 30
VOLUME_DELAY, VOLUME_ATTACK, VOLUME_HOLD, VOLUME_DECAY = 33, 34, 35, 36
VOLUME_SUSTAIN, VOLUME_RELEASE, KEY_TO_HOLD, KEY_TO_DECAY = 37, 38, 39, 40
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, FIXED_KEY, FIXED_VELOCITY = 41, 43, 44, 46, 47
ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE, SAMPLE_MODES = 48, 51, 52, 53, 54
SCALE_TUNING, EXCLUSIVE_CLASS, ROOT_KEY = 56, 57, 58

DEFAULTS: Mapping[int, int] = {
    FILTER_CUTOFF: 13500,
    SCALE_TUNING: 100,
    ROOT_KEY: -1,
    FIXED_KEY: -1,
    FIXED_VELOCITY: -1,
    **dict.fromkeys((MOD_LFO_DELAY, VIB_LFO_DELAY), -12000),
    **dict.fromkeys((MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, MOD_RELEASE), -12000),
    **dict.fromkeys((VOLUME_DELAY, VOLUME_ATTACK, VOLUME_HOLD, VOLUME_DECAY), -12000),
    VOLUME_RELEASE: -12000,
}
# Allowed only in instruments: a preset's value for these is ignored (section 8.5).
_INSTRUMENT_ONLY = {
    *(START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET),
    *(START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE),
    *(FIXED_KEY, FIXED_VELOCITY, SAMPLE_MODES, EXCLUSIVE_CLASS, ROOT_KEY),
    *(KEY_RANGE, VELOCITY_RANGE, INSTRUMENT, SAMPLE),
}

_RECORDS: dict[bytes, list[Any]] = {
    b"phdr": [
        ("name", "S20"),
        ("program", "<u2"),
        ("bank", "<u2"),
        ("bag", "<u2"),
        ("x", "<u4", 3),
    ],
    b"pbag": [("gen", "<u2"), ("mod", "<u2")],
    b"pmod": [
        ("source", "<u2"),
        ("dest", "<u2"),
        ("amount", "<i2"),
        ("by", "<u2"),
        ("form", "<u2"),
    ],
    b"pgen": [("oper", "<u2"), ("amount", "<i2")],
    b"inst": [("name", "S20"), ("bag", "<u2")],
    b"shdr": [
        *(("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4")),
        *(("loop_end", "<u4"), ("rate_hz", "<u4"), ("root", "u1"), ("cents", "i1")),
        *(("link", "<u2"), ("type", "<u2")),
    ],
}
_RECORDS |= {b"i" + name[1:]: _RECORDS[name] for name in (b"pbag", b"pmod", b"pgen")}


@dataclass(frozen=True)
class Modulator:
    """Adds `amount`, scaled by a curve of `source` (and of `by`), to a generator."""

    source: int
    destination: int
    amount: int
    by: int
    form: int

    @property
    def identity(self) -> tuple[int, int, int, int]:
        """Two modulators with the same identity replace each other within an instrument."""
        return (self.source, self.destination, self.by, self.form)


# The specification's defaults that act on a note alone (section 8.4.1 and 8.4.2).
DEFAULT_MODULATORS = (
    Modulator(0x0502, ATTENUATION, 960, 0, 0),
    Modulator(0x0102, FILTER_CUTOFF, -2400, 0, 0),
)


@dataclass(frozen=True)
class Region:
    """A sample and how it sounds, for some keys and velocities of a preset."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    generators: Mapping[int, int]
    modulators: tuple[Modulator, ...]
    sample: int

    def covers(self, key: int, velocity: int) -> bool:
        """Whether a note of this key and velocity sounds in this region."""
        low, high = self.velocities
        return self.keys[0] <= key <= self.keys[1] and low <= velocity <= high


@dataclass(frozen=True)
class Waveform:
    """Decoded sample. Loop points are frames into `frames`."""

    frames: NDArray[np.float32]
    loop_start: int
    loop_end: int
    rate_hz: int
    root_key: int
    correction_cents: int


class SoundFontFile:
    """An opened soundfont; zones are read at once, samples when they are first needed.

    Args:
        path: `.sf2` or `.sf3` file.

    Raises:
        CheckpointError: missing, too large, truncated, or inconsistent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                raise CheckpointError(f"{path.name} has {size} bytes, at most {MAX_FILE_BYTES}")
            self._data = np.memmap(path, dtype=np.uint8, mode="r") if size else np.zeros(0, "u1")
        except OSError as error:
            raise CheckpointError(f"cannot read {path}: {error.strerror}") from None
        chunks = dict(self._chunks())
        self._tables = {name: self._table(name, chunks) for name in _RECORDS}
        if b"smpl" not in chunks:
            raise CheckpointError(f"{path.name} holds no samples")
        self._samples_at, self._samples_bytes = chunks[b"smpl"]
        self._regions: dict[tuple[int, int], tuple[Region, ...]] = {}
        self._waveforms: dict[int, Waveform] = {}

    def _chunks(self) -> Iterator[tuple[bytes, tuple[int, int]]]:
        """Leaf chunks as (name, (offset, size))."""
        head = self._data[:12].tobytes()
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
            raise CheckpointError(f"{self.path.name} is not a SoundFont 2 file")
        offset, end = 12, len(self._data)
        while offset + 8 <= end:
            name = self._data[offset : offset + 4].tobytes()
            size = int.from_bytes(self._data[offset + 4 : offset + 8].tobytes(), "little")
            if offset + 8 + size > end:
                raise CheckpointError(
                    f"{self.path.name}: chunk {name!r} wants {size} bytes, "
                    f"{end - offset - 8} are left",
                    hint="The file is cut off; pull the card again.",
                )
            if name == b"LIST":
                offset += 12
                continue
            yield name, (offset + 8, size)
            offset += 8 + size + (size & 1)

    def _table(self, name: bytes, chunks: Mapping[bytes, tuple[int, int]]) -> NDArray[Any]:
        if name not in chunks:
            raise CheckpointError(f"{self.path.name}: chunk {name.decode()!r} is missing")
        record: np.dtype[Any] = np.dtype(_RECORDS[name])
        offset, size = chunks[name]
        if size % record.itemsize or size < record.itemsize:
            raise CheckpointError(
                f"{self.path.name}: chunk {name.decode()!r} has {size} bytes, "
                f"not a multiple of {record.itemsize}"
            )
        return np.frombuffer(self._data[offset : offset + size].tobytes(), record)

    @cached_property
    def presets(self) -> dict[tuple[int, int], str]:
        """Names by (bank, program)."""
        return {
            (int(row["bank"]), int(row["program"])): row["name"].decode("latin-1").strip()
            for row in self._tables[b"phdr"][:-1]
        }

    def regions(self, bank: int, program: int) -> tuple[Region, ...]:
        """Regions of a preset; of the nearest one that exists if the font lacks it.

        A missing variation bank falls back to bank 0, a missing program to program 0, a missing
        drum kit to the standard kit.
        """
        wanted = (bank, program)
        for candidate in (wanted, (0 if bank < 128 else 128, program), (bank, 0), (0, 0)):
            if candidate in self.presets:
                wanted = candidate
                break
        if wanted not in self._regions:
            self._regions[wanted] = tuple(self._read_preset(*wanted))
        return self._regions[wanted]

    def _read_preset(self, bank: int, program: int) -> Iterator[Region]:
        headers = self._tables[b"phdr"]
        for index in range(len(headers) - 1):
            if (int(headers[index]["bank"]), int(headers[index]["program"])) == (bank, program):
                bags = (int(headers[index]["bag"]), int(headers[index + 1]["bag"]))
                break
        else:
            return
        for outer in self._zones(b"p", *bags, INSTRUMENT):
            instrument = outer.generators[INSTRUMENT]
            table = self._tables[b"inst"]
            if not 0 <= instrument < len(table) - 1:
                raise CheckpointError(f"{self.path.name}: no instrument {instrument}")
            inner_bags = (int(table[instrument]["bag"]), int(table[instrument + 1]["bag"]))
            for inner in self._zones(b"i", *inner_bags, SAMPLE):
                region = _combine(outer, inner)
                if region is not None:
                    yield region

    def _zones(self, level: bytes, first: int, last: int, target: int) -> Iterator[Region]:
        """Zones of a preset or an instrument, the global zone's values filled in."""
        bags = self._tables[level + b"bag"]
        if not 0 <= first <= last < len(bags):
            raise CheckpointError(f"{self.path.name}: zones {first} to {last} do not exist")
        shared: dict[int, int] = {}
        shared_modulators: dict[tuple[int, int, int, int], Modulator] = {}
        for bag in range(first, last):
            generators, modulators = self._zone(level, bag)
            if target not in generators:
                if bag == first:
                    shared, shared_modulators = generators, modulators
                continue
            merged = {**shared, **generators}
            yield Region(
                keys=_range(merged.get(KEY_RANGE)),
                velocities=_range(merged.get(VELOCITY_RANGE)),
                generators=merged,
                modulators=tuple({**shared_modulators, **modulators}.values()),
                sample=merged.get(SAMPLE, -1),
            )

    def _zone(
        self, level: bytes, bag: int
    ) -> tuple[dict[int, int], dict[tuple[int, int, int, int], Modulator]]:
        bags = self._tables[level + b"bag"]
        generators, modulators = self._tables[level + b"gen"], self._tables[level + b"mod"]
        gens = range(int(bags[bag]["gen"]), int(bags[bag + 1]["gen"]))
        mods = range(int(bags[bag]["mod"]), int(bags[bag + 1]["mod"]))
        if gens.stop > len(generators) or mods.stop > len(modulators):
            raise CheckpointError(f"{self.path.name}: zone {bag} points past its lists")
        found: dict[int, int] = {}
        for index in gens:
            oper, amount = int(generators[index]["oper"]), int(generators[index]["amount"])
            is_index = oper in (INSTRUMENT, SAMPLE, KEY_RANGE, VELOCITY_RANGE)
            found[oper] = amount & 0xFFFF if is_index else amount
        made = [Modulator(*(int(value) for value in modulators[index])) for index in mods]
        return found, {modulator.identity: modulator for modulator in made}

    def waveform(self, index: int) -> Waveform:
        """The decoded sample of that number, mono float32 in [-1, 1].

        Raises:
            CheckpointError: no such sample, or its bounds or its Vorbis stream are broken.
        """
        if index not in self._waveforms:
            self._waveforms[index] = self._decode(index)
        return self._waveforms[index]

    def _decode(self, index: int) -> Waveform:
        table = self._tables[b"shdr"]
        if not 0 <= index < len(table) - 1:
            raise CheckpointError(f"{self.path.name}: no sample {index}")
        row = table[index]
        start, end, kind = int(row["start"]), int(row["end"]), int(row["type"])
        is_vorbis, width = bool(kind & _IS_VORBIS), 1 if kind & _IS_VORBIS else 2
        if kind & _IS_ROM or not start < end or end * width > self._samples_bytes:
            raise CheckpointError(f"{self.path.name}: sample {index} lies outside of the file")
        at = self._samples_at
        data = self._data[at + start * width : at + end * width].tobytes()
        if is_vorbis:
            frames = _decode_vorbis(data, f"{self.path.name}: sample {index}")
        else:
            frames = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
        origin = 0 if is_vorbis else start  # sf3 counts loop points from the sample's own start
        root = int(row["root"])
        return Waveform(
            frames=frames,
            loop_start=int(row["loop_start"]) - origin,
            loop_end=int(row["loop_end"]) - origin,
            rate_hz=min(max(int(row["rate_hz"]), 400), 192_000),
            root_key=root if root <= 127 else 60,
            correction_cents=int(row["cents"]),
        )


def _decode_vorbis(data: bytes, name: str) -> NDArray[np.float32]:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.frames > MAX_SAMPLE_FRAMES:
                raise CheckpointError(f"{name} has {file.frames} frames")
            frames = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise CheckpointError(f"{name} is not readable Vorbis: {error}") from None
    return np.ascontiguousarray(frames[:, 0], np.float32)


def _range(value: int | None) -> tuple[int, int]:
    return (0, 127) if value is None else (value & 0xFF, value >> 8)


def _combine(outer: Region, inner: Region) -> Region | None:
    """An instrument zone as it sounds inside a preset zone; None if no note can reach it."""
    keys = (max(outer.keys[0], inner.keys[0]), min(outer.keys[1], inner.keys[1]))
    velocities = (
        max(outer.velocities[0], inner.velocities[0]),
        min(outer.velocities[1], inner.velocities[1]),
    )
    if keys[0] > keys[1] or velocities[0] > velocities[1]:
        return None
    generators = {**DEFAULTS, **inner.generators}
    for oper, amount in outer.generators.items():
        if oper not in _INSTRUMENT_ONLY:
            generators[oper] = generators.get(oper, 0) + amount
    modulators = {m.identity: m for m in (*DEFAULT_MODULATORS, *inner.modulators)}
    return Region(
        keys, velocities, generators, (*modulators.values(), *outer.modulators), inner.sample
    )
