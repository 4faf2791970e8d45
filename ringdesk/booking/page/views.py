"""The booking page: branch, services, specialist, time, contact. Every step is an address or a plain form."""

from typing import Any

from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.accounts.models import Branch
from ringdesk.booking import offers, openings, pages, photos
from ringdesk.booking.models import Booking, Employee, Service
from ringdesk.booking.offers import Offer
from ringdesk.booking.page import codes, limits, times, visitors
from ringdesk.booking.page.choice import Choice
from ringdesk.booking.page.forms import ContactForm, moment_of
from ringdesk.booking.page.frame import Visit, public, show
from ringdesk.booking.problems import NotOffered, SlotTaken
from ringdesk.core.problems import Conflict, Invalid

Context = dict[str, Any]


@require_safe
@public
def start(request: Visit) -> HttpResponseBase:
    """Show the first step that is not decided yet."""
    branches = pages.branches(request.page)
    if not branches:
        return show(request, "problem.html", {"message": _("Nothing can be booked online at the moment.")})
    branch = _branch(request.choice, branches)
    if branch is None:
        choices = [(each, request.choice.but(branch=each.pk, services=(), employee=None).query) for each in branches]
        return show(request, "branch.html", {"choices": choices})
    return _step(request, request.choice.but(branch=branch.pk), branch, is_only=len(branches) == 1)


def _step(request: Visit, choice: Choice, branch: Branch, *, is_only: bool, **more: Any) -> HttpResponse:
    offer = offers.of(branch)
    online = {service.pk: service for service in offer.online()}
    choice = choice.but(services=tuple(id for id in choice.services if id in online))
    error = ""
    if choice.services and not choice.is_changing:
        try:
            able = openings.candidates(offer, openings.plan(offer, choice.services, online=True), None)
        except NotOffered as refused:
            able, error = [], str(refused)
        if able:
            context = _summary(offer, choice, branch, is_only) | more
            if choice.employee is None and len(able) > 1:
                return show(request, "specialist.html", context | {"staff": _staff(branch, offer, choice, able)})
            known = {each.id for each in able}
            choice = choice.but(employee=choice.employee if choice.employee in known else 0)
            return _times(request, choice, branch, context | {"choice": choice, "has_staff": len(able) > 1})
        error = error or _("Nobody does all of these in one visit. Choose fewer, or book them one by one.")
    context = {"branch": branch, "is_only": is_only, "groups": _groups(offer, list(online.values())), "error": error}
    context |= {"choice": choice.but(is_changing=False), "chosen": choice.services}
    context |= {"back": "" if is_only else choice.but(branch=None, services=(), employee=None, is_changing=False).query}
    return show(request, "services.html", context | more, status=409 if error or more else 200)


