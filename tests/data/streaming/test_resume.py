"""Streams that break: each record is delivered once, in order, for any failure."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.data import DataQuery
from datastore_sdk.enums import DataAggregations, DataFillMethods, DataResolutions
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    CallError,
    CorruptBodyError,
    NotFoundError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
    TruncatedBodyError,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, Break, Record, RecordService, datetime_at, records_of
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import build_chunked_response, chunk, head, http_response, respond_in_turn, send_then
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(9999))
ROUTED = DataQuery(source="pad", id=681, start=datetime_at(0), end=datetime_at(9999), is_routed=True)

ENDS: dict[str, Break] = {
    "closed": Break(0.6),
    "reset": Break(0.6, ClientConnection.reset),
    "ended well too early": Break(0.6, chunked=True),
    "silent": Break(0.6, ClientConnection.stall),
}

Reader = Callable[[Form, Any, list[DataQuery], Path], list[Record]]


def iterate(form: Form, client: Any, queries: list[DataQuery], path: Path) -> list[Record]:  # noqa: ARG001 - a Reader
    records: list[Record] = []
    form.records(client, queries, records)
    return records


def save_as_json(form: Form, client: Any, queries: list[DataQuery], path: Path) -> list[Record]:
    form.save(client, queries, path / "records.json")
    records: list[Record] = json.loads((path / "records.json").read_bytes())
    return records


def save_as_csv(form: Form, client: Any, queries: list[DataQuery], path: Path) -> list[Record]:
    form.save(client, queries, path / "records.csv")
    with (path / "records.csv").open(newline="") as file:
        return [
            {
                "timestamp": int(row["timestamp"]),
                "site_id": int(row["site_id"]),
                "slurry_rate": float(row["slurry_rate"]),
                "valve": row["valve"],
            }
            for row in csv.DictReader(file)
        ]


every_reader = pytest.mark.parametrize("reader", [iterate, save_as_json, save_as_csv])


@every_reader
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_broken_stream_is_resumed(
    reader: Reader, end: Break, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    records = records_of(300)
    breaks = 1 if end is ENDS["silent"] else 3
    service = RecordService(records, [end] * breaks)
    client = client_of(serve(service), timeout=Timeouts(idle=0.2 if breaks == 1 else 20))
    assert reader(form, client, [SITE], tmp_path) == records
    *starts, check = service.starts
    assert len(starts) == breaks + 1
    assert starts == sorted({*starts}, key=str), "each time from later on"
    assert check == starts[0], "and in the end once more what lies before, for records that come late"


@every_reader
@pytest.mark.parametrize("seed", range(6))
def test_breaks_at_any_byte_lose_nothing(
    reader: Reader, seed: int, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    sites = chance.sample(range(900, 1000), chance.choice([1, 2, 5]))
    records = records_of(chance.choice([1, 2, 40, 200]), sites)
    ends: list[tuple[Callable[[ClientConnection], object], bool]] = [
        (ClientConnection.close, False),
        (ClientConnection.reset, False),
        (ClientConnection.close, True),
    ]
    faults: list[Break | bytes] = [Break(chance.random(), *chance.choice(ends)) for _ in range(6)]
    faults += [http_response(503), http_response(429, retry_after=1)]
    chance.shuffle(faults)
    service = RecordService(records, faults, piece=chance.choice([1, 30, 1000]), packed=chance.random() < 0.3)
    client = client_of(serve(service), retries=RetryPolicy(max_attempts=10))
    assert reader(form, client, [ROUTED], tmp_path) == records
    assert service.request_count >= 9


@pytest.mark.parametrize("sites", [[981, 982], [981, 982, 983, 984, 985]])
def test_break_within_second_of_several_sites(sites: list[int], form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(4, sites)
    for place in range(1, 40, 3):
        service = RecordService(records, [Break(place / 40)], piece=40)
        found: list[Record] = []
        form.records(client_of(serve(service)), [ROUTED], found)
        assert found == records


def test_break_among_equal_records(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Several of one site in one second: each comes as often as the service has it."""
    records = [{**record, "slurry_rate": number} for number, record in enumerate(records_of(4, [981, 981, 982, 981]))]
    for place in range(1, 40, 3):
        service = RecordService(records, [Break(place / 40)] * 2, piece=40)
        found: list[Record] = []
        form.records(client_of(serve(service)), [ROUTED], found)
        assert found == records


