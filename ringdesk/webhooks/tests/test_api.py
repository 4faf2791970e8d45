"""Webhooks over HTTP: by the owner's program, one without the scope, and a stranger's."""

import pytest

from ringdesk.accounts.models import Organization
from ringdesk.accounts.tests.api import Program, program
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.models import Webhook

NEW = {"name": "Bot", "address": "https://bot.example/hook", "types": ["call.ended", "call.ringing"]}


@pytest.fixture
def quay(db: None) -> Organization:
    return Organization.objects.create(name="Quay", slug="quay")


@pytest.fixture
def api(quay: Organization) -> Program:
    return program(quay)


def test_made_changed_deleted(api: Program, quay: Organization) -> None:
    made = api.post("webhooks", NEW)
    webhook = Webhook.objects.get()
    shown = {
        "id": webhook.pk, "version": 1, "name": "Bot", "address": "https://bot.example/hook",
        "types": ["call.ringing", "call.ended"], "is_active": True, "is_inside": False,
        "created_at": webhook.created_at.isoformat(), "last_delivered_at": None, "last_error": "",
    }  # fmt: skip
    assert (made.status, made.json) == (201, shown | {"secret": endpoints.secret(webhook)})
    assert made.headers["Location"] == f"/api/v1/webhooks/{webhook.pk}"
    assert api.get(f"webhooks/{webhook.pk}").json == shown
    assert api.get("webhooks").json == {"items": [shown], "next": None}
    changed = api.patch(f"webhooks/{webhook.pk}", {"name": "B", "is_active": False}, If_Match='"1"')
    assert changed.json == shown | {"name": "B", "is_active": False, "version": 2}
    assert api.patch(f"webhooks/{webhook.pk}", {"name": "C", "version": 1}).status == 409
    turned = api.post(f"webhooks/{webhook.pk}/rotate")
    assert turned.json["secret"] != made.json["secret"]
    assert api.delete(f"webhooks/{webhook.pk}", If_Match='"1"').status == 409
    assert (api.delete(f"webhooks/{webhook.pk}").status, api.get(f"webhooks/{webhook.pk}").status) == (204, 404)


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", "ftp://x"), ("types", ["window.open"]), ("types", []), ("name", " "), ("is_inside", True)],
)
def test_refusals(api: Program, field: str, value: object) -> None:
    answer = api.post("webhooks", NEW | {field: value})
    assert answer.status in (400, 422)
    assert [field in error["field"] for error in answer.json["errors"]] == [True]
    assert not Webhook.objects.exists()


def test_owner_colleague_stranger(api: Program, quay: Organization) -> None:
    id = api.post("webhooks", NEW).json["id"]
    reader = program(quay, "webhooks:read")
    alien = program(Organization.objects.create(name="X", slug="x"))
    tries = [("GET", f"webhooks/{id}", None), ("PATCH", f"webhooks/{id}", {"name": "X"}),
             ("POST", f"webhooks/{id}/rotate", {}), ("DELETE", f"webhooks/{id}", None)]  # fmt: skip
    assert [reader.send(*one).status for one in tries] == [200, 403, 403, 403]
    assert [alien.send(*one).status for one in tries] == [404] * 4
    assert program(quay, "calls:read").get("webhooks").status == 403
    assert alien.get("webhooks").json == {"items": [], "next": None}
    # An outside CRM is no webhook.
    crm = endpoints.create_crm(quay, name="CRM", address="https://crm.example/", token="t")
    assert api.get(f"webhooks/{crm.pk}").status == 404
