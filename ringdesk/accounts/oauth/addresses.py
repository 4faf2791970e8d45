"""Where a program's users may be sent back to. Pure."""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Invalid

MOST = 10
_LONGEST = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Schemes that browsers themselves do something with, and none that belongs to a program.
_NO_PROGRAMS = frozenset(
    {
        *("about", "blob", "chrome", "data", "file", "filesystem", "ftp", "intent", "javascript", "mailto", "sms"),
        *("tel", "vbscript", "view-source", "ws", "wss"),
    }
)
_SAFE = re.compile(r"[!-~]+")


def checked(uris: list[str]) -> list[str]:
    """Return the addresses without repetitions. Raises Invalid for one that would be dangerous, or none at all."""
    found = list(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))
    if not found:
        raise Invalid(_("Give at least one address that users are sent back to."), field="redirect_uris")
    if len(found) > MOST:
        raise Invalid(_("At most %(most)s addresses.") % {"most": MOST}, field="redirect_uris")
    for uri in found:
        if not is_safe(uri):
            refusal = _(
                "%(uri)s cannot be used: it must begin with https://, with http:// on this computer (127.0.0.1), or "
                "with a scheme of the program’s own, and have no #."
            )
            raise Invalid(refusal % {"uri": uri[:100]}, field="redirect_uris")
    return found


def is_safe(uri: str) -> bool:
    """Tell whether a code may be sent there: over HTTPS, to this computer, or to a program by its own scheme."""
    if len(uri) > _LONGEST or not _SAFE.fullmatch(uri) or "#" in uri or "*" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in _LOOPBACK
    return bool(parts.scheme) and parts.scheme not in _NO_PROGRAMS and bool(host or parts.path.strip("/"))


def place(uri: str) -> str:
    """Return whose address it is, to be shown: the host, or the scheme of a program."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def form_action(uri: str) -> str:
    """Return the address as a source of the Content-Security-Policy."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or "[" in parts.netloc:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"
