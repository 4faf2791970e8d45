"""Setting up where calls come from."""

from datetime import datetime, timedelta

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import extensions, history, lines, link_cache, links, reach, rehearsal
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.forms import ConnectorForm, LineForm, RehearsalForm
from ringdesk.telephony.models import Connector

RECENT = 8
# A last error older than this is history, not news.
_NEWS = timedelta(days=7)
_OWN_MACHINE = ("localhost", "127.", "[::1]", "0.0.0.0")
_RIGHT = "connectors.change"


@member_required(_RIGHT)
def connectors(request: SeatedRequest) -> HttpResponse:
    """List the connectors the member reaches with how each fares."""
    found = reach.connectors_of(request.member).select_related("branch")
    now = timezone.now()
    rows = [
        {"connector": one, "kind": registry().get(one.kind), "condition": links.condition(one, now)} for one in found
    ]
    return render(request, "telephony/connectors.html", {"rows": rows, "kinds": registry().values()})


@member_required(_RIGHT)
def connector_new(request: SeatedRequest) -> HttpResponse:
    """Let the member choose the kind of source."""
    return render(request, "telephony/connector_new.html", {"kinds": registry().values()})


@member_required(_RIGHT)
def connector_add(request: SeatedRequest, kind: str) -> HttpResponse:
    """Name a new connector of this kind and store it."""
    definition = registry().get(kind)
    if definition is None:
        raise Http404
    first = {"name": definition.title, "branch": request.branch}
    form = ConnectorForm(request.POST or None, by=request.member, kind=kind, initial=first)
    if request.method == "POST" and form.is_valid():
        connector = links.create(
            request.organization,
            kind,
            form.cleaned_data["name"],
            form.cleaned_data["branch"],
            form.settings(),
            own_secrets=form.new_secrets(),
            by=request.member,
        )
        return redirect("telephony:connector", connector.pk)
    context = {"form": form, "kind": definition}
    return render(request, "telephony/connector_add.html", context, status=422 if form.errors else 200)


