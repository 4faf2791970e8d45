"""Sounds for the demo's recordings: two voices that take turns, made of plain tones, so that a jump can be heard."""

import io
import math
import wave
from functools import lru_cache

RATE = 8000
# Seconds that one of the two speaks; half a tone higher every turn, until it begins anew after so many.
_TURN = 2.0
_TURNS = 24
_VOICES = (220.0, 330.0)
_LOUDNESS = 40


def tones(seconds: float) -> bytes:
    """Return a WAV file of so many seconds: 8 bits, 8 kHz, as a telephone sounds."""
    turns = math.ceil(seconds / _TURN)
    frames = b"".join(_turn(number % _TURNS) for number in range(turns))[: round(seconds * RATE)]
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(frames)
    return file.getvalue()


@lru_cache
def _turn(number: int) -> bytes:
    pitch = _VOICES[number % 2] * 2 ** (number / _TURNS)
    return bytes(128 + round(_level(pitch, place / RATE)) for place in range(round(_TURN * RATE)))


def _level(pitch: float, since: float) -> float:
    # Syllables, and silence between the turns.
    loud = abs(math.sin(math.pi * 2.5 * since)) if since < _TURN - 0.3 else 0.0
    return _LOUDNESS * loud * math.sin(2 * math.pi * pitch * since)
