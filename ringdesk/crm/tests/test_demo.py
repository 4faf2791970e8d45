from datetime import timedelta

import pytest
from django.utils import timezone

from ringdesk.crm import clients, demo, linking
from ringdesk.crm.models import Client, Lead
from ringdesk.crm.tests.conftest import House


@pytest.mark.parametrize(("language", "name"), [("en", "Vector LLC"), ("ru", "ООО «Вектор»")])
def test_the_demo_has_somebody_for_every_case(ours: House, language: str, name: str) -> None:
    ours.organization.language = language
    made = demo.populate(ours.organization, members=[ours.owner, ours.member("hostess")], now=timezone.now())
    known = made["clients"]
    assert len(known) == Client.objects.for_org(ours.organization).count() == 39
    assert len({client.name for client in known}) == 39
    assert next(client.name for client in known if client.kind == "company") == name
    assert len(clients.find_by_phone(ours.organization, "+79000000140")) == 2
    by_contract = linking.identify(ours.organization, "+79000000154")
    assert by_contract.contract and by_contract.contract.id == made["contracts"][0].pk
    assert by_contract.responsible_id == ours.member("hostess").pk
    lead = linking.identify(ours.organization, "+79000000160").lead
    assert lead and lead.id == Lead.objects.get().pk
    assert min(client.created_at for client in Client.objects.all()) < timezone.now() - timedelta(days=300)