@member_required(_RIGHT)
def connector(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show everything about one connector: address, health, test call, lines, recent calls, instructions."""
    found = _find(request, pk)
    stored = links.own_secrets(found)
    recent = history.with_names(history.visible_to(request.member)).filter(connector=found)
    context = _health(found) | {
        "address": links.address(found, base_url(request)),
        "is_local": is_local(request),
        "form": RehearsalForm(connector=found, by=request.member),
        "line_form": LineForm(by=request.member),
        "lines": reach.lines_of(request.member, found),
        "unknown_lines": lines.unknown(found)[:5],
        "calls": recent.order_by("-first_received_at", "-id")[:RECENT],
        "generated": [
            {"name": name, "label": label, "value": stored.get(name, "")}
            for name, label in registry()[found.kind].generated.items()
        ],
        "checks": registry()[found.kind].readiness(link_cache.link(found)),
        "setup": setup_text(found, links.address(found, base_url(request))),
        "qr": qr(links.address(found, base_url(request))),
    }
    return render(request, "telephony/connector.html", context)


@member_required(_RIGHT)
def connector_health(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show how the connector fares now (a fragment that refreshes itself)."""
    return render(request, "telephony/_health.html", _health(_find(request, pk)))


@member_required(_RIGHT)
def connector_change(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change name, branch and settings."""
    found = _find(request, pk)
    first = {"name": found.name, "branch": found.branch_id} | found.settings
    stored = links.own_secrets(found)
    form = ConnectorForm(request.POST or None, by=request.member, kind=found.kind, stored_secrets=stored, initial=first)
    if request.method == "POST" and form.is_valid():
        name, branch = form.cleaned_data["name"], form.cleaned_data["branch"]
        links.change(
            found,
            name=name,
            branch=branch,
            settings=found.settings | form.settings(),
            new_secrets=form.new_secrets(),
            by=request.member,
        )
        messages.success(request, _("Saved"))
        return redirect("telephony:connector", found.pk)
    context = {"form": form, "connector": found, "kind": registry()[found.kind]}
    return render(request, "telephony/connector_change.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(_RIGHT)
def connector_switch(request: SeatedRequest, pk: int) -> HttpResponse:
    """Switch on or off."""
    links.switch(_find(request, pk), on=request.POST.get("on") == "1", by=request.member)
    return redirect("telephony:connector", pk)


@require_POST
@member_required(_RIGHT)
def connector_renew(request: SeatedRequest, pk: int) -> HttpResponse:
    """Give another address."""
    links.renew_address(_find(request, pk), by=request.member)
    messages.success(request, _("The old address is dead. Enter the new one where the old one stood."))
    return redirect("telephony:connector", pk)


@require_POST
@member_required(_RIGHT)
def connector_renew_secret(request: SeatedRequest, pk: int, name: str) -> HttpResponse:
    """Make another of the secrets that are generated here."""
    links.renew_secret(_find(request, pk), name, by=request.member)
    messages.success(request, _("The old one is dead. Enter the new one where the old one stood."))
    return redirect("telephony:connector", pk)


@require_POST
@member_required(_RIGHT)
def connector_delete(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete the connector; its calls stay."""
    found = _find(request, pk)
    links.delete(found, by=request.member)
    messages.success(request, _("“%(name)s” is deleted. Its calls are still in the list.") % {"name": found.name})
    return redirect("telephony:connectors")


@require_POST
@member_required(_RIGHT)
def connector_test(request: SeatedRequest, pk: int) -> HttpResponse:
    """Place a test call."""
    found = _find(request, pk)
    form = RehearsalForm(request.POST, connector=found, by=request.member)
    context: dict[str, object] = {"form": form, "connector": found}
    if form.is_valid() and found.is_active:
        values = form.cleaned_data
        try:
            context["call_id"] = rehearsal.place(
                found,
                Course(values["course"]),
                values["phone"],
                timezone.now(),
                line=values["line"].number if values["line"] else "",
                extension=values.get("extension", ""),
            )
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    elif form.is_valid():
        form.add_error(None, _("The connector is switched off."))
    return render(request, "telephony/_test.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(_RIGHT)
def line_save(request: SeatedRequest, pk: int, line_pk: int | None = None) -> HttpResponse:
    """Add a line to the connector's table, or change one."""
    found = _find(request, pk)
    line = get_object_or_404(reach.lines_of(request.member, found), pk=line_pk) if line_pk else None
    form = LineForm(request.POST, by=request.member)
    if form.is_valid():
        values = form.cleaned_data
        try:
            lines.save(found, values["number"], values["label"], values["branch"], line=line)
        except RingdeskError as error:
            form.add_error(error.field, str(error))
    return _lines(request, found, form)


@require_POST
@member_required(_RIGHT)
def line_remove(request: SeatedRequest, pk: int, line_pk: int) -> HttpResponse:
    """Take a line from the table."""
    found = _find(request, pk)
    line = get_object_or_404(reach.lines_of(request.member, found), pk=line_pk)
    lines.remove(line)
    return _lines(request, found, LineForm(by=request.member))


def base_url(request: HttpRequest) -> str:
    """Return this installation's address as the outside world calls it."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")


def is_local(request: HttpRequest) -> bool:
    """Tell whether the address works on this computer only."""
    return base_url(request).split("://", 1)[-1].startswith(_OWN_MACHINE)


def qr(address: str) -> str:
    """Return the address as a QR code: a data: URI of an SVG picture."""
    return str(segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2))


def setup_text(connector: Connector, address: str) -> str:
    """Return the instructions of the connector's kind, in the language of the page, with the address filled in."""
    folder = registry()[connector.kind].folder()
    language = (get_language() or "en").partition("-")[0]
    path = folder / f"SETUP.{language}.md"
    path = path if path.exists() else folder / "SETUP.en.md"
    return path.read_text(encoding="utf-8").replace("{{ address }}", address) if path.exists() else ""


def _find(request: SeatedRequest, pk: int) -> Connector:
    found = reach.connectors_of(request.member).select_related("branch")
    connector: Connector = get_object_or_404(found, pk=pk)
    return connector


def _health(connector: Connector) -> dict[str, object]:
    now = timezone.now()
    kind = registry()[connector.kind]
    return {
        "connector": connector,
        "kind": kind,
        "condition": links.condition(connector, now),
        "connected_since": links.connected_since(connector, now),
        "error": kind.explain(connector.last_error) if connector.last_error else "",
        "has_news": _has_news(connector, now),
        "unassigned": extensions.unassigned(connector.organization_id, connector)[:6] if kind.has_extensions else [],
    }


def _has_news(connector: Connector, now: datetime) -> bool:
    """Tell whether what went wrong last is worth showing: not once a lost connection stands again."""
    failed, since = connector.last_error_at, links.connected_since(connector, now)
    return bool(failed and now - failed < _NEWS and not (since and since > failed))


def _lines(request: SeatedRequest, connector: Connector, form: LineForm) -> HttpResponse:
    invalid = bool(form.errors)
    context = {
        "connector": connector,
        "lines": reach.lines_of(request.member, connector),
        "unknown_lines": lines.unknown(connector)[:5],
        "line_form": form if invalid else LineForm(by=request.member),
    }
    return render(request, "telephony/_lines.html", context, status=422 if invalid else 200)
