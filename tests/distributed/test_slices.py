"""Slices of a plan: how a range is cut, and how parts of it are chosen."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from datastore_sdk.data.query import DataQuery
from datastore_sdk.distributed.slices import Slice, cut_slices, restrict_slices
from datastore_sdk.enums import DataResolutions
from tests.support.hypothesis_settings import PROPERTY

INTERVALS = [DataQuery(source="site", id=1, resolution=each).resolution_seconds for each in DataResolutions]


@PROPERTY
@given(
    start=st.integers(0, 100_000),
    extent=st.integers(0, 100_000),
    seconds=st.integers(1, 30_000),
    interval=st.sampled_from(INTERVALS),
)
def test_slices_cover_each_second_once(start: int, extent: int, seconds: int, interval: int) -> None:
    seconds = max(seconds, extent // 50 + 1)
    slices = cut_slices((7,), start, start + extent, seconds=seconds, interval=interval)
    covered = [*chain.from_iterable(range(each.start, each.end + 1) for each in slices)]
    assert covered == [*range(start, start + extent + 1)]
    assert all(each.start % interval == 0 for each in slices[1:])
    assert all(each.end - each.start < max(seconds, interval) for each in slices)


def test_slices_come_in_order_of_time_then_site() -> None:
    assert cut_slices((9, 7), 5, 14, seconds=10, interval=1) == (
        Slice(9, 5, 9),
        Slice(7, 5, 9),
        Slice(9, 10, 14),
        Slice(7, 10, 14),
    )


def test_slices_of_overlapping_ranges_are_the_same() -> None:
    early = {*cut_slices((7,), 0, 9_999, seconds=1_000, interval=1)}
    late = {*cut_slices((7,), 500, 20_000, seconds=1_000, interval=1)}
    assert len(early & late) == 9


def test_restricted_slices_are_whole_intervals() -> None:
    slices = cut_slices((7, 9), 0, 7_199, seconds=3_600, interval=60)
    assert restrict_slices(slices, 3_500, 3_601, {9}, interval=60) == (Slice(9, 3_480, 3_599), Slice(9, 3_600, 3_659))
    assert restrict_slices(slices, None, None, None, interval=60) == slices
    assert restrict_slices(slices, 10_000, None, None, interval=60) == ()


def test_slice_shows_site_and_range() -> None:
    assert str(Slice(981, 0, 59)) == "slice of site 981 from 1970-01-01T00:00:00Z to 1970-01-01T00:00:59Z"
