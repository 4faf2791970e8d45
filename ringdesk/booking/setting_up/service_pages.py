"""Services and their categories; how the branch takes bookings."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Count, F, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is
from ringdesk.booking import catalogue, ordering
from ringdesk.booking.models import BookingLine, EmployeeService, Service, ServiceCategory
from ringdesk.booking.setting_up import answers, progress
from ringdesk.booking.setting_up.answers import CHANGE, posted
from ringdesk.booking.setting_up.forms import GroupForm, ServiceForm, SettingsForm
from ringdesk.core.asked import positive_id, searched
from ringdesk.crm.models import folded

GET_POST = require_http_methods(["GET", "POST"])
STEPS = {"up": -1, "down": 1, "first": -(10**6), "last": 10**6}
NO_CATEGORY = "none"


@require_GET
@CHANGE
def service_list(request: SeatedRequest) -> HttpResponse:
    """Show the services of the branch, by category; ``q`` and ``category`` narrow them."""
    text, category = searched(request.GET.get("q", "")), request.GET.get("category", "")
    found = in_order(services_of(request)).select_related("category")
    if text:
        found = found.alias(said=folded("title")).filter(said__contains=as_searched(text))
    if category == NO_CATEGORY:
        found = found.filter(category=None)
    elif category:
        found = found.filter(category=positive_id(category) or 0)
    page = answers.page_of(request, found)
    providers = _providers(page.object_list)
    context = {
        "page": page,
        "rows": [(service, providers.get(service.pk, 0)) for service in page.object_list],
        "text": text,
        "category": category,
        "categories": list(categories_of(request)),
        "is_filtered": bool(text or category),
        "steps": progress.steps(request.branch),
    }
    return render(request, "booking/settings/services.html", context)


@GET_POST
@CHANGE
def service_new(request: SeatedRequest) -> HttpResponse:
    """Add a service; “save and add another” keeps the drawer open with the same category."""
    category = request.POST.get("category") if request.method == "POST" else request.GET.get("category")
    form = _new_service_form(request, category, posted(request))
    added: list[Service] = []

    def answer() -> HttpResponse:
        if "another" not in request.POST or not request.htmx:
            return answers.done(request, _("Service added"), "booking:services")
        fresh = _new_service_form(request, category, None)
        context = {"form": fresh, "title": _("New service"), "draft": f"service:after-{added[0].pk}", "is_new": True}
        text = _("Added: %(title)s") % {"title": added[0].title}
        response = render(request, "booking/settings/_service.html", context)
        return answers.telling(response, "ringdesk:refresh", toast=text)

    return answers.edit(
        request, form, lambda data: added.append(_add(request, data)), answer,
        template=_template(request, "service"),
        context={"title": _("New service"), "draft": "service:new", "is_new": True},
    )  # fmt: skip


@GET_POST
@CHANGE
def service_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a service; its drawer also removes it."""
    service = _service(request, pk)
    form = ServiceForm(posted(request), branch=request.branch, initial=ServiceForm.initial_of(service))
    return answers.edit(
        request, form, lambda data: catalogue.change_service(service, **data),
        lambda: answers.done(request, _("Saved"), "booking:services"),
        template=_template(request, "service"),
        context={"title": service.title, "draft": f"service:{service.pk}", "service": service},
    )  # fmt: skip


@require_POST
@CHANGE
def service_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move a service among those of its category, take it out of use and into it, or remove it."""
    service = _service(request, pk)
    rows = in_order(services_of(request))

    def do() -> str | None:
        if verb in STEPS:
            ordering.move(service, rows, STEPS[verb], request.branch, within="category_id")
            return None
        if verb in ("hide", "show"):
            catalogue.change_service(service, is_active=verb == "show")
            return _("Saved")
        booked = BookingLine.objects.for_org(request.organization).filter(service=service).exists()
        catalogue.remove_service(service)
        return _("It has been booked before, so it is only out of use now.") if booked else _("Removed")

    return answers.act(request, do, "booking:services")


@require_GET
@CHANGE
def category_list(request: SeatedRequest) -> HttpResponse:
    """Show the categories of the branch."""
    rows = categories_of(request).annotate(size=Count("services"))
    context = {"groups": rows, "kind": "category", "steps": progress.steps(request.branch)}
    return render(request, "booking/settings/groups.html", context)


@GET_POST
@CHANGE
def category_new(request: SeatedRequest) -> HttpResponse:
    """Add a category of services."""
    form = GroupForm(posted(request))
    return edit_group(request, form, lambda data: _add_group(request, data), _("New category"), "category")


@GET_POST
@CHANGE
def category_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a category; its drawer also removes it."""
    group = _category(request, pk)
    form = GroupForm(posted(request), initial=GroupForm.initial_of(group))

    def save(data: dict[str, Any]) -> object:
        return catalogue.change_group(group, **data)

    return edit_group(request, form, save, group.name, "category", group=group)


