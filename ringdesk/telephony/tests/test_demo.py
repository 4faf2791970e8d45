from datetime import timedelta

from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.crm import clients
from ringdesk.telephony import demo, trace
from ringdesk.telephony.models import Call, Extension, Line, PhoneBookEntry, Popup
from ringdesk.telephony.tests.past import NOON


def test_a_believable_past(db: None) -> None:
    organization = Organization.objects.create(name="Demo", slug="demo")
    branches = [Branch.objects.create(organization=organization, name=name) for name in ("Quay", "Salon")]
    members = []
    for name in ("Anna", "Boris", "Vera", "Olga"):
        user = User.objects.create_user(f"{name}@demo.example")
        members.append(Member.objects.create(organization=organization, user=user, name=name, role="hostess"))
    guests = [clients.create(organization, name=f"Guest {n}", phones=[f"+7923000{n:04}"]) for n in range(12)]
    made = demo.populate(organization, branches, members, guests, NOON)
    assert [(kind, connector.kind) for kind, connector in made.items()] == [
        (kind, kind) for kind in ("http_events", "phone", "crm_json", "asterisk", "mango")
    ]
    for kind in ("http_events", "crm_json", "asterisk", "mango"):
        assert list(Extension.objects.filter(connector=made[kind]).values_list("number", "member__name")) == [
            ("100", "Anna"),
            ("101", "Boris"),
            ("102", "Vera"),
            ("103", "Olga"),
        ]
    assert set(Line.objects.values_list("number", "branch__name")) == {("3333333", "Quay"), ("3333334", "Salon")}
    calls = list(Call.objects.for_org(organization))
    assert len(calls) == demo.CALLS
    assert max(call.started_at for call in calls) < NOON < min(call.started_at for call in calls) + timedelta(days=13)
    assert {call.state for call in calls} == {"ended"}
    assert {call.result for call in calls} == {"answered", "missed", "busy"}
    assert {call.direction for call in calls} == {"in", "out"}
    incoming = [call for call in calls if call.direction == "in"]
    assert sum(entry.calls for entry in PhoneBookEntry.objects.all()) == len([one for one in incoming if one.phone])
    assert Popup.objects.count() == len(incoming)
    assert all(call.client is None or call.client in guests for call in calls)
    assert len(trace.steps(incoming[0])) > 4
