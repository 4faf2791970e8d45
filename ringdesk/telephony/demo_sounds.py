"""Sounds for the demo's recordings: two voices that take turns, made of plain tones, so that a jump can be heard."""

import io
import math
import wave

RATE = 8000
# Seconds that one of the two speaks; half a tone higher every turn.
_TURN = 2.0
_VOICES = (220.0, 330.0)
_LOUDNESS = 40


def tones(seconds: float) -> bytes:
    """Return a WAV file of so many seconds: 8 bits, 8 kHz, as a telephone sounds."""
    frames = bytes(128 + round(_level(place / RATE)) for place in range(round(seconds * RATE)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(frames)
    return file.getvalue()


def _level(at: float) -> float:
    turn, since = divmod(at, _TURN)
    pitch = _VOICES[int(turn) % 2] * 2 ** (turn / 24 % 1)
    # Syllables, and silence between the turns.
    loud = abs(math.sin(math.pi * 2.5 * since)) if since < _TURN - 0.3 else 0.0
    return _LOUDNESS * loud * math.sin(2 * math.pi * pitch * at)
