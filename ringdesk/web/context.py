"""What base.html shows around every page. Everything is lazy: a fragment that uses none of it asks nothing."""

from datetime import timedelta
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member, User
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import missed
from ringdesk.telephony.models import Connector
from ringdesk.web.client_texts import client_texts
from ringdesk.web.navigation import Item, groups, settings_groups
from ringdesk.web.templatetags.ringdesk import ago

# Frames of the last moments are sent again after a page load: the page may have read its rows just before them.
OVERLAP = timedelta(seconds=10)
SOON = timedelta(days=14)


@cache
def product_version() -> str:
    """Return the version of the installed product."""
    return version("ringdesk")


@cache
def schema_version() -> int:
    """Return how many of Ringdesk's migrations are applied; it cannot change while the process runs."""
    apps = [name.rpartition(".")[2] for name in settings.INSTALLED_APPS if name.startswith("ringdesk.")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = ANY(%s)", [apps])
        return int(cursor.fetchone()[0])


class Shell:
    """The frame around the page of one member."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.member: Member | None = getattr(request, "member", None)
        self.branch: Branch | None = getattr(request, "branch", None)
        match = request.resolver_match
        self.view = match.view_name if match else ""

    @property
    def scheme(self) -> str:
        return self.member.scheme if self.member else "auto"

    @property
    def schemes(self) -> list[tuple[str, str, str]]:
        return [("auto", "contrast", _("As the system")), ("light", "sun", _("Light")), ("dark", "moon", _("Dark"))]

    @property
    def version(self) -> str:
        return product_version()

    @cached_property
    def navigation(self) -> list[list[Item]]:
        return groups(self.member, self.view) if self.member else []

    @cached_property
    def more(self) -> list[Item]:
        """Return what stands behind “More” on phones."""
        return [item for group in self.navigation for item in group if item.rest]

    @cached_property
    def missed_count(self) -> int:
        """Return how many numbers wait for a call back."""
        return missed.badge(self.member, timezone.now()) if self.member and self.member.may("calls.see") else 0

    @cached_property
    def settings(self) -> list[tuple[Any, list[Item]]]:
        return settings_groups(self.member, self.view) if self.member else []

    @cached_property
    def seats(self) -> list[Member]:
        """Return the user's seats in other organizations."""
        user = self.request.user
        return [seat for seat in seats.of_user(user) if seat != self.member] if isinstance(user, User) else []

    @cached_property
    def branches(self) -> list[Branch]:
        return list(seats.branches_of(self.member)) if self.member else []

    @property
    def after_choice(self) -> str:
        """Return where choosing another branch leads: here, unless what is here belongs to one branch."""
        home: str = getattr(self.request, "home", "")
        return reverse(home) if home else self.request.get_full_path()

    @cached_property
    def extensions(self) -> list[str]:
        return sorted({extension.number for extension in self.member.extensions.all()}) if self.member else []

    @cached_property
    def status_line(self) -> list[dict[str, str]]:
        """Return the lines of the sidebar's foot: versions, the phone app, the subscription."""
        if self.member is None:
            return []
        lines = [{"text": _("Ringdesk {version}, schema {schema}").format(
            version=product_version(), schema=schema_version()), "tone": ""}]  # fmt: skip
        return [*lines, *self._phone_line(self.member), *self._subscription_line(self.member)]

    def _phone_line(self, member: Member) -> list[dict[str, str]]:
        phones = Connector.objects.for_org(member.organization_id).filter(kind="phone", is_active=True)
        latest = phones.order_by("-last_event_at").exclude(last_event_at=None).first()
        if latest is not None:
            heard = _("Phone app: {ago}").format(ago=ago(latest.last_event_at))
            return [{"text": ", ".join(filter(None, [heard, latest.agent_version])), "tone": ""}]
        return [{"text": _("Phone app: not heard yet"), "tone": "warn"}] if phones.exists() else []

    def _subscription_line(self, member: Member) -> list[dict[str, str]]:
        until = member.organization.subscription_until
        if until is None:
            return []
        left = until - timezone.localdate()
        if left < timedelta(0):
            return [{"text": _("Subscription ended on {date}").format(date=date_format(until)), "tone": "bad"}]
        text = _("Subscription until {date}").format(date=date_format(until))
        return [{"text": text, "tone": "warn" if left < SOON else ""}]

    @cached_property
    def page_config(self) -> dict[str, Any]:
        """Return what assets/strings.ts reads."""
        return {
            "language": get_language(),
            "member": self.member.pk if self.member else None,
            "organization": self.member.organization_id if self.member else None,
            "timezone": self.branch.timezone if self.branch else "UTC",
            "now": int(timezone.now().timestamp() * 1000),
            "lastEvent": self._last_event(),
            "socket": "/ws/v1/events",
            "login": reverse("account_login"),
            "doNotDisturb": self.member.do_not_disturb if self.member else False,
            "texts": client_texts(),
        }

    def _last_event(self) -> int | None:
        if self.member is None:
            return None
        events = LiveEvent.objects.filter(organization=self.member.organization_id, at__lt=timezone.now() - OVERLAP)
        return events.order_by("-id").values_list("id", flat=True).first()


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give every template ``shell``: the frame around the page."""
    return {"shell": Shell(request)}
