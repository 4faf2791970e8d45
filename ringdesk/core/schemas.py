"""What every resource of the HTTP API has in common: strict input, pages, problems."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict

Item = TypeVar("Item")
# The default of a field that may be absent from a change, but not null.
ABSENT: Any = None


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL (U+0000) cannot be stored")
    return text


def _in_utc(moment: datetime) -> datetime:
    try:
        # PostgreSQL knows fewer offsets than Python.
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time is out of reach") from None


Text = Annotated[str, AfterValidator(_without_nul)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Input(Schema):
    """What a caller sends: a name we do not know is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")

    def sent(self) -> dict[str, Any]:
        """Return only what was sent, without ``version``."""
        return {name: getattr(self, name) for name in self.model_fields_set if name != "version"}


class Paging(Schema):
    """The two parameters of every list."""

    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    after: Text | None = Field(None, description="`next` of the page before.")


class Page(Schema, Generic[Item]):
    """One page of a list; ``next`` goes into ``after`` of the following request, null at the end."""

    items: list[Item]
    next: str | None


class FieldProblem(Schema):
    """What is wrong with one field of the request."""

    field: str
    detail: str


class Problem(Schema):
    """An error as RFC 9457 has it (`application/problem+json`)."""

    type: str = Field(description="`urn:ringdesk:problem:…`: what went wrong, for programs.")
    title: str
    status: int
    detail: str = Field("", description="For people, in the language of `Accept-Language`.")
    errors: list[FieldProblem] = Field(default_factory=list)
    alternatives: list[Any] = Field(default_factory=list, description="Up to three that would be free (409).")
    version: int | None = Field(None, description="The version that is stored now (409, stale).")
