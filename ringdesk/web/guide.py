"""Help: how each thing works, in the language of the interface. The texts are Markdown, in help/<language>/."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from ringdesk.accounts.guards import SeatedRequest, member_required

FOLDER = Path(__file__).parent / "help"
# In reading order; each is a file of both languages.
TOPICS = (
    "start",
    "calls",
    "card",
    "timeline",
    "diary",
    "phonebook",
    "telephony",
    "clients",
    "connect",
    "popups",
    "members",
    "assistants",
    "keyboard",
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of the help. The file's first line is its title."""

    name: str
    title: str
    text: str


@cache
def topics(language: str) -> dict[str, Topic]:
    """Return the help in this language, in reading order; in English where there is none."""
    folder = FOLDER / language if (FOLDER / language).is_dir() else FOLDER / "en"
    found: dict[str, Topic] = {}
    for name in TOPICS:
        title, _, text = (folder / f"{name}.md").read_text(encoding="utf-8").partition("\n")
        found[name] = Topic(name, title.removeprefix("# ").strip(), text.strip())
    return found


@require_GET
@member_required()
def help_page(request: SeatedRequest, topic: str = "") -> HttpResponse:
    """Show one topic beside the list of all."""
    known = topics((get_language() or "en").partition("-")[0])
    chosen = known.get(topic or TOPICS[0])
    if chosen is None:
        raise Http404
    return render(request, "web/help.html", {"topics": known.values(), "topic": chosen})
