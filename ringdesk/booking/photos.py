"""Photos of specialists: whatever was uploaded becomes a small JPEG of ours, with nothing of the camera's in it."""

import io
import secrets
from pathlib import PurePosixPath
from typing import IO

from django.core.files.storage import Storage
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from ringdesk.booking.models import Employee
from ringdesk.core.problems import Invalid

LARGEST = 1024  # of a side, in pixels
MOST_BYTES = 10 * 1024 * 1024
# Of a JPEG only as much is unpacked as is needed; the others unfold whole in memory, four bytes a pixel.
MOST_PIXELS = {"JPEG": 80_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
# What the library calls a JPEG that carries more pictures than one: phones put a depth or brightness map beside it.
_WITH_MORE_PICTURES = "MPO"
ACCEPTED = "image/jpeg,image/png,image/webp"
FOLDER = "employees"


def prepared(upload: IO[bytes], size: int) -> bytes:
    """Return the picture as a JPEG of LARGEST pixels at most, upright, without EXIF. Raises Invalid (photo)."""
    if size > MOST_BYTES:
        raise Invalid(_("The photo is larger than %(most)s MB.") % {"most": MOST_BYTES // 1024**2}, field="photo")
    try:
        with Image.open(upload, formats=tuple(MOST_PIXELS)) as picture:
            kind = "JPEG" if picture.format == _WITH_MORE_PICTURES else picture.format or "PNG"
            if picture.width * picture.height > MOST_PIXELS[kind]:
                raise Invalid(_("The photo has too many pixels."), field="photo")
            picture.draft("RGB", (2 * LARGEST, 2 * LARGEST))
            picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
            return _as_jpeg(ImageOps.exif_transpose(picture))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise Invalid(_("This is not a photo that can be read. Take a JPEG, PNG or WebP."), field="photo") from error


def unguessable_name() -> str:
    """Return a file name that nobody finds by trying."""
    return f"{secrets.token_urlsafe(24)}.jpg"


def url(employee: Employee) -> str:
    """Return the public address of a specialist's photo, nothing where there is none."""
    name = employee.photo.name or ""
    return reverse("booking:photo", args=[PurePosixPath(name).stem]) if name else ""


def storage() -> Storage:
    """Return where photos lie."""
    kept: Storage = Employee._meta.get_field("photo").storage
    return kept


def _as_jpeg(picture: Image.Image) -> bytes:
    """Return the picture as a JPEG; what was transparent is white."""
    seen = picture.convert("RGBA")
    page = Image.new("RGB", seen.size, "white")
    page.paste(seen, mask=seen.getchannel("A"))
    written = io.BytesIO()
    page.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()
