"""Recordings: the player's part of a call's page, the sound itself, and deleting."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import NotFound
from ringdesk.crm.models import Client
from ringdesk.telephony import playing, recordings
from ringdesk.telephony.models import Call, Recording
from ringdesk.telephony.views.calls import find, recording_context


@require_GET
@member_required("calls.see")
def recording(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Show the player of a call (a fragment that refreshes itself)."""
    return render(request, "telephony/_recording.html", recording_context(request, find(request, pk)))


@require_safe
@member_required("calls.see")
def sound(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Hand out the sound, whole or in part; ``?download=1`` as a file to keep. Who hears it is noted."""
    call = find(request, pk)
    if not recordings.may_listen(request.member, call):
        raise PermissionDenied
    found = _of(call)
    is_download = request.GET.get("download") == "1"
    answer = playing.answer(request, found, is_download=is_download)
    if answer.status_code in (200, 206) and request.method == "GET":
        recordings.note_listening(found, timezone.now(), by=request.member, is_download=is_download)
    return cast(HttpResponse, answer)


@require_POST
@member_required("calls.see")
def again(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Fetch once more what was given up."""
    call = find(request, pk)
    if not recordings.may_listen(request.member, call):
        raise PermissionDenied
    recordings.again(_of(call), timezone.now())
    return render(request, "telephony/_recording.html", recording_context(request, find(request, pk)))


@require_POST
@member_required("recordings.delete")
def delete(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Delete the recording of a call for good."""
    recordings.delete(_of(find(request, pk)), timezone.now(), by=request.member)
    return render(request, "telephony/_recording.html", recording_context(request, find(request, pk)))


@require_POST
@member_required("recordings.delete")
def forget_client(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete the recordings of all calls of a client, as they have asked us to."""
    client = get_object_or_404(Client.objects.for_org(request.organization), pk=pk)
    count = recordings.forget_client(client, timezone.now(), by=request.member)
    text = ngettext("%(count)s recording is deleted.", "%(count)s recordings are deleted.", count)
    messages.success(request, text % {"count": count} if count else _("There was no recording to delete."))
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("crm:client", client.pk)


def _of(call: Call) -> Recording:
    found: Recording | None = getattr(call, "recording", None)
    if found is None:
        raise NotFound(_("There is no recording to listen to."))
    found.call = call
    return found
