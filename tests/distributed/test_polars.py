"""polars reads a plan: every query has the rows that it has on the whole, and downloads only what it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from datastore_sdk import Plan, Site
from datastore_sdk.distributed import scan_restream
from datastore_sdk.sandbox import Sandbox

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
END = START + timedelta(seconds=1499)
MIDDLE = START + timedelta(seconds=700)
FIELDS = ["slurry_rate", "upper_master_valve", "wl_ccl"]
TIMESTAMP, SITE, RATE = pl.col("timestamp"), pl.col("site_id"), pl.col("slurry_rate")
SITES = [981, 982]
POLARS = tuple(map(int, pl.__version__.split(".")[:2]))


@pytest.fixture
def plan(sandbox: Sandbox) -> Plan:
    plan = Plan.of([Site(id=id_) for id_ in SITES], START, END, fields=FIELDS, seconds=600)
    sandbox.requests.clear()
    return plan


def count_downloads(sandbox: Sandbox) -> int:
    return sum(request.path.endswith("/data/") for request in sandbox.requests)


PREDICATES: list[tuple[pl.Expr, int]] = [
    (SITE == 982, 3),
    (pl.lit(982) == SITE, 3),
    (SITE.is_in([982, 7]), 3),
    (SITE.is_in([7]), 0),
    ((SITE == 982) & (RATE > 1), 3),
    ((SITE == 982) | (RATE > 1), 6),
    (~(SITE == 982), 6),
    (SITE != 982, 6),
    (TIMESTAMP >= MIDDLE, 4),
    (TIMESTAMP > MIDDLE, 4),
    (MIDDLE <= TIMESTAMP, 4),
    (TIMESTAMP < MIDDLE, 4),
    (TIMESTAMP == MIDDLE, 2),
    (TIMESTAMP.is_between(MIDDLE, MIDDLE + timedelta(seconds=10)), 2),
    (TIMESTAMP.is_between(START, MIDDLE, closed="left") & SITE.is_in([981]), 2),
    ((TIMESTAMP > START) & (TIMESTAMP < MIDDLE) & (SITE == 981) & (SITE == 982), 0),
    (TIMESTAMP.dt.offset_by("1h") > MIDDLE, 6),
    (RATE.is_between(0, 5), 6),
    (pl.col("upper_master_valve") == "O", 6),
]


def test_filter_downloads_what_it_needs(plan: Plan, sandbox: Sandbox) -> None:
    frame = scan_restream(plan)
    whole = frame.collect()
    for predicate, slices in PREDICATES:
        sandbox.requests.clear()
        assert_frame_equal(frame.filter(predicate).collect(), whole.filter(predicate))
        if POLARS >= (2,):  # versions before have times and lists in other forms, which are not understood
            assert count_downloads(sandbox) == slices, predicate


def test_only_used_columns_are_downloaded(plan: Plan, sandbox: Sandbox) -> None:
    frame = scan_restream(plan)
    expected = frame.collect()
    sandbox.requests.clear()
    chosen = frame.filter(SITE == 982).select("wl_ccl", "slurry_rate").collect()
    assert_frame_equal(chosen, expected.filter(SITE == 982).select("wl_ccl", "slurry_rate"))
    fields = {dict(request.query)["fields"] for request in sandbox.requests}
    assert {frozenset(names.split(",")) for names in fields} == {frozenset({"slurry_rate", "wl_ccl"})}


def test_rows_are_counted_without_columns(plan: Plan) -> None:
    assert scan_restream(plan).select(pl.len()).collect().item() == 3000


def test_head_ends_the_download(plan: Plan, sandbox: Sandbox) -> None:
    assert scan_restream(plan).head(5).collect().height == 5
    assert count_downloads(sandbox) == 1
    assert scan_restream(plan).filter(RATE > -1).head(5).collect().height == 5
    assert scan_restream(plan).head(0).collect().height == 0


def test_aggregation_has_the_result_of_the_plain_sdk(plan: Plan) -> None:
    found = scan_restream(plan).group_by("site_id").agg(RATE.sum()).sort("site_id").collect()
    comparable = pl.concat(
        Site(id=id_).get_data(START, END, fields=FIELDS).to_polars(schema=plan.schema) for id_ in SITES
    )
    assert_frame_equal(found, comparable.group_by("site_id").agg(RATE.sum()).sort("site_id"))


def test_streaming_engine_reads_a_plan(plan: Plan) -> None:
    assert scan_restream(plan).select(pl.len()).collect(engine="streaming").item() == 3000
