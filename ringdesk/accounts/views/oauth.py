"""OAuth 2.0: a member lets a program in, the program gets its tokens; how programs find all that."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from allauth.core import ratelimit
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.oauth2_backends import get_oauthlib_core

from ringdesk.accounts import audit, seats
from ringdesk.accounts.access import SCOPES
from ringdesk.accounts.models import Member, User
from ringdesk.accounts.oauth import addresses, applications, consent, programs
from ringdesk.accounts.oauth.scopes import ASSISTANT
from ringdesk.accounts.oauth_models import Application
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Conflict, Invalid

LARGEST_REGISTRATION = 16 * 1024  # bytes
# Where a token may be told to reach (RFC 8707), and where one finds out how to get it (RFC 9728).
RESOURCES = ("", "/mcp", "/api/v1")
METHODS = ["none", "client_secret_basic", "client_secret_post"]
View = Callable[..., HttpResponse]


@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask a member whether a program may act for them, and send the program a code."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    if _has_nul(request):
        return _not_asked(request, "invalid_request")
    try:
        scopes, credentials = get_oauthlib_core().validate_authorization_request(request)
    except FatalClientError as error:
        return _not_asked(request, error.oauthlib_error.description or str(error.oauthlib_error.error))
    except OAuthToolkitError as error:
        return _sent_back(request, error.oauthlib_error.in_uri(error.oauthlib_error.redirect_uri))
    application = Application.objects.get(client_id=credentials["client_id"])
    places = [seat for seat in seats.of_user(request.user) if _may_enter(application, seat)]
    if not places:
        return _not_asked(request, _("This program is not registered for an organization in which you work."))
    try:
        credentials["resource"] = _resources(request)
    except Invalid:
        return _refused(request, application, credentials, "invalid_target")
    if "decision" not in request.POST:
        return _asked(request, application, credentials, scopes, places)
    if request.POST["decision"] != "allow":
        return _refused(request, application, credentials, "access_denied")
    return _decided(request, application, credentials, scopes, places)


def _decided(
    request: HttpRequest, application: Application, credentials: dict[str, Any], scopes: list[str], places: list[Member]
) -> HttpResponse:
    seat = next((seat for seat in places if seat.pk == positive_id(request.POST.get("seat", ""))), None)
    wished = [scope for scope in scopes if scope in request.POST.getlist("grant")]
    granted = programs.grantable(seat, wished) if seat else []
    if seat is None or not granted:
        problem = _("Choose what the program may do.") if seat else _("Choose the organization.")
        return _asked(request, application, credentials, scopes, places, problem)
    credentials["member"] = seat
    try:
        uri, _headers, _body, _status = get_oauthlib_core().create_authorization_response(
            request, granted, credentials, True
        )
    except OAuthToolkitError as error:
        return _sent_back(request, error.oauthlib_error.in_uri(credentials["redirect_uri"]), application)
    audit.record(seat.organization, "program.connected", application, by=seat, scopes=[None, granted])
    return _sent_back(request, uri, application)


def _asked(
    request: HttpRequest,
    application: Application,
    credentials: dict[str, Any],
    scopes: list[str],
    places: list[Member],
    problem: str = "",
) -> HttpResponse:
    current: Member | None = getattr(request, "member", None)
    context = {
        "application": application,
        "place": addresses.place(credentials["redirect_uri"]),
        "places": places,
        "chosen": current.pk if current in places and current else places[0].pk,
        "wishes": consent.wishes(scopes, places),
        "problem": problem,
    }
    response = render(request, "accounts/oauth_consent.html", context, status=422 if problem else 200)
    # The browser asks the policy also about where the answer to this form leads.
    response._csp_update = {"form-action": [addresses.form_action(credentials["redirect_uri"])]}  # type: ignore[attr-defined]
    return response


def _not_asked(request: HttpRequest, reason: str) -> HttpResponse:
    """Show what is wrong here: an address that is not the program's must not get so much as an error."""
    return render(request, "accounts/oauth_error.html", {"reason": reason}, status=400)


def _refused(request: HttpRequest, application: Application, credentials: dict[str, Any], error: str) -> HttpResponse:
    said = {"error": error} | ({"state": credentials["state"]} if credentials.get("state") else {})
    return _sent_back(request, _with(credentials["redirect_uri"], said), application)


def _sent_back(request: HttpRequest, uri: str, application: Application | None = None) -> HttpResponse:
    """Redirect to the program, which was checked to be where it is; says who we are (RFC 9207)."""
    schemes = application.get_allowed_schemes() if application else [urlsplit(uri).scheme]
    answer: HttpResponse = OAuth2ResponseRedirect(_with(uri, {"iss": programs.base_url(request)}), schemes)
    return answer


def _with(uri: str, parameters: dict[str, str]) -> str:
    parts = urlsplit(uri)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in parameters]
    return urlunsplit(parts._replace(query=urlencode([*query, *parameters.items()])))


def _has_nul(request: HttpRequest) -> bool:
    """Tell whether something was sent that no database column can hold."""
    sent = [*request.GET.lists(), *request.POST.lists()]
    return any("\x00" in value for _name, values in sent for value in values)


