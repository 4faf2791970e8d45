"""Extensions taken over from the PBX: whose is whose, proposed by name and e-mail, decided by a member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import extensions, link_cache
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Colleague
from ringdesk.telephony.models import Connector, Extension


@dataclass(frozen=True, slots=True)
class Person:
    """A member as far as matching needs."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An extension of the PBX, who has it here, and who seems to be meant (0: nobody)."""

    colleague: Colleague
    holder_id: int
    member_id: int

    @property
    def is_settled(self) -> bool:
        return bool(self.holder_id)


def propose(colleagues: Iterable[Colleague], people: Sequence[Person], held: Mapping[str, int]) -> list[Proposal]:
    """Return one proposal per extension: the e-mail tells, else the name, each only where it is one member's.

    ``held``: extension → member who has it already; whoever has one is proposed for no other. Pure.
    """
    free = [person for person in people if person.id not in held.values()]
    taken: set[int] = set()
    proposals = []
    for colleague in dict((one.extension, one) for one in colleagues).values():
        holder = held.get(colleague.extension, 0)
        found = 0 if holder else _find(colleague, [one for one in free if one.id not in taken])
        taken.add(found)
        proposals.append(Proposal(colleague, holder, holder or found))
    return proposals


def ask(connector: Connector) -> list[Proposal]:
    """Ask the PBX who has which extension. Raises RingdeskError. Blocks."""
    colleagues = registry()[connector.kind].people(link_cache.link(connector))
    members = Member.objects.for_org(connector.organization_id).filter(is_active=True).select_related("user")
    people = [Person(member.pk, member.name, member.user.email if member.user else "") for member in members]
    held = dict(Extension.objects.filter(connector=connector).values_list("number", "member_id"))
    return propose(colleagues, people, held)


def take_over(connector: Connector, chosen: Mapping[str, Member], *, by: Member) -> tuple[int, list[str]]:
    """Assign extensions to the members chosen for them. Returns how many, and in words what could not be."""
    problems = []
    if len(set(chosen.values())) < len(chosen):
        problems.append(str(_("A member can have one extension at a PBX: the last one chosen counts.")))
    done = 0
    for number, member in chosen.items():
        try:
            extensions.assign(connector, member, number, by=by)
            done += 1
        except RingdeskError as error:
            problems.append(str(error))
    return done, problems


def _find(colleague: Colleague, people: Sequence[Person]) -> int:
    email = colleague.email.strip().casefold()
    by_email = [one.id for one in people if email and one.email.strip().casefold() == email]
    if by_email:
        return by_email[0] if len(by_email) == 1 else 0
    words = _words(colleague.name)
    same = [one.id for one in people if words and _words(one.name) == words]
    # A patronymic that only one side knows does not tell two people apart: first name and surname are enough.
    close = same if same else [one.id for one in people if len(words & _words(one.name)) >= 2]
    return close[0] if len(close) == 1 else 0


def _words(name: str) -> frozenset[str]:
    return frozenset(name.casefold().replace("ё", "е").split())
