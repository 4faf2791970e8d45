"""The office, and its PBX."""

from collections.abc import Iterator

import pytest

from ringdesk.telephony import links
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Extension
from ringdesk.telephony.tests import pbx_of_others
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.dialing.office import Office
from ringdesk.telephony.tests.pbx_of_others import Dialler, FakePbx


@pytest.fixture
def pbx() -> Iterator[FakePbx]:
    with pbx_of_others.running() as pbx:
        yield pbx


@pytest.fixture
def office(place: Place, pbx: FakePbx, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setitem(registry(), "dialler", Dialler())
    dialler = links.create(place.organization, "dialler", "Mango", place.branch, {"url": pbx.url})
    Extension.objects.create(organization=place.organization, connector=dialler, member=place.operator, number="100")
    return Office(place, dialler, pbx)
