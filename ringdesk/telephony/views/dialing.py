"""Placing calls: a click on a number, the key of outside programs, and the door they knock at with it."""

import json
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.core import phones
from ringdesk.core.problems import Conflict, Forbidden, Invalid
from ringdesk.telephony import control, dialing, dialing_keys, history
from ringdesk.telephony.connectors import fields
from ringdesk.telephony.connectors.base import CannotControl, Malformed, Request
from ringdesk.telephony.models import Call, Connector, PlacedCall
from ringdesk.telephony.views.connectors import base_url

DOOR = "httpapiinteg/crmapi/v1/makecall"
_LONGEST = 60


@require_POST
@member_required("calls.place")
def place(request: SeatedRequest) -> HttpResponse:
    """Call ``phone`` for the member, by the connector of ``call`` where it is about one. Answers with a message."""
    phone = request.POST.get("phone", "")[:_LONGEST].replace("\x00", "")
    try:
        placed = dialing.place(request.member, phone, connector=_connector(request))
    except dialing.NoExtension:
        return _told(_no_extension(request.member), "warn")
    except (Conflict, Forbidden, Invalid) as problem:
        return _told(str(problem), "warn")
    if placed.state == PlacedCall.State.REFUSED:
        return _told(dialing.refusal(placed), "bad")
    said = {"phone": phones.display(placed.phone), "extension": placed.extension}
    return _told(_("Calling %(phone)s: your phone %(extension)s rings, pick it up.") % said, "ok")


@require_POST
@member_required("calls.place")
def hang_up(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """End a call that the member talks on. Answers with a message."""
    return _controlled(request, pk, lambda call: control.hang_up(request.member, call), _("The call is being ended."))


@require_POST
@member_required("calls.place")
def transfer(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Put a call that the member talks on through to the extension ``to``. Answers with a message."""
    to = request.POST.get("to", "")[:_LONGEST].replace("\x00", "")
    said = _("The call is being put through to %s.") % to
    return _controlled(request, pk, lambda call: control.transfer(request.member, call, to), said)


def _controlled(request: SeatedRequest, pk: UUID, act: Callable[[Call], object], said: str) -> HttpResponse:
    found = history.visible_to(request.member).select_related("connector")
    call = get_object_or_404(found, pk=pk)
    try:
        act(call)
    except (Conflict, Forbidden, Invalid) as problem:
        return _told(str(problem), "warn")
    except CannotControl as problem:
        return _told(_("The PBX did not do it: %s") % problem, "bad")
    return _told(said, "ok")


@never_cache
@member_required("connectors.change")
def dialing_key(request: SeatedRequest) -> HttpResponse:
    """Show the key of outside programs and where they knock (a fragment)."""
    return _key(request)


@require_POST
@never_cache
@member_required("connectors.change")
def dialing_key_renew(request: SeatedRequest) -> HttpResponse:
    """Make the key, or another one."""
    dialing_keys.renew(request.organization, by=request.member)
    return _key(request)


@csrf_exempt
def makecall(request: HttpRequest) -> HttpResponse:
    """Place a call for an outside program: ``X-API-KEY``, body ``{"user", "phone"}`` → ``{"callid"}``."""
    # Programs that say no language are told in English.
    language = "ru" if request.headers.get("Accept-Language", "").startswith("ru") else "en"
    with translation.override(language):
        response = _makecall(request)
    response.headers["Cache-Control"] = "no-store"
    return response


def _makecall(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        response = _refused(405, _("Use POST."))
        response.headers["Allow"] = "POST"
        return response
    try:
        body = request.body
    except RequestDataTooBig:
        return _refused(413, _("The request is larger than 1 MiB."))
    key = request.headers.get("X-API-KEY", "").strip()
    organization = dialing_keys.find(key)
    if organization is None:
        return _refused(403, _("The key in X-API-KEY is not valid."))
    try:
        wish = fields.read(Request("POST", "", {}, (request.content_type or "").lower(), body))
        for name in ("user", "phone"):
            if name not in wish:
                raise Malformed(_("Parameter %(name)s is missing.") % {"name": name})
        extension = dialing.extension_of(organization, dialing_keys.user_of(key, wish["user"][:254]))
        placed = dialing.place(extension.member, wish["phone"][:_LONGEST], connector=extension.connector)
    except (Malformed, Conflict, Forbidden, Invalid) as problem:
        return _refused(400, str(problem))
    if dialing.wait_for_answer(placed).state == PlacedCall.State.REFUSED:
        return _refused(400, placed.error)
    return JsonResponse({"callid": placed.external_id or placed.command_id})


def _refused(status: int, text: str) -> HttpResponse:
    return JsonResponse({"error": text}, status=status, json_dumps_params={"ensure_ascii": False})


def _told(text: str, tone: str) -> HttpResponse:
    headers = {"HX-Trigger": json.dumps({"toast": {"text": text, "tone": tone}})}
    return HttpResponse(status=204, headers=headers)


def _no_extension(member: Member) -> str:
    if member.may("extensions.change"):
        return _("You have no extension, so no phone of yours can ring. Assign yourself one: Settings, Extensions.")
    return _(
        "You have no extension, so no phone of yours can ring. Ask the owner or an administrator to assign you one."
    )


def _connector(request: SeatedRequest) -> Connector | None:
    with suppress(ValueError):
        call = UUID(request.POST.get("call", ""))
        found = history.visible_to(request.member).select_related("connector").filter(pk=call).first()
        return found.connector if found else None
    return None


def _key(request: SeatedRequest) -> HttpResponse:
    is_limited = seats.is_limited(request.member)
    context = {
        "key": "" if is_limited else dialing_keys.shown(request.organization),
        "address": f"{base_url(request).rstrip('/')}/{DOOR}",
        "is_limited": is_limited,
    }
    return render(request, "telephony/_dialing_key.html", context)
