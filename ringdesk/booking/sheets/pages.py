"""Import and export: upload, look, import, report."""

from collections.abc import Iterator
from io import SEEK_END
from typing import IO, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is
from ringdesk.booking import tasks
from ringdesk.booking.setting_up import answers
from ringdesk.booking.setting_up.answers import CHANGE
from ringdesk.booking.sheet_models import SheetImport
from ringdesk.booking.sheets import columns, exporting, importing, reading
from ringdesk.core.problems import Invalid
from ringdesk.core.streaming import FileParts, Streamed

Kind, State = SheetImport.Kind, SheetImport.State
_RECENT = 10
_REFUSED_SHOWN = 50
# Megabytes, which a look at how far an import has come needs none of: read where they are asked for.
_LARGE = ("rows", "refused", "kept_preview")


@require_http_methods(["GET", "POST"])
@CHANGE
def imports(request: SeatedRequest) -> HttpResponse:
    """Take a file to import; offer exports; show the last imports."""
    status, error, kind = 200, "", request.POST.get("kind", Kind.SERVICES)
    if request.method == "POST":
        _require_clients_right(request, kind, "clients.change")
        try:
            sheet = _upload(request, kind)
        except Invalid as problem:
            status, error = 422, str(problem)
        else:
            return redirect("booking:import_sheet", sheet.pk)
    context = {
        "kinds": _kinds(request), "chosen": kind, "error": error, "recent": _sheets(request).defer(*_LARGE)[:_RECENT],
        "most_rows": reading.MOST_ROWS, "most_megabytes": reading.MOST_BYTES // 1024**2,
    }  # fmt: skip
    return render(request, "booking/settings/imports.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@CHANGE
def import_sheet(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show what would become of a table, its progress, or its report; ``column`` says what the columns are."""
    sheet = _sheet(request, pk)
    _require_clients_right(request, sheet.kind, "clients.change")
    if request.method == "POST":
        if sheet.state == State.PREVIEW:
            importing.choose_columns(sheet, request.POST.getlist("column"))
        if not request.htmx:
            return redirect("booking:import_sheet", pk)
    template = "booking/settings/_import.html" if request.htmx else "booking/settings/import.html"
    return render(request, template, _context(sheet))


@require_POST
@CHANGE
def import_start(request: SeatedRequest, pk: int) -> HttpResponse:
    """Import a table that has been looked at, at once or by a job; start one again that was interrupted."""
    sheet = _sheet(request, pk)
    _require_clients_right(request, sheet.kind, "clients.change")
    if not importing.is_stalled(sheet, timezone.now()):
        importing.start(sheet)
    if sheet.total <= importing.AT_ONCE:
        importing.run(sheet.pk)
    else:
        tasks.import_soon(sheet.pk)
    url = reverse("booking:import_sheet", args=[sheet.pk])
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)


@require_POST
@CHANGE
def import_discard(request: SeatedRequest, pk: int) -> HttpResponse:
    """Throw an uploaded table away."""
    sheet = _sheet(request, pk)
    _require_clients_right(request, sheet.kind, "clients.change")
    if sheet.state == State.RUNNING:
        raise Http404
    sheet.delete()
    return answers.gone_to(request, _("Removed"), reverse("booking:imports"))


@require_GET
@CHANGE
def import_refused(request: SeatedRequest, pk: int, format: str) -> HttpResponse:
    """Send the refused rows as a table that can be mended and imported again."""
    sheet = _sheet(request, pk)
    _require_clients_right(request, sheet.kind, "clients.change")
    if sheet.state != State.DONE:
        raise Http404
    return _file(exporting.file_of(format, *importing.refused_rows(sheet)), format, f"refused-{sheet.pk}")


@require_GET
@CHANGE
def export(request: SeatedRequest, kind: str, format: str) -> HttpResponse:
    """Send everything of a kind as a file; ``?sample`` only the headings."""
    _require_clients_right(request, kind, "clients.see")
    if "sample" in request.GET:
        heading = [str(column.label) for column in columns.BY_KIND[kind]]
        return _file(exporting.file_of(format, heading, []), format, kind)
    day = timezone.localdate(timezone=request.branch.zone)
    return _file(exporting.export(kind, request.branch, format), format, f"{kind}-{day}")


def _upload(request: SeatedRequest, kind: str) -> SheetImport:
    file = request.FILES.get("file")
    if kind not in Kind.values:
        raise Invalid(_("Choose what to import."))
    if file is None or isinstance(file, list):
        raise Invalid(_("Choose a file."))
    if (file.size or 0) > reading.MOST_BYTES:
        raise Invalid(_("The file is larger than %(most)s MB.") % {"most": reading.MOST_BYTES // 1024**2})
    return importing.upload(request.branch, kind, file.name or "", file.read(), by=request.member)


def _context(sheet: SheetImport) -> dict[str, object]:
    context: dict[str, object] = {"sheet": sheet, "is_stalled": importing.is_stalled(sheet, timezone.now())}
    if sheet.state == State.PREVIEW:
        found, known = importing.look(sheet, timezone.now()), columns.BY_KIND[sheet.kind]
        return context | {
            "preview": found,
            "will": found.counts["added"] + found.counts["changed"],
            "lacks": importing.lacks(sheet),
            "required": next(str(each.label) for each in known if each.name == columns.REQUIRED[sheet.kind]),
            "choices": known,
            "matching": list(_matching(sheet)),
            "used": [place for place, name in enumerate(sheet.columns) if name],
        }
    if sheet.state == State.DONE:
        shown = [(place + 2, sheet.rows[place], reason) for place, reason in sheet.refused[:_REFUSED_SHOWN]]
        context |= {"refused": shown}
    return context


def _matching(sheet: SheetImport) -> Iterator[tuple[str, str, str]]:
    """Return each column: its heading, what it is, and what stands there for example."""
    for place, title in enumerate(sheet.heading):
        yield title, sheet.columns[place], next((row[place] for row in sheet.rows[:50] if row[place]), "")


def _kinds(request: SeatedRequest) -> list[tuple[str, str]]:
    return [
        (value, str(label)) for value, label in Kind.choices
        if value != Kind.CLIENTS or request.member.may("clients.change")
    ]  # fmt: skip


def _require_clients_right(request: SeatedRequest, kind: str, right: str) -> None:
    if kind == Kind.CLIENTS and not request.member.may(right):
        raise PermissionDenied


def _sheets(request: SeatedRequest) -> QuerySet[SheetImport]:
    rows: QuerySet[SheetImport] = SheetImport.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def _sheet(request: SeatedRequest, pk: int) -> SheetImport:
    rows: QuerySet[SheetImport] = SheetImport.objects.for_org(request.organization)
    return found_where_it_is(request, rows.select_related("member").defer(*_LARGE), pk, home="booking:imports")


def _file(file: IO[bytes], format: str, name: str) -> HttpResponse:
    size = file.seek(0, SEEK_END)
    file.seek(0)
    answer = Streamed(
        FileParts(file),
        content_type=exporting.FORMATS[format].media_type,
        headers={"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}.{format}"'},
    )
    return cast(HttpResponse, answer)
