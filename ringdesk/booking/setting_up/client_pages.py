"""Settings of the booking page and of messages to clients; the log of messages; the waiting list."""

from datetime import timedelta
from typing import Any

import segno
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts import seats
from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Branch
from ringdesk.booking import messages, pages, sending, waiting
from ringdesk.booking.models import Employee, Service
from ringdesk.booking.page.choice import day_of
from ringdesk.booking.page.forms import between
from ringdesk.booking.public_models import Message, WaitingClient
from ringdesk.booking.setting_up import answers
from ringdesk.booking.setting_up.client_forms import MessagesForm, PageForm, TestForm, WaitingForm
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.crm.models import Client

CHANGE = member_required("services.change")
PER_PAGE = 50
_WAITED_DAYS = 7


@require_http_methods(["GET", "POST"])
@CHANGE
def page_settings(request: SeatedRequest) -> HttpResponse:
    """Show and save the booking page: open or closed, its address, its widget."""
    stored = pages.of(request.organization)
    branches = list(
        Branch.objects.for_org(request.organization).filter(is_active=True, services__is_active=True).distinct()
    )
    form = PageForm(answers.posted(request), branches=branches, initial=PageForm.initial_of(stored))
    template = "booking/page/_settings.html" if request.htmx else "booking/page/settings.html"

    def context() -> dict[str, Any]:
        address, label = f"{base_url(request)}{pages.path(stored)}", pgettext("page", "Book")
        return {
            "page": pages.of(request.organization),
            "address": address,
            "qr": segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2),
            "snippet": f'<script src="{address}widget.js" async></script>',
            "snippet_button": f'<script src="{address}widget.js" data-button="{label}" async></script>',
            "is_bookable": bool(pages.branches(stored)),
        }

    def save(data: dict[str, Any]) -> None:
        version = data.pop("version") if stored.pk else data.pop("version") and None
        pages.change(request.organization, version=version, base_url=base_url(request), **data)

    def answer() -> HttpResponse:
        if not request.htmx:
            return answers.done(request, _("Saved"), "booking:page_settings")
        fresh = PageForm(branches=branches, initial=PageForm.initial_of(pages.of(request.organization)))
        return answers.telling(render(request, template, {"form": fresh} | context()), toast=_("Saved"))

    return answers.edit(request, form, save, answer, template=template, context=context())


@require_http_methods(["GET", "POST"])
@CHANGE
def message_settings(request: SeatedRequest) -> HttpResponse:
    """Show and save which messages the branch's clients get, and by what."""
    branch = request.branch
    stored = messages.settings_of(branch)
    form = MessagesForm(
        answers.posted(request), by=request.member, settings=stored, initial=MessagesForm.initial_of(stored)
    )
    template = "booking/messages/_settings.html" if request.htmx else "booking/messages/settings.html"

    def save(_data: dict[str, Any]) -> None:
        wishes = form.wishes()
        version = wishes.pop("version") if stored.pk else wishes.pop("version") and None
        messages.change_settings(branch, version=version, **wishes)

    def answer() -> HttpResponse:
        if not request.htmx:
            return answers.done(request, _("Saved"), "booking:message_settings")
        now = messages.settings_of(branch)
        fresh = MessagesForm(by=request.member, settings=now, initial=MessagesForm.initial_of(now))
        context = {"form": fresh, "branch": branch, "settings": now}
        return answers.telling(render(request, template, context), toast=_("Saved"))

    return answers.edit(request, form, save, answer, template=template, context={"branch": branch, "settings": stored})


@require_POST
@CHANGE
def message_test(request: SeatedRequest) -> HttpResponse:
    """Send a test message now and say what came of it."""
    form = TestForm(request.POST, branch=request.branch)
    context: dict[str, Any] = {"tone": "ok"}
    if form.is_valid():
        said = form.cleaned_data
        try:
            sending.send_test(
                messages.settings_of(request.branch), said["channel"], said["to"], request.member.language
            )
            context["text"] = _("Sent to %(to)s.") % {"to": said["to"]}
        except sending.NotSent as error:
            context = {"tone": "bad", "text": str(error)}
    else:
        context = {"tone": "bad", "text": " ".join(str(text) for texts in form.errors.values() for text in texts)}
    if not request.htmx:
        return redirect("booking:message_settings")
    return render(request, "web/components/note.html", context)


@require_GET
@CHANGE
def message_log(request: SeatedRequest) -> HttpResponse:
    """Show the branch's messages, the newest first (``?state=``)."""
    rows = messages.log(request.branch)
    state = request.GET.get("state", "")
    if state in Message.State.values:
        rows = rows.filter(state=state)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    with timezone.override(request.branch.zone):
        context = {"page": page, "state": state, "states": Message.State.choices, "branch": request.branch}
        return render(request, "booking/messages/log.html", context)


