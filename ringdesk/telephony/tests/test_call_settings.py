import pytest
from django.urls import reverse

from ringdesk.accounts.models import AuditEntry
from ringdesk.core.problems import Stale
from ringdesk.telephony import call_settings, link_cache
from ringdesk.telephony.models import CallDocuments, CallSettings
from ringdesk.telephony.rules import Moment, Rules, Shown
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.test_pages import browser

URL = reverse("telephony:call_settings")
FORM = {
    "incoming_window": "ringing",
    "outgoing_window": "never",
    "create_incoming": "1",
    "create_outgoing": "",
    "show_created": "in",
    "last_digits": "7",
    "notifications": "on",
    "search_engine": "google",
    "recording_days": "90",
    "version": "0",
}


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def stored(place: Place) -> CallSettings | None:
    return CallSettings.objects.filter(organization=place.organization).first()


def test_what_is_saved_is_what_the_doors_go_by(desk: Place, stranger: Place) -> None:
    accountant = browser(desk, "accountant")
    assert accountant.post(URL, FORM).status_code == 302
    assert link_cache.link(desk.pbx).rules == Rules(
        incoming_window=Moment.RINGING,
        create_incoming=True,
        show_created=Shown.IN,
        last_digits=7,
        notifications=True,
    )
    settings = stored(desk)
    assert settings is not None
    assert (settings.search_engine, settings.recording_days, settings.version) == ("google", 90, 1)
    assert stored(stranger) is None and link_cache.link(stranger.pbx).rules == Rules()
    entry = AuditEntry.objects.for_org(desk.organization).get(action="call_settings.changed")
    assert entry.data["last_digits"] == [5, 7]


def test_saving_what_is_there_notes_nothing(desk: Place) -> None:
    accountant = browser(desk, "accountant")
    accountant.post(URL, FORM)
    accountant.post(URL, FORM | {"version": "1"})
    assert AuditEntry.objects.for_org(desk.organization).filter(action="call_settings.changed").count() == 1


def test_who_may_open_it(desk: Place) -> None:
    statuses = {
        role: browser(desk, role).get(URL).status_code for role in ("owner", "accountant", "manager", "hostess")
    }
    assert statuses == {"owner": 200, "accountant": 200, "manager": 403, "hostess": 403}
    assert browser(desk, "hostess").post(URL, FORM).status_code == 403
    assert stored(desk) is None


@pytest.mark.parametrize("digits", ["0", "21", "-5", "", "seven", "5.5", "99999999999999999999"])
def test_digits_out_of_reach_are_told_beside_the_field(desk: Place, digits: str) -> None:
    answer = browser(desk, "owner").post(URL, FORM | {"last_digits": digits})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"last_digits"}
    assert stored(desk) is None


@pytest.mark.parametrize("digits", ["1", "20"])
def test_digits_at_their_ends(desk: Place, digits: str) -> None:
    assert browser(desk, "owner").post(URL, FORM | {"last_digits": digits}).status_code == 302


@pytest.mark.parametrize(
    ("wishes", "is_told"),
    [
        ({"create_incoming": ""}, True),
        ({"show_created": "out"}, True),
        ({"show_created": "both"}, False),
        ({"create_incoming": "", "show_created": "never"}, False),
        ({}, False),
    ],
)
def test_showing_what_is_not_created_is_pointed_out(desk: Place, wishes: dict[str, str], is_told: bool) -> None:
    page = browser(desk, "owner").post(URL, FORM | wishes, follow=True).content.decode()
    assert ("creating is switched off" in page) is is_told


def test_somebody_was_faster(desk: Place) -> None:
    owner = browser(desk, "owner")
    owner.post(URL, FORM)
    answer = owner.post(URL, FORM | {"last_digits": "9"})
    assert answer.status_code == 409
    assert 'name="version" value="1"' in answer.content.decode()
    assert owner.post(URL, FORM | {"last_digits": "9", "version": "1"}).status_code == 302
    with pytest.raises(Stale):
        call_settings.change(desk.organization, {"last_digits": 4}, version=1)


def test_documents_are_wanted_from_the_moment_they_are_switched_on(desk: Place) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    first = CallDocuments.objects.get(organization=desk.organization)
    call_settings.change(desk.organization, {"create_outgoing": True})
    second = CallDocuments.objects.get(organization=desk.organization)
    assert first.incoming_since == second.incoming_since and first.outgoing_since is None
    assert second.incoming_since and second.outgoing_since
    assert second.outgoing_since > second.incoming_since
    call_settings.change(desk.organization, {"create_incoming": False})
    assert CallDocuments.objects.get(organization=desk.organization).incoming_since is None
