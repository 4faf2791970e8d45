"""The list of calls and the page of one call."""

import json
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Invalid, Stale
from ringdesk.telephony import control, history, ignoring, legs, notes, recordings, trace
from ringdesk.telephony.forms import FilterForm, NotesForm
from ringdesk.telephony.history import Filters, Kept, Linked, Page, Period
from ringdesk.telephony.models import Call, Line, RecordingListening

PER_PAGE = 50
LISTENINGS = 20
_CURSORS = ("after", "before")


@member_required("calls.see")
def calls(request: SeatedRequest) -> HttpResponse:
    """Show the calls the filters leave, newest first."""
    form = FilterForm(request.GET, by=request.member)
    form.is_valid()
    filters = _filters(form)
    now = timezone.now()
    found = history.search(request.member, filters, now, timezone.get_current_timezone())
    page = _page(request, found)
    context = {
        "form": form,
        "filters": filters,
        "is_filtered": filters != Filters(kept=filters.kept),
        "is_internal": filters.kept is Kept.INTERNAL,
        "is_narrowed": form.is_narrowed,
        "page": page,
        "query": request.GET.urlencode(),
        "link": _link(request.GET),
    }
    return render(request, "telephony/_calls.html" if request.htmx else "telephony/calls.html", context)


@member_required("calls.see")
def call(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Show one call: who was rung and who talked, facts, events, and why its popup did or did not show."""
    call = find(request, pk)
    lines = Line.objects.for_org(request.organization).filter(connector=call.connector_id, number=call.line)
    context = _about(request, call) | {
        "line": lines.first() if call.line else None,
        "legs": legs.of(call),
        "trace": trace.steps(call),
        "is_controlled": (is_controlled := control.may_control(request.member, call)),
        "colleagues": control.colleagues(call) if is_controlled else [],
        "is_ignored": ignoring.is_ignored(request.organization.pk, call.phone),
        "may_ignore": request.member.may("numbers.ignore"),
        "notes_form": _notes_form(call),
        "may_note": request.member.may("clients.change"),
    }
    return render(request, "telephony/_call.html" if request.htmx else "telephony/call.html", context)


@require_POST
@member_required("clients.change")
def call_notes(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Save what a member writes about a call. Somebody else's words are shown, never written over unseen."""
    call = find(request, pk)
    form = NotesForm(request.POST)
    context: dict[str, object] = {"call": call, "may_note": True}
    if not form.is_valid():
        return render(request, "telephony/_notes.html", context | {"notes_form": form}, status=422)
    typed = form.cleaned_data["notes"]
    try:
        notes.write(call, typed, seen=form.cleaned_data["seen"], by=request.member)
    except Stale as error:
        context |= {"notes_form": _notes_form(call, typed), "problem": str(error)}
        return render(request, "telephony/_notes.html", context, status=409)
    answer = render(request, "telephony/_notes.html", context | {"notes_form": _notes_form(call)})
    answer["HX-Trigger"] = json.dumps({"toast": {"text": gettext("Saved"), "tone": "ok"}})
    return answer


def find(request: SeatedRequest, pk: UUID) -> Call:
    """Return a call that this member may see, with everything its page shows; a stranger's is not there."""
    found = history.visible_to(request.member).select_related(
        "client", "contract__client", "lead", "member", "connector", "branch", "settled_by"
    )
    call: Call = get_object_or_404(found.prefetch_related("events", "recording"), pk=pk)
    return call


def recording_context(request: SeatedRequest, call: Call) -> dict[str, object]:
    """Return what the player's part of the page shows."""
    recording = getattr(call, "recording", None)
    listenings: list[RecordingListening] = []
    if recording is not None and request.member.may("members.see"):
        listenings = list(recording.listenings.select_related("member")[:LISTENINGS])
    return {
        "call": call,
        "recording": recording,
        "is_there": recording is not None and recordings.is_there(recording),
        "may_listen": recordings.may_listen(request.member, call),
        "may_delete": request.member.may("recordings.delete"),
        "listenings": listenings,
    }


def _about(request: SeatedRequest, call: Call) -> dict[str, object]:
    return recording_context(request, call) | {"is_over": call.state == Call.State.ENDED}


def _notes_form(call: Call, typed: str | None = None) -> NotesForm:
    written = call.notes if typed is None else typed
    return NotesForm(initial={"notes": written, "seen": notes.mark(call.notes)})


def _filters(form: FilterForm) -> Filters:
    chosen = form.cleaned_data
    return Filters(
        text=chosen.get("q", ""),
        direction=chosen.get("direction", ""),
        result=chosen.get("result", ""),
        period=Period(chosen.get("period") or Period.ALL),
        since=chosen.get("since"),
        until=chosen.get("until"),
        member=int(chosen.get("member") or 0) or None,
        line=chosen.get("line", ""),
        connector=int(chosen.get("connector") or 0) or None,
        linked=Linked(chosen.get("linked", "")),
        kept=Kept(chosen.get("kept", "")),
    )


def _page(request: SeatedRequest, found: QuerySet[Call]) -> Page:
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    try:
        return history.page_of(found, limit=PER_PAGE, after=after, before=before)
    except Invalid:
        # An address that somebody has cut short: the newest calls.
        return history.page_of(found, limit=PER_PAGE)


def _link(asked: QueryDict) -> str:
    """Return the query of this list without its place in it, to be continued by a cursor."""
    query = asked.copy()
    for name in _CURSORS:
        query.pop(name, None)
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    text = query.urlencode()
    return f"?{text}&" if text else "?"
