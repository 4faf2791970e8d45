"""What can stand against a reservation."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ringdesk.core.problems import Conflict, Invalid
from ringdesk.crm.models import Client
from ringdesk.hall.availability import Choices, InTheWay
from ringdesk.hall.seating import Place


class TableTaken(Conflict):
    """A table of the wish belongs to another party at that time.

    ``in_the_way`` says which parties; ``choices`` which tables are free then for this party. ``details`` hold the
    same for programs: ``reservations`` and ``alternatives`` (groups of table ids, the best first).
    """

    def __init__(self, in_the_way: Sequence[InTheWay], choices: Choices, *, zone: tzinfo, start: datetime) -> None:
        self.in_the_way = list(in_the_way)
        self.choices = choices
        super().__init__(
            " ".join(sentence(party, zone, start) for party in in_the_way) or _("This table is already taken."),
            field="tables",
            reservations=[
                {
                    "id": party.reservation_id,
                    "guest_name": party.title,
                    "table_ids": [place.id for place in party.places],
                    "starts_at": party.starts_at.isoformat(),
                    "ends_at": party.ends_at.isoformat(),
                }
                for party in in_the_way
            ],
            alternatives=[[place.id for place in group] for group in self.alternatives],
        )

    @property
    def alternatives(self) -> list[tuple[Place, ...]]:
        """Return what would be free and big enough: single tables, then joined ones."""
        return self.choices.suggestions()


def sentence(party: InTheWay, zone: tzinfo, start: datetime) -> str:
    """Return who has which tables when; the date too, when it is another than that of ``start``."""
    tables = "+".join(place.name for place in party.places)
    begins, ends = party.starts_at.astimezone(zone), party.ends_at.astimezone(zone)
    when = f"{begins:%H:%M}–{ends:%H:%M}"
    if begins.date() != start.astimezone(zone).date():
        when = f"{date_format(begins, 'j E')}, {when}"
    if party.reservation_id is None:
        return _("Table %(tables)s is held for somebody else, %(when)s.") % {"tables": tables, "when": when}
    text = _("Table %(tables)s is taken: %(guest)s, %(when)s.")
    return text % {"tables": tables, "guest": party.title, "when": when}


class GuestAmbiguous(Invalid):
    """The number belongs to several clients; one has to be chosen."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self.clients = list(clients)
        super().__init__(
            _("This number belongs to several guests. Choose whose reservation it is."),
            field="client",
            clients=[{"id": client.pk, "name": client.name} for client in clients],
        )
