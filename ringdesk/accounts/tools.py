"""What an assistant's tool is: a domain offers its own, the MCP server (config) lists and runs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ninja import Field, Schema
from pydantic import ConfigDict

from ringdesk.accounts.api_auth import Caller
from ringdesk.core.problems import RingdeskError, Text

Answer = Any


class ClientIn(Schema):
    """For whom the assistant acts."""

    model_config = ConfigDict(extra="ignore")

    id: int | str | None = Field(None, description="Our id of the client, if you know it.")
    phone: str | None = Field(None, description="Phone number in any spelling, best with the country code.")
    external_id: str | int | None = Field(None, description="Your own id of this person, the same every time.")
    name: str | None = Field(None, description="What the client is called.")


class Arguments(Schema):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid")

    client: ClientIn | None = Field(
        None,
        description="The client you speak with: id, phone or external_id, and name. With it a tool sees and changes "
        "only what is this client's. Leave it out only when you act for the staff.",
    )


class WritingArguments(Arguments):
    """What every tool takes that changes something."""

    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="A fresh random text for each new wish. Repeat the call with the same text when you are not sure "
        "that it arrived: it is done once, and you get the first answer again.",
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """A call of a tool: who calls, for which client (as told), with which arguments."""

    caller: Caller
    client: Mapping[str, Any] | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what it is for, in the words of an assistant (English); which scope it needs; what it does."""

    name: str
    title: str
    description: str
    scope: str
    run: Callable[[Wish], Answer]
    arguments: type[Arguments] = Arguments
    is_destructive: bool = False
    is_offered: Callable[[Caller], bool] = field(default=lambda caller: True)

    @property
    def is_writing(self) -> bool:
        return issubclass(self.arguments, WritingArguments)


class Refused(RingdeskError):
    """The tool has not done it; ``details`` go to the assistant as they are, ``advice`` says what to do now."""

    def __init__(self, message: Text, *, advice: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        self.advice = advice
