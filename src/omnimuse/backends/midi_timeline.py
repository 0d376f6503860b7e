"""Timeline: a MIDI file as notes and controller changes in seconds, ready to be played."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, field

from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

MAX_MIDI_BYTES = 16 << 20
MAX_NOTES = 200_000
MAX_DURATION_S = 1800.0
DRUM_CHANNEL = 9


@dataclass
class PlayedNote:
    """A note as it is struck, with the channel's state at that moment."""

    start_s: float
    end_s: float
    channel: int
    key: int
    velocity: int
    bank: int
    program: int
    pan: int = 64


@dataclass
class Channel:
    """Changes of one channel's controllers over time, as (seconds, value) in order."""

    gain: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.62)])
    bend_cents: list[tuple[float, float]] = field(default_factory=list)
    reverb_send: int = 40
    chorus_send: int = 0


@dataclass
class Timeline:
    """Notes in order of their start, channels by number, the time of the last event."""

    notes: list[PlayedNote]
    channels: dict[int, Channel]
    end_s: float


@dataclass
class _State:
    program: int = 0
    bank: int = 0
    pan: int = 64
    volume: int = 100
    expression: int = 127
    bend_range: float = 2.0
    parameter: list[int] = field(default_factory=lambda: [127, 127])
    is_pedal_down: bool = False
    sounding: dict[int, list[PlayedNote]] = field(default_factory=lambda: defaultdict(list))
    held: list[PlayedNote] = field(default_factory=list)


def read_timeline(midi: bytes) -> Timeline:
    """Read a Standard MIDI File (format 0 or 1) into seconds.

    Raises:
        UnsupportedMediaError: not a MIDI file, or broken.
        MediaTooLargeError: over 16 MiB, 200,000 notes or 30 minutes.
    """
    import mido

    if len(midi) > MAX_MIDI_BYTES:
        raise MediaTooLargeError(f"the MIDI file has {len(midi)} bytes, at most {MAX_MIDI_BYTES}")
    try:
        file = mido.MidiFile(file=io.BytesIO(midi), clip=True)
        if file.type == 2 or not 0 < file.ticks_per_beat < 0x8000:
            raise ValueError("asynchronous tracks and SMPTE time are not supported")
        messages = mido.merge_tracks(file.tracks)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UnsupportedMediaError(
            f"not a readable MIDI file: {error}", hint="A score is a .mid or .abc file."
        ) from None
    return _Player(file.ticks_per_beat).play(messages)


class _Player:
    """Walks over the merged messages and keeps every channel's state."""

    def __init__(self, ticks_per_beat: int) -> None:
        self._second_per_tick = 0.5 / ticks_per_beat
        self._ticks_per_beat = ticks_per_beat
        self._states: dict[int, _State] = defaultdict(_State)
        self._channels: dict[int, Channel] = defaultdict(Channel)
        self._notes: list[PlayedNote] = []
        self._now_s = 0.0

    def play(self, messages: list) -> Timeline:  # type: ignore[type-arg]
        for message in messages:
            self._now_s += message.time * self._second_per_tick
            if self._now_s > MAX_DURATION_S:
                raise MediaTooLargeError(f"the piece is longer than {MAX_DURATION_S:.0f} s")
            if message.type == "set_tempo":
                self._second_per_tick = message.tempo / 1e6 / self._ticks_per_beat
            elif message.type in _HANDLERS:
                _HANDLERS[message.type](self, message, self._states[message.channel])
        for state in self._states.values():
            for notes in (*state.sounding.values(), state.held):
                for note in notes:
                    note.end_s = self._now_s
        self._notes.sort(key=lambda note: (note.start_s, note.channel, note.key))
        return Timeline(self._notes, dict(self._channels), self._now_s)

    def _note_on(self, message, state: _State) -> None:  # type: ignore[no-untyped-def]
        if message.velocity == 0:
            self._note_off(message, state)
            return
        if len(self._notes) >= MAX_NOTES:
            raise MediaTooLargeError(f"the piece has more than {MAX_NOTES} notes")
        bank = 128 if message.channel == DRUM_CHANNEL else state.bank
        note = PlayedNote(
            self._now_s, self._now_s, message.channel, message.note, message.velocity,
            bank, state.program, state.pan,
        )  # fmt: skip
        self._notes.append(note)
        self._channels[message.channel]
        state.sounding[message.note].append(note)

    def _note_off(self, message, state: _State) -> None:  # type: ignore[no-untyped-def]
        waiting = state.sounding.get(message.note)
        if waiting:
            note = waiting.pop(0)
            note.end_s = self._now_s
            if state.is_pedal_down:
                state.held.append(note)

    def _program_change(self, message, state: _State) -> None:  # type: ignore[no-untyped-def]
        state.program = message.program

    def _pitchwheel(self, message, state: _State) -> None:  # type: ignore[no-untyped-def]
        cents = message.pitch / 8192 * state.bend_range * 100
        self._channels[message.channel].bend_cents.append((self._now_s, cents))

    def _control_change(self, message, state: _State) -> None:  # type: ignore[no-untyped-def]
        number, value = message.control, message.value
        channel = self._channels[message.channel]
        if number in (7, 11):
            if number == 7:
                state.volume = value
            else:
                state.expression = value
            gain = (state.volume / 127) ** 2 * (state.expression / 127) ** 2
            if self._now_s == 0.0:
                channel.gain.clear()
            channel.gain.append((self._now_s, gain))
        elif number == 10:
            state.pan = value
        elif number == 0:
            state.bank = value
        elif number == 91:
            channel.reverb_send = value
        elif number == 93:
            channel.chorus_send = value
        elif number in (100, 101):
            state.parameter[number - 100] = value
        elif number == 6 and state.parameter == [0, 0]:
            state.bend_range = float(min(value, 24))
        elif number == 64:
            self._pedal(value >= 64, state)

    def _pedal(self, is_down: bool, state: _State) -> None:
        if state.is_pedal_down and not is_down:
            for note in state.held:
                note.end_s = self._now_s
            state.held.clear()
        state.is_pedal_down = is_down


_HANDLERS = {
    "note_on": _Player._note_on,
    "note_off": _Player._note_off,
    "program_change": _Player._program_change,
    "pitchwheel": _Player._pitchwheel,
    "control_change": _Player._control_change,
}
