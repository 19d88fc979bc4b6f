"""Intended differences between the SDK and the vendor's client, with reasons. Every other difference is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from _comparison.verdicts import ERROR, Deviation, Json, Observation, Request
from datastore_sdk.entities.stage import MAX_STAGES_PER_REQUEST

_BOOLEANS: Final = {"false": "0", "true": "1"}

Change = Callable[[Observation], Observation]


def _requests(change: Callable[[list[Request]], Iterable[Request]]) -> Change:
    return lambda seen: replace(seen, requests=tuple(change(list(seen.requests))))


def _result(change: Callable[[Json], Json]) -> Change:
    return lambda seen: replace(seen, result=change(seen.result))


def _raise(name: str) -> Change:
    return lambda _: Observation((), {ERROR: [name]})


def _request_by_ids(seen: Observation) -> Observation:
    *others, history, aggregations = seen.requests
    names = [pair for pair in aggregations.query if pair[0] == "aggregations_filter"]
    ids = [("histories", str(stage["id"])) for stage in seen.result if "id" in stage]
    slices = (ids[start : start + MAX_STAGES_PER_REQUEST] for start in range(0, len(ids), MAX_STAGES_PER_REQUEST))
    return replace(
        seen,
        requests=(
            *others,
            history._replace(query=tuple(pair for pair in history.query if pair not in names)),
            *(aggregations._replace(query=tuple(sorted([*names, *part]))) for part in slices),
        ),
    )


def _with_stage_ids(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**stage, "aggregations": {**stage["aggregations"], "id": stage["id"]}} if stage["aggregations"] else stage
        for stage in stages
    ]


def _without(key: str) -> Change:
    def cut(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: cut(item) for name, item in cast("dict[str, Json]", value).items() if name != key}
        if isinstance(value, list):
            return [cut(item) for item in value]
        return value

    return _result(cut)


def _from_next_second(seen: Observation) -> Observation:
    *others, data = seen.requests
    query = dict(data.query)
    start = datetime.fromisoformat(f"{query['start_datetime']}+00:00")
    query["start_datetime"] = f"{start + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"
    later = [record for record in seen.result if record["timestamp"] > start.timestamp()]
    return Observation((*others, data._replace(query=tuple(query.items()))), later)


def _floats_of_plots(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: float(value) if "_plot_" in name and value is not None else value for name, value in field.items()}
        for field in fields
    ]


def _read_by_id(seen: Observation) -> Observation:
    *others, listing = seen.requests
    return replace(seen, requests=(*others, listing._replace(path=f"{listing.path}{seen.result['id']}/")))


def _about(rows: list[dict[str, str]]) -> list[dict[str, Json]]:
    return [{name: _about_cell(text) for name, text in row.items()} for row in rows]


def _about_cell(text: str) -> Json:
    try:
        return {"$about": float(_BOOLEANS.get(text.lower(), text))}
    except ValueError:
        return text


SITE_CONFIRMS: Final = Deviation(
    "requests the pad of the site, since the service may ignore the filter",
    sdk=_requests(lambda requests: requests[:-1]),
)
NO_SOURCES: Final = Deviation(
    "lists all kinds of measurement sources of a pad without any, so that `sources.frac` always exists",
    vendor=_result(lambda _: {"frac": [], "wl": [], "fluid": [], "pumpdown": []}),
)
WHOLE_SOURCES: Final = Deviation(
    "returns the other sites that the measurement sources of a site are attached to",
    sdk=_without("attached_sites"),
)
FRESH_SOURCES: Final = Deviation(
    "requests measurement sources again: the site on which one is active changes",
    vendor=_requests(lambda requests: [*requests, requests[-1]]),
)
FLOATS: Final = Deviation(
    "returns floats for fields that are floats in the contract",
    vendor=_result(_floats_of_plots),
)
REQUESTED_BY_IDS: Final = Deviation(
    "requests aggregations by stage ids alone, and not too many at a time for the length of a URL",
    vendor=_request_by_ids,
)
STAGE_IDS: Final = Deviation(
    "leaves the stage's id in its aggregations, as the service sends them",
    vendor=_result(_with_stage_ids),
)
INSIDE_RANGE: Final = Deviation(
    "rounds the start of a range up to a whole second: a record before it is outside",
    vendor=_from_next_second,
)
CSV_AS_SENT: Final = Deviation(
    "writes values to CSV as they were sent; pandas turns 1 and true into 1.0, and drops digits",
    vendor=_result(_about),
    sdk=_result(_about),
)
NO_FLAG: Final = Deviation(
    "stores no flag of its own in a data change: `confirm_data_received` returns the response of the service",
    vendor=_without("update_received"),
)
READ_BY_ID: Final = Deviation(
    "reads one data change again by its id, which also works for an acknowledged one",
    vendor=_read_by_id,
)
ACKNOWLEDGED_AGAIN: Final = Deviation(
    "acknowledges with each call, which does no harm",
    vendor=_requests(lambda requests: [*requests, requests[-1]]),
)
REFUSED_AT_ONCE: Final = Deviation(
    "refuses arguments that cannot be right before any request",
    vendor=_raise("ValueError"),
)
WRONG_TYPE: Final = Deviation(
    "refuses a value of another type before any request",
    vendor=_raise("TypeError"),
)
NO_SUCH_FILTER: Final = Deviation(
    "refuses an unknown filter, which the service would ignore",
    vendor=_raise("TypeError"),
)
