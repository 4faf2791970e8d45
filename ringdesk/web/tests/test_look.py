"""What templates, TypeScript and the built files say of each other holds."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from ringdesk.hall.models import ReservationStatus
from ringdesk.web.client_texts import client_texts

PACKAGE = Path(__file__).resolve().parents[2]
ASSETS = PACKAGE / "web" / "assets"
TEMPLATES = [path for path in PACKAGE.rglob("*.html") if "templates" in path.parts]

FORBIDDEN = re.compile(
    r'<style|\sstyle="|\son[a-z]+="|\shx-on|"js:|javascript:|<script(?![^>]*(?:\bsrc=|application/json))'
)


def names(pattern: str, *paths: Path) -> set[str]:
    return {found for path in paths for found in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_every_icon_exists() -> None:
    drawn = names(r'<symbol id="([\w-]+)"', ASSETS / "icons.svg")
    used = names(r'{% icon "([\w-]+)"', *TEMPLATES) | names(r'\bicon\("([\w-]+)"\)', *ASSETS.glob("*.ts"))
    used |= names(r'Entry\(\s*"[\w:-]+",\s*"([\w-]+)"', PACKAGE / "web" / "navigation.py")
    assert used - drawn == set()


def test_typescript_says_no_text_the_server_does_not_know() -> None:
    used = names(r'\btext\(\s*"([\w.]+)"', *ASSETS.glob("*.ts"))
    used |= {f"{key}.{form}" for key in names(r'textFor\("(\w+)"', *ASSETS.glob("*.ts")) for form in ("one", "other")}
    assert used - client_texts().keys() == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_template_needs_what_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert FORBIDDEN.findall(text) == []


def test_every_colour_of_a_status_is_a_tone() -> None:
    tones = names(r'\[data-tone="(\w+)"\]', ASSETS / "style" / "tokens.css")
    assert set(ReservationStatus.Colour.values) == tones


def test_the_number_of_waiting_calls_reads_well_in_english() -> None:
    with translation.override("en"):
        texts = client_texts()
    assert (texts["waiting.one"], texts["waiting.other"]) == ("{count} call waits", "{count} calls wait")


def test_a_count_stays_in_one_line() -> None:
    # On a phone it stands over a tab that is narrower than "99+" and the tab's middle.
    rule = re.search(
        r"^\.count \{(.*?)\}", (ASSETS / "style" / "controls.css").read_text(encoding="utf-8"), re.S | re.M
    )
    assert rule and "white-space: nowrap" in rule[1]
