"""The organization, its branches and members as the HTTP API shows them."""

from datetime import datetime

from ninja import Field, Schema

from ringdesk.accounts.models import Branch, Member


class OrganizationOut(Schema):
    """The organization that the token belongs to."""

    id: int
    slug: str
    name: str
    language: str
    modules: list[str]


class OpeningOut(Schema):
    """A time of opening. Minutes from midnight; past midnight is over 1440."""

    weekday: int = Field(description="0 is Monday.")
    opens: int
    closes: int


class BranchOut(Schema):
    """A place with an address and a time zone."""

    id: int
    name: str
    address: str
    timezone: str = Field(examples=["Europe/Moscow"])
    region: str = Field(description="The country of numbers without a country code.")
    opening_hours: list[OpeningOut]

    @staticmethod
    def resolve_opening_hours(branch: Branch) -> list[dict[str, int]]:
        hours = branch.opening_hours.all()
        return [{"weekday": span.weekday, "opens": span.opens, "closes": span.closes} for span in hours]


class MemberOut(Schema):
    """A seat in the organization."""

    id: int
    name: str
    email: str
    role: str
    is_active: bool
    branch_ids: list[int] = Field(description="The branches the seat is limited to; none means all.")
    created_at: datetime

    @staticmethod
    def resolve_email(member: Member) -> str:
        return member.user.email

    @staticmethod
    def resolve_branch_ids(member: Member) -> list[int]:
        return sorted(branch.pk for branch in member.branches.all())
