"""The live channel over real WebSockets."""

import json
import socket
import threading
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ringdesk.accounts.models import ApiToken, Branch, Member, Organization, User
from ringdesk.config.tests.desk import Desk
from ringdesk.core import events, sealing
from ringdesk.live import hub


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    return Organization.objects.create(name="Quay", slug="quay")


def token(organization: Organization, *scopes: str) -> str:
    plain = f"rd_{organization.slug}_{'_'.join(scopes)}"
    ApiToken.objects.create(
        organization=organization, name="t", prefix="rd_", token_hash=sealing.fingerprint(plain), scopes=list(scopes)
    )
    return plain


def tell(organization: Organization, *numbers: int, **where: Any) -> None:
    for number in numbers:
        events.publish(organization.pk, "reservation.changed", {"reservation": {"id": number}}, **where)


def said(web_socket: ClientConnection, count: int) -> list[tuple[int, int]]:
    frames = [json.loads(web_socket.recv(timeout=10)) for _ in range(count)]
    return [(frame["id"], frame["reservation"]["id"]) for frame in frames]


def is_silent(web_socket: ClientConnection) -> bool:
    try:
        web_socket.recv(timeout=0.4)
    except TimeoutError:
        return True
    return False


def close_code(desk: Desk, query: str = "", **options: Any) -> int:
    with connect(desk.ws_url + query, **options) as web_socket, pytest.raises(ConnectionClosed) as closed:
        web_socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_who_may_not_listen(desk: Desk, organization: Organization) -> None:
    clients_only = token(organization, "members:read")
    assert close_code(desk) == 4001
    assert close_code(desk, "?token=rd_wrong") == 4001
    assert close_code(desk, f"?token={clients_only}") == 4003
    foreign = {"Cookie": "sessionid=abc", "Origin": "https://evil.example"}
    assert close_code(desk, additional_headers=foreign) == 4003


def test_live_then_resumed_with_no_gap_and_no_repeat(desk: Desk, organization: Organization) -> None:
    address = f"{desk.ws_url}?token={token(organization, 'reservations:read')}"
    with connect(address) as first:
        _joined(desk, first)
        tell(organization, 1, 2)
        assert said(first, 2) == [(1, 1), (2, 2)]
    tell(organization, 3, 4)
    with connect(address + "&after=2") as second:
        assert said(second, 2) == [(3, 3), (4, 4)]
        tell(organization, 5)
        assert said(second, 1) == [(5, 5)]
        second.send('{"type":"resume","after":3}')
        assert said(second, 2) == [(4, 4), (5, 5)]
        assert is_silent(second)


def test_resuming_while_events_pour_in(desk: Desk, organization: Organization) -> None:
    address = f"{desk.ws_url}?token={token(organization, 'reservations:read')}"
    tell(organization, *range(1, 201))
    pouring = threading.Thread(target=_pour, args=(organization, range(201, 401)))
    pouring.start()
    with connect(address + "&after=0") as web_socket:
        assert [id for id, _ in said(web_socket, 400)] == list(range(1, 401))
        assert is_silent(web_socket)
    pouring.join()


