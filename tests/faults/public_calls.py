"""Every public call, how to make it, and the requests that it sends.

`test_matrix.py` finds the calls in the public classes and fails if one of them has no row here. For a call with several
requests, each fault is tested in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from datastore_sdk import Column, Data, DataAsync, DataChange, ObjectList, Pad, Schema, Site, Stage, State
from datastore_sdk.sandbox.api.states import state_id
from datastore_sdk.sandbox.simulation.parameters import FIRST_CUSTOM_ID
from restream_api.api.pads import list_pads
from tests.faults.call_runner import CallRunner

PAD, SITE = 681, 981
START = datetime(2025, 9, 17, 6, tzinfo=UTC)
END = START + timedelta(seconds=40)
DEFINITION = {"name": "mine", "description": "", "config": {"field": "slurry_rate", "aggregation": "average"}}
SCHEMA = Schema(
    columns=(
        Column(name="timestamp", type="timestamp"),
        Column(name="site_id", type="int64"),
        Column(name="slurry_rate", type="float64"),
    ),
    unknown_fields="map",
)
STAGE_FIELDS = ("surface_casing_pressure",)
"""Fields with records during every operation."""
STAGES: dict[str, Any] = {"start_date": START, "end_date": END, "add_aggregations": True}


class Kind(StrEnum):
    """Kind of a request."""

    READ = "read"
    LABELS = "labels"
    """Labels of fields, read before records are saved with them."""
    RECORDS = "records"
    CREATE = "create"
    """Not idempotent: never sent twice."""
    CHANGE = "change"
    """An idempotent change, for example an acknowledgement."""
    DELETE = "delete"
    TOKEN = "token"


READ, LABELS, RECORDS, CREATE, CHANGE, DELETE, TOKEN = Kind


def count_refused(requests: Sequence[Kind]) -> int:
    """Return how many of a call's requests are tried if all fail: records are tried without labels."""
    return next(number for number, kind in enumerate(requests, 1) if kind is not LABELS)


@dataclass(frozen=True, slots=True)
class Call:
    """Public call."""

    name: str
    """Class and sync name; a word after a space names the variant."""
    requests: tuple[Kind, ...]
    """Kinds of its requests, in order."""
    make: Callable[[CallRunner], Any]
    """Function that makes the call and returns its result."""

    @property
    def on_definition(self) -> bool:
        """Whether the call needs an existing definition."""
        return self.requests in {(CHANGE,), (DELETE,)} and "aggregation" in self.name


def _of_class(kind: type[Pad | Site | State], id_: int) -> tuple[Call, ...]:
    name = kind.__name__
    return (
        Call(f"{name}.get_models", (READ,), lambda c: c(kind, "get_models", client=c.client)),
        Call(f"{name}.get_model", (READ,), lambda c: c(kind, "get_model", id_, client=c.client)),
        Call(f"{name}.update", (READ,), lambda c: c.update(kind(id_, client=c.client))),
    )


def _of_asset(kind: type[Pad | Site], id_: int) -> tuple[Call, ...]:
    """Return the calls that pads and sites share."""

    def call(method: str, *requests: Kind, args: tuple[Any, ...] = (), **options: Any) -> Call:
        name = f"{kind.__name__}.{method}"
        return Call(name, requests, lambda c: c(kind(id_, client=c.client), method, *args, **options))

    return (
        call("get_stages_metadata", READ, READ, **STAGES),
        call("get_fields_metadata", READ),
        call("get_stages_aggregations", READ),
        call("get_stages_aggregation", READ, args=(1,)),
        call("create_stages_aggregations", CREATE, args=([DEFINITION],)),
        call("update_stages_aggregation", CHANGE, args=(FIRST_CUSTOM_ID, {"description": "changed"})),
        call("delete_stages_aggregation", DELETE, args=(FIRST_CUSTOM_ID,)),
        Call(
            f"{kind.__name__}.get_data",
            (RECORDS,),
            lambda c: c.collect(c(kind(id_, client=c.client), "get_data", START, END)),
        ),
        Call(
            f"{kind.__name__}.get_data_changes",
            (READ,),
            lambda c: c(kind(id_, client=c.client), "get_data_changes", get_acknowledged=True)[0],
        ),
    )


def _pad(caller: CallRunner) -> Pad:
    return Pad(PAD, client=caller.client)


def _site(caller: CallRunner) -> Site:
    return Site(SITE, client=caller.client)


def _change(caller: CallRunner) -> DataChange:
    return DataChange(caller.change_id, site=SITE, start_date=START, end_date=END, client=caller.client)


def _data(caller: CallRunner) -> Data | DataAsync:
    data: Data | DataAsync = caller(_pad(caller), "get_data", START, END, is_routed=True)
    return data


def _objects(caller: CallRunner) -> ObjectList[DataChange]:
    return ObjectList([_change(caller)])


def _of_a_stage(caller: CallRunner) -> list[Any]:
    stages = caller(_site(caller), "get_stages_metadata", start_date=START - timedelta(days=1), end_date=END)
    return caller.collect(caller(min(stages, key=_length), "get_data"))


