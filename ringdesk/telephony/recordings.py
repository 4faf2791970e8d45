"""Recordings of calls: fetched into our storage, kept for as long as is set, heard by whoever may, deleted for good.

A trigger of the database (migration ``lists_of_calls``) notes a recording together with its call, so that none is
lost; the job takes it from there. Files lie in the storage ``recordings``.
"""

import logging
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.core import events, http
from ringdesk.core.problems import Conflict, Forbidden, RingdeskError
from ringdesk.crm.models import Client
from ringdesk.telephony import link_cache, sounds
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import NoRecording, NotReady, Source
from ringdesk.telephony.connectors.fields import AT_THE_PBX
from ringdesk.telephony.models import Call, CallSettings, Recording, RecordingListening

AUDITED = {
    "recording.deleted": _("Recording deleted"),
    "recordings.forgotten": _("Recordings of a client deleted"),
}
# Attempts until it is given up: half a day in all.
MOST_ATTEMPTS = 10
# A source that says "not yet" is asked about every minute, for an hour.
MOST_NOT_READY = 60
NOT_READY_FOR = timedelta(seconds=60)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=3)
# Somebody who fetches has it for so long; after that he is taken to have died.
_LEASE = timedelta(minutes=20)
_REDIRECTS = 3
# Seconds for each step of fetching.
_PATIENCE = 20.0
# Listening again and jumping about within this time is one listening.
_ONE_LISTENING = timedelta(minutes=10)
_BATCH = 200
_CHUNK = 256 * 1024
logger = logging.getLogger(__name__)


class NoSound(RingdeskError):
    """What came is not a recording."""


def storage() -> Storage:
    """Return where the files lie."""
    return storages["recordings"]


def may_listen(member: Member, call: Call) -> bool:
    """Tell whether the seat may hear the call: one's own, or by one's role anybody's."""
    return call.member_id == member.pk or member.may("recordings.listen")


def is_there(recording: Recording) -> bool:
    """Tell whether there is something to hear."""
    return recording.state in (Recording.State.STORED, Recording.State.PROXIED)


def claim(now: datetime, limit: int, *, without: Collection[int] = ()) -> list[Recording]:
    """Take recordings that are due, so that nobody else fetches them; not those of connectors ``without``."""
    with transaction.atomic():
        waiting = Recording.objects.select_for_update(skip_locked=True, of=("self",))
        due = waiting.filter(state=Recording.State.WAITING, next_attempt_at__lte=now)
        due = due.exclude(call__connector__in=without).select_related("call__connector", "organization")
        claimed = list(due.order_by("next_attempt_at")[:limit])
        mine = Recording.objects.filter(pk__in=[one.pk for one in claimed])
        mine.update(next_attempt_at=now + _LEASE, attempts=F("attempts") + 1)
    for recording in claimed:
        recording.attempts += 1
    return claimed


def fetch(recording: Recording, now: datetime) -> bool:
    """Fetch a claimed recording into our storage. Returns False when its source could not be reached at all."""
    with translation.override(recording.organization.language):
        try:
            connector = registry().get(recording.call.connector.kind)
            if connector is None:
                raise NoRecording(_("Its kind of connector is not installed."))
            link = link_cache.link(recording.call.connector)
            if link.settings.get("recordings") == AT_THE_PBX:
                _settle(recording, state=Recording.State.PROXIED, next_attempt_at=None, last_error="")
                return True
            source = connector.recording(link, recording.reference)
            with _received(source) as (file, kind, size):
                _store(recording, file, kind, size, now)
        except NotReady as error:
            _put_off(recording, error, NOT_READY_FOR if recording.attempts < MOST_NOT_READY else None, now)
        except (NoRecording, http.LeadsInside) as error:
            _put_off(recording, error, None, now)
        except http.Unreachable as error:
            _put_off(recording, error, _pause(recording.attempts), now)
            return False
        except RingdeskError as error:
            _put_off(recording, error, _pause(recording.attempts), now)
        except OSError as error:
            logger.exception("A recording could not be written")
            _put_off(recording, NoSound(error.strerror or str(error)), _pause(recording.attempts), now)
    return True


