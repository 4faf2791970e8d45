"""`If-Match` and `ETag`: the version a caller has seen, and the version an answer shows."""

import re

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Invalid

_TAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def expected_version(request: HttpRequest, version: int | None = None) -> int | None:
    """Return the version the caller has seen: from `If-Match`, else from the body; None when it does not matter."""
    tag = request.headers.get("If-Match", "").strip()
    if not tag or tag == "*":
        return version
    found = _TAG.fullmatch(tag)
    if found is None:
        raise Invalid(_('If-Match is the version you have seen, like "3".'), field="If-Match")
    return int(found[1])


def show_version(response: HttpResponse, version: int) -> None:
    """Put the version into the answer's `ETag`."""
    response.headers["ETag"] = f'"{version}"'
