"""What opens behind an invitation's link."""

from django.contrib import auth, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from ringdesk.accounts import invitations, seats
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.people import AcceptForm
from ringdesk.accounts.models import Invitation, Member, User
from ringdesk.accounts.views import sent, shown

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Newcomers choose a name and password; who has an account signs in and accepts."""
    offer = invitations.find(secret)
    if offer is None:
        return shown(request, "accounts/invitation_over.html", {}, status=404)
    if isinstance(request.user, User):
        return _accept_as(request, offer, request.user)
    if invitations.has_account(offer):
        return redirect_to_login(request.get_full_path())
    return _accept_as_new(request, offer)


def _accept_as(request: HttpRequest, offer: Invitation, user: User) -> HttpResponse:
    is_theirs = user.email.lower() == offer.email.lower()
    if request.method == "POST" and is_theirs:
        return _welcome(request, invitations.accept_as(offer, user, language=_language()))
    return shown(request, "accounts/invitation_accept.html", {"offer": offer, "is_theirs": is_theirs})


def _accept_as_new(request: HttpRequest, offer: Invitation) -> HttpResponse:
    form = AcceptForm(sent(request), initial={"name": offer.name})
    if form.is_valid():
        with told_beside(form):
            member = invitations.accept_as_new(offer, language=_language(), **form.cleaned_data)
            auth.login(request, member.user, backend=BACKEND)
            return _welcome(request, member)
    return shown(request, "accounts/invitation_new.html", {"offer": offer, "form": form}, form)


def _welcome(request: HttpRequest, member: Member) -> HttpResponse:
    seats.choose(request, member)
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": member.organization})
    return redirect("/")


def _language() -> str:
    """Return the language the person reads this page in."""
    return (get_language() or "en")[:2]
