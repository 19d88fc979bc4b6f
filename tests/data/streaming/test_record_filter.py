"""Records that were not requested are dropped, in any form of their keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.batch import decode_batch
from datastore_sdk.data.streaming.codecs import CELLS, DICTS, TEXTS, RecordCodec
from datastore_sdk.data.streaming.record_filter import RecordFilter
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.exceptions import ResponseValidationError
from tests.support.exhaustive import examples

FIRST, LAST = 1_757_376_000, 1_757_376_009
USUAL = st.integers(FIRST - 2, LAST + 2)
TIMESTAMPS = st.one_of(USUAL, USUAL.map(float), USUAL.map(str), USUAL.map(lambda second: second * 1000))
SITES = st.one_of(st.just(981), st.sampled_from([982, "981", "982", None, [981], {"id": 982}, 981.0]))
QUERY = DataQuery(
    source="site", id=981, start=datetime.fromtimestamp(FIRST, UTC), end=datetime.fromtimestamp(LAST, UTC)
)


def keep(records: list[dict[str, Any]], codec: RecordCodec[Any], *, shared: bool) -> list[dict[str, Any]]:
    """Return the records that the filter keeps."""
    part = PlannedRequest.from_query(QUERY, shares_last_second=shared)
    batch = RecordFilter(part, "stream_site_data", "GET", "https://example.com").filter(
        decode_batch(codec, json.dumps(records).encode())
    )
    found: list[dict[str, Any]] = json.loads(batch.text)
    assert len(batch.records) == len(found)
    return found


def is_requested(record: dict[str, Any], *, shared: bool) -> bool:
    second, site = float(record["timestamp"]), record["site_id"]
    second = second / 1000 if second > 1e11 else second
    return FIRST <= second <= LAST - shared and (site not in (982, "982"))


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.DriftWarning")
@pytest.mark.parametrize("codec", [DICTS, TEXTS, CELLS], ids=["dicts", "texts", "cells"])
@settings(max_examples=examples(300))
@given(
    records=st.lists(
        st.fixed_dictionaries({"timestamp": TIMESTAMPS, "site_id": SITES, "rate": st.floats(0, 9)}), min_size=1
    ),
    shared=st.booleans(),
)
def test_filter_keeps_what_was_requested(
    codec: RecordCodec[Any],
    records: list[dict[str, Any]],
    shared: bool,
) -> None:
    assert keep(records, codec, shared=shared) == [each for each in records if is_requested(each, shared=shared)]


def test_second_of_the_next_part_is_left_out() -> None:
    records: list[dict[str, Any]] = [{"timestamp": second, "site_id": 981} for second in range(FIRST, LAST + 1)]
    assert keep(records, TEXTS, shared=True) == records[:-1]
    assert keep(records, DICTS, shared=False) == records


def test_records_without_keys_are_kept() -> None:
    assert keep([{"rate": 5}, {"timestamp": FIRST}], TEXTS, shared=False) == [{"rate": 5}, {"timestamp": FIRST}]


@pytest.mark.parametrize("value", [None, "soon", True, 10**30])
def test_record_that_neighbours_may_have_is_refused(value: object) -> None:
    records: list[dict[str, Any]] = [{"timestamp": FIRST, "site_id": 981}, {"timestamp": value, "site_id": 981}]
    with pytest.raises(ResponseValidationError, match="does not say to which part of the time range it belongs"):
        keep(records, TEXTS, shared=True)
    assert keep(records, TEXTS, shared=False) == records


def test_keys_of_a_batch_with_odd_text_are_read() -> None:
    records: list[dict[str, Any]] = [
        {"timestamp": FIRST, "site_id": 981, "note": "\ud800"},
        {"timestamp": FIRST, "site_id": 982},
    ]
    assert keep(records, TEXTS, shared=True) == records[:1]