def again(recording: Recording, now: datetime) -> None:
    """Let the job try once more to fetch what it has given up. Raises Conflict for any other."""
    given_up = Recording.objects.filter(pk=recording.pk, state=Recording.State.FAILED)
    with events.atomic():
        if not given_up.update(state=Recording.State.WAITING, attempts=0, next_attempt_at=now, last_error=""):
            raise Conflict(_("There is nothing to fetch again."))
        _tell(recording, Recording.State.WAITING)


def delete(recording: Recording, now: datetime, *, by: Member | None) -> None:
    """Delete the sound for good; that there was one stays known. Raises Forbidden."""
    if by is not None and not by.may("recordings.delete"):
        raise Forbidden(_("You may not delete recordings."))
    with events.atomic():
        if _mark_deleted([recording], now, by):
            audit.record(
                recording.organization_id,
                "recording.deleted",
                recording.call.phone,
                by=by,
                call=str(recording.call_id),
            )
    purge(Recording.objects.filter(pk=recording.pk))


def forget_client(client: Client, now: datetime, *, by: Member) -> int:
    """Delete the recordings of all calls of a client and of their contracts. Returns how many. Raises Forbidden."""
    if not by.may("recordings.delete"):
        raise Forbidden(_("You may not delete recordings."))
    theirs = of_client(client)
    with events.atomic():
        deleted = _mark_deleted(list(theirs.select_related("call")), now, by)
        audit.record(
            client.organization_id, "recordings.forgotten", client.name, by=by, client=client.pk, count=deleted
        )
    purge(of_client(client, with_deleted=True))
    return deleted


def of_client(client: Client, *, with_deleted: bool = False) -> QuerySet[Recording]:
    """Return the recordings of a client's calls: of the card, and of the card's contracts."""
    theirs = Q(call__client=client) | Q(call__contract__client=client)
    recordings = Recording.objects.for_org(client.organization_id).filter(theirs)
    return recordings if with_deleted else recordings.exclude(state=Recording.State.DELETED)


def delete_old(now: datetime) -> int:
    """Delete what is older than its organization keeps recordings, and files that outlived their recordings."""
    deleted = 0
    for organization_id, days in CallSettings.objects.exclude(recording_days=None).values_list(
        "organization_id", "recording_days"
    ):
        old = Recording.objects.for_org(organization_id).filter(created_at__lt=now - timedelta(days=days or 0))
        while batch := list(old.exclude(state=Recording.State.DELETED).select_related("call")[:_BATCH]):
            with events.atomic():
                deleted += _mark_deleted(batch, now, None)
            purge(Recording.objects.filter(pk__in=[one.pk for one in batch]))
    purge(Recording.objects.all())
    return deleted


def purge(recordings: QuerySet[Recording]) -> None:
    """Remove the files of deleted recordings. One that cannot be removed now is removed by the daily job."""
    for recording in recordings.filter(state=Recording.State.DELETED).exclude(file=""):
        try:
            storage().delete(recording.file)
        except OSError:
            logger.exception("The file of recording %s could not be removed", recording.pk)
            continue
        Recording.objects.filter(pk=recording.pk).update(file="")


def note_listening(
    recording: Recording, now: datetime, *, by: Member | None, token: str = "", is_download: bool = False
) -> None:
    """Note that somebody hears a recording. Each jump asks for another part of the file: that is one listening."""
    same = RecordingListening.objects.for_org(recording.organization_id).filter(
        recording=recording, member=by, by_token=token, is_download=is_download, at__gt=now - _ONE_LISTENING
    )
    if is_download or not same.exists():
        RecordingListening.objects.create(
            organization_id=recording.organization_id,
            recording=recording,
            member=by,
            by_token=token,
            is_download=is_download,
            at=now,
        )