@require_POST
@CHANGE
def message_again(request: SeatedRequest, pk: int) -> HttpResponse:
    """Send a message that failed once more, whichever branch is looked at by now."""
    rows = Message.objects.for_org(request.organization).filter(branch__in=seats.in_reach(request.member))
    messages.again(get_object_or_404(rows, pk=pk))
    return answers.done(request, _("It is on its way again."), "booking:messages")


@require_GET
@member_required("bookings.see")
def waiting_list(request: SeatedRequest) -> HttpResponse:
    """Show who waits in the branch; ``?past=1``: who does no longer."""
    is_past = bool(request.GET.get("past"))
    page = Paginator(waiting.listed(request.branch, is_open=not is_past), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "is_past": is_past,
        "branch": request.branch,
        "may_change": request.member.may("bookings.change"),
    }
    with timezone.override(request.branch.zone):
        return render(request, "booking/waiting/list.html", context)


@require_http_methods(["GET", "POST"])
@member_required("bookings.change")
def waiting_new(request: SeatedRequest) -> HttpResponse:
    """Let somebody wait. ``?services=&employee=&date=&name=&phone=&client=&branch=`` fill the form."""
    branch = _branch(request)
    form = WaitingForm(answers.posted(request), branch=branch, initial=_start(request, branch))
    form_page = "booking/waiting/_new.html" if request.htmx else "booking/waiting/new.html"
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _add(request, branch, form.cleaned_data)
                return answers.done(request, _("On the waiting list"), "booking:waiting")
            except (Conflict, Invalid) as error:
                field = {"service_ids": "services"}.get(error.field or "", error.field)
                form.add_error(field if field in form.fields else None, str(error))
    services: Any = form.fields["services"]
    context = {
        "form": form,
        "branch": branch,
        # By the time it is sent, another branch may be chosen in another tab.
        "action": f"{request.path}?branch={branch.pk}",
        "has_services": services.queryset.exists(),
        "may_set_up": request.member.may("services.change"),
    }
    return render(request, form_page, context, status=status)


@require_POST
@member_required("bookings.change")
def waiting_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Take somebody off the list, let them wait again, or book what is kept for them."""
    rows = WaitingClient.objects.for_org(request.organization).filter(branch__in=seats.in_reach(request.member))
    one: WaitingClient = get_object_or_404(rows, pk=pk)
    try:
        if verb == "remove":
            waiting.remove(one, by=request.member)
            text = _("Taken off the waiting list")
        elif verb == "again":
            waiting.wait_again(one)
            text = _("On the waiting list")
        else:
            waiting.accept(one, by=request.member)
            text = _("Booked")
    except (Conflict, Invalid) as error:
        if not request.htmx:
            raise
        return HttpResponse(status=409, headers=answers.triggers(toast=str(error), tone="bad") | {"HX-Reswap": "none"})
    return answers.done(request, text, "booking:waiting")


def _branch(request: SeatedRequest) -> Branch:
    id = positive_id(request.GET.get("branch", ""))
    if id is None:
        return request.branch
    found: Branch = get_object_or_404(seats.in_reach(request.member).select_related("organization"), pk=id)
    return found


def _start(request: SeatedRequest, branch: Branch) -> dict[str, Any]:
    asked = request.GET
    today = timezone.now().astimezone(branch.zone).date()
    first = max(day_of(asked.get("date", "")) or today, today)
    wanted = [positive_id(each) for text in asked.getlist("services") for each in text.split(",")]
    services = Service.objects.for_org(branch.organization_id).filter(branch=branch, pk__in=[id for id in wanted if id])
    staff = Employee.objects.for_org(branch.organization_id).filter(branch=branch)
    client = _client(request, positive_id(asked.get("client", "")))
    number = client.phones.first() if client else None
    return {
        "client": client.pk if client else None,
        "client_name": (asked.get("name") or asked.get("guest_name") or "")[:200] or (client.name if client else ""),
        "phone": asked.get("phone", "")[:40] or (number.number if number else ""),
        "email": client.email if client else "",
        "services": [service.pk for service in services],
        "employee": staff.filter(pk=positive_id(asked.get("employee", ""))).first(),
        "first_day": first,
        "last_day": first + timedelta(days=_WAITED_DAYS),
    }


def _add(request: SeatedRequest, branch: Branch, said: dict[str, Any]) -> None:
    earliest, latest = between(said["part"])
    waiting.add(
        branch,
        service_ids=[service.pk for service in said["services"]],
        employee_id=said["employee"].pk if said["employee"] else None,
        first_day=said["first_day"],
        last_day=said["last_day"],
        earliest=earliest,
        latest=latest,
        client=_client(request, said["client"]),
        client_name=said["client_name"],
        phone=said["phone"],
        email=said["email"],
        notes=said["notes"],
        by=request.member,
    )


def _client(request: SeatedRequest, id: int | None) -> Client | None:
    if id is None:
        return None
    found: Client | None = Client.objects.for_org(request.organization).filter(pk=id).first()
    return found
