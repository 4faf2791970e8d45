"""Rooms and devices."""

from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is
from ringdesk.booking import catalogue, ordering
from ringdesk.booking.models import Facility, Pool
from ringdesk.booking.setting_up import answers
from ringdesk.booking.setting_up.answers import CHANGE, posted
from ringdesk.booking.setting_up.forms import FacilityForm, PoolForm
from ringdesk.booking.setting_up.service_pages import GET_POST, STEPS

BACK = "booking:pools"


@require_GET
@CHANGE
def pool_list(request: SeatedRequest) -> HttpResponse:
    """Show the rooms and devices of the branch, by kind."""
    rows = pools_of(request).prefetch_related(Prefetch("facilities", Facility.objects.order_by("position", "id")))
    return render(request, "booking/settings/pools.html", {"pools": rows.annotate(size=Count("services"))})


@GET_POST
@CHANGE
def pool_new(request: SeatedRequest) -> HttpResponse:
    """Add rooms or devices of a kind."""
    form = PoolForm(posted(request), is_new=True)
    return _edit(request, form, lambda data: catalogue.add_pool(request.branch, **data), _("Rooms or devices"))


@GET_POST
@CHANGE
def pool_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Rename a kind; its drawer also removes it."""
    pool = _pool(request, pk)
    form = PoolForm(posted(request), is_new=False, initial={"name": pool.name})
    return _edit(request, form, lambda data: catalogue.rename_pool(pool, **data), pool.name, pool=pool)


@require_POST
@CHANGE
def pool_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move or remove a kind of rooms."""
    pool = _pool(request, pk)

    def do() -> str | None:
        if verb in STEPS:
            ordering.move(pool, pools_of(request), STEPS[verb], request.branch)
            return None
        catalogue.remove_pool(pool)
        return _("Removed")

    return answers.act(request, do, BACK)


@GET_POST
@CHANGE
def facility_new(request: SeatedRequest, pk: int) -> HttpResponse:
    """Add a room or a device to its kind."""
    pool = _pool(request, pk)
    form = FacilityForm(posted(request), initial={"is_active": True})
    del form.fields["is_active"]
    return _edit(request, form, lambda data: catalogue.add_facility(pool, **data), pool.name)


@GET_POST
@CHANGE
def facility_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Rename a room or a device, take it out of use; its drawer also removes it."""
    facility = _facility(request, pk)
    form = FacilityForm(posted(request), initial={"name": facility.name, "is_active": facility.is_active})

    def save(data: dict[str, Any]) -> None:
        catalogue.rename_facility(facility, name=data["name"])
        if data["is_active"] != facility.is_active:
            catalogue.set_facility_in_use(facility, data["is_active"])

    return _edit(request, form, save, facility.name, facility=facility)


@require_POST
@CHANGE
def facility_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move or remove a room or a device."""
    facility = _facility(request, pk)

    def do() -> str | None:
        if verb in STEPS:
            ordering.move(facility, facility.pool.facilities.all(), STEPS[verb], request.branch)
            return None
        is_gone = catalogue.remove_facility(facility)
        return _("Removed") if is_gone else _("It has been booked before, so it is only out of use now.")

    return answers.act(request, do, BACK)


def pools_of(request: SeatedRequest) -> QuerySet[Pool]:
    """Return the kinds of rooms and devices of the branch."""
    rows: QuerySet[Pool] = Pool.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def _pool(request: SeatedRequest, pk: int) -> Pool:
    rows: QuerySet[Pool] = Pool.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home=BACK)


def _facility(request: SeatedRequest, pk: int) -> Facility:
    rows: QuerySet[Facility] = Facility.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home=BACK, branch="pool__branch")


def _edit(request: SeatedRequest, form: Any, save: Any, title: str, **context: Any) -> HttpResponse:
    template = "booking/settings/_pool.html" if request.htmx else "booking/settings/pool.html"
    return answers.edit(
        request, form, save, lambda: answers.done(request, _("Saved"), BACK), template=template,
        context={"title": title, **context},
    )  # fmt: skip
