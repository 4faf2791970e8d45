"""Recordings: noted with their call, fetched, refused where they lead inside, heard, kept as long as set, deleted."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts.models import AuditEntry, Member
from ringdesk.accounts.tests.api import program
from ringdesk.core import phones
from ringdesk.crm import clients
from ringdesk.telephony import fetching, recordings
from ringdesk.telephony.demo_sounds import tones
from ringdesk.telephony.models import Call, CallSettings, Connector, Recording, RecordingListening
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import NOON, make_call
from ringdesk.telephony.tests.sound_server import SOUND, Sounds, serving
from ringdesk.telephony.tests.test_pages import browser

State = Recording.State


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = settings.STORAGES | {
        "recordings": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    return tmp_path


@pytest.fixture
def source() -> Iterator[Sounds]:
    with serving() as running:
        yield running


def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def talked(desk: Place, url: str, number: int = 1, **fields: Any) -> Recording:
    """A call that is over, and the recording that the database has noted with it."""
    call = make_call(desk.pbx, number, recording_url=url, result="answered", answered_at=NOON, **fields)
    return Recording.objects.get(call=call)


def trust(connector: Connector, source: Sounds) -> None:
    connector.settings = {"recording_host": source.host}
    connector.save(update_fields=["settings"])


def fetched(recording: Recording) -> Recording:
    claimed = recordings.claim(timezone.now(), 10)
    assert recording in claimed
    for one in claimed:
        recordings.fetch(one, timezone.now())
    recording.refresh_from_db()
    return recording


def stored(desk: Place, number: int = 1, **fields: Any) -> Recording:
    """A recording in our storage."""
    from django.core.files.base import ContentFile

    recording = talked(desk, f"https://pbx.example/{number}.wav", number, **fields)
    recording.file = recordings.storage().save(f"{number}.wav", ContentFile(SOUND))
    recording.state, recording.content_type, recording.size = State.STORED, "audio/wav", len(SOUND)
    recording.stored_at = timezone.now()
    recording.save()
    return recording


def status(answer: Any) -> int:
    """Read an answer to its end, as a browser would."""
    if answer.streaming:
        answer.getvalue()
    return int(answer.status_code)


def sound(call: Call) -> str:
    return reverse("telephony:recording_sound", args=[call.pk])


def test_the_database_notes_a_recording_once_its_call_is_over(desk: Place) -> None:
    call = make_call(desk.pbx, 1, state="answered", recording_url="https://pbx.example/1.mp3")
    assert not Recording.objects.exists()
    Call.objects.filter(pk=call.pk).update(state="ended")
    found = Recording.objects.get()
    assert (found.call_id, found.organization_id, found.reference, found.state) == (
        call.pk, desk.organization.pk, "https://pbx.example/1.mp3", State.WAITING)  # fmt: skip
    # The same again changes nothing; another address takes the place of one not fetched yet, of a deleted one never.
    Recording.objects.update(state=State.FAILED)
    Call.objects.filter(pk=call.pk).update(recording_url="https://pbx.example/1.mp3")
    assert Recording.objects.get().state == State.FAILED
    Call.objects.filter(pk=call.pk).update(recording_url="https://pbx.example/2.mp3")
    assert (Recording.objects.get().state, Recording.objects.get().reference[-5:]) == (State.WAITING, "2.mp3")
    Recording.objects.update(state=State.DELETED)
    Call.objects.filter(pk=call.pk).update(recording_url="https://pbx.example/3.mp3")
    assert Recording.objects.get().state == State.DELETED


def test_it_is_fetched_from_the_host_that_was_typed_in(desk: Place, source: Sounds, kept_in: Path) -> None:
    trust(desk.pbx, source)
    found = fetched(talked(desk, source.url("call.wav")))
    assert (found.state, found.content_type, found.size, found.last_error) == (
        State.STORED, "audio/wav", len(SOUND), "")  # fmt: skip
    assert files(kept_in) == [SOUND]
    assert recordings.claim(timezone.now() + timedelta(days=1), 10) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.wav",
        "http://10.0.0.1/x.wav",
        "http://192.168.1.1/x.wav",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/x.wav",
        "http://[::ffff:127.0.0.1]/x.wav",
        "http://0.0.0.0/x.wav",
        "http://2130706433/x.wav",
        "http://pbx.inside.example/x.wav",
        "file:///etc/passwd",
        "gopher://pbx.example/",
    ],
)
def test_addresses_that_lead_inside_are_refused(
    desk: Place, url: str, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        return real("10.1.2.3" if host == "pbx.inside.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    found = fetched(talked(desk, url))
    assert found.last_error != ""
    assert found.state == (State.FAILED if url.startswith("http") else State.WAITING)
    assert files(kept_in) == []


def test_a_redirect_leads_inside_no_more_than_an_address(desk: Place, source: Sounds, kept_in: Path) -> None:
    trust(desk.pbx, source)
    with serving() as inside:
        found = fetched(talked(desk, source.url("to=" + inside.url("call.wav"))))
        assert (found.state, inside.asked, files(kept_in)) == (State.FAILED, [], [])
    assert "внутрь" in found.last_error or "inside" in found.last_error


def test_a_host_that_was_not_typed_in_is_refused(desk: Place, source: Sounds) -> None:
    found = fetched(talked(desk, source.url("call.wav")))
    assert (found.state, source.asked) == (State.FAILED, [])


def test_what_is_no_recording_is_tried_again_with_longer_pauses_and_given_up(
    desk: Place, source: Sounds, kept_in: Path
) -> None:
    trust(desk.pbx, source)
    found, now = talked(desk, source.url("page")), timezone.now()
    pauses = []
    for _attempt in range(recordings.MOST_ATTEMPTS):
        (claimed,) = recordings.claim(now, 10)
        recordings.fetch(claimed, now)
        found.refresh_from_db()
        pauses.append((found.next_attempt_at - now).total_seconds() if found.next_attempt_at else None)
        now = found.next_attempt_at or now
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, None]
    assert (found.state, files(kept_in)) == (State.FAILED, [])
    assert "text/html" in found.last_error
    recordings.again(found, now)
    found.refresh_from_db()
    assert (found.state, found.attempts, found.last_error) == (State.WAITING, 0, "")


def test_one_that_is_too_large_is_given_up_at_once(desk: Place, source: Sounds, settings: Any, kept_in: Path) -> None:
    trust(desk.pbx, source)
    settings.RECORDING_MAX_BYTES = 1024 * 1024
    found = fetched(talked(desk, source.url("huge")))
    assert (found.state, files(kept_in)) == (State.FAILED, [])
    assert "1 " in found.last_error


def test_what_is_claimed_is_nobody_elses(desk: Place) -> None:
    talked(desk, "https://pbx.example/1.mp3")
    now = timezone.now()
    assert len(recordings.claim(now, 10)) == 1
    assert recordings.claim(now, 10) == []
    # Whoever took it has died: after a while it is taken again.
    assert len(recordings.claim(now + timedelta(minutes=21), 10)) == 1


def test_one_deleted_while_it_is_fetched_stays_deleted(desk: Place, source: Sounds, kept_in: Path) -> None:
    trust(desk.pbx, source)
    found = talked(desk, source.url("call.wav"))
    (claimed,) = recordings.claim(timezone.now(), 10)
    recordings.delete(found, timezone.now(), by=None)
    recordings.fetch(claimed, timezone.now())
    found.refresh_from_db()
    assert (found.state, files(kept_in)) == (State.DELETED, [])


@pytest.mark.django_db(transaction=True)
def test_the_job_fetches_what_is_due_and_a_dead_source_holds_up_nobody(source: Sounds, kept_in: Path) -> None:
    desk = make_place("quay")
    trust(desk.pbx, source)
    dead = Connector.objects.create(
        organization=desk.organization, kind="http_events", name="Dead", token_hash="x", token_sealed=b"",
        settings={"recording_host": "127.0.0.1:9"},
    )  # fmt: skip
    for number in range(1, 6):
        make_call(dead, number, recording_url="http://127.0.0.1:9/x.wav")
    found = [talked(desk, source.url(f"{number}.wav"), number) for number in range(6, 9)]
    fetching.fetch_due()
    states = [Recording.objects.get(pk=one.pk).state for one in found]
    assert states == [State.STORED] * 3
    assert files(kept_in) == [SOUND] * 3
    assert set(Recording.objects.filter(call__connector=dead).values_list("state", flat=True)) == {State.WAITING}


def test_who_may_listen(desk: Place, stranger: Place) -> None:
    call = stored(desk, member=desk.operator).call
    path = sound(call)
    Member.objects.filter(pk=desk.operator.pk).update(role="hostess")
    own = browser(desk, "hostess")
    seats = {role: status(browser(desk, role).get(path)) for role in ("owner", "accountant", "manager", "operator")}
    assert seats == dict.fromkeys(seats, 200)
    assert status(own.get(path)) == 200
    assert browser(desk, "cashier").get(path).status_code == 403
    assert browser(stranger, "owner").get(path).status_code == 404
    assert Browser().get(path).status_code == 302
    theirs = stored(desk, 2).call
    assert own.get(sound(theirs)).status_code == 403
    assert b"<audio" not in own.get(reverse("telephony:recording", args=[theirs.pk])).content
    assert b"<audio" in own.get(reverse("telephony:recording", args=[call.pk])).content


def test_a_part_is_handed_out(desk: Place) -> None:
    call, owner = stored(desk).call, browser(desk, "owner")
    whole = owner.get(sound(call))
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"], whole["Content-Length"]) == (
        200, "audio/wav", "bytes", str(len(SOUND)))  # fmt: skip
    assert (whole.getvalue(), whole["Content-Disposition"].split(";")[0]) == (SOUND, "inline")

    def ask(wish: str, **headers: str) -> tuple[int, str, bytes]:
        answer = owner.get(sound(call), headers={"Range": wish} | headers)
        return answer.status_code, answer.get("Content-Range", ""), answer.getvalue()

    size = len(SOUND)
    assert ask("bytes=100-199") == (206, f"bytes 100-199/{size}", SOUND[100:200])
    assert ask("bytes=12000-") == (206, f"bytes 12000-{size - 1}/{size}", SOUND[12000:])
    assert ask("bytes=-10") == (206, f"bytes {size - 10}-{size - 1}/{size}", SOUND[-10:])
    assert ask(f"bytes={size}-") == (416, f"bytes */{size}", b"")
    assert ask("bytes=1-2,4-5") == (200, "", SOUND)
    tag = whole["ETag"]
    assert ask("bytes=0-9", **{"If-Range": tag}) == (206, f"bytes 0-9/{size}", SOUND[:10])
    assert ask("bytes=0-9", **{"If-Range": '"other"'}) == (200, "", SOUND)
    head = owner.head(sound(call))
    assert (head.status_code, head["Content-Length"], head.getvalue()) == (200, str(size), b"")
    kept = owner.get(sound(call) + "?download=1")
    assert kept["Content-Disposition"].startswith("attachment; filename=")
    status(kept)


def test_every_listening_is_noted_once(desk: Place) -> None:
    call, owner = stored(desk).call, browser(desk, "owner")
    for wish in ("bytes=0-", "bytes=100-", "bytes=200-"):
        status(owner.get(sound(call), headers={"Range": wish}))
    status(owner.head(sound(call)))
    status(owner.get(sound(call) + "?download=1"))
    noted = RecordingListening.objects.order_by("id").values_list("member__role", "is_download")
    assert list(noted) == [("owner", False), ("owner", True)]
    page = owner.get(reverse("telephony:call", args=[call.pk])).content.decode()
    assert "Who listened" in page
    assert (
        "Who listened" not in browser(desk, "operator").get(reverse("telephony:call", args=[call.pk])).content.decode()
    )


def test_what_is_kept_at_the_pbx_is_played_through_us(desk: Place, source: Sounds, kept_in: Path) -> None:
    desk.pbx.settings = {"recording_host": source.host, "recordings": "pbx"}
    desk.pbx.save(update_fields=["settings"])
    owner, size = browser(desk, "owner"), len(SOUND)
    for number, mood in enumerate(("parts", "whole"), start=1):
        found = fetched(talked(desk, source.url(mood), number))
        assert (found.state, files(kept_in)) == (State.PROXIED, [])
        part = owner.get(sound(found.call), headers={"Range": "bytes=20000-20099"})
        assert (part.status_code, part["Content-Range"], part["Content-Type"], part.getvalue()) == (
            206, f"bytes 20000-20099/{size}", "audio/x-wav", SOUND[20000:20100])  # fmt: skip
        assert owner.get(sound(found.call)).getvalue() == SOUND
    broken = fetched(talked(desk, source.url("broken"), 3))
    assert owner.get(sound(broken.call)).status_code == 502
    inside = fetched(talked(desk, "http://127.0.0.1:1/x.wav", 4))
    assert owner.get(sound(inside.call)).status_code == 502


def test_the_api_hands_it_out_and_deletes_it(desk: Place, stranger: Place, kept_in: Path) -> None:
    call = stored(desk).call
    path = f"calls/{call.pk}/recording"
    organization = desk.organization
    blind, listener = program(organization, "calls:read"), program(organization, "calls:read", "recordings:read")
    deleter, alien = program(organization, "recordings:write", "calls:read"), program(stranger.organization)
    assert [each.get(path).status for each in (blind, alien)] == [403, 404]
    token = "Bearer " + listener.token
    answer = Browser().get(f"/api/v1/{path}", headers={"Authorization": token, "Range": "bytes=0-3"})
    assert (answer.status_code, answer.getvalue()) == (206, b"RIFF")
    assert [(one.member, bool(one.by_token)) for one in RecordingListening.objects.all()] == [(None, True)]
    assert listener.delete(path).status == 403
    assert deleter.delete(path).status == 204
    assert (listener.get(path).status, files(kept_in)) == (404, [])


def test_deleting_is_for_good(desk: Place, kept_in: Path) -> None:
    call = stored(desk).call
    path = reverse("telephony:recording_delete", args=[call.pk])
    assert browser(desk, "manager").post(path).status_code == 403
    assert files(kept_in) == [SOUND]
    answer = browser(desk, "owner").post(path)
    found = Recording.objects.get()
    assert (answer.status_code, found.state, found.file) == (200, State.DELETED, "")
    assert found.deleted_by and found.deleted_by.role == "owner"
    assert files(kept_in) == []
    assert browser(desk, "owner").get(sound(call)).status_code == 404
    assert AuditEntry.objects.filter(action="recording.deleted").count() == 1


def test_a_persons_recordings_are_deleted_on_request(desk: Place, stranger: Place, kept_in: Path) -> None:
    irina = clients.create(desk.organization, name="Irina", phones=[phones.normalize("+7 913 111-22-33")])
    stored(desk, 1, client=irina)
    stored(desk, 2, client=irina)
    other = stored(desk, 3)
    path = reverse("telephony:recordings_forget", args=[irina.pk])
    assert browser(desk, "manager").post(path).status_code == 403
    assert browser(stranger, "owner").post(path).status_code == 404
    assert len(files(kept_in)) == 3
    assert browser(desk, "owner").post(path).status_code == 302
    assert files(kept_in) == [SOUND]
    assert list(Recording.objects.exclude(state=State.DELETED)) == [other]
    entry = AuditEntry.objects.get(action="recordings.forgotten")
    assert (entry.subject, entry.data) == ("Irina", {"client": irina.pk, "count": 2})


def test_they_are_kept_as_long_as_is_set(desk: Place, stranger: Place, kept_in: Path) -> None:
    now = timezone.now()
    old, fresh, theirs = stored(desk, 1), stored(desk, 2), stored(stranger, 3)
    Recording.objects.filter(pk__in=[old.pk, theirs.pk]).update(created_at=now - timedelta(days=31))
    assert recordings.delete_old(now) == 0
    CallSettings.objects.create(organization=desk.organization, recording_days=30)
    assert recordings.delete_old(now) == 1
    assert set(Recording.objects.exclude(state=State.DELETED)) == {fresh, theirs}
    assert len(files(kept_in)) == 2


def test_a_file_that_could_not_be_removed_is_removed_the_next_day(
    desk: Place, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = stored(desk)
    refuse: Callable[[str], None] = lambda name: (_ for _ in ()).throw(PermissionError(name))  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(type(recordings.storage()), "delete", lambda self, name: refuse(name))
        recordings.delete(found, timezone.now(), by=None)
    found.refresh_from_db()
    assert (found.state, bool(found.file), len(files(kept_in))) == (State.DELETED, True, 1)
    recordings.delete_old(timezone.now())
    found.refresh_from_db()
    assert (found.file, files(kept_in)) == ("", [])


def test_the_demos_sound_is_a_sound() -> None:
    assert len(tones(2)) == 44 + 2 * 8000
