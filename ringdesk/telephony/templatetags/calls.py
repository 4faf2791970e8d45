"""How calls are written on pages."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy

from ringdesk.accounts.models import Member
from ringdesk.telephony import history, recordings
from ringdesk.telephony.models import Call

register = template.Library()

MINUTE = 60
PLAUSIBLE = timedelta(hours=12)
KINDS = {
    "ringing": pgettext_lazy("event", "rings"),
    "answered": pgettext_lazy("event", "answered"),
    "held": pgettext_lazy("event", "on hold"),
    "transferred": pgettext_lazy("event", "transferred"),
    "ended": pgettext_lazy("event", "ended"),
    "recorded": pgettext_lazy("event", "recorded"),
    "noted": pgettext_lazy("event", "noted"),
}
STEPS = {
    "ringing": pgettext_lazy("step", "Rang"),
    "answered": pgettext_lazy("step", "Answered"),
    "held": pgettext_lazy("step", "Put on hold"),
    "transferred": pgettext_lazy("step", "Transferred"),
    "left": pgettext_lazy("step", "Out of the call"),
    "ended": pgettext_lazy("step", "Hung up"),
}


@register.filter
def duration(seconds: int | None) -> str:
    """Return seconds as m:ss, or h:mm:ss from an hour on; "" when unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def when(call: Call) -> datetime:
    """Return when the call began; when it reached us, if the source's clock is plainly wrong."""
    return call.started_at if abs(call.started_at - call.first_received_at) < PLAUSIBLE else call.first_received_at


@register.filter
def talk(call: Call) -> int | None:
    """Return how many seconds were talked; None without an answer or while the call goes on."""
    if call.answered_at is None or call.ended_at is None:
        return None
    return max(0, round((call.ended_at - call.answered_at).total_seconds()))


@register.filter
def wait(call: Call) -> int | None:
    """Return how many seconds the caller waited: until the answer, else until the end."""
    until = call.answered_at or call.ended_at
    return None if until is None else max(0, round((until - call.started_at).total_seconds()))


@register.filter
def to_the_second(moment: datetime | None) -> str:
    """Return the time with seconds in the page's zone, with the day when it is not today."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    today = timezone.localdate()
    if local.date() == today:
        return local.strftime("%H:%M:%S")
    day = date_format(local, "j E" if local.year == today.year else "j E Y")
    return f"{day}, {local:%H:%M:%S}"


@register.filter
def to_the_minute(moment: datetime | None) -> str:
    """Return HH:MM in the page's zone, with the short day when it is not today."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    today = timezone.localdate()
    if local.date() == today:
        return local.strftime("%H:%M")
    if local.year != today.year:
        return f"{local:%d.%m.%Y}, {local:%H:%M}"
    # Short months are written small in Russian and large in English.
    month = date_format(local, "b" if get_language() == "ru" else "M")
    return f"{local.day} {month}, {local:%H:%M}"


@register.filter
def to_the_millisecond(moment: datetime) -> str:
    """Return HH:MM:SS.mmm in the page's zone."""
    return timezone.localtime(moment).strftime("%H:%M:%S.%f")[:-3]


@register.filter
def rings(call: Call) -> bool:
    """Tell whether the call rings now, as far as can be told: a phone does not say when it stops."""
    return call.state == Call.State.RINGING and not history.seems_over(call, timezone.now())


@register.filter
def has_sound(call: Call) -> bool:
    """Tell whether there is a recording to listen to."""
    recording = getattr(call, "recording", None)
    return recording is not None and recordings.is_there(recording)


@register.filter
def may(member: Member, action: str) -> bool:
    """Tell whether the seat may do this."""
    return member.may(action)


@register.filter
def event_name(kind: str) -> str:
    """Return what an event of our vocabulary is called."""
    return str(KINDS.get(kind, kind))


@register.filter
def step_name(kind: str) -> str:
    """Return what a step in the course of a call is called."""
    return str(STEPS.get(kind, kind))


@register.filter
def time_of_day(moment: datetime) -> str:
    """Return HH:MM:SS in the page's zone."""
    return timezone.localtime(moment).strftime("%H:%M:%S")


@register.filter
def day_unless_today(moment: datetime, of_this_year: str = "j E") -> str:
    """Return the day in the page's zone, with the year when it is not this one (else written so); "" for today."""
    local, today = timezone.localtime(moment), timezone.localdate()
    if local.date() == today:
        return ""
    return date_format(local, of_this_year if local.year == today.year else "d.m.Y")
