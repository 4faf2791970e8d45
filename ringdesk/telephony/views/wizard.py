"""The last two steps of the first run: a phone or PBX, and a test call before the user's eyes."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ringdesk.accounts import setup
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import extensions, links, reach, rehearsal
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.forms import RehearsalForm
from ringdesk.telephony.models import Connector
from ringdesk.telephony.views.connectors import base_url, is_local, qr

_RIGHT = "connectors.change"
# The address of the landing page, whatever room it is in.
_LANDING = "/"


@member_required(_RIGHT)
def wizard_connector(request: SeatedRequest) -> HttpResponse:
    """Choose where calls come from; then its address and the members' extensions."""
    found = _latest(request)
    if request.method == "POST" and "kind" in request.POST and found is None:
        kind = registry().get(request.POST["kind"])
        if kind is not None:
            links.create(request.organization, kind.kind, str(kind.title), request.branch, by=request.member)
        return redirect("telephony:wizard_connector")
    problems: dict[int, str] = {}
    if request.method == "POST" and found is not None:
        problems = _assign(request, found)
        if not problems:
            return redirect("telephony:wizard_test")
    context = _page(request, "connector", found) | {"kinds": registry().values()}
    if found is not None:
        address = links.address(found, base_url(request))
        context |= {
            "address": address,
            "qr": qr(address),
            "is_local": is_local(request),
            "rows": _rows(request, found, problems) if registry()[found.kind].has_extensions else [],
        }
    return render(request, "telephony/wizard_connector.html", context, status=422 if problems else 200)


@member_required(_RIGHT)
def wizard_test(request: SeatedRequest) -> HttpResponse:
    """Place a test call and see it pop up."""
    found = _latest(request)
    if found is None:
        return redirect("telephony:wizard_connector")
    form = RehearsalForm(
        {"phone": "+7 923 000-00-01", "course": Course.RINGING} | request.POST.dict(),
        connector=found,
        by=request.member,
    )
    context = _page(request, "test", found) | {"form": form, "landing": _LANDING}
    if request.method == "POST" and form.is_valid():
        try:
            context["call_id"] = rehearsal.place(found, Course.RINGING, form.cleaned_data["phone"], timezone.now())
        except RingdeskError as error:
            form.add_error("phone", str(error))
    template = "telephony/_wizard_test.html" if request.htmx else "telephony/wizard_test.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _latest(request: SeatedRequest) -> Connector | None:
    return reach.connectors_of(request.member).filter(is_active=True).order_by("-id").first()


def _page(request: SeatedRequest, step: str, connector: Connector | None) -> dict[str, object]:
    skip = reverse("telephony:wizard_test") if step == "connector" and connector else _LANDING
    return {"steps": setup.steps(step), "connector": connector, "skip": skip}


def _members(request: SeatedRequest) -> list[Member]:
    return list(Member.objects.for_org(request.organization).filter(is_active=True)[:20])


def _rows(request: SeatedRequest, connector: Connector, problems: dict[int, str]) -> list[dict[str, object]]:
    owned = dict(connector.extensions.values_list("member_id", "number"))
    return [
        {
            "member": member,
            "number": request.POST.get(f"extension-{member.pk}", owned.get(member.pk, "")),
            "problem": problems.get(member.pk, ""),
        }
        for member in _members(request)
    ]


def _assign(request: SeatedRequest, connector: Connector) -> dict[int, str]:
    """Assign what was typed in; return what was refused, by member."""
    problems: dict[int, str] = {}
    for member in _members(request):
        number = request.POST.get(f"extension-{member.pk}", "").strip()
        if not number:
            continue
        try:
            extensions.assign(connector, member, number, by=request.member)
        except RingdeskError as error:
            problems[member.pk] = str(error) or _("This extension cannot be used.")
    return problems
