"""Webhooks as the HTTP API shows and takes them."""

from datetime import datetime

from ninja import Field, Schema

from ringdesk.core.schemas import ABSENT, Input, Text, Version
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.models import Webhook


class WebhookOut(Schema):
    """A receiver of Standard Webhooks."""

    id: int
    version: int
    name: str
    address: str
    types: list[str]
    is_active: bool
    is_inside: bool = Field(description="An administrator allows an address inside the network.")
    created_at: datetime
    last_delivered_at: datetime | None
    last_error: str


class WebhookWithSecret(WebhookOut):
    """A webhook with what its messages are signed with."""

    secret: str = Field(description="`whsec_…`; receivers check `webhook-signature` with it.")

    @staticmethod
    def resolve_secret(webhook: Webhook) -> str:
        return endpoints.secret(webhook)


class WebhookIn(Input):
    """A new webhook."""

    name: Text = Field(max_length=100)
    address: Text = Field(max_length=500, description="http or https; not inside the network.")
    types: list[Text] = Field(min_length=1, max_length=50, description="Event types of the live channel.")
    is_active: bool = True


class WebhookPatch(Input):
    """What is to change."""

    name: Text = Field(ABSENT, max_length=100)
    address: Text = Field(ABSENT, max_length=500)
    types: list[Text] = Field(ABSENT, min_length=1, max_length=50)
    is_active: bool = ABSENT
    version: Version | None = None
