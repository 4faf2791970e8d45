"""The whole OpenAPI document held against the API: whatever is sent, no crash and no answer that is not described."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ringdesk.accounts import tokens
from ringdesk.accounts.access import SCOPES
from ringdesk.accounts.models import Organization
from ringdesk.accounts.tests.api import Program
from ringdesk.config import demo

CHECKS: Any = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 6  # of each operation


class Known:
    """Ids of what is there, by resource: half of the requests ask for one of these."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ids: dict[str, list[Any]] = {}

    def of(self, path: str) -> list[Any]:
        resource = path.partition("/{")[0].removeprefix("/api/v1/")
        if resource not in self.ids:
            answer = self.program.get(resource, limit=3)
            is_list = answer.status == 200 and isinstance(answer.json, dict)
            self.ids[resource] = (
                [item["id"] for item in answer.json.get("items", []) if "id" in item] if is_list else []
            )
        return self.ids[resource]


class Undone(Exception):
    """Takes back what a request has done."""


def send(case: Case[Any], known: Known, number: int, statuses: Counter[int]) -> None:
    """Send one request and hold the answer against the document; nothing of it stays."""
    if case.path_parameters and number % 2 == 0 and (ids := known.of(case.operation.path)):
        case.path_parameters = {**case.path_parameters, next(iter(case.path_parameters)): ids[number // 2 % len(ids)]}
    try:
        with transaction.atomic():
            response = case.call(headers={"Authorization": f"Bearer {known.program.token}", "Accept-Language": "en"})
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            raise Undone
    except Undone:
        pass


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests begin and end in this thread: none of them may close the connection of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# A recording that the client of this test did not read to its end is closed by nobody.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.django_db
def test_whatever_is_sent_is_answered_as_described() -> None:
    with translation.override("ru"):
        organization: Organization = demo._create(timezone.now())
    _token, plain = tokens.issue(organization, name="schemathesis", scopes=SCOPES, by=None)
    known = Known(Program(plain))
    with one_connection():
        document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operations = [cast(Any, result).ok() for result in document.get_all_operations()]
    for operation in operations:
        known.of(operation.path)
    found: dict[str, list[str]] = defaultdict(list)
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def check(operation: Any, data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        try:
            send(case, known, statuses.total(), statuses)
        except FailureGroup as group:
            for failure in group.exceptions:
                found[operation.label].append(f"{failure}\n{case.as_curl_command()}")

    with one_connection():
        for operation in operations:
            check(operation)
    # It has got past the door: a good part was done, not only refused.
    assert statuses.total() > 300 and statuses[200] + statuses[201] + statuses[204] > statuses.total() // 4, statuses
    told = {label: sorted(set(failures))[:3] for label, failures in found.items()}
    assert not found, json.dumps(told, indent=1, ensure_ascii=False)
