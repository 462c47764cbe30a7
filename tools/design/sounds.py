"""Short sounds of the machine's results, drawn from sine waves: no recording, no library, the same bytes everywhere.

Each cue is told apart by the way its notes go, not only by how it sounds: up for what went well, down for what did not.
Not responsible for writing files: `build.py` does that.
"""

import io
import math
import wave
from dataclasses import dataclass
from typing import Final

RATE: Final = 16_000
"""Samples per second; the notes are below 2 kHz, where ears in a noisy street still hear them."""
PEAK: Final = 20_000
"""Of 32,767: the volume is set by the renderer."""
ATTACK_S: Final = 0.008
"""Without it a note begins with a click."""
OVERTONE: Final = 0.25
"""Share of the octave above: a bare sine is hard to place."""


@dataclass(frozen=True, slots=True)
class Note:
    """One tone that dies away."""

    hertz: float
    """0 is a rest."""
    seconds: float


CUES: Final = {
    "accepted": (Note(1318.5, 0.12),),
    "done": (Note(1046.5, 0.10), Note(1318.5, 0.10), Note(1568.0, 0.32)),
    "refused": (Note(659.3, 0.09), Note(0, 0.04), Note(659.3, 0.13)),
    "sorry": (Note(784.0, 0.16), Note(659.3, 0.16), Note(523.3, 0.30)),
    "warning": (Note(880.0, 0.13), Note(1174.7, 0.13), Note(880.0, 0.13), Note(1174.7, 0.18)),
}
"""Name of a cue to its notes; names are those of `edge.screens.cues.Cue`."""


def draw_all() -> dict[str, bytes]:
    """Every cue as a WAV file: one channel, 16 bits."""
    return {name: _wav(notes) for name, notes in CUES.items()}


def _wav(notes: tuple[Note, ...]) -> bytes:
    samples = [sample for note in notes for sample in _samples(note)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return file.getvalue()


def _samples(note: Note) -> list[int]:
    count = round(note.seconds * RATE)
    return [round(PEAK * _loudness(n / RATE, note.seconds) * _tone(note.hertz, n / RATE)) for n in range(count)]


def _tone(hertz: float, at_s: float) -> float:
    turn = math.tau * hertz * at_s
    return (math.sin(turn) + OVERTONE * math.sin(2 * turn)) / (1 + OVERTONE)


def _loudness(at_s: float, seconds: float) -> float:
    """0 to 1: up at once, then down to nothing at the end."""
    left = 1 - at_s / seconds
    return min(1.0, at_s / ATTACK_S) * left * left
