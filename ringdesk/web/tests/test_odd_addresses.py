"""Addresses nobody's button leads to: an answer, never an error of ours."""

import pytest

from ringdesk.core.asked import positive_id, searched
from ringdesk.web.tests.conftest import Desk

TEXTS = ("/search/?q=a%00b", "/settings/members/?q=a%00b", "/clients/?tag=%00", "/clients/?q=a%00b",
         "/calls/?q=a%00b", "/phonebook/?q=a%00b", "/clients/companies/?company=a%00b")  # fmt: skip
IDS = ("/hall/?hall=", "/hall/card/?client=", "/hall/card/?table=", "/hall/card/?date=2026-01-01&start=",
       "/hall/card/tables/?reservation=", "/hall/card/tables/?tables=", "/hall/card/guest/?client=",
       "/clients/merge/?client=")  # fmt: skip
ODD = ("%C2%B2", "%D9%A3", "%00", "9" * 19, "9" * 5000, "-1", "1e3")
DATES = ("date=0001-01-01&start=00:00", "date=9999-12-31&start=23:00&end=22:00",
         "date=9999-12-31&start=23:00&duration=24:00", "date=1899-12-31&start=9&end=8",
         "date=2100-12-31&start=23:00&end=22:00")  # fmt: skip


@pytest.mark.parametrize("address", [*TEXTS, *(f"/hall/card/tables/?{date}" for date in DATES)])
def test_texts_and_dates(desk: Desk, address: str) -> None:
    assert desk.browser("owner").get(address).status_code == 200


@pytest.mark.parametrize("address", IDS)
def test_what_only_looks_like_an_id(desk: Desk, address: str) -> None:
    owner = desk.browser("owner")
    for odd in ODD:
        assert owner.get(address + odd).status_code in (200, 302), odd


def test_posted_rows_of_no_card(desk: Desk) -> None:
    odd = "/clients/phone-rows/?client=%C2%B2&contract=" + "9" * 19
    assert desk.browser("owner").post(odd, {}).status_code == 200


def test_an_id_and_a_text() -> None:
    assert [positive_id(text) for text in ("7", "007", "9" * 18, 5)] == [7, 7, 10**18 - 1, 5]
    assert {positive_id(text) for text in ("", "0", "²", "٣", "-1", "+1", " 1", "1_0", "9" * 19)} == {None}
    assert searched(" a\x00b ") == "ab"