def test_what_is_no_longer_kept_is_a_resync(desk: Desk, organization: Organization) -> None:
    address = f"{desk.ws_url}?token={token(organization, 'reservations:read')}"
    tell(organization, 1, 2, 3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM live_liveevent WHERE id < 3")
    for after in (0, 99):
        with connect(f"{address}&after={after}") as web_socket:
            assert json.loads(web_socket.recv(timeout=10)) == {"type": "resync"}
            assert is_silent(web_socket)
    with connect(f"{address}&after=2") as web_socket:
        assert said(web_socket, 1) == [(3, 3)]


def test_another_organization_hears_nothing(desk: Desk, organization: Organization) -> None:
    stranger = Organization.objects.create(name="Other", slug="other")
    with connect(f"{desk.ws_url}?token={token(stranger, 'reservations:read')}&after=0") as web_socket:
        tell(organization, 1)
        assert is_silent(web_socket)


def test_a_member_hears_by_session_and_only_of_the_branches_of_the_seat(desk: Desk, organization: Organization) -> None:
    quay = Branch.objects.create(organization=organization, name="Quay")
    pier = Branch.objects.create(organization=organization, name="Pier")
    user = User.objects.create_user("anna@quay.example", "correct horse battery")
    member = Member.objects.create(organization=organization, user=user, name="Anna", role="hostess")
    member.branches.add(quay)
    headers = {"Cookie": f"sessionid={_session(user)}", "Origin": desk.base_url}
    with connect(desk.ws_url + "?after=0", additional_headers=headers) as web_socket:
        tell(organization, 1, branch_id=pier.pk)
        tell(organization, 2, branch_id=quay.pk)
        tell(organization, 3, member_id=member.pk)
        tell(organization, 4, member_id=member.pk + 1)
        assert said(web_socket, 2) == [(2, 2), (3, 3)]
        assert is_silent(web_socket)
    member.is_active = False
    member.save()
    assert close_code(desk, additional_headers=headers) == 4001


def test_a_revoked_token_is_closed_with_4009(desk: Desk, organization: Organization) -> None:
    plain = token(organization, "reservations:read")
    with connect(f"{desk.ws_url}?token={plain}") as web_socket:
        _joined(desk, web_socket)
        ApiToken.objects.update(revoked_at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('ringdesk_revoked', %s)", [str(ApiToken.objects.get().pk)])
        with pytest.raises(ConnectionClosed) as closed:
            web_socket.recv(timeout=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4009


def test_who_does_not_read_is_closed_with_4008_and_delays_nobody(
    desk: Desk, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_BYTES", 200_000)
    plain = token(organization, "reservations:read")
    address = f"{desk.ws_url}?token={plain}"
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", int(desk.base_url.rpartition(":")[2])))
    # max_queue=1: the client library stops reading the socket as soon as one frame waits.
    with connect(address, sock=narrow, max_queue=1, ping_interval=None) as lazy, connect(address) as keen:
        _joined(desk, keen)
        bulk = "x" * 100_000
        for number in range(1, 121):
            events.publish(organization.pk, "reservation.changed", {"reservation": {"id": number}, "bulk": bulk})
            assert json.loads(keen.recv(timeout=10))["id"] == number
        last = 0
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                last = json.loads(lazy.recv(timeout=20))["id"]
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4008
    assert 0 < last < 120
    with connect(f"{address}&after={last}") as again:
        assert json.loads(again.recv(timeout=10))["id"] == last + 1


def test_who_reads_again_after_a_while_still_hears_why_it_is_over(
    desk: Desk, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_BYTES", 200_000)
    address = f"{desk.ws_url}?token={token(organization, 'reservations:read')}"
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", int(desk.base_url.rpartition(":")[2])))
    with connect(address, sock=narrow, max_queue=1, ping_interval=None) as lazy:
        _joined(desk, lazy)
        for number in range(1, 121):
            events.publish(
                organization.pk, "reservation.changed", {"reservation": {"id": number}, "bulk": "x" * 100_000}
            )
        # Longer than a socket that is only slow needs to take the closing frame.
        threading.Event().wait(4)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                lazy.recv(timeout=20)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4008


def _pour(organization: Organization, numbers: range) -> None:
    tell(organization, *numbers)
    connection.close()


def _joined(desk: Desk, web_socket: ClientConnection) -> None:
    """Wait until the socket hears: a resume to the newest id is answered by nothing, but in order."""
    web_socket.send('{"type":"resume","after":0}')
    threading.Event().wait(0.3)


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    return session.session_key


def test_no_socket_anywhere_else(desk: Desk) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(desk.ws_url.replace("/ws/v1/events", "/nope")):
        pass
    assert refused.value.response.status_code == 403
