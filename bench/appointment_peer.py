"""The same question put to django-appointment, by a Python that has it: see bench/slots.py. Prints JSON."""

# Its imports are in another Python than the one that checks.
# mypy: ignore-errors
import json
import sys
from datetime import date, time, timedelta
from pathlib import Path
from time import perf_counter

import django
from django.conf import settings

plan = json.loads(Path(sys.argv[1]).read_text())
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages", "django.contrib.sessions",
        "phonenumber_field", "appointment",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True, TIME_ZONE="UTC", SECRET_KEY="bench", ROOT_URLCONF="appointment.urls",
    LOGGING_CONFIG=None,
)  # fmt: skip
django.setup()

from appointment import services  # noqa: E402 - needs the settings above
from appointment.models import (  # noqa: E402 - needs the settings above
    Appointment,
    AppointmentRequest,
    Service,
    StaffMember,
    WorkingHours,
)
from appointment.utils import db_helpers  # noqa: E402 - needs the settings above
from django.contrib.auth import get_user_model  # noqa: E402 - needs the settings above
from django.core.management import call_command  # noqa: E402 - needs the settings above

DAYS = [date.fromisoformat(plan["first_day"]) + timedelta(days=number) for number in range(plan["days"])]


def clock(minutes):
    return time(minutes // 60, minutes % 60)


def staff():
    service = Service.objects.create(name="Haircut", duration=timedelta(minutes=plan["length"]), price=1)
    users = get_user_model()
    client = users.objects.create(username="client")
    people = []
    for number in range(plan["people"]):
        person = StaffMember.objects.create(
            user=users.objects.create(username=f"p{number}"),
            slot_duration=plan["step"], lead_time=clock(plan["opens"]), finish_time=clock(plan["closes"]),
            appointment_buffer_time=0, work_on_saturday=True, work_on_sunday=True,
        )  # fmt: skip
        person.services_offered.add(service)
        for weekday in range(7):
            WorkingHours.objects.get_or_create(
                staff_member=person, day_of_week=weekday,
                defaults={"start_time": clock(plan["opens"]), "end_time": clock(plan["closes"])},
            )  # fmt: skip
        people.append(person)
    requests = AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            date=day, start_time=clock(start), end_time=clock(end), service=service, staff_member=people[person]
        )
        for person, day, start, end in plan["bookings"]
    )
    Appointment.objects.bulk_create(
        Appointment(client=client, appointment_request=request, id_request=str(number))
        for number, request in enumerate(requests)
    )
    return people, service


def whole(people, service):
    """Its own answer to "what is free with this person that day", for everybody and every day."""
    free = 0
    for person in people:
        for day in DAYS:
            free += len(services.get_available_slots_for_staff(day, person, day.isoweekday() % 7, service))
    return free


def engine(loaded):
    """Its sieve alone: the steps of a day, and those appointments leave of it."""
    step, length = timedelta(minutes=plan["step"]), timedelta(minutes=plan["length"])
    free = 0
    for opens, closes, appointments in loaded:
        steps = db_helpers.calculate_slots(opens, closes, opens, step, length)
        free += len(
            db_helpers.exclude_unavailable_slots(steps, appointments, None, slot_duration=step, service_duration=length)
        )
    return free


def load(people):
    from datetime import datetime

    found = {(person.pk, day): [] for person in people for day in DAYS}
    for one in Appointment.objects.select_related("appointment_request"):
        request = one.appointment_request
        found[request.staff_member_id, date.fromisoformat(str(request.date))].append(one)
    return [
        (datetime.combine(day, clock(plan["opens"])), datetime.combine(day, clock(plan["closes"])), appointments)
        for (_person, day), appointments in found.items()
    ]


def milliseconds(act, rounds):
    took = []
    for _round in range(rounds):
        began = perf_counter()
        act()
        took.append(perf_counter() - began)
    return sorted(took)[rounds // 2] * 1000


call_command("migrate", run_syncdb=True, verbosity=0)
people, service = staff()
loaded = load(people)
free = whole(people, service)
assert free == engine(loaded), (free, engine(loaded))
print(
    json.dumps(
        {
            "free": free,
            "engine": milliseconds(lambda: engine(loaded), 5),
            "whole": milliseconds(lambda: whole(people, service), 3),
        }
    )
)
