"""Tables of lists in the time of the wells."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from datastore_sdk import Pad, Site
from datastore_sdk._utils import time_zones
from datastore_sdk.exceptions import UnusableValueError
from datastore_sdk.sandbox import Sandbox
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form

YESTERDAY = datetime(2025, 9, 17, 12, tzinfo=UTC)
STAGES = {"add_aggregations": True, "start_date": YESTERDAY}
LAST: dict[str, Any] = {
    "id": 7,
    "state": "frac_frac",
    "stage_number": 7,
    "site": 981,
    "start": "2025-11-02T05:30:00Z",
    "end": None,
}


@pytest.mark.usefixtures("sandbox")
def test_excel_shows_the_time_of_the_well(form: Form, tmp_path: Path) -> None:
    stages = form(Site(id=981), "get_stages_metadata", **STAGES)
    with pytest.raises(ValueError, match="timezone"):
        form(stages, "to_pandas", tz="site").to_excel(tmp_path / "aware.xlsx", index=False)
    table = form(stages, "to_pandas", tz="site", naive=True)
    assert table.attrs == {"timezone": "US/Central"}
    table.to_excel(tmp_path / "stages.xlsx", index=False)
    read = pd.read_excel(tmp_path / "stages.xlsx")  # pyright: ignore[reportUnknownMemberType]
    local = [stage.start.astimezone(ZoneInfo("US/Central")).replace(tzinfo=None) for stage in stages]
    assert [*read["start"]] == local
    assert [*read["id"][1:]] == [stage.id for stage in stages[1:]]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_zones_of_all_lists(sandbox: Sandbox, form: Form, kind: str) -> None:
    """Sites and states know their time zone; for others it is requested, once for each site or pad."""
    site, pad = Site(id=981), Pad(id=681)
    lists = {
        "sites": (form(pad, "get_sites"), "date_created", 0),
        "states": (form(pad, "get_states"), "last_state_update", 0),
        "stages": (form(site, "get_stages_metadata", **STAGES), "start", 1),
        "pads": (form(Pad, "get_models", complete=True), "completion_date", 1),
        "changes": (form(site, "get_data_changes")[0], "start_date", 1),
    }
    for name, (objects, column, requests) in lists.items():
        sandbox.requests.clear()
        aware = form(objects, f"to_{kind}", tz="site")
        assert len(sandbox.requests) == requests, name
        assert "US/Central" in str(aware[column].dtype), name
        assert [*aware[column]] == [*form(objects, f"to_{kind}")[column]], name
        naive = form(objects, f"to_{kind}", tz=ZoneInfo("US/Central"), naive=True)[column]
        assert [*naive] == [value.replace(tzinfo=None) for value in aware[column]], name


ODD_ZONES: dict[str, tuple[list[Any], str]] = {
    "several": (["US/Central", "US/Mountain"], "several: US/Central (site 981), US/Mountain (site 982); pass the name"),
    "missing": ([None, None], "the service sent no time zone for site 981: pass the name of a time zone"),
    "unknown": ([None, "Texas"], "the service sent an unknown time zone, 'Texas', for site 982: pass the name"),
    "number": ([-6, None], "the service sent an unknown time zone, -6, for site 981: pass the name"),
}


@pytest.mark.parametrize(("zones", "message"), ODD_ZONES.values(), ids=ODD_ZONES)
def test_a_zone_that_is_no_zone_is_an_error(serving: Serving, form: Form, zones: list[Any], message: str) -> None:
    replies: dict[str, Reply] = {
        f"/sites/{id_}/": http_response(200, {"id": id_, "name": "A", "timezone": zone})
        for id_, zone in zip((981, 982), zones, strict=True)
    }
    stages = [LAST, {**LAST, "site": 982}]
    service = serving(respond_by_path({"/history/": http_response(200, stages), **replies}))
    found = form(Pad(id=681, client=service.client), "get_stages_metadata")
    for kind in ("to_pandas", "to_polars"):
        with pytest.raises(UnusableValueError, match=re.escape(message)):
            form(found, kind, tz="site")
    with pytest.raises(ValueError, match="needs a well, but no object belongs to one: pass the name"):
        form(found[:0], "to_pandas", tz="site")


def test_a_well_without_a_zone_follows_the_others(serving: Serving, form: Form) -> None:
    replies: dict[str, Reply] = {
        "/sites/981/": http_response(200, {"id": 981}),
        "/sites/982/": http_response(200, {"id": 982, "timezone": "US/Central"}),
        "/sites/983/": http_response(200, {"id": 7, "timezone": "US/Eastern"}),  # another site
    }
    stages = [{**LAST, "site": site} for site in (981, 982, 983)]
    service = serving(respond_by_path({"/history/": http_response(200, stages), **replies}))
    found = form(Pad(id=681, client=service.client), "get_stages_metadata")
    assert form(found, "to_pandas", tz="site").attrs == {"timezone": "US/Central"}


@pytest.mark.parametrize(
    ("tz", "error", "message"),
    [
        ("US/Cental", ValueError, "tz is not a time zone: 'US/Cental'; did you mean 'US/Central'?"),
        ("", ValueError, "tz is not a time zone: ''; pass an IANA name"),
        ("America", ValueError, "tz is not a time zone: 'America'"),
        ("../UTC", ValueError, "tz is not a time zone"),
        (None, TypeError, "tz must be the name of a time zone, such as 'US/Central', or 'site', not NoneType: None"),
        (timezone(timedelta(hours=-6)), TypeError, "not a fixed offset"),
    ],
)
def test_an_unknown_zone_fails_before_any_request(
    sandbox: Sandbox, form: Form, tz: Any, error: type[Exception], message: str
) -> None:
    pads, data = form(Pad, "get_models"), form(Site(id=981), "get_data", YESTERDAY, YESTERDAY)
    sandbox.requests.clear()
    for source in (pads, data):
        for kind in ("to_pandas", "to_polars"):
            with pytest.raises(error, match=re.escape(message)):
                form(source, kind, tz=tz)
            with pytest.raises(TypeError, match="naive"):
                form(source, kind, naive="yes")
    assert not sandbox.requests


def _is_no_time_zone(_: str) -> bool:
    return False


def test_a_system_without_time_zones_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_zones, "is_time_zone", _is_no_time_zone)
    monkeypatch.setattr(time_zones, "available_timezones", set)
    with pytest.raises(ValueError, match="this system has no time zones, so 'US/Central' is unknown; run: pip install"):
        time_zones.validate_time_zone("US/Central")
