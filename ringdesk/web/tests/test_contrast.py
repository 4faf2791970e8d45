"""Every pair of text and ground that the components use reaches AA (4.5:1) in both schemes."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parent.parent / "assets" / "style" / "tokens.css"
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
SCHEMES = ("light", "dark")
GROUNDS = ("bg", "surface", "raised")
TONES = ("blue", "green", "violet", "teal", "amber", "orange", "rose", "lime", "sky", "gray")
PAIRS = [
    *((text, ground) for text in ("text", "muted", "faint", "accent", "ring-text", "danger-text", "warn-text")
      for ground in GROUNDS),
    *((text, "hover") for text in ("text", "muted", "accent", "danger-text")),
    *((text, "accent-soft") for text in ("text", "muted", "accent")),
    *((text, f"tone-{tone}") for text in ("text", "muted") for tone in TONES),
    ("ring-text", "ring-soft"), ("warn-text", "warn-soft"), ("danger-text", "danger-soft"),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-danger", "danger"),
]  # fmt: skip


def tokens() -> dict[str, tuple[str, str]]:
    return {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS.read_text(encoding="utf-8"))}


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_counted_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_pair_can_be_read(scheme: str) -> None:
    known, position = tokens(), SCHEMES.index(scheme)
    weak = {
        f"{text} on {ground}": round(ratio, 2)
        for text, ground in PAIRS
        if (ratio := contrast(known[text][position], known[ground][position])) < 4.5
    }
    assert weak == {}
