from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ringdesk.crm.matching import NOBODY, Match, Named, Row, match

ids = st.integers(1, 4)
members = st.none() | st.integers(1, 3)
clients = st.builds(Row, st.just("client"), ids, st.just("Ivan"), members)


@st.composite
def owned(draw: st.DrawFn) -> Row:
    kind: Any = draw(st.sampled_from(["contract", "lead"]))
    owner = draw(ids if kind == "contract" else st.none() | ids)
    name, member = (None, None) if owner is None else ("Ivan", draw(members))
    return Row(kind, draw(ids), "A-1", draw(members), owner, name, member)


rows = st.lists(clients | owned(), max_size=6, unique_by=lambda row: row[:2])


@given(rows, st.randoms())
def test_the_order_of_rows_and_repetitions_do_not_matter(some: list[Row], random: st.DataObject) -> None:
    other = [tuple(row) for row in some + some]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert match(other) == match(some)


@given(rows)
def test_only_the_first_kind_that_has_the_number_decides(some: list[Row]) -> None:
    found = match(some)
    kinds = {row.kind for row in some}
    assert (found.contract is not None) <= ("contract" in kinds)
    assert (found.lead is not None) <= (kinds == {"lead"})
    if "contract" in kinds:
        contracts = [row for row in some if row.kind == "contract"]
        assert (found.contract is None) == (len(contracts) > 1)
        assert list(found.candidates) == (sorted(contracts, key=lambda row: row.id) if len(contracts) > 1 else [])


@given(rows)
def test_nobody_is_chosen_among_several(some: list[Row]) -> None:
    found = match(some)
    if not found.candidates:
        return
    assert not found.is_known
    assert found.contract is found.lead is None
    assert {row.client_id for row in found.candidates} == {found.client.id} if found.client else True
    assert len({row.kind for row in found.candidates}) == 1 < len(found.candidates)


@given(rows)
def test_the_responsible_is_somebody_of_the_cards_and_shared(some: list[Row]) -> None:
    found = match(some)
    if found.responsible_id is not None:
        assert found.responsible_id in {id for row in some for id in (row.responsible_id, row.client_responsible_id)}
        for row in found.candidates:
            assert (row.responsible_id or row.client_responsible_id) in (found.responsible_id, None)


def test_nobody() -> None:
    assert match([]) == NOBODY
    assert not NOBODY.is_known


def test_the_contract_wins_and_brings_its_client() -> None:
    found = match([Row("lead", 3, "Lead", 9), Row("client", 2, "Anna", 8), Row("contract", 1, "A-1", 7, 5, "Ivan", 6)])
    assert found == Match(contract=Named(1, "A-1"), client=Named(5, "Ivan"), responsible_id=7)


def test_a_contract_nobody_is_responsible_for_falls_to_its_client_then_to_the_others() -> None:
    assert match([Row("contract", 1, "A-1", None, 5, "Ivan", 6)]).responsible_id == 6
    assert match([Row("contract", 1, "A-1", None, 5, "Ivan", None), Row("client", 2, "Anna", 8)]).responsible_id == 8
    assert match([Row("client", 2, "Anna"), Row("lead", 3, "Lead", 9)]).responsible_id == 9


def test_two_clients_are_chosen_by_hand_and_share_a_member_or_none() -> None:
    anna, ivan = Row("client", 2, "Anna", 8), Row("client", 5, "Ivan", 8)
    assert match([ivan, anna]) == Match(candidates=(anna, ivan), responsible_id=8)
    assert match([anna, ivan._replace(responsible_id=9), Row("lead", 3, "Lead", 9)]).responsible_id is None
    assert match([anna, ivan._replace(responsible_id=None)]).responsible_id is None


def test_two_contracts_of_one_client_leave_no_doubt_who_calls() -> None:
    one, two = (Row("contract", id, f"A-{id}", None, 5, "Ivan", 6) for id in (1, 2))
    found = match([one, two])
    assert found == Match(client=Named(5, "Ivan"), candidates=(one, two), responsible_id=6)
    assert not found.is_known


def test_a_lead_that_became_a_client_brings_the_client() -> None:
    found = match([Row("lead", 3, "Anna?", None, 5, "Anna", 6)])
    assert found == Match(lead=Named(3, "Anna?"), client=Named(5, "Anna"), responsible_id=6)
