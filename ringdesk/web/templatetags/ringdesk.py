"""Template tags of the look: icons, assets, numbers, times. Built in for every template (settings)."""

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ringdesk.core import phones
from ringdesk.web.new_cards import NewCard
from ringdesk.web.new_cards import of as cards_of

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400


BUILT = Path(__file__).resolve().parent.parent / "static" / "ringdesk"


@lru_cache(maxsize=64)
def _address(name: str, modified: int) -> str:
    digest = hashlib.sha256(Path(f"{BUILT}/{name}").read_bytes()).hexdigest()[:12]
    return f"{static(f'ringdesk/{name}')}?v={digest}"


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a built asset with the hash of its content, so that browsers may keep it for ever."""
    try:
        # A template's text is a SafeString, of which pathlib makes no path.
        return _address(name, Path(f"{BUILT}/{name}").stat().st_mtime_ns)
    except FileNotFoundError:
        return static(f"ringdesk/{name}")


@register.simple_tag
def font_preloads() -> SafeString:
    """Return <link rel=preload> for the two font files nearly every page needs (their names carry their hash)."""
    subsets = ("latin-wght", "cyrillic-wght")
    files = [file.name for subset in subsets for file in sorted(BUILT.glob(f"inter-{subset}-*.woff2"))]
    return format_html_join(
        "\n",
        '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">',
        ((static(f"ringdesk/{name}"),) for name in files),
    )


@register.simple_tag
def icon(name: str, **attributes: str) -> SafeString:
    """Return an icon of assets/icons.svg; ``class`` adds classes. Icons say nothing to screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        attributes.get("class", ""),
        asset("icons.svg"),
        name,
    )


@register.filter
def phone(number: str | None) -> str:
    """Return the number as people read it; a hidden one says so."""
    return phones.display(number) if number else _("hidden")


@register.filter
def phone_groups(number: str | None) -> SafeString | str:
    """Return the number in groups spaced by CSS: its text stays unbroken (``+79230000001``) for copying."""
    if not number:
        return _("hidden")
    shown = phones.display(number)
    parts = shown.replace("-", " -").split(" ")
    if "".join(part.lstrip("-") for part in parts) != number:
        return number
    groups = format_html_join(
        "", "<i{}>{}</i>", ((SafeString(' class="dash"') if p[0] == "-" else "", p.lstrip("-")) for p in parts)
    )
    return format_html('<span class="phone-number">{}</span>', groups)


@register.filter
def international(number: str) -> str:
    """Return the digits of a whole international number, as wa.me wants them; "" for a local one."""
    return number[1:] if number.startswith("+") else ""


@register.filter
def initials(name: str | None) -> str:
    """Return one or two capital letters for an avatar; ``?`` when nobody is known."""
    words = [word for word in (name or "").replace("«", " ").replace('"', " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def clock(moment: datetime | None) -> str:
    """Return HH:MM in the zone of the page's branch (the seat's middleware has activated it)."""
    return timezone.localtime(moment).strftime("%H:%M") if moment else ""


@register.simple_tag(takes_context=True)
def new_cards(context: template.Context) -> list[NewCard]:
    """Return what can be made of a call or a client here: asked once for the whole page."""
    request = context["request"]
    member, branch = getattr(request, "member", None), getattr(request, "branch", None)
    if not hasattr(request, "new_cards"):
        request.new_cards = cards_of(member, branch) if member else []
    found: list[NewCard] = request.new_cards
    return found


@register.filter
def ago(moment: datetime | None) -> str:
    """Return how long ago that was; assets/clock.ts says the same and keeps it true."""
    if moment is None:
        return ""
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        return _("{count} min ago").format(count=seconds // MINUTE)
    if seconds < DAY:
        return _("{count} h ago").format(count=seconds // HOUR)
    return _("{count} d ago").format(count=seconds // DAY)


@register.filter
def is_stepper(field: BoundField) -> bool:
    """Tell whether the field wants − and + beside it (widget attribute ``data-stepper``)."""
    return "data-stepper" in field.field.widget.attrs
