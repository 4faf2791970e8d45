"""A salon whose page is open, and nobody counted yet."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from ringdesk.booking.tests.conftest import Salon
from ringdesk.booking.tests.page.visitor import open_page


@pytest.fixture(autouse=True)
def fresh_counters() -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def salon(ours: Salon) -> Salon:
    open_page(ours)
    return ours
