"""Photos of specialists: what comes in, what is kept, who gets them."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from PIL import Image

from ringdesk.booking import employees, photos
from ringdesk.booking.tests.conftest import Salon
from ringdesk.booking.tests.visiting import DRAWER, browser_of
from ringdesk.core.problems import Invalid


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def drawn(mode: str = "RGB", size: tuple[int, int] = (60, 30), format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 1 if mode != "RGB" else (200, 10, 10)).save(file, format, **options)
    return file.getvalue()


def prepare(content: bytes) -> Image.Image:
    kept = photos.prepared(io.BytesIO(content), len(content))
    return Image.open(io.BytesIO(kept))


@pytest.mark.parametrize(
    ("mode", "format"),
    [("RGB", "JPEG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("1", "PNG"),
     ("I;16", "PNG"), ("RGBA", "WEBP")],
)  # fmt: skip
def test_every_kind_of_picture_becomes_a_small_jpeg(mode: str, format: str) -> None:
    kept = prepare(drawn(mode, (3000, 1500), format))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (1024, 512))


def test_it_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "A camera"
    kept = prepare(drawn(format="JPEG", exif=exif))
    assert (kept.size, dict(kept.getexif()), kept.info.get("exif")) == ((30, 60), {}, None)


def test_a_photo_of_a_phone_with_a_second_picture_in_it() -> None:
    more = Image.new("RGB", (60, 30), "green")
    kept = prepare(drawn(format="MPO", save_all=True, append_images=[more]))
    assert (kept.format, kept.size, getattr(kept, "n_frames", 1)) == ("JPEG", (60, 30), 1)


def test_a_colour_stays_what_it_was() -> None:
    red, green, blue = prepare(drawn()).getpixel((5, 5))  # type: ignore[misc]
    assert abs(red - 200) < 6 and green < 20 and blue < 20


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"<svg/>", drawn()[:60], drawn("P", format="GIF"), b"\xff\xd8\xff"]
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        prepare(content)
    assert refused.value.field == "photo"


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        photos.prepared(io.BytesIO(b""), photos.MOST_BYTES + 1)
    monkeypatch.setitem(photos.MOST_PIXELS, "PNG", 100)
    with pytest.raises(Invalid):
        prepare(drawn())


def test_a_photo_is_set_seen_by_everybody_and_removed(
    ours: Salon, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    owner, pavel = browser_of(ours.owner), ours.employees["Pavel"]
    url = reverse("booking:employee_edit", args=[pavel.pk])
    posted = {"name": "Pavel", "is_active": "on", "version": pavel.version}
    wrong = owner.post(url, posted | {"photo": SimpleUploadedFile("a.jpg", b"nonsense")}, headers=DRAWER)
    assert (wrong.status_code, "This is not a photo" in wrong.content.decode()) == (422, True)
    picture = SimpleUploadedFile("../../etc/passwd.php", drawn(), "text/html")
    assert owner.post(url, posted | {"photo": picture}).status_code == 302
    pavel.refresh_from_db()
    first = photos.url(pavel)
    assert first in owner.get(url).content.decode()
    answer = Browser().get(first)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(io.BytesIO(b"".join(answer))).size == (60, 30)
    assert Browser().get(reverse("booking:photo", args=["a" * 32])).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        employees.set_photo(pavel, photos.prepared(io.BytesIO(drawn()), 100))
    assert Browser().get(first).status_code == 404
    assert len(list((media / "employees").iterdir())) == 1
    pavel.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner.post(url, posted | {"version": pavel.version, "remove_photo": "on"}, headers=DRAWER)
    pavel.refresh_from_db()
    assert (answer.status_code, bool(pavel.photo), list((media / "employees").iterdir())) == (204, False, [])
