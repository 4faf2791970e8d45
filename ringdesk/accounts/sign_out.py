"""Whoever signs out, or whose password becomes another, hears nothing more through sockets opened before."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from ringdesk.accounts import revocation
from ringdesk.accounts.models import User


def connect() -> None:
    """Hear of sign-outs and new passwords from now on."""
    user_logged_out.connect(_on_sign_out, dispatch_uid="ringdesk.sign_out")
    for signal in (password_changed, password_reset, password_set):
        signal.connect(_on_new_password, dispatch_uid="ringdesk.new_password")


def close_sockets(user: User) -> None:
    """Close the sockets of all the person's seats; a browser that is still signed in connects anew by itself."""
    for seat_id in user.seats.values_list("pk", flat=True):
        revocation.tell_member(seat_id)


def _on_sign_out(request: HttpRequest | None = None, user: User | None = None, **_: Any) -> None:
    if user is None:
        return
    # Django ends the session after this: a socket that is closed before it would come back with the same cookie.
    if request is not None and hasattr(request, "session"):
        request.session.flush()
    close_sockets(user)


def _on_new_password(user: User, **_: Any) -> None:
    close_sockets(user)
