"""The table of operations by public method, compared with the requests that each method sends to the sandbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from datastore_sdk import Client, Data, DataChange, Hooks, Pad, Plan, Site, Stage, State
from datastore_sdk.drift import api_index, load_shipped_spec
from datastore_sdk.entities.base import Entity
from datastore_sdk.sandbox import Sandbox, Untidiness, faults
from tests.conftest import NOW
from tests.support.threads import start_thread
from tests.support.waiting import wait_until

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
RANGE = (START, START + timedelta(seconds=5))
RECENT = NOW - timedelta(hours=4)
DOWNLOADS = {"stream_pad_data", "stream_site_data"}
T = TypeVar("T")
CONFIG = {"field": "slurry_rate", "aggregation": "average"}
NUMBERS = count(1)


@dataclass(frozen=True)
class Context:
    """A client whose requests are recorded, the sandbox that it calls, and a folder for files."""

    client: Client
    operations: list[str]
    sandbox: Sandbox
    folder: Path

    @property
    def pad(self) -> Pad:
        return Pad(id=668, client=self.client)

    @property
    def site(self) -> Site:
        return Site(id=981, client=self.client)

    def prepare(self, value: T) -> T:
        """Forget the requests so far: they only served to get this value."""
        self.operations.clear()
        return value


def own_definition(asset: Pad | Site) -> int:
    name = "own" + next(NUMBERS) * "_"  # the service refuses a name that exists, and digits
    return asset.create_stages_aggregations([{"name": name, "config": CONFIG}])[0].id


def update_definition(context: Context, asset: Pad | Site) -> None:
    definition = context.prepare(own_definition(asset))
    asset.update_stages_aggregation(definition, {"label": "Average"})
    asset.update_stages_aggregation(definition, {"config": CONFIG}, partial=False)


def first_change(context: Context) -> DataChange:
    return context.prepare(context.pad.get_data_changes()[0][0])


def first_frac(context: Context) -> Stage:
    stages = context.site.get_stages_metadata(start_date=NOW - timedelta(days=5), stage_name_filter="frac")
    return context.prepare(next(stage for stage in stages if stage.end))


def first_stage(context: Context) -> Stage:
    return context.prepare(context.site.get_stages_metadata(start_date=NOW - timedelta(days=5))[0])


def first_state(context: Context) -> State:
    return context.prepare(State.get_models(client=context.client)[0])


async def save_async(context: Context, asset: Pad | Site) -> None:
    data = await asset.aget_data(*RANGE)
    await data.asave(str(context.folder / f"{asset.id}-async.parquet"))


async def to_arrow_async(asset: Pad | Site) -> None:
    data = await asset.aget_data(*RANGE)
    await data.ato_arrow()


def listen(context: Context, asset: Pad | Site) -> None:
    """Save live data across a lost connection."""
    live, _ = asset.get_realtime_measurements_data()
    saving = start_thread(lambda: live.save(str(context.folder / "live.parquet")))
    wait_until(lambda: live.statistics.connected)
    context.sandbox.faults.add(faults.Drop(skip=20, lost=6))
    for _ in range(6):
        context.sandbox.advance(10)
        time.sleep(0.02)
    wait_until(lambda: live.statistics.backfilled > 0)
    live.close()
    saving.result(10)


def first_item(stream: Any) -> None:
    for _ in islice(stream, 1):
        break
    stream.close()


CALLS: dict[str, list[Callable[[Context], Any]]] = {
    "Data.save()": [
        lambda c: c.pad.get_data(*RANGE).save(str(c.folder / "pad.parquet")),
        lambda c: c.site.get_data(*RANGE).save(str(c.folder / "site.parquet")),
    ],
    "Data.to_arrow()": [lambda c: c.pad.get_data(*RANGE).to_arrow(), lambda c: c.site.get_data(*RANGE).to_arrow()],
    "DataAsync.asave()": [
        lambda c: asyncio.run(save_async(c, c.pad)),
        lambda c: asyncio.run(save_async(c, c.site)),
    ],
    "DataAsync.ato_arrow()": [
        lambda c: asyncio.run(to_arrow_async(c.pad)),
        lambda c: asyncio.run(to_arrow_async(c.site)),
    ],
    "DataChange.confirm_data_received()": [lambda c: first_change(c).confirm_data_received()],
    "DataChange.get_data()": [lambda c: [*first_change(c).get_data()]],
    "DataChange.update()": [lambda c: first_change(c).update()],
    "Pad.create_stages_aggregations()": [lambda c: own_definition(c.pad)],
    "Pad.delete_stages_aggregation()": [lambda c: c.pad.delete_stages_aggregation(c.prepare(own_definition(c.pad)))],
    "Pad.get_data()": [lambda c: [*c.pad.get_data(*RANGE)]],
    "Pad.get_data_changes()": [lambda c: c.pad.get_data_changes()],
    "Pad.get_fields_metadata()": [lambda c: c.pad.get_fields_metadata()],
    "Pad.get_measurement_sources_metadata()": [lambda c: c.pad.get_measurement_sources_metadata()],
    "Pad.get_model()": [lambda c: Pad.get_model(id=668, client=c.client)],
    "Pad.get_models()": [
        lambda c: Pad.get_models(client=c.client),
        lambda c: Pad.get_models(client=c.client, site_pk=981),
    ],
    "Pad.get_realtime_measurements_data()": [lambda c: listen(c, Pad(id=681, client=c.client))],
    "Pad.get_schema()": [lambda c: c.pad.get_schema()],
    "Pad.get_sites()": [lambda c: c.pad.get_sites()],
    "Pad.get_stages_aggregation()": [
        lambda c: c.pad.get_stages_aggregation(c.prepare(c.pad.get_stages_aggregations()[0].id)),
    ],
    "Pad.get_stages_aggregations()": [lambda c: c.pad.get_stages_aggregations()],
    "Pad.get_stages_metadata()": [lambda c: c.pad.get_stages_metadata(start_date=RECENT, add_aggregations=True)],
    "Pad.get_states()": [lambda c: c.pad.get_states()],
    "Pad.monitor_states()": [lambda c: first_item(c.pad.monitor_states())],
    "Pad.update()": [lambda c: c.pad.update()],
    "Pad.update_stages_aggregation()": [lambda c: update_definition(c, c.pad)],
    "Plan.of()": [lambda c: Plan.of(c.pad, *RANGE, client=c.client)],
    "Site.create_stages_aggregations()": [lambda c: own_definition(c.site)],
    "Site.delete_stages_aggregation()": [lambda c: c.site.delete_stages_aggregation(c.prepare(own_definition(c.site)))],
    "Site.get_data()": [lambda c: [*c.site.get_data(*RANGE)]],
    "Site.get_data_changes()": [lambda c: c.site.get_data_changes()],
    "Site.get_fields_metadata()": [lambda c: c.site.get_fields_metadata()],
    "Site.get_measurement_sources_metadata()": [lambda c: c.site.get_measurement_sources_metadata()],
    "Site.get_model()": [lambda c: Site.get_model(id=981, client=c.client)],
    "Site.get_models()": [lambda c: Site.get_models(client=c.client)],
    "Site.get_pad()": [lambda c: c.site.get_pad()],
    "Site.get_realtime_measurements_data()": [lambda c: listen(c, c.site)],
    "Site.get_schema()": [lambda c: c.site.get_schema()],
    "Site.get_stages_aggregation()": [
        lambda c: c.site.get_stages_aggregation(c.prepare(c.site.get_stages_aggregations()[0].id)),
    ],
    "Site.get_stages_aggregations()": [lambda c: c.site.get_stages_aggregations()],
    "Site.get_stages_metadata()": [lambda c: c.site.get_stages_metadata(start_date=RECENT, add_aggregations=True)],
    "Site.get_state()": [lambda c: c.site.get_state()],
    "Site.monitor_state()": [lambda c: first_item(c.site.monitor_state())],
    "Site.update()": [lambda c: c.site.update()],
    "Site.update_stages_aggregation()": [lambda c: update_definition(c, c.site)],
    "Site.plot()": [lambda c: c.site.plot((stage := first_frac(c)).start, stage.end)],
    "Stage.plot()": [lambda c: first_frac(c).plot()],
    "Stage.picks()": [lambda c: first_frac(c).picks()],
    "Stage.get_data()": [lambda c: [*islice(first_stage(c).get_data(), 5)]],
    "State.get_model()": [lambda c: State.get_model(id=first_state(c).id, client=c.client)],
    "State.get_models()": [lambda c: State.get_models(client=c.client)],
    "State.update()": [lambda c: first_state(c).update()],
}
WITHOUT_OPERATIONS = {
    # Consume a download, which the table has at the method that returned it.
    *(
        f"Data.{name}()"
        for name in ("batches", "coverage", "estimate", "head", "record_batches", "to_pandas", "to_polars")
    ),
    # Has its records already.
    "Data.from_records()",
    # Listen to rooms, which are not in the OpenAPI document.
    *(f"{owner}.get_realtime_{what}_updates()" for owner in ("Pad", "Site") for what in ("instance", "data_changes")),
}
UNUSED = {"acknowledge_pad_data_changes", "get_pad_data_change", "create_token"}
"""Operations that no public method calls."""


@pytest.fixture(scope="module")
def field(untidiness: Untidiness | None) -> Iterator[Sandbox]:
    """Share a sandbox: no call depends on what another one changes."""
    with Sandbox(now=NOW, days=10, untidy=untidiness) as sandbox:
        yield sandbox


@pytest.mark.parametrize("method", CALLS)
def test_table_has_the_operations_of_a_method(method: str, field: Sandbox, tmp_path: Path) -> None:
    operations: list[str] = []
    hooks = Hooks(on_request=lambda event: operations.append(event.operation))
    with Client(field.token, base_url=field.url, hooks=hooks) as client:
        for call in CALLS[method]:
            call(Context(client, operations, field, tmp_path))
    besides = DOWNLOADS if method.startswith("Data") and not method.startswith("DataChange") else set[str]()
    called = {operation for operation in operations if operation in operation_ids()} - besides
    assert called == {*api_index.OPERATIONS[method]}


def test_table_has_every_public_method() -> None:
    assert api_index.OPERATIONS.keys() == CALLS.keys()
    for owner in (Data, DataChange, Pad, Site, Stage, State):
        inherited = {*dir(BaseModel), *dir(Entity), *dir(Mapping)}
        methods = {name for name in dir(owner) if callable(getattr(owner, name)) and not name.startswith("_")}
        sync = {name for name in methods - inherited if not (name.startswith("a") and name[1:] in methods)}
        names = {f"{owner.__name__}.{name}()" for name in sync}
        assert names - WITHOUT_OPERATIONS == {name for name in CALLS if name.startswith(f"{owner.__name__}.")}


def test_table_has_every_operation_that_is_used() -> None:
    assert {*chain.from_iterable(api_index.OPERATIONS.values())} == operation_ids() - UNUSED


@cache
def operation_ids() -> frozenset[str]:
    return frozenset(endpoint.operation_id for endpoint in load_shipped_spec().endpoints.values())


def test_names_of_methods_arguments_and_attributes() -> None:
    assert api_index.methods_of("list_pad_stages") == ["Pad.get_stages_metadata()"]
    assert api_index.arguments_of("list_pads", "fleet_name") == ["Pad.get_models(fleet_name=)"]
    assert api_index.arguments_of("list_pads", "nonsense") == api_index.methods_of("list_pads")
    assert api_index.attribute_of("Pad", "name") == "Pad.name"
    assert api_index.attribute_of("TruthTable", "schema") == "TruthTable.schema_"
    assert api_index.attribute_of("Pad", "nonsense") is None
    assert api_index.attribute_of("Nonsense", "name") is None
    assert api_index.model_of("Nonsense") is None
