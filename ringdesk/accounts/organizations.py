"""Organizations: the first moment of a tenant, and its settings."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.text import slugify
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, branches, members, opening_hours
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Member, Module, Organization, User, default_modules
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Invalid

DEFAULT_HOURS = tuple(opening_hours.every_day(10 * 60, 22 * 60))
POPUP_SECONDS = (30, 60 * 60)
FIELDS = ("name", "language", "modules", "popup_seconds")

_LATIN = {
    **dict(zip("абвгдеёзийклмнопрстуфхыэ", "abvgdeeziyklmnoprstufhye", strict=True)),
    **{"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya", "ъ": "", "ь": ""},
}


def create_organization(
    name: str,
    owner: User,
    *,
    language: str = "ru",
    modules: Sequence[str] | None = None,
    owner_language: str | None = None,
    branch_name: str = "",
    address: str = "",
    timezone: str = "Europe/Moscow",
    region: str = "RU",
    hours: Sequence[OpenSpan] = DEFAULT_HOURS,
    slug: str = "",
    is_demo: bool = False,
) -> Organization:
    """Create a tenant with its owner's seat and its first branch. Raises Invalid for a field it cannot have."""
    organization = Organization(
        name=name.strip(),
        language=language,
        modules=_known_modules(default_modules() if modules is None else modules),
        is_demo=is_demo,
    )
    validate(organization, "name", "language", "modules")
    with events.atomic():
        organization.slug = _free_slug(slug or organization.name)
        organization.save()
        seat = members.add_member(
            organization,
            owner,
            name=owner.name or owner.email,
            role=Role.OWNER,
            language=owner_language or language,
            by=None,
        )
        audit.record(organization, "organization.created", organization, by=seat)
        with override(language):
            first = branch_name or gettext("Main branch")
        branches.add_branch(
            organization, name=first, address=address, timezone=timezone, region=region, hours=hours, by=seat
        )
    return organization


def change_organization(organization: Organization, *, by: Member, **fields: Any) -> Organization:
    """Change name, language, modules, popup_seconds. Raises Invalid for what cannot be."""
    if unknown := fields.keys() - set(FIELDS):
        raise TypeError(f"An organization has no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        before = {field: getattr(organization, field) for field in FIELDS}
        for field, value in fields.items():
            setattr(organization, field, value.strip() if isinstance(value, str) else value)
        organization.modules = _known_modules(organization.modules)
        if not POPUP_SECONDS[0] <= organization.popup_seconds <= POPUP_SECONDS[1]:
            raise Invalid(_("A popup may wait from half a minute to an hour."), field="popup_seconds")
        validate(organization, *FIELDS)
        organization.save(update_fields=FIELDS)
        if changed := audit.changes(before, {field: getattr(organization, field) for field in FIELDS}):
            audit.record(organization, "organization.changed", organization, by=by, **changed)
    return organization


def _known_modules(modules: Sequence[str]) -> list[str]:
    known = [module for module in Module.values if module in modules]
    if set(modules) - set(known):
        raise Invalid(_("There is no such module."), field="modules")
    if not known:
        raise Invalid(_("Switch on at least one module."), field="modules")
    return known


def _free_slug(name: str) -> str:
    """Return the name in Latin letters, numbered when it is taken. Call inside a transaction: it locks the choice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ringdesk.organization.slug'))")
    spelled = "".join(_LATIN.get(letter, letter) for letter in name.lower())
    stem = slugify(spelled)[:50] or "organization"
    taken = set(Organization.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in taken)
