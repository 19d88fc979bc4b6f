"""`Site.plot()`: a time range with its stages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Site
from datastore_sdk.exceptions import NoRecordsError
from tests.conftest import NOW
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form

HOURS = 8
START = datetime(2025, 9, 17, 6, tzinfo=UTC)


def serve(serving: Serving, stages: list[Any]) -> Client:
    seconds = range(int(START.timestamp()), int(START.timestamp()) + 3600, 10)
    replies: dict[str, Reply] = {
        "/sites/981/": http_response(200, {"id": 981, "name": "Well 1"}),
        "/fields/": http_response(200, []),
        "/history/": http_response(200, stages),
        "/data_changes/": http_response(200, {"change_log": []}),
        "/data/": http_response(200, [{"timestamp": second, "slurry_rate": 50} for second in seconds]),
    }
    return serving(respond_by_path(replies)).client


@pytest.mark.usefixtures("sandbox")
def test_the_stages_of_the_range_are_drawn(form: Form) -> None:
    start = NOW - timedelta(hours=HOURS)
    plot = form(Site(id=981), "plot", start, NOW, tz="site")
    stages = form(Site(id=981), "get_stages_metadata", start, NOW)
    fracs = [stage for stage in reversed(stages) if stage.state.startswith("frac")]
    assert len(fracs) >= 2
    drawn = [span for span in plot.spans if span.kind == "frac"]
    assert [span.label for span in drawn] == [f"Stage {stage.stage_number}" for stage in fracs]
    assert [(span.start, span.end) for span in drawn] == [
        (max(stage.start, start), min(stage.end or NOW, NOW)) for stage in fracs
    ]
    operations = {span.label.split()[0] for span in plot.spans if span.kind == "operation"}
    assert operations == {"Wireline"}
    assert (plot.start, plot.end, plot.timezone) == (start, NOW, "US/Central")
    assert plot.title == form(Site, "get_model", id=981).name
    shut_ins = [mark.at for mark in plot.marks if mark.kind == "shut-in"]
    for stage in fracs:
        if stage.end and stage.start >= start:
            assert sum(stage.start < at <= stage.end for at in shut_ins) == 1


def test_the_range_has_the_names_of_other_calls(serving: Serving, form: Form) -> None:
    site = Site(id=981, client=serve(serving, []))
    plots = [
        form(site, "plot", START, START + timedelta(hours=1)),
        form(site, "plot", start_datetime=START, end_datetime="2025-09-17T07:00:00Z"),
        form(site, "plot", start="2025-09-17T06:00:00Z", end=START + timedelta(hours=1)),
    ]
    assert plots[0] == plots[1] == plots[2]
    assert form(site, "plot", start=START).end == START + timedelta(seconds=3590)  # up to now: the last record
    with pytest.raises(ValueError, match="start_datetime and start mean the same"):
        form(site, "plot", START, start=START)
    with pytest.raises(ValueError, match="a plot needs start_datetime"):
        form(site, "plot", end=START)
    with pytest.raises(ValueError, match="is before"):
        form(site, "plot", START, START - timedelta(hours=1))
    with pytest.raises(NoRecordsError, match="nothing to plot"):
        form(site, "plot", START, fields="proppant_conc")


def test_odd_stages_cost_themselves_only(serving: Serving, form: Form) -> None:
    last = START + timedelta(hours=1)
    stages = [
        {"id": 1, "site": 981, "state": "frac_frac", "stage_number": 3, "start": START.isoformat(), "end": None},
        {"id": 2, "site": 981, "state": None, "stage_number": "x", "start": START.isoformat(), "end": "9999-12-31"},
        {"id": 3, "site": 981, "state": "coil_run", "start": "0001-01-01T00:00:00Z", "end": last.isoformat()},
        {"id": 4, "site": 5, "state": "frac_frac", "stage_number": 4, "start": START.isoformat(), "end": None},
        {"id": 5, "site": 981, "state": "standby_standby", "start": START.isoformat(), "end": None},
        {"id": 6, "site": 981, "state": "frac_frac", "start": None, "end": None},
        {"id": 7, "site": 981, "state": "frac_frac", "start": "2025-09-16T00:00:00Z", "end": "2025-09-16T01:00:00Z"},
    ]
    plot = form(Site(id=981, client=serve(serving, stages)), "plot", START, last)
    assert [(span.label, span.start, span.end) for span in plot.spans] == [
        ("Coil", START, last),
        ("Stage 3", START, last),
        ("Stage", START, last),
    ]