def _times(request: Visit, choice: Choice, branch: Branch, context: Context, status: int = 200) -> HttpResponse:
    found = times.times(branch, choice.services, choice.employee or None, choice.day, timezone.now())
    held = pages.booking_of(request.page, choice.hold, pages.HOLD) if choice.hold else None
    days = [(day, choice.but(day=day.date).query) for day in found.days]
    turns = {
        name: choice.but(day=day).query if day else ""
        for name, day in (("before", found.before), ("after", found.after), ("nearest", found.nearest))
    }
    context |= {"times": found, "days": days, "turns": turns, "zone": branch.zone, "held": held}
    context |= {"hold_url": pages.path(request.page, "hold/"), "wait_url": _wait_url(request, choice)}
    # The choice's own day is where the visitor comes back to.
    context |= {"choice": choice.but(day=found.chosen)}
    with timezone.override(branch.zone):
        return show(request, "times.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def hold(request: Visit) -> HttpResponseBase:
    """Keep the time of the button that was pressed while the visitor types."""
    choice, page = request.choice, request.page
    branches = pages.branches(page)
    branch = _branch(choice, branches)
    starts_at = moment_of(request.POST.get("start", ""))
    if request.method != "POST" or branch is None or starts_at is None or not choice.services:
        return HttpResponseRedirect(pages.path(page) + choice.query)
    limits.count(request, "holds", limits.HOLDS)
    before = pages.booking_of(page, choice.hold, pages.HOLD) if choice.hold else None
    try:
        held = visitors.keep(branch, choice.services, starts_at, choice.employee or None, instead_of=before)
    except SlotTaken as error:
        return _taken(request, choice, branch, error, is_only=len(branches) == 1)
    except (NotOffered, Invalid, Conflict) as error:
        return _step(request, choice, branch, is_only=len(branches) == 1, problem=str(error))
    token = pages.token(held, pages.HOLD)
    after = choice.but(hold="", day=starts_at.astimezone(branch.zone).date())
    return redirect(pages.path(page, f"details/{token}/") + after.query)


def _taken(request: Visit, choice: Choice, branch: Branch, error: SlotTaken, *, is_only: bool) -> HttpResponse:
    """Show the times again, the nearest free ones first."""
    context = {"problem": str(error), "free": [each.starts_at for each in error.free]}
    response = _step(request, choice, branch, is_only=is_only, **context)
    response.status_code = 409
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@public
def details(request: Visit, token: str) -> HttpResponseBase:
    """Ask who comes; then book, or ask to confirm."""
    page, choice = request.page, request.choice
    held = pages.booking_of(page, token, pages.HOLD)
    if held is None:
        raise Http404
    if held.phone:
        # Sent already: whoever comes back sees where it stands.
        return _after(request, held)
    branch = held.branch
    form = ContactForm(request.POST if request.method == "POST" else None, page=page, branch=branch)
    context = {"held": held, "branch": branch, "form": form, "is_kept": visitors.is_kept(held)}
    context |= {"until": held.held_until, "back": pages.path(page) + choice.but(hold=token).query}
    status = 200
    if request.method == "POST":
        status = 422
        limits.count(request, "sent", limits.SENT)
        if form.is_program:
            context["problem"] = _("This did not work. Please try again.")
        elif form.is_valid():
            starts_at = moment_of(request.POST.get("start", ""))
            visitor = form.visitor(translation.get_language() or "ru")
            try:
                booked = visitors.book(page, held, visitor, starts_at=starts_at, employee_id=choice.employee or None)
                return _after(request, booked)
            except SlotTaken as error:
                status = 409
                context |= {"problem": str(error), "free": [each.starts_at for each in error.free], "is_kept": False}
            except (Conflict, Invalid) as error:
                status = 409
                context["problem"] = str(error)
    with timezone.override(branch.zone):
        return show(request, "details.html", context, status=status)


def _after(request: Visit, booking: Booking) -> HttpResponse:
    """Lead to what comes next: the visitor's own page, the code, or the word that a letter is on its way."""
    page, query = request.page, Choice(language=request.choice.language).query
    if booking.status != Booking.Status.HELD:
        return redirect(pages.path(page, f"visit/{pages.token(booking)}/") + query)
    if page.confirmation == page.Confirmation.CODE:
        return redirect(pages.path(page, f"code/{pages.token(booking, pages.HOLD)}/") + query)
    return redirect(pages.path(page, f"sent/{pages.token(booking, pages.HOLD)}/") + query)


@require_safe
@public
def sent(request: Visit, token: str) -> HttpResponseBase:
    """Say that a letter with a link is on its way."""
    held = pages.booking_of(request.page, token, pages.HOLD)
    if held is None:
        raise Http404
    if held.status == Booking.Status.BOOKED:
        return _after(request, held)
    with timezone.override(held.branch.zone):
        return show(request, "sent.html", {"held": held, "until": held.held_until})


@require_http_methods(["GET", "HEAD", "POST"])
@public
def code(request: Visit, token: str) -> HttpResponseBase:
    """Ask for the code that was sent to the phone."""
    held = pages.booking_of(request.page, token, pages.HOLD)
    if held is None:
        raise Http404
    if held.status == Booking.Status.BOOKED:
        return _after(request, held)
    services = tuple(line.service_id for line in held.lines.all() if line.service_id)
    again = Choice(branch=held.branch_id, services=services, employee=0, language=request.choice.language)
    context: Context = {"held": held, "until": held.held_until, "again": pages.path(request.page) + again.query}
    status = 200
    if request.method == "POST":
        limits.count(request, "sent", limits.SENT)
        try:
            return _after(request, codes.confirm_by_code(held, request.POST.get("code", "")[:20]))
        except (Conflict, Invalid) as error:
            status = 422
            context["problem"] = str(error)
    context |= {"is_used_up": codes.is_used_up(held), "is_kept": visitors.is_kept(held)}
    with timezone.override(held.branch.zone):
        return show(request, "code.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def confirm(request: Visit, token: str) -> HttpResponseBase:
    """Confirm by the link of the letter: by a button, as programs that look into letters open every link."""
    held = pages.booking_of(request.page, token, pages.CONFIRM)
    if held is None:
        raise Http404
    if held.status == Booking.Status.BOOKED:
        return _after(request, held)
    context: Context = {"held": held, "again": pages.path(request.page)}
    status = 200
    if request.method == "POST":
        try:
            return _after(request, codes.confirm(held))
        except Conflict as error:
            status = 409
            context["problem"] = str(error)
    with timezone.override(held.branch.zone):
        return show(request, "confirm.html", context, status=status)


@require_safe
@public
def widget(request: Visit) -> HttpResponseBase:
    """Return the script that shows the page inside another one."""
    file = finders.find("ringdesk/widget.js")
    if file is None:
        raise Http404
    with open(file, "rb") as script:
        response = HttpResponse(script.read(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    # Other sites load it: that is what it is for.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _branch(choice: Choice, branches: list[Branch]) -> Branch | None:
    if len(branches) == 1:
        return branches[0]
    return next((branch for branch in branches if branch.pk == choice.branch), None)


def _summary(offer: Offer, choice: Choice, branch: Branch, is_only: bool) -> Context:
    chosen = [offer.services[id] for id in choice.services]
    specialist = offer.specialists.get(choice.employee or 0)
    return {
        "branch": branch,
        "is_only": is_only,
        "chosen": chosen,
        "minutes": sum(service.duration for service in chosen),
        "specialist": specialist.name if specialist else "",
        "change_branch": "" if is_only else choice.but(branch=None, services=(), employee=None, day=None).query,
        "change_services": choice.but(is_changing=True, employee=None, day=None).query,
        "change_specialist": choice.but(employee=None, day=None).query,
    }


def _groups(offer: Offer, services: list[Service]) -> list[tuple[str, list[Service]]]:
    """Return the services under their categories, in the order of the lists."""
    groups = [
        (category.name, [service for service in services if service.category_id == category.pk])
        for category in offer.categories.values()
    ]
    groups.append(("", [service for service in services if service.category_id not in offer.categories]))
    return [(name, found) for name, found in groups if found]


def _staff(branch: Branch, offer: Offer, choice: Choice, able: list[Any]) -> list[dict[str, str]]:
    rows = Employee.objects.for_org(branch.organization_id).filter(pk__in=[each.id for each in able])
    pictures = {employee.pk: photos.url(employee) for employee in rows}
    anybody = {"name": _("Any specialist"), "about": _("Whoever is free: most times to choose from"), "photo": "",
               "query": choice.but(employee=0).query}  # fmt: skip
    return [
        anybody,
        *(
            {
                "name": each.name,
                "about": offer.job_title_of(each),
                "more": each.information,
                "photo": pictures.get(each.id, ""),
                "query": choice.but(employee=each.id).query,
            }
            for each in able
        ),
    ]


def _wait_url(request: Visit, choice: Choice) -> str:
    return reverse("booking:page_wait", args=[request.page.organization.slug]) + choice.but(hold="").query
