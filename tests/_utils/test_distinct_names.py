"""Distinct names of columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastore_sdk._utils.distinct_names import DistinctNames


def test_used_names_get_a_number() -> None:
    names = DistinctNames(["extra"])
    assert [*map(names.add, ["rate", "Rate", "rate_2", "EXTRA", "rate", "ﬀ", "FF"])] == [
        *("rate", "Rate_2", "rate_2_2", "EXTRA_2", "rate_3", "ﬀ", "FF_2"),
    ]


@given(st.lists(st.text(alphabet="aAé油", min_size=1, max_size=30), max_size=40))
def test_names_are_distinct_and_short(wanted: list[str]) -> None:
    names = DistinctNames(max_bytes=9)
    found = [*map(names.add, wanted)]
    assert len({name.casefold() for name in found}) == len(found)
    assert all(len(name.encode()) <= 9 for name in found)
