"""The check of the translations finds what it is for."""

from pathlib import Path

import pytest

from ringdesk.config import build

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"\n\n'  # noqa: E501 - a line of the file format


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application «hall» with a page and a catalogue; what it says is added by the test."""
    root = tmp_path / "ringdesk"
    for folder in ("hall/templates/hall", "hall/locale/ru/LC_MESSAGES", "crm/locale/ru/LC_MESSAGES"):
        (root / folder).mkdir(parents=True)
    (root / "hall/views.py").write_text('title = _("Halls")\ncount = ngettext("%(n)s table", "%(n)s tables", n)\n')
    (root / "hall/templates/hall/page.html").write_text(
        '<p>\n  {% if x %}{% translate "Open" context "door" %}{% endif %}\n'
        "{% blocktranslate trimmed %}\n  Free at {{ hour }}\n {% endblocktranslate %}</p>\n"
    )
    monkeypatch.setattr(build, "PACKAGE", root)
    return root


def write(root: Path, app: str, *entries: str) -> None:
    (root / app / "locale/ru/LC_MESSAGES/django.po").write_text(HEAD + "\n".join(entries))


COMPLETE = (
    'msgid "Halls"\nmsgstr "Залы"\n',
    '#, python-format\nmsgid "%(n)s table"\nmsgid_plural "%(n)s tables"\n'
    'msgstr[0] "%(n)s стол"\nmsgstr[1] "%(n)s стола"\nmsgstr[2] "%(n)s столов"\n',
    'msgctxt "door"\nmsgid "Open"\nmsgstr "Открыто"\n',
    '#, python-format\nmsgid "Free at %(hour)s"\nmsgstr "Свободно в %(hour)s"\n',
)


def test_a_complete_catalogue_is_silent(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(package, "hall", *COMPLETE)
    assert (build.list_missing(), capsys.readouterr().out) == (0, "")


def test_every_gap_is_named(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        package,
        "hall",
        'msgid "Halls"\nmsgstr ""\n',
        '#, fuzzy\nmsgid "Other"\nmsgstr "Иное"\n',
        '#, python-format\nmsgid "Free at %(hour)s"\nmsgstr "Свободно в %(our)s"\n',
    )
    write(package, "crm", 'msgid "Other"\nmsgstr "Другое"\n')
    assert build.list_missing() == 1
    assert capsys.readouterr().out.splitlines() == [
        "ringdesk/hall/locale/ru/LC_MESSAGES/django.po: «Halls» is empty",
        "ringdesk/hall/locale/ru/LC_MESSAGES/django.po: «Other» is marked fuzzy",
        "ringdesk/hall/locale/ru/LC_MESSAGES/django.po: «Other» is translated otherwise in "
        "ringdesk/crm/locale/ru/LC_MESSAGES/django.po",
        "ringdesk/hall/locale/ru/LC_MESSAGES/django.po: «Free at %(hour)s»: unknown named placeholder 'our'",
        "ringdesk/hall/templates/hall/page.html:2: «Open» has no translation into ru",
        "ringdesk/hall/views.py:2: «%(n)s table» has no translation into ru",
    ]


def test_compiling_writes_what_django_reads(package: Path) -> None:
    write(package, "hall", *COMPLETE)
    assert build.compile_messages() == 0
    assert "Залы".encode() in (package / "hall/locale/ru/LC_MESSAGES/django.mo").read_bytes()