def _stage(caller: CallRunner) -> Stage:
    """Return a frac stage, whose picks need aggregations, later stages and units as little as labels."""
    values = {
        "id": 1,
        "state": "frac_frac",
        "site": SITE,
        "start": START,
        "end": END + timedelta(minutes=10),
        "stage_number": 7,
    }
    return Stage.from_api_model(Stage.model_validate(values), caller.client)


def _length(stage: Stage) -> timedelta:
    return (stage.end or datetime.max.replace(tzinfo=UTC)) - stage.start


def _rows_of_batches(caller: CallRunner) -> list[Any]:
    batches = caller.collect(_data(caller), lambda data: data.record_batches(SCHEMA))
    return [row for batch in batches for row in batch.to_pylist()]


def _read_estimate(estimate: Any) -> tuple[int, int]:
    return estimate.records, estimate.bytes


CALLS: dict[str, Call] = {
    call.name: call
    for call in (
        *_of_class(Pad, PAD),
        *_of_class(Site, SITE),
        *_of_class(State, state_id(SITE)),
        *_of_asset(Pad, PAD),
        *_of_asset(Site, SITE),
        Call("Pad.get_sites", (READ,), lambda c: c(_pad(c), "get_sites")),
        Call("Pad.get_states", (READ,), lambda c: c(_pad(c), "get_states")),
        Call("Pad.get_measurement_sources_metadata", (READ,), lambda c: c(_pad(c), "get_measurement_sources_metadata")),
        Call("Site.get_pad", (READ, READ), lambda c: c(_site(c), "get_pad")),
        Call("Site.get_state", (READ,), lambda c: c(_site(c), "get_state")),
        Call(
            "Site.get_measurement_sources_metadata",
            (READ, READ),
            lambda c: c(_site(c), "get_measurement_sources_metadata"),
        ),
        Call("Stage.get_data", (READ, RECORDS), _of_a_stage),
        Call("Stage.picks", (LABELS, LABELS, LABELS, RECORDS), lambda c: c(_stage(c), "picks")),
        Call("Stage.plot", (*[LABELS] * 4, RECORDS), lambda c: c(_stage(c), "plot", STAGE_FIELDS)),
        Call(
            "Site.plot",
            (*[LABELS] * 4, RECORDS),
            lambda c: c(_site(c), "plot", START, END + timedelta(minutes=10), fields=STAGE_FIELDS),
        ),
        Call("DataChange.update", (READ,), lambda c: c.update(_change(c))),
        Call("DataChange.get_data", (RECORDS,), lambda c: c.collect(c(_change(c), "get_data"))),
        Call("DataChange.confirm_data_received", (CHANGE,), lambda c: c(_change(c), "confirm_data_received")),
        Call("Data.data_fetcher", (RECORDS,), lambda c: c.collect(_data(c), lambda data: data.data_fetcher)),
        Call("Data.batches", (RECORDS,), lambda c: c.collect(_data(c), lambda data: data.batches(7))),
        Call("Data.head", (RECORDS,), lambda c: c(_data(c), "head", 1000)),
        Call("Data.estimate", (RECORDS,), lambda c: _read_estimate(c(c(_site(c), "get_data", START, END), "estimate"))),
        Call("Data.coverage", (RECORDS,), lambda c: c(c(_site(c), "get_data", START, END), "coverage")),
        Call("Data.save json", (RECORDS,), lambda c: c.save(_data(c), "records.json")),
        Call("Data.save csv", (RECORDS,), lambda c: c.save(_data(c), "records.csv")),
        Call("Data.save ndjson.gz", (RECORDS,), lambda c: c.save(_data(c), "records.ndjson.gz")),
        Call("Data.save parquet", (LABELS, RECORDS), lambda c: c.save(_data(c), "records.parquet")),
        Call("Data.save resumable", (RECORDS,), lambda c: c.save(_data(c), "records.json", resume=True)),
        Call("Data.to_arrow", (LABELS, RECORDS), lambda c: c(_data(c), "to_arrow")),
        Call("Data.to_pandas", (LABELS, RECORDS), lambda c: c(_data(c), "to_pandas")),
        Call("Data.to_pandas site", (READ, LABELS, RECORDS), lambda c: c(_data(c), "to_pandas", tz="site")),
        Call("Data.to_polars", (RECORDS,), lambda c: c(_data(c), "to_polars")),
        Call("Data.to_polars site", (READ, RECORDS), lambda c: c(_data(c), "to_polars", tz="site")),
        Call("ObjectList.to_pandas", (READ,), lambda c: c(_objects(c), "to_pandas", tz="site")),
        Call("ObjectList.to_polars", (READ,), lambda c: c(_objects(c), "to_polars", tz="site")),
        Call("Data.record_batches", (RECORDS,), _rows_of_batches),
        Call("Client.request", (READ,), lambda c: c(c.client, "request", list_pads())),
        Call("Client.get_access_token", (TOKEN,), lambda c: bool(c(c.client, "get_access_token"))),
    )
}