def _may_enter(application: Application, seat: Member) -> bool:
    return application.organization_id in (None, seat.organization_id)


def _resources(request: HttpRequest) -> list[str]:
    """Return what the token is to be restricted to. Raises Invalid for an address that is not ours."""
    wished = request.GET.getlist("resource")
    ours = {programs.base_url(request) + path for path in RESOURCES}
    if any(uri.rstrip("/") not in ours for uri in wished):
        raise Invalid("resource")
    return wished


def open_to_programs(view: View) -> View:
    """Let programs that run in a browser use it from their own pages: nothing here goes by cookies."""

    @csrf_exempt
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = HttpResponse(status=204) if request.method == "OPTIONS" else view(request, *args, **kwargs)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, MCP-Protocol-Version"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        return response

    return opened


@open_to_programs
@require_http_methods(["POST"])
@sensitive_post_parameters()
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Give tokens for a code or a refresh token; the answer names the organization."""
    if _has_nul(request):
        return JsonResponse({"error": "invalid_request"}, status=400)
    _uri, headers, body, status = get_oauthlib_core().create_token_response(request)
    return HttpResponse(body, status=status, headers={"Content-Type": "application/json", **headers})


@open_to_programs
@require_http_methods(["POST"])
@sensitive_post_parameters()
@never_cache
def revoke(request: HttpRequest) -> HttpResponse:
    """Take a token back at the program's own wish (RFC 7009)."""
    if _has_nul(request):
        return JsonResponse({"error": "invalid_request"}, status=400)
    _uri, headers, body, status = get_oauthlib_core().create_revocation_response(request)
    return HttpResponse(body or "", status=status, headers=headers)


@open_to_programs
@require_http_methods(["POST"])
@never_cache
def register(request: HttpRequest) -> HttpResponse:
    """Let a program register itself (RFC 7591): it gets nothing by that but the right to ask members."""
    if not ratelimit.consume(request, action="register_program"):
        return JsonResponse({"error": "temporarily_unavailable"}, status=429, headers={"Retry-After": "3600"})
    try:
        wish = _registration(request)
        application, secret = applications.register_itself(
            name=wish["client_name"],
            redirect_uris=wish["redirect_uris"],
            is_public=wish["token_endpoint_auth_method"] == "none",
        )
    except Invalid as problem:
        code = "invalid_redirect_uri" if problem.field == "redirect_uris" else "invalid_client_metadata"
        return JsonResponse({"error": code, "error_description": str(problem)}, status=400)
    except Conflict as problem:
        return JsonResponse({"error": "temporarily_unavailable", "error_description": str(problem)}, status=503)
    said = {
        "client_id": application.client_id,
        "client_id_issued_at": int(application.created.timestamp()),
        "client_name": application.name,
        "redirect_uris": application.redirects,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": wish["token_endpoint_auth_method"],
        "scope": " ".join(SCOPES),
    }
    if secret:
        said |= {"client_secret": secret, "client_secret_expires_at": 0}
    return JsonResponse(said, status=201)


def _registration(request: HttpRequest) -> dict[str, Any]:
    """Return what the program says of itself, completed. Raises Invalid."""
    if len(request.body) > LARGEST_REGISTRATION:
        raise Invalid(_("The request is too large."))
    try:
        said = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Invalid(_("Send JSON.")) from error
    if not isinstance(said, dict):
        raise Invalid(_("Send a JSON object."))
    wish: dict[str, Any] = {
        "client_name": said.get("client_name", ""),
        "redirect_uris": said.get("redirect_uris", []),
        "token_endpoint_auth_method": said.get("token_endpoint_auth_method") or "client_secret_basic",
    }
    uris = wish["redirect_uris"]
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise Invalid(_("redirect_uris is a list of addresses."), field="redirect_uris")
    if not isinstance(wish["client_name"], str):
        raise Invalid(_("client_name is a text."), field="name")
    if wish["token_endpoint_auth_method"] not in METHODS:
        raise Invalid(_("token_endpoint_auth_method is one of: %(methods)s.") % {"methods": ", ".join(METHODS)})
    grants = said.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or "authorization_code" not in grants:
        raise Invalid(_("grant_types must hold authorization_code."))
    return wish


@open_to_programs
@require_GET
def server_metadata(request: HttpRequest) -> HttpResponse:
    """Tell where what is (RFC 8414)."""
    base = programs.base_url(request)
    return JsonResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "registration_endpoint": f"{base}/oauth/register",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_methods_supported": METHODS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "service_documentation": f"{base}/api/v1/docs",
        }
    )


@open_to_programs
@require_GET
def resource_metadata(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Tell who lets programs in to the API and to the tools of assistants (RFC 9728)."""
    base, path = programs.base_url(request), f"/{rest}".rstrip("/")
    if path not in RESOURCES:
        return JsonResponse({"error": "not_found"}, status=404)
    scopes = ASSISTANT if path == "/mcp" else SCOPES
    return JsonResponse(
        {
            "resource": base + path,
            "authorization_servers": [base],
            "scopes_supported": list(scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "Ringdesk",
            "resource_documentation": f"{base}/api/v1/docs",
        }
    )