def test_break_ignores_sites_of_earlier_second(form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(2, [981, 982])
    service = RecordService(records)

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if service.request_count:
            service(line, request)
            return
        service.starts.append(request.query["start_datetime"])
        pieces = [json.dumps(records[:2])[:-1].encode(), f",{json.dumps(records[2])}".encode()]
        line.send(head(transfer_encoding="chunked"))
        for piece in pieces:
            line.send(chunk(piece))
            line.stall(seconds=0.1)
        line.close()

    found: list[Record] = []
    form.records(client_of(serve(handle)), [ROUTED], found)
    assert found == records


def test_repeated_breaks_in_one_second(form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(1, range(900, 1000))
    service = RecordService(records, [Break(share / 10) for share in range(1, 10)], piece=50)
    found: list[Record] = []
    form.records(client_of(serve(service), retries=RetryPolicy(max_attempts=3)), [ROUTED], found)
    assert found == records


def test_resume_starts_at_last_second(form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(records_of(100), [Break(0.5)], piece=10_000)
    found: list[Record] = []
    form.records(client_of(serve(service)), [SITE], found)
    first, again, check = service.starts
    assert first == check == "2025-09-18 12:00:00"
    assert again is not None
    assert "2025-09-18 12:00:45" <= again <= "2025-09-18 12:00:50"


def test_resume_of_range_without_start(form: Form, serve: Serve, client_of: ClientOf) -> None:
    stage = DataQuery(source="site", id=981, stage_number=3, stage_name_filter="frac")
    records = records_of(100)
    service = RecordService(records, [Break(0.5)])
    found: list[Record] = []
    form.records(client_of(serve(service)), [stage], found)
    assert found == records
    assert service.starts[0] is None


WHOLE: dict[str, DataQuery] = {
    "filled": replace(ROUTED, end=None, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=5),
    "coarser": replace(ROUTED, end=None, resolution=DataResolutions.MINUTE),
    "aggregated": replace(ROUTED, end=None, aggregation=DataAggregations.MEAN),
}


@pytest.mark.parametrize("query", WHOLE.values(), ids=WHOLE)
def test_dependent_records_are_requested_again(query: DataQuery, form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(200, [981, 982])
    service = RecordService(records, [Break(0.3), Break(0.2), http_response(503), Break(0.9, ClientConnection.reset)])
    found: list[Record] = []
    form.records(client_of(serve(service)), [query], found)
    assert found == records
    assert service.starts == ["2025-09-18 12:00:00"] * 5


@pytest.mark.parametrize("order", [[981, 982], [982, 981]])
def test_resume_with_other_site_order(order: list[int], form: Form, serve: Serve, client_of: ClientOf) -> None:
    """In response to a repeated request, the service may send the records of a second in another order."""
    records = records_of(3, [981, 982])
    last = sorted(records[4:], key=lambda record: order.index(record["site_id"]))
    faults: list[Break | bytes] = [build_chunked_response(f"[{','.join(map(json.dumps, records[:5]))}".encode())]
    service = RecordService([*records[:4], *last], faults)
    found: list[Record] = []
    form.records(client_of(serve(service)), [ROUTED], found)
    assert found == records


def test_each_query_is_resumed_separately(form: Form, serve: Serve, client_of: ClientOf) -> None:
    queries = [
        DataQuery(source="site", id=981, start=datetime_at(start), end=datetime_at(start + 9))
        for start in (0, 20, 10, 40)
    ]
    service = RecordService(records_of(100), [Break(0.5), Break(0.5), Break(0.0), Break(0.9)])
    found: list[Record] = []
    form.records(client_of(serve(service)), queries, found)
    seconds = [record["timestamp"] - START for record in found]
    assert seconds == [second for start in (0, 20, 10, 40) for second in range(start, start + 10)]


LAST: dict[str, tuple[Break | bytes, type[CallError]]] = {
    "closed": (Break(0.0), APIConnectionError),
    "reset": (Break(0.0, ClientConnection.reset), APIConnectionError),
    "ended well too early": (Break(0.0, chunked=True), TruncatedBodyError),
    "silent": (Break(0.0, ClientConnection.stall), APITimeoutError),
    "503": (http_response(503), ServerError),
    "429": (http_response(429), RateLimitError),
}


@pytest.mark.parametrize(("fault", "kind"), LAST.values(), ids=LAST)
def test_breaks_without_progress_raise(
    fault: Break | bytes, kind: type[CallError], form: Form, serve: Serve, client_of: ClientOf, clock: JumpingClock
) -> None:
    records = records_of(100)
    service = RecordService(records, [Break(0.5), *[fault] * 9])
    client = client_of(serve(service), retries=RetryPolicy(max_attempts=3), timeout=Timeouts(idle=0.05))
    found: list[Record] = []
    with pytest.raises(kind):
        form.records(client, [SITE], found)
    assert found == records[: len(found)]
    assert 40 <= len(found) <= 50
    assert service.request_count == 3
    assert len(clock.sleeps) == 2


def test_progress_resets_the_attempts(form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(200)
    faults: list[Break | bytes] = [
        Break(0.2),
        http_response(503),
        Break(0.2),
        http_response(503),
        Break(0.2),
        http_response(503),
    ]
    service = RecordService(records, faults)
    found: list[Record] = []
    form.records(client_of(serve(service), retries=RetryPolicy(max_attempts=3)), [SITE], found)
    assert found == records


def test_single_attempt_is_not_retried(form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(records_of(100), [Break(0.5)])
    found: list[Record] = []
    with pytest.raises(APIConnectionError):
        form.records(client_of(serve(service), retries=RetryPolicy(max_attempts=1)), [SITE], found)
    assert service.request_count == 1


FINAL: dict[str, tuple[bytes, type[CallError]]] = {
    "not found": (http_response(404), NotFoundError),
    "unauthorised": (http_response(401), AuthenticationError),
    "redirected": (http_response(302), ResponseValidationError),
    "damaged": (build_chunked_response(b'[{"timestamp": oops}]'), CorruptBodyError),
    "no array": (http_response(200, {"detail": "Not what you think."}), CorruptBodyError),
    "html": (http_response(200, b"<html>"), CorruptBodyError),
}


@pytest.mark.parametrize(("fault", "kind"), FINAL.values(), ids=FINAL)
def test_permanent_error_is_raised_at_once(
    fault: bytes, kind: type[CallError], form: Form, serve: Serve, client_of: ClientOf, clock: JumpingClock
) -> None:
    service = RecordService(records_of(100), [Break(0.5), fault])
    found: list[Record] = []
    with pytest.raises(kind):
        form.records(client_of(serve(service)), [SITE], found)
    assert service.request_count == 2
    assert len(clock.sleeps) == 1
    assert found == records_of(len(found))


def test_corruption_names_the_last_whole_record(form: Form, serve: Serve, client_of: ClientOf) -> None:
    body = b'[{"timestamp": 1}, {"timestamp": oops}]'
    with pytest.raises(CorruptBodyError, match=r"is corrupt: .*ends at byte 17") as caught:
        form.records(client_of(serve(RecordService([], [build_chunked_response(body)]))), [SITE], [])
    assert caught.value.offset == 17
    assert caught.value.method == "GET"
    assert "/sites/981/data/?" in caught.value.url


def test_records_without_timestamp_differ_by_content(form: Form, serve: Serve, client_of: ClientOf) -> None:
    whole = [{"a": 1}, {"a": 2}, {"a": 1}, {"a": 3}]
    server = serve(
        respond_in_turn(
            send_then(build_chunked_response(b'[{"a": 1}, {"a": 2}'), ClientConnection.close),
            http_response(200, json.dumps(whole[::-1]).encode()),
        )
    )
    found: list[Record] = []
    form.records(client_of(server), [SITE], found)
    assert found == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 1}]


@pytest.mark.parametrize("value", ['"\\ud800"', "1e400"])
@pytest.mark.parametrize("reader", [iterate, save_as_json])
def test_resume_with_odd_json_values(
    value: str, reader: Reader, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """They stand in the way of nothing, were it in the last record before a break."""
    rows = [f'{{"timestamp":{START + second},"site_id":981,"slurry_rate":{second},"valve":"O"}}' for second in (0, 2)]
    rows.insert(1, f'{{"timestamp":{START + 1},"site_id":981,"slurry_rate":1,"valve":"O","odd":{value}}}')
    server = serve(
        respond_in_turn(
            send_then(build_chunked_response(f"[{rows[0]},{rows[1]}".encode()), ClientConnection.close),
            http_response(200, f"[{rows[1]},{rows[2]}]".encode()),
            http_response(200, f"[{rows[0]},{rows[1]}]".encode()),
        )
    )
    found = reader(form, client_of(server), [SITE], tmp_path)
    assert [record["timestamp"] - START for record in found] == [0, 1, 2]


def odd(records: Iterable[Record]) -> bytes:
    return build_chunked_response(("[" + ",".join(map(json.dumps, records))).encode())


@pytest.mark.parametrize("second", [START + 10_000_000, 1_758_196_800_000, 2**62, -5])
def test_break_after_timestamp_out_of_range(second: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Beyond the requested end, in milliseconds, or nonsense: the error must say what happened."""
    server = serve(send_then(odd([{"timestamp": second, "site_id": 981}]), ClientConnection.close))
    with pytest.raises(CallError):
        form.records(client_of(server, retries=RetryPolicy(max_attempts=2)), [SITE], [])


def test_expired_token_is_renewed_on_resume(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Streams last longer than tokens."""
    records = records_of(100)
    service = RecordService(records, [Break(0.5), Break(0.5)])
    tokens: list[str] = []

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if request.path == "/o/token/":
            tokens.append(f"issued-{len(tokens) + 1}")
            line.send(http_response(200, {"access_token": tokens[-1], "expires_in": 3600, "token_type": "Bearer"}))
        elif request.token != f"issued-{service.request_count + 1}":
            line.send(http_response(401))
        else:
            service(line, request)

    found: list[Record] = []
    client = client_of(serve(handle), None, client_id="crew", client_secret="s3cret")
    form.records(client, [SITE], found)
    assert found == records
    assert tokens == ["issued-1", "issued-2", "issued-3", "issued-4"]


@pytest.mark.parametrize("suffix", [".json", ".csv"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_file_appears_only_when_complete(
    suffix: str, old: bytes | None, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    path = tmp_path / f"records{suffix}"
    if old is not None:
        path.write_bytes(old)
    service = RecordService(records_of(100), [Break(0.5), Break(0.5), http_response(404)])
    with pytest.raises(NotFoundError):
        form.save(client_of(serve(service)), [SITE], path, overwrite=True)
    assert read_files(tmp_path) == ({path.name: old} if old is not None else {})


def test_each_access_starts_a_new_download(form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = records_of(10)
    service = RecordService(records)
    client = client_of(serve(service))
    for _ in range(3):
        found: list[Record] = []
        form.records(client, [SITE], found)
        assert found == records
    assert service.request_count == 3


def test_no_queries_yield_no_records(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(10))
    client = client_of(serve(service))
    found: list[Record] = []
    form.records(client, [], found)
    form.save(client, [], tmp_path / "records.json")
    assert found == json.loads((tmp_path / "records.json").read_bytes()) == []
    assert service.request_count == 0
