"""Data frames in the time of the well."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest

from datastore_sdk import Data, Pad, Site
from datastore_sdk.exceptions import NotFoundError, UnusableValueError
from datastore_sdk.sandbox import Sandbox
from tests.data.arrow.table_helpers import HOURS
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests

CENTRAL = ZoneInfo("US/Central")
AMBIGUOUS = int(datetime(2025, 11, 2, 6, 30, tzinfo=UTC).timestamp())
"""Half past one in Texas, the first time; an hour later it is half past one again."""
BODY = [{"timestamp": AMBIGUOUS, "site_id": 981}, {"timestamp": AMBIGUOUS + 3600, "site_id": 981}]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("source", [Site(id=981), Pad(id=681)], ids=["site", "pad"])
def test_records_in_the_time_of_the_well(sandbox: Sandbox, form: Form, source: Site | Pad, kind: str) -> None:
    data = form(source, "get_data", *HOURS, fields=["surface_treating_pressure"])
    utc = form(data, f"to_{kind}")
    sandbox.requests.clear()
    local = form(data, f"to_{kind}", tz="site")
    assert list_requests(sandbox)[0] == ("GET /sites/981/" if isinstance(source, Site) else "GET /sites/?pad__id=681")
    assert [*local["timestamp"]] == [*utc["timestamp"]]
    assert [value.replace(tzinfo=None) for value in local["timestamp"]] == [
        value.astimezone(CENTRAL).replace(tzinfo=None) for value in utc["timestamp"]
    ]
    assert [*form(data, f"to_{kind}", tz=CENTRAL, naive=True)["timestamp"]] == [
        value.replace(tzinfo=None) for value in local["timestamp"]
    ]
    assert str(form(data, f"to_{kind}", tz=UTC)["timestamp"].dtype) == str(utc["timestamp"].dtype)


def serve(serving: Serving, **replies: Any) -> Any:
    by_path: dict[str, Reply] = {
        "/fields/": http_response(200, []),
        "/data/": http_response(200, BODY),
        **{f"/{name}/": reply for name, reply in replies.items()},
    }
    return serving(respond_by_path(by_path)).client


def test_the_repeated_hour(serving: Serving, form: Form) -> None:
    data = form(Site(id=981, client=serve(serving)), "get_data")
    frame = form(data, "to_pandas", tz="US/Central")
    assert [str(value) for value in frame["timestamp"]] == ["2025-11-02 01:30:00-05:00", "2025-11-02 01:30:00-06:00"]
    assert [*form(data, "to_pandas", tz="US/Central", naive=True)["timestamp"]] == [
        pd.Timestamp("2025-11-02 01:30")
    ] * 2
    polars = form(data, "to_polars", tz="US/Central")["timestamp"]
    assert [value.isoformat() for value in polars] == ["2025-11-02T01:30:00-05:00", "2025-11-02T01:30:00-06:00"]


def test_timestamps_that_are_none_stay_as_they_are(serving: Serving, form: Form) -> None:
    """A column of odd timestamps is text; an empty table has the zone too."""
    client = serve(serving, data=http_response(200, [{"timestamp": "soon"}]))
    data = form(Site(id=981, client=client), "get_data")
    assert [*form(data, "to_pandas", tz="US/Central")["timestamp"]] == ["soon"]
    assert [*form(data, "to_polars", tz="US/Central", naive=True)["timestamp"]] == ["soon"]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_no_records(serving: Serving, form: Form, kind: str) -> None:
    client = serve(serving, data=http_response(200, []))
    frame = form(form(Site(id=981, client=client), "get_data"), f"to_{kind}", tz="US/Central")
    assert len(frame) == 0
    assert [*frame.columns] == ["timestamp", "site_id"]
    assert "US/Central" in str(frame["timestamp"].dtype)


SITES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "several": (
        [{"id": 1, "timezone": "US/Central"}, {"id": 2, "timezone": "US/Mountain"}, {"id": 3}],
        "several: US/Central (site 1 of pad 681), US/Mountain (site 2 of pad 681); pass the name",
    ),
    "unknown": (
        [{"id": 1, "timezone": "Texas"}],
        "an unknown time zone, 'Texas', for site 1 of pad 681: pass the name",
    ),
    "none": ([], "the service sent no time zone for pad 681: pass the name"),
    "of another pad": ([{"id": 1, "pad_id": 7, "timezone": "US/Central"}], "no time zone for pad 681: pass the name"),
}


@pytest.mark.parametrize(("sites", "message"), SITES.values(), ids=SITES)
def test_a_pad_without_one_zone_fails_before_the_download(
    serving: Serving, form: Form, sites: list[dict[str, Any]], message: str
) -> None:
    by_path: dict[str, Reply] = {"/sites/": http_response(200, sites)}
    service = serving(respond_by_path(by_path))
    data = form(Pad(id=681, client=service.client), "get_data")
    for kind in ("to_pandas", "to_polars"):
        with pytest.raises(UnusableValueError, match=re.escape(message)):
            form(data, kind, tz="site")
    assert service.request_lines == ["GET /sites/"] * 2


def test_refused_site_fails_before_the_download(serving: Serving, form: Form) -> None:
    service = serving(respond_by_path({"/sites/981/": http_response(404, {"detail": "none"})}))
    with pytest.raises(NotFoundError):
        form(form(Site(id=981, client=service.client), "get_data"), "to_pandas", tz="site")


def test_frames_without_a_well(sandbox: Sandbox, form: Form) -> None:
    """No data changes, so no site."""
    _, corrected = form(Pad(id=654), "get_data_changes")
    data = type(corrected)(corrected._client, [])
    with pytest.raises(ValueError, match="tz='site' needs a well, but no object belongs to one"):
        form(data, "to_pandas", tz="site")
    assert len(form(data, "to_pandas", tz="US/Central")) == 0
    assert sandbox.requests


def test_data_from_records_has_a_zone() -> None:
    data = Data.from_records([{"timestamp": AMBIGUOUS, "slurry_rate": 5}])
    assert str(data.to_pandas(tz="US/Central")["timestamp"][0]) == "2025-11-02 01:30:00-05:00"
    assert data.to_polars(tz="US/Central").schema["timestamp"] == pl.Datetime("us", "US/Central")
