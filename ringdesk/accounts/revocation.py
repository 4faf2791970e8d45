"""Telling the live sockets, in whichever process they are, that a token or a seat is not valid any more."""

from django.db import connection

CHANNEL = "ringdesk_revoked"


def tell_token(token_id: int) -> None:
    """Close the sockets opened with this token (4009). PostgreSQL sends it when the transaction commits."""
    _notify(str(token_id))


def tell_member(member_id: int) -> None:
    """Close the sockets of this seat. PostgreSQL sends it when the transaction commits."""
    _notify(f"member:{member_id}")


def tell_program(member_id: int, application_id: int) -> None:
    """Close the sockets of a program that this seat has let in."""
    _notify(f"program:{member_id}.{application_id}")


def tell_application(application_id: int) -> None:
    """Close the sockets of a program, whoever has let it in."""
    _notify(f"program:.{application_id}")


def _notify(payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
