"""The address under which people reach this Ringdesk."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def base_url(request: HttpRequest) -> str:
    """Return scheme and host for links that leave the page: the configured ones, else those of the request."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def next_url(request: HttpRequest, otherwise: str) -> str:
    """Return where the form wants to go afterwards (``next``), if that is an address of ours."""
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and allowed else otherwise