@require_POST
@CHANGE
def category_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move or remove a category."""
    group = _category(request, pk)
    return act_on_group(request, group, categories_of(request), verb, "booking:category_list")


@GET_POST
@CHANGE
def settings(request: SeatedRequest) -> HttpResponse:
    """Show and save how the branch takes bookings."""
    stored = catalogue.settings_of(request.branch)
    form = SettingsForm(posted(request), initial=SettingsForm.initial_of(stored))
    template = "booking/settings/_settings.html" if request.htmx else "booking/settings/settings.html"

    def save(data: dict[str, Any]) -> None:
        # What was never saved has no version that somebody could have been faster with.
        version = data.pop("version") if stored.pk else data.pop("version") and None
        catalogue.change_settings(request.branch, version=version, **data)

    def answer() -> HttpResponse:
        if not request.htmx:
            return answers.done(request, _("Saved"), "booking:settings")
        fresh = SettingsForm(initial=SettingsForm.initial_of(catalogue.settings_of(request.branch)))
        return answers.telling(render(request, template, {"form": fresh}), toast=_("Saved"))

    return answers.edit(request, form, save, answer, template=template, context={"branch": request.branch})


def edit_group(
    request: SeatedRequest,
    form: GroupForm,
    save: Callable[[dict[str, Any]], object],
    title: str,
    kind: str,
    **context: Any,
) -> HttpResponse:
    """Show the drawer of a category or a job title, or save it."""
    group = context.get("group")
    draft = f"{kind}:{group.pk if group else 'new'}"
    return answers.edit(
        request, form, save, lambda: answers.done(request, _("Saved"), f"booking:{kind}_list"),
        template=_template(request, "group"), context={"title": title, "kind": kind, "draft": draft, **context},
    )  # fmt: skip


def act_on_group(request: SeatedRequest, group: Any, rows: QuerySet[Any], verb: str, back: str) -> HttpResponse:
    """Move or remove a category or a job title."""

    def do() -> str | None:
        if verb in STEPS:
            ordering.move(group, rows, STEPS[verb], request.branch)
            return None
        catalogue.remove_group(group)
        return _("Removed")

    return answers.act(request, do, back)


def services_of(request: SeatedRequest) -> QuerySet[Service]:
    """Return the services of the branch."""
    rows: QuerySet[Service] = Service.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def categories_of(request: SeatedRequest) -> QuerySet[ServiceCategory]:
    """Return the categories of the branch."""
    rows: QuerySet[ServiceCategory] = ServiceCategory.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def _service(request: SeatedRequest, pk: int) -> Service:
    rows: QuerySet[Service] = Service.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home="booking:services")


def _category(request: SeatedRequest, pk: int) -> ServiceCategory:
    rows: QuerySet[ServiceCategory] = ServiceCategory.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home="booking:category_list")


def in_order(services: QuerySet[Service]) -> QuerySet[Service]:
    """Return services category by category, those without one at the end."""
    return services.order_by(F("category__position").asc(nulls_last=True), "category_id", "position", "id")


def _providers(services: Iterable[Service]) -> dict[int, int]:
    """Return how many specialists provide each of these services (by id)."""
    skills = EmployeeService.objects.filter(service__in=[service.pk for service in services], employee__is_active=True)
    return dict(skills.order_by().values_list("service").annotate(Count("id")))


def _add(request: SeatedRequest, data: dict[str, Any]) -> Service:
    data.pop("version")
    return catalogue.add_service(request.branch, **data)


def _add_group(request: SeatedRequest, data: dict[str, Any]) -> ServiceCategory:
    data.pop("version")
    return catalogue.add_category(request.branch, **data)


def _new_service_form(request: SeatedRequest, category: str | None, data: Any) -> ServiceForm:
    usual = {"duration": 60, "capacity": 1, "employees_needed": 1, "buffer_before": 0, "buffer_after": 0,
             "is_online": True, "is_active": True, "category": positive_id(category or "")}  # fmt: skip
    return ServiceForm(data, branch=request.branch, initial=usual)


def _template(request: SeatedRequest, name: str) -> str:
    return f"booking/settings/_{name}.html" if request.htmx else f"booking/settings/{name}.html"


def as_searched(text: str) -> str:
    """Return a text as folded() makes what it is sought in."""
    return text.lower().replace("ё", "е")
