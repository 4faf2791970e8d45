"""Those who visit a page: its owner, a colleague without the right, a stranger."""

from django.test import Client as Browser

from ringdesk.accounts.models import Member

DRAWER = {"HX-Request": "true", "HX-Target": "drawer"}


def browser_of(member: Member) -> Browser:
    """Return a browser in which this member is signed in."""
    browser = Browser()
    browser.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser
