"""What stands in the sidebar and among the settings, by module and role. Names that do not exist are left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Member, Module

ON_A_PHONE = 4


@dataclass(frozen=True)
class Entry:
    """A place to go: URL name, icon, label, and who sees it."""

    name: str
    icon: str
    label: str | Promise
    module: str = ""
    action: str = ""
    # Names of the views (or their beginnings) that belong to the entry besides its own.
    covers: tuple[str, ...] = ()
    # What it is called where the organization has no hall.
    elsewhere: str | Promise = ""
    # The template of a number beside the label.
    badge: str = ""


@dataclass(frozen=True)
class Item:
    """An entry as the template shows it; ``rest`` items stand behind “More” on phones."""

    url: str
    icon: str
    label: str | Promise
    current: bool
    rest: bool = False
    count: int = 0
    badge: str = ""


SETTINGS: tuple[tuple[str | Promise, tuple[Entry, ...]], ...] = (
    (
        _("Organization"),
        (
            Entry("accounts:organization", "building", _("Organization"), action="organization.change"),
            Entry("accounts:branches", "place", _("Branches and hours"), action="branches.change",
                  covers=("accounts:branch",)),
            Entry("accounts:members", "users", _("Members"), action="members.see",
                  covers=("accounts:member", "accounts:invit")),
            Entry("accounts:roles", "shield", _("Roles"), action="members.see"),
            Entry("accounts:tokens", "key", _("API tokens"), action="tokens.change", covers=("accounts:token",)),
            Entry("accounts:audit", "note", _("Log of changes"), action="audit.see"),
        ),
    ),
    (
        _("Restaurant"),
        (
            Entry("hall:halls", "table", _("Halls and tables"), Module.HALL, "halls.change",
                  ("hall:hall", "hall:table")),
            Entry("hall:statuses", "tag", _("Statuses"), Module.HALL, "halls.change", ("hall:status",)),
            Entry("hall:settings", "clock", _("Reservations"), Module.HALL, "halls.change"),
        ),
    ),
    (
        pgettext_lazy("settings", "Services"),
        (
            Entry("booking:services", "bag", _("Services and prices"), Module.BOOKING, "services.change",
                  ("booking:service", "booking:category", "booking:import")),
            Entry("booking:employees", "users", _("Specialists"), Module.BOOKING, "services.change",
                  ("booking:employee", "booking:job_title")),
            Entry("booking:pools", "building", _("Rooms and devices"), Module.BOOKING, "services.change",
                  ("booking:pool", "booking:facility")),
            Entry("booking:schedule", "calendar", _("Schedules"), Module.BOOKING, "bookings.see",
                  ("booking:schedule_", "booking:holiday")),
            Entry("booking:settings", "clock", _("Bookings"), Module.BOOKING, "services.change"),
            Entry("booking:page_settings", "globe", _("Booking page"), Module.BOOKING, "services.change",
                  ("booking:page_",)),
            Entry("booking:messages", "mail", _("Messages to clients"), Module.BOOKING, "services.change",
                  ("booking:message",)),
            Entry("booking:console", "play", _("Console of functions"), Module.BOOKING, "services.change",
                  ("booking:console_",)),
        ),
    ),
    (
        _("Telephony"),
        (
            Entry("telephony:connectors", "plug", _("Phones and PBXes"), action="connectors.change",
                  covers=("telephony:connector",)),
            Entry("webhooks:endpoints", "external", _("CRMs and webhooks"), action="connectors.change",
                  covers=("webhooks:",)),
            Entry("telephony:call_settings", "sliders", pgettext_lazy("settings", "Calls"),
                  action="connectors.change"),
            Entry("telephony:ignored", "ban", _("Ignored numbers"), action="numbers.ignore",
                  covers=("telephony:ignored",)),
            Entry("telephony:extensions", "phone", _("Extensions"), action="extensions.change",
                  covers=("telephony:extension",)),
        ),
    ),
    (
        _("Personal"),
        (
            Entry("accounts:profile", "user", _("Profile")),
            Entry("account_change_password", "lock", _("Password")),
            Entry("mfa_index", "shield", _("Two-step sign-in"), covers=("mfa_",)),
            Entry("accounts:programs", "plug", _("Programs and assistants"),
                  covers=("accounts:program", "accounts:application")),
        ),
    ),
)  # fmt: skip

GROUPS: tuple[tuple[Entry, ...], ...] = (
    (
        Entry("hall:day", "timeline", _("Hostess panel"), Module.HALL, "reservations.see"),
        Entry(
            "booking:diary",
            "calendar",
            _("Diary"),
            Module.BOOKING,
            "bookings.see",
            ("booking:week", "booking:card", "booking:print"),
        ),
        Entry("hall:plan", "plan", _("Hall plan"), Module.HALL, "reservations.see"),
        Entry(
            "crm:clients",
            "users",
            _("Guests"),
            action="clients.see",
            covers=("crm:client", "crm:contract"),
            elsewhere=_("Clients"),
        ),
        Entry(
            "telephony:calls",
            "phone",
            _("Calls"),
            Module.CALLS,
            "calls.see",
            ("telephony:call", "telephony:missed"),
            badge="telephony/_missed_count.html",
        ),
    ),
    (
        Entry("booking:waiting", "clock", _("Waiting list"), Module.BOOKING, "bookings.see"),
        Entry("crm:leads", "tag", _("Leads"), Module.CALLS, "clients.see", ("crm:lead",)),
        Entry("crm:interactions", "note", _("Interactions"), Module.CALLS, "calls.see", ("crm:interaction",)),
        Entry("telephony:address_book", "phone-book", _("Address book"), Module.CALLS, "clients.see"),
    ),
    (
        Entry("hall:reports", "chart", _("Reports"), Module.HALL, "reservations.see"),
        Entry("web:settings", "sliders", _("Settings")),
        Entry("web:help", "help", _("Help"), covers=("web:help",)),
    ),
)


def _url(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _is_seen(entry: Entry, member: Member) -> bool:
    if entry.module and not member.organization.has_module(entry.module):
        return False
    return not entry.action or member.may(entry.action)


def _is_current(entry: Entry, view: str) -> bool:
    return view == entry.name or any(view.startswith(beginning) for beginning in entry.covers)


def _items(entries: Iterable[Entry], member: Member, view: str) -> list[Item]:
    seen = [(entry, _url(entry.name)) for entry in entries if _is_seen(entry, member)]
    return [Item(url, entry.icon, entry.label, _is_current(entry, view)) for entry, url in seen if url is not None]


def _label(entry: Entry, member: Member) -> str | Promise:
    is_hall = member.organization.has_module(Module.HALL)
    return entry.label if is_hall or not entry.elsewhere else entry.elsewhere


def settings_groups(member: Member, view: str) -> list[tuple[str | Promise, list[Item]]]:
    """Return the sections of the settings this member may open, under their headings."""
    groups = [(title, _items(entries, member, view)) for title, entries in SETTINGS]
    return [(title, items) for title, items in groups if items]


def first_settings_url(member: Member) -> str | None:
    """Return where “Settings” leads: the first section the member may open."""
    groups = settings_groups(member, "")
    return groups[0][1][0].url if groups else None


def groups(member: Member, view: str) -> list[list[Item]]:
    """Return the sidebar for this member; on a phone all but the first few stand behind “More”."""
    is_settings = any(item.current for _title, items in settings_groups(member, view) for item in items)
    settings_url = first_settings_url(member)
    shown: list[list[Item]] = []
    position = 0
    for entries in GROUPS:
        items: list[Item] = []
        for entry in entries:
            url = settings_url if entry.name == "web:settings" else _url(entry.name)
            if url is None or not _is_seen(entry, member):
                continue
            current = is_settings if entry.name == "web:settings" else _is_current(entry, view) and not is_settings
            items.append(
                Item(url, entry.icon, _label(entry, member), current, position >= ON_A_PHONE, badge=entry.badge)
            )
            position += 1
        shown.append(items)
    return [items for items in shown if items]