@contextmanager
def _received(source: Source) -> Iterator[tuple[IO[bytes], sounds.Kind, int]]:
    """Receive a source into a file of our own. Raises Unreachable, NoSound, NoRecording."""
    with tempfile.TemporaryFile() as file:
        if source.file is not None:
            if not source.file.is_file():
                raise NotReady(_("The file is not there yet."))
            with open(source.file, "rb") as original:
                said, size = "", _copy(iter(lambda: original.read(_CHUNK), b""), file)
        else:
            with http.stream(
                source.url,
                headers={"Accept-Encoding": "identity"} | dict(source.headers),
                timeout=_PATIENCE,
                is_trusted=source.is_trusted,
                redirects=_REDIRECTS,
            ) as answer:
                if answer.status_code != 200:
                    raise NoSound(_("The source answered with status %(status)s.") % {"status": answer.status_code})
                said, size = answer.headers.get("content-type", ""), _copy(answer.iter_bytes(_CHUNK), file)
        file.seek(0)
        kind = sounds.kind_of(file.read(sounds.HEAD), said)
        if kind is None or size == 0:
            text = _("The source answered with something that is not a recording (%(kind)s).")
            raise NoSound(text % {"kind": said.partition(";")[0][:60] or _("empty")})
        file.seek(0)
        yield file, kind, size


def _copy(chunks: Iterable[bytes], file: IO[bytes]) -> int:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > settings.RECORDING_MAX_BYTES:
            limit = settings.RECORDING_MAX_BYTES // 1024 // 1024
            raise NoRecording(_("The recording is larger than %(limit)s MB.") % {"limit": limit})
        file.write(chunk)
    return size


def _store(recording: Recording, file: IO[bytes], kind: sounds.Kind, size: int, now: datetime) -> None:
    at = recording.call.first_received_at
    wish = f"{recording.organization_id}/{at:%Y/%m}/{recording.call_id}.{kind.extension}"
    name = storage().save(wish, File(file))
    values = {"file": name, "content_type": kind.content_type, "size": size, "stored_at": now}
    if not _settle(recording, state=Recording.State.STORED, next_attempt_at=None, last_error="", **values):
        # Deleted, or fetched by somebody else, in the meantime.
        storage().delete(name)


def _settle(recording: Recording, **values: object) -> bool:
    with events.atomic():
        waiting = Recording.objects.filter(pk=recording.pk, state=Recording.State.WAITING)
        changed = waiting.filter(reference=recording.reference).update(**values)
        if changed:
            for name, value in values.items():
                setattr(recording, name, value)
            _tell(recording, recording.state)
    return bool(changed)


def _put_off(recording: Recording, error: RingdeskError, pause: timedelta | None, now: datetime) -> None:
    """Note why it failed and when to try again; ``pause`` None: never."""
    text = str(error)[:300]
    if pause is None:
        _settle(recording, state=Recording.State.FAILED, next_attempt_at=None, last_error=text)
    else:
        _settle(recording, next_attempt_at=now + pause, last_error=text)


def _pause(attempts: int) -> timedelta | None:
    """Return how long to wait after so many attempts; None: give up. Pure."""
    return None if attempts >= MOST_ATTEMPTS else min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)


def _mark_deleted(recordings: Collection[Recording], now: datetime, by: Member | None) -> int:
    present = Recording.objects.filter(pk__in=[one.pk for one in recordings]).exclude(state=Recording.State.DELETED)
    changed = present.update(state=Recording.State.DELETED, deleted_at=now, deleted_by=by, next_attempt_at=None)
    for recording in recordings:
        _tell(recording, Recording.State.DELETED)
    return changed


def _tell(recording: Recording, state: str) -> None:
    body = {"recording": {"call_id": str(recording.call_id), "state": state}}
    events.publish(recording.organization_id, "call.recording_changed", body, branch_id=recording.call.branch_id)
