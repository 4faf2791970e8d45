"""Several services made one visit: how long by whom, for how much, what it needs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ringdesk.booking.models import Service
from ringdesk.booking.offers import Specialist
from ringdesk.scheduling.minutes import Visit


@dataclass(frozen=True, slots=True)
class Line:
    """A service of the visit as this specialist provides it; minutes."""

    service: Service
    price: Decimal
    duration: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be booked. ``length`` overrides the sum of durations: a visit that moves stays as long as it was."""

    services: tuple[Service, ...]
    pool_ids: tuple[int, ...] = ()
    length: int | None = None
    team: int | None = None

    @property
    def service_ids(self) -> tuple[int, ...]:
        return tuple(service.pk for service in self.services)

    @property
    def needed(self) -> int:
        """Return how many specialists work on it at once."""
        return self.team or max((service.employees_needed for service in self.services), default=1)

    @property
    def capacity(self) -> int:
        """Return how many clients can share it: several services at once are no group."""
        return self.services[0].capacity if len(self.services) == 1 else 1

    @property
    def visit(self) -> Visit:
        """Return the visit by the services' own durations."""
        usual = sum(service.duration for service in self.services)
        return Visit(
            usual if self.length is None else self.length,
            max((service.buffer_before for service in self.services), default=0),
            max((service.buffer_after for service in self.services), default=0),
        )

    def lines(self, specialist: Specialist) -> list[Line]:
        """Return the services with the specialist's own prices and, working alone, own durations."""
        return [self._line(service, specialist) for service in self.services]

    def lengths(self, specialists: Sequence[Specialist]) -> Mapping[int, int]:
        """Return how long each of them takes, by resource, where it is not the usual."""
        if self.length is not None or self.needed > 1:
            return {}
        usual = self.visit.length
        own = {each.resource_id: sum(line.duration for line in self.lines(each)) for each in specialists}
        return {resource: length for resource, length in own.items() if length != usual}

    def visit_by(self, specialist: Specialist) -> Visit:
        """Return the visit as long as this specialist takes."""
        length = self.lengths([specialist]).get(specialist.resource_id)
        return self.visit if length is None else self.visit._replace(length=length)

    def _line(self, service: Service, specialist: Specialist) -> Line:
        price, duration = specialist.skills.get(service.pk, (None, None))
        own_duration = None if self.needed > 1 else duration
        return Line(service, service.price if price is None else price, own_duration or service.duration)
