"""`Plan`: the same records as the plain SDK has, in any process, without credentials inside."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyarrow as pa
import pytest

from datastore_sdk import (
    Client,
    Column,
    ConfigurationError,
    NotFoundError,
    Pad,
    PermissionDeniedError,
    Plan,
    RateLimitError,
    RetryPolicy,
    Schema,
    ServerError,
    Site,
)
from datastore_sdk.distributed.schema_union import unite_schemas
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.support.tables import in_order

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
END = START + timedelta(seconds=1499)
FIELDS = ["slurry_rate", "upper_master_valve", "wl_ccl"]
pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def plan(sandbox: Sandbox) -> Plan:
    """Return a plan of two sites in six slices, as another process receives it."""
    plan = Plan.of([Site(id=981), Site(id=982)], START, END, fields=FIELDS, seconds=600)
    sandbox.requests.clear()
    received: Plan = pickle.loads(pickle.dumps(plan))
    return received


def downloads(sandbox: Sandbox) -> list[dict[str, str]]:
    """Return the queries of the requests for records."""
    return [dict(request.query) for request in sandbox.requests if request.path.endswith("/data/")]


def download(site_ids: Sequence[int], schema: Schema, **query: Any) -> pa.Table:
    return pa.concat_tables(Site(id=id_).get_data(START, END, **query).to_arrow(schema=schema) for id_ in site_ids)


@pytest.mark.parametrize(
    "query",
    [{}, {"si_units": True}, {"resolution": "minute"}, {"resolution": "ten-minute", "aggregation": "mean"}],
    ids=str,
)
def test_plan_has_the_records_of_the_plain_sdk(query: dict[str, Any]) -> None:
    plan = Plan.of(Pad(id=681), START, END, fields=FIELDS, seconds=700, **query)
    table = pa.table(pickle.loads(pickle.dumps(plan)))
    sites = [site.id for site in Pad(id=681).get_sites()]
    assert table.num_rows > 0
    assert in_order(table).equals(in_order(download(sites, plan.schema, fields=FIELDS, **query)))


def test_plan_of_all_fields_has_all_columns() -> None:
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=59))
    assert {"clean_conductivity_25c", "clean_conductivity_25C", "upper_master_valve"} <= {*plan.columns}
    assert pa.table(plan).schema.names == [*plan.columns] == plan.to_arrow_schema().names


def test_batches_come_in_order_of_slices(plan: Plan) -> None:
    read = [pa.Table.from_batches([*plan.read(slice_)], plan.to_arrow_schema()) for slice_ in plan.slices]
    assert pa.Table.from_batches(plan.batches(2)).equals(pa.concat_tables(read))


def test_record_between_two_seconds_at_a_border_is_read_once() -> None:
    records = [{"timestamp": second, "site_id": 981} for second in (0, 9, 9.5, 10, 19, 19.25, 20)]

    def respond(request: httpx.Request) -> httpx.Response:
        query = parse_qs(urlsplit(str(request.url)).query)
        first, last = (
            datetime.fromisoformat(query[name][0]).replace(tzinfo=UTC).timestamp()
            for name in ("start_datetime", "end_datetime")
        )
        return httpx.Response(200, text=json.dumps([row for row in records if first <= row["timestamp"] <= last]))

    schema = Schema(columns=(Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64")))
    with httpx.Client(transport=httpx.MockTransport(respond)) as http:
        client = Client("token", base_url="https://example.com", http=http)
        epoch = datetime.fromtimestamp(0, UTC)
        plan = Plan.of(Site(id=981), epoch, epoch + timedelta(seconds=20), seconds=10, client=client, schema=schema)
        seconds = [value.timestamp() for value in pa.table(plan)["timestamp"].to_pylist() if value]
        cut = pa.table(plan.only(end=epoch + timedelta(seconds=9)))
    assert seconds == [row["timestamp"] for row in records]
    assert cut.num_rows == 3  # 9.5 is within the last second


def test_only_downloads_the_part(plan: Plan, sandbox: Sandbox) -> None:
    part = plan.only(
        ["wl_ccl", "timestamp"], start=START + timedelta(seconds=660), end="2025-09-17T06:11:30Z", sites=[982]
    )
    table = pa.table(part)
    assert table.schema.names == ["wl_ccl", "timestamp"]
    assert table.num_rows == 31
    (query,) = downloads(sandbox)
    assert (query["fields"], query["start_datetime"]) == ("wl_ccl", "2025-09-17 06:11:00")


@pytest.mark.parametrize("columns", [[], ["site_id"], ["timestamp", "site_id"], ["wl_ccl"]], ids=str)
def test_columns_do_not_change_the_records(plan: Plan, sandbox: Sandbox, columns: list[str]) -> None:
    rows = sum(batch.num_rows for batch in plan.batches())
    part = plan.only(columns)
    assert sum(batch.num_rows for batch in part.batches()) == rows
    assert {query.get("fields") for query in downloads(sandbox)[len(plan.slices) :]} <= {"slurry_rate", "wl_ccl"}


def test_many_columns_are_requested_without_their_names(sandbox: Sandbox) -> None:
    keys = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))
    names = [f"a_field_with_a_long_name_{number}" for number in range(400)]
    schema = Schema(columns=(*keys, *(Column(name=name, type="float64") for name in names)), unknown_fields="map")
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=9), schema=schema)
    assert len(pa.table(plan.only(names[1:])).schema.names) == 399
    assert pa.table(plan)["extra"].null_count == 0
    assert [query.get("fields") for query in downloads(sandbox)] == [None, None]


def test_schema_chooses_the_fields(sandbox: Sandbox) -> None:
    schema = Site(id=981).get_schema(FIELDS)
    sandbox.requests.clear()
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=9), schema=schema)
    assert sandbox.requests == []
    assert plan.to_arrow_schema() == schema.to_arrow()
    assert pa.table(plan).num_rows == 10
    assert downloads(sandbox)[0]["fields"] == ",".join(FIELDS)


def test_shares_have_all_slices_and_keep_to_the_limit(plan: Plan) -> None:
    shares = plan.shares()
    assert sorted((each for share in shares for each in share.slices), key=plan.slices.index) == [*plan.slices]
    assert [share.parallel for share in shares] == [1, 1, 1]
    assert [share.parallel for share in plan.shares(1)] == [3]
    assert len(plan.shares(100)) == len(plan.slices)
    assert plan.only(sites=[1]).shares() == []
    assert pa.concat_tables(map(pa.table, shares)).num_rows == pa.table(plan).num_rows


def test_estimate_counts_the_slices(plan: Plan) -> None:
    estimate = plan.estimate()
    assert (estimate.calls, estimate.records) == (6, 3000)


def test_plan_is_a_value_without_credentials(plan: Plan, sandbox: Sandbox) -> None:
    client = Client("tally-secret-7", base_url=sandbox.url)
    other = Plan.of(Site(id=981), START, END, schema=Site(id=981).get_schema(FIELDS), client=client, profile="field")
    assert b"secret-7" not in pickle.dumps(other)
    assert "secret-7" not in f"{other!r} {other!s} {vars(type(other))}"
    assert pickle.loads(pickle.dumps(other)) == other
    assert len({plan, pickle.loads(pickle.dumps(plan)), other}) == 2
    assert repr(plan) == "Plan(2 sites, 2025-09-17T06:00:00Z to 2025-09-17T06:24:59Z, raw, 6 slices, 5 columns)"


def test_plan_uses_the_profile_where_it_is_read(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("config")
    (folder / "restream").mkdir()
    file = folder / "restream" / "config.toml"
    file.write_text(f'[field]\nauth_token = "{sandbox.token}"\nbase_url = "{sandbox.url}"\n')
    file.chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    for name in sandbox.environment:
        monkeypatch.delenv(name)
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=9), fields=FIELDS, profile="field")
    assert pa.table(pickle.loads(pickle.dumps(plan))).num_rows == 10


def test_worker_sends_no_credentials_to_another_service(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_HOST", "https://other.example.com")
    with pytest.raises(ConfigurationError, match=r"made for http://127.*configured for https://other\.example\.com"):
        plan.read(plan.slices[0])


def test_slice_that_fails_is_named(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox.token, base_url=own_sandbox.url, retries=RetryPolicy(max_attempts=1))
    plan = Plan.of(Site(id=981), START, END, fields=FIELDS, seconds=600, client=client)
    own_sandbox.faults.add(faults.Status(429, path="/data/", times=100))
    with pytest.raises(
        RateLimitError, match=r"the slice of site 981 from 2025-09-17T06:\d\d:00Z to .* could not be read"
    ) as e:
        sum(batch.num_rows for batch in plan.batches())
    assert str(e.value).count("slice of site") == 1
    client.close()


def test_refusals_for_other_machines_are_waited_for(own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk._io.clock.Clock.sleep", lambda *_: None)
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=9), fields=FIELDS)
    own_sandbox.faults.add(faults.Status(429, path="/data/", times=9))
    assert pa.table(pickle.loads(pickle.dumps(plan))).num_rows == 10


def test_readers_respect_configured_attempts(own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk._io.clock.Clock.sleep", lambda *_: None)
    plan = Plan.of(Site(id=981), START, START + timedelta(seconds=9), fields=FIELDS)
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "2")
    own_sandbox.faults.add(faults.Status(503, path="/data/", times=9))
    with pytest.raises(ServerError, match="503"):
        sum(batch.num_rows for batch in plan.batches())
    assert [each.status for each in own_sandbox.requests][-2:] == [503, 503]


def test_reader_that_stops_early_leaves_nothing_open(plan: Plan, sandbox: Sandbox) -> None:
    batches = plan.batches()
    assert next(batches).num_rows > 0
    batches.close()
    assert pa.table(plan.only(sites=[981])).num_rows == 1500
    assert all(request.status for request in sandbox.requests)


INVALID: list[tuple[type[Exception], str, dict[str, Any]]] = [
    (ValueError, "'slury_rate'; did you mean 'slurry_rate'", {"fields": ["slury_rate"]}),
    (ValueError, "start has no time zone", {"start": START.replace(tzinfo=None)}),
    (ValueError, "is before start", {"end": START - timedelta(days=1)}),
    (
        ValueError,
        "no whole second",
        {"start": START + timedelta(microseconds=1), "end": START + timedelta(microseconds=2)},
    ),
    (TypeError, "a plan needs the whole time range", {"end": None}),
    (TypeError, r"not int: 981; pass Site\(id=981\)", {"wells": 981}),
    (TypeError, "not str: '981'", {"wells": "981"}),
    (ValueError, "wells is empty", {"wells": []}),
    (ValueError, "wells has no filter", {"wells": {}}),
    (TypeError, "did you mean 'fleet_id'", {"wells": {"flet_id": 3}}),
    (ValueError, "resolution is 'second'", {"resolution": "second"}),
    (ValueError, "seconds must be positive", {"seconds": 0}),
    (TypeError, "seconds must be an int", {"seconds": 1.5}),
    (TypeError, "si_units must be a bool", {"si_units": 1}),
    (TypeError, "schema must be a Schema", {"schema": "x"}),
]


@pytest.mark.parametrize(("kind", "message", "changes"), INVALID, ids=[message for _, message, _ in INVALID])
def test_invalid_arguments_are_errors(kind: type[Exception], message: str, changes: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"wells": Site(id=981), "start": START, "end": END, **changes}
    with pytest.raises(kind, match=message):
        Plan.of(arguments.pop("wells"), arguments.pop("start"), arguments.pop("end"), **arguments)


def test_invalid_parts_are_errors(plan: Plan) -> None:
    with pytest.raises(ValueError, match=r"'slurry'.*did you mean 'slurry_rate'"):
        plan.only(["slurry"])
    with pytest.raises(ValueError, match="more than once: wl_ccl"):
        plan.only(["wl_ccl", "wl_ccl"])
    with pytest.raises(TypeError, match="an item of sites must be an int"):
        plan.only(sites=["981"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="parallel must be from 1 to 3"):
        plan.batches(4)


def test_site_that_is_not_visible_is_an_error_at_once(own_sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError, match="/sites/99999/fields/"):
        Plan.of([Site(id=981), Site(id=99_999)], START, END)
    own_sandbox.faults.add(faults.Status(403, path="/sites/982/fields/", times=9))
    with pytest.raises(PermissionDeniedError, match="/sites/982/fields/"):
        Plan.of([Site(id=981), Site(id=982)], START, END)


def test_wells_are_sites_pads_and_filters() -> None:
    schema = Site(id=981).get_schema(FIELDS)

    def sites(wells: Any) -> list[int]:
        return list(dict.fromkeys(each.site_id for each in Plan.of(wells, START, END, schema=schema).slices))

    pad = [site.id for site in Pad(id=681).get_sites()]
    assert sites(Pad(id=681)) == pad
    assert sites([Site(id=pad[1]), Pad(id=681)]) == [pad[1], *(each for each in pad if each != pad[1])]
    assert sites({"pad_id": 681}) == pad
    assert sites(Pad(id=681).get_sites()) == pad
    with pytest.raises(ValueError, match="has no sites"):
        sites({"pad_id": 999_999})


def test_wells_of_two_clients_need_a_choice(sandbox: Sandbox) -> None:
    clients = [Client(sandbox.token, base_url=sandbox.url) for _ in range(2)]
    wells = [Site(id=981 + number, client=client) for number, client in enumerate(clients)]
    with pytest.raises(ValueError, match="pass the one to use as client="):
        Plan.of(wells, START, END)


def test_columns_of_several_sites_are_united() -> None:
    keys = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))
    one = Schema(columns=(*keys, Column(name="b", type="bool"), Column(name="c", type="string")))
    other = Schema(
        columns=(
            *keys,
            Column(name="b", type="float64", unit="psi"),
            Column(name="a", type="int64"),
            Column(name="c", type="int64"),
        )
    )
    united = unite_schemas([one, other])
    assert [(column.name, column.type) for column in united.columns[2:]] == [
        ("a", "int64"),
        ("b", "float64"),
        ("c", "string"),
    ]


def test_names_that_differ_by_case_are_renamed() -> None:
    plan = Plan.of(
        Site(id=981),
        NOW - timedelta(hours=1),
        NOW - timedelta(minutes=59),
        fields="clean_conductivity_25c,clean_conductivity_25C",
    )
    renamed = plan.rename_for("duckdb").only(["clean_conductivity_25C_2", "timestamp"])
    assert pa.table(renamed).schema.names == ["clean_conductivity_25C_2", "timestamp"]
