"""Standard Webhooks to everybody else: what is sent, and that the receiver can check who sent it."""

import hmac
import json
from typing import Any

import pytest

from ringdesk.accounts.models import Member, Organization
from ringdesk.core import events
from ringdesk.webhooks import deliveries, endpoints, signing
from ringdesk.webhooks.models import Webhook
from ringdesk.webhooks.tests.driving import NOON, TALK, Clock, call, call_id, settle, tell
from ringdesk.webhooks.tests.fake_crm import FakeCrm


@pytest.fixture
def webhook(organization: Organization, owner: Member, crm: FakeCrm) -> Webhook:
    types = ["call.ringing", "call.ended", "reservation.changed"]
    return endpoints.create_webhook(
        organization, name="Bot", address=crm.address, types=types, is_inside=True, by=owner
    )


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a message as the standard tells receivers to."""
    expected = signing.sign(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body.decode())
    return any(hmac.compare_digest(one, expected) for one in headers["webhook-signature"].split(" "))


def test_chosen_events_signed_and_whole(organization: Organization, webhook: Webhook, crm: FakeCrm) -> None:
    ring: dict[str, Any] = call()
    tell(organization, "call.ringing", ring)
    tell(organization, "call.answered", call(state="answered"))
    tell(organization, "call.ended", call(**TALK), member=7)
    events.publish(organization.pk, "reservation.changed", {"reservation": {"id": 17}})
    settle(webhook.pk)
    said = sorted(crm.taken, key=lambda message: str(message["type"]))
    assert [(message["type"], message["data"]) for message in said] == [
        ("call.ringing", {"call": ring}),
        ("reservation.changed", {"reservation": {"id": 17}}),
    ]
    assert all(set(message) == {"type", "timestamp", "data"} for message in crm.taken)
    secret = endpoints.secret(webhook)
    assert all(is_signed(secret, *pair) for pair in zip(crm.headers, crm.raw, strict=True))
    assert not is_signed(signing.new_secret(), crm.headers[0], crm.raw[0])
    assert {header["webhook-timestamp"] for header in crm.headers} == {str(int(NOON.timestamp()))}
    assert sorted(webhook.deliveries.values_list("key", flat=True)) == [call_id(1), "reservation:17"]


def test_both_secrets_sign_for_a_day(organization: Organization, webhook: Webhook, crm: FakeCrm) -> None:
    old = endpoints.secret(webhook)
    endpoints.renew_secret(webhook)
    new = endpoints.secret(webhook)
    assert webhook.old_secret_until is not None
    clock = Clock(webhook.old_secret_until)
    clock.wait(minutes=-1)
    tell(organization, "call.ringing", call())
    settle(webhook.pk, clock)
    clock.wait(minutes=1)
    tell(organization, "call.ringing", call(2))
    settle(webhook.pk, clock)
    signed = [[is_signed(secret, *pair) for secret in (old, new)] for pair in zip(crm.headers, crm.raw, strict=True)]
    assert signed == [[True, True], [False, True]]


def test_sent_again_under_the_same_id(organization: Organization, webhook: Webhook, crm: FakeCrm) -> None:
    tell(organization, "call.ringing", call())
    settle(webhook.pk)
    deliveries.redeliver(webhook.deliveries.get())
    settle(webhook.pk, Clock(NOON.replace(year=2100)))
    webhook.deliveries.update(state="waiting", next_at=NOON, tried_since=NOON)
    settle(webhook.pk)
    assert len({header["webhook-id"] for header in crm.headers}) == 1
    assert crm.raw[0] == crm.raw[-1] and len(crm.raw) == 2


def test_any_success_is_one(organization: Organization, webhook: Webhook, crm: FakeCrm) -> None:
    crm.reply = b""
    assert deliveries.test(webhook).state == "delivered"
    tell(organization, "call.ringing", call())
    settle(webhook.pk)
    assert set(webhook.deliveries.values_list("state", flat=True)) == {"delivered"}
    assert [json.loads(body)["type"] for body in crm.raw] == ["ringdesk.test", "call.ringing"]
