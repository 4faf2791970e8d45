"""Ringdesk's booking functions from Python: the same names, the same order of parameters, over HTTP.

    from ringdesk.client import Booking

    with Booking("https://desk.example.com", token="rd_…", client={"phone": "+79230000001", "name": "Ivan"}) as bot:
        for company in bot.get_companies_for_booking():
            print(bot.get_dates_for_booking(company["id"], 842))

What is wrong with the arguments is answered ``{"status": False, "message": …}``, as bots have it; what is wrong with
the connection or the token raises ``httpx.HTTPError``. Needs nothing of Ringdesk but this file, and httpx.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

__all__ = ["Booking"]

Ids = int | str | Sequence[int | str]
Id = int | str
TIMEOUT = 15.0
_NOT_MODIFIED = 304


class Booking:
    """The thirteen functions. ``client``: whom the bot speaks with, {"id" | "phone" | "external_id": …, "name": …}."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        client: Mapping[str, Any] | None = None,
        language: str = "",
        http: httpx.Client | None = None,
    ) -> None:
        """``language``: of the messages (ru, en), else the organization's. ``http``: a connection to share."""
        headers = {"Authorization": f"Bearer {token}"} | ({"Accept-Language": language} if language else {})
        self._base = base_url.rstrip("/") + "/api/v1/functions/"
        self._headers = headers
        self._http = http or httpx.Client(timeout=TIMEOUT)
        self._is_own = http is None
        self._info: tuple[str, Any] | None = None
        self.client = client

    def for_client(self, client: Mapping[str, Any]) -> "Booking":
        """Return the same for another client of the bot, over the same connection."""
        other = Booking(self._base.removesuffix("/api/v1/functions/"), "", client=client, http=self._http)
        other._headers = self._headers
        return other

    def get_companies_for_booking(self) -> Any:
        """Branches that have services."""
        return self.call("get_companies_for_booking")

    def get_categories_for_booking(self, company_id: Id) -> Any:
        """Service categories, or job titles where the branch's setting says so."""
        return self.call("get_categories_for_booking", company_id)

    def get_employees_for_booking(
        self, company_id: Id, service_ids: Ids = "", job_title_id: Id = "", service_category_id: Id = ""
    ) -> Any:
        """Specialists: who provides all the services, of a job title, of a category."""
        return self.call("get_employees_for_booking", company_id, service_ids, job_title_id, service_category_id)

    def get_services_for_booking(self, company_id: Id, service_category_id: Id = "", employee_id: Id = "") -> Any:
        """Services: of a category, of a specialist."""
        return self.call("get_services_for_booking", company_id, service_category_id, employee_id)

    def get_dates_for_booking(
        self,
        company_id: Id,
        service_ids: Ids,
        employee_id: Id = "",
        days_limit: int | str = 14,
        max_dates_count: int | str = "",
    ) -> Any:
        """Dates (dd.mm.yyyy) with a free time, from today."""
        return self.call(
            "get_dates_for_booking", company_id, service_ids, employee_id, days_limit, max_dates_count
        )  # fmt: skip

    def get_slots_for_booking(
        self, company_id: Id, service_ids: Ids, date: str, employee_id: Id = "", slot_interval: int | str = ""
    ) -> Any:
        """Free times (hh:mm) of a date; ``slot_interval`` in minutes, usually 30."""
        return self.call("get_slots_for_booking", company_id, service_ids, date, employee_id, slot_interval)

    def create_booking(
        self, company_id: Id, service_ids: Ids, booking_date: str, booking_time: str, employee_id: Id = ""
    ) -> Any:
        """Book the services as one visit of the client."""
        return self.call("create_booking", company_id, service_ids, booking_date, booking_time, employee_id)

    def get_bookings_info(self, client_id: Id = "") -> Any:
        """Upcoming bookings of the client."""
        return self.call("get_bookings_info", client_id)

    def get_active_order_booking_info(self) -> Any:
        """The upcoming booking that was made or changed last."""
        return self.call("get_active_order_booking_info")

    def modify_booking_time(self, order_id: Id, new_date: str, new_time: str) -> Any:
        """Move a booking; the specialist stays."""
        return self.call("modify_booking_time", order_id, new_date, new_time)

    def cancel_booking(self, pipeline_id: Id, order_id: Id) -> Any:
        """Call a booking off; ``pipeline_id`` is the branch."""
        return self.call("cancel_booking", pipeline_id, order_id)

    def get_info_for_booking(self) -> Any:
        """All an assistant must know. Asked again while nothing has changed, only the version travels."""
        headers = {"If-None-Match": self._info[0]} if self._info else {}
        answer = self._send("get_info_for_booking", {}, headers)
        if answer.status_code != _NOT_MODIFIED:
            self._info = (answer.headers.get("ETag", ""), answer.json())
        return self._info[1] if self._info else None

    def create_booking_by_name(self, service_name: str, date: str, date_time: str, company_id: Id = "") -> Any:
        """Book a service by its name as the client said it."""
        return self.call("create_booking_by_name", service_name, date, date_time, company_id)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function by its name."""
        return self._send(name, {"args": args, "kwargs": kwargs, "client": self.client}).json()

    def close(self) -> None:
        """Close the connection if it is not shared."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _send(self, name: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> httpx.Response:
        answer = self._http.post(self._base + name, json=dict(body), headers={**self._headers, **(headers or {})})
        if answer.status_code != _NOT_MODIFIED:
            answer.raise_for_status()
        return answer
