"""Records in any order, however often the response breaks off: each comes once, or an error says that it cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.data import DataQuery
from datastore_sdk.data.streaming import delivered_texts
from datastore_sdk.data.streaming import json_splitter as cutter
from datastore_sdk.exceptions import DataChangedError, MismatchWarning, ResponseValidationError
from datastore_sdk.instrumentation import mismatches
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, Break, Record, RecordService, datetime_at, records_of
from tests.data.killed_downloads import run_killed
from tests.data.record_order_cases import Case, run
from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import head, http_response
from tests.support.paths import SAMPLES
from tests.support.sync_async_clients import Form

PAD = DataQuery(source="pad", id=697, start=datetime_at(0), end=datetime_at(59), is_routed=True)
SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(99))
SAMPLE = SAMPLES / "data_pad.json"


@pytest.mark.parametrize("begin", first(2, range(0, 600, 20)))
def test_random_downloads_deliver_each_record_once(begin: int) -> None:
    """A part of what scripts/orders runs by the thousand."""
    for seed in range(begin, begin + 20):
        outcome = run(Case(seed))
        assert outcome.sound, outcome


@pytest.mark.parametrize("seed", first(1, range(24)))
def test_killed_saves_deliver_each_record_once(seed: int) -> None:
    """A part of what scripts/orders --kill runs by the hundred."""
    outcome = run_killed(seed)
    assert outcome.sound, outcome


def by_site(sites: int = 3, seconds: int = 60) -> list[Record]:
    """As the service was seen to send a pad: all of one site, then all of the next."""
    return [record for site in range(sites) for record in records_of(seconds, [1111 + site])]


@pytest.mark.parametrize("share", first(3, [0.1, 0.34, 0.95, 0.3, 0.5, 0.67]))
def test_pad_in_site_order_is_complete(share: float, form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(by_site(), [Break(share)])
    found: list[Record] = []
    form.records(client_of(serve(service)), [PAD], found)
    assert found == by_site()
    assert len(service.starts) == 2


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded payloads are not beside this checkout")
@pytest.mark.parametrize("share", first(3, [0.5, 0.66, 0.95, 0.3, 0.8]))
def test_recorded_pad_is_complete(share: float, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    records: list[Record] = json.loads(SAMPLE.read_bytes())
    first = min(record["timestamp"] for record in records)
    query = replace(PAD, start=datetime_at(first - START), end=datetime_at(first - START + 59))
    client = client_of(serve(RecordService(records, [Break(share)])), retries=RetryPolicy(max_attempts=1))
    for _ in range(2):
        try:
            form.save(client, [query], tmp_path / "pad.json", resume=True)
        except ConnectionError:
            continue
    assert json.loads((tmp_path / "pad.json").read_bytes()) == records


def test_late_record_after_break_is_delivered(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Up to the break everything came in order of time, and so does the rest."""
    *records, late = records_of(100)[1:] + records_of(1)
    service = RecordService([*records, late], [Break(0.5)])
    found: list[Record] = []
    form.records(client_of(serve(service)), [SITE], found)
    assert found == [*records, late]
    assert [start and start[-8:] for start in service.starts][::2] == ["12:00:00", "12:00:00"]


def test_earlier_range_is_requested_for_late_records(
    form: Form, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that are no longer in memory are not requested again, unless records came late before."""
    monkeypatch.setattr(delivered_texts, "MAX_MEMORY_BYTES", 500)
    monkeypatch.setattr(cutter, "WINDOW_BYTES", 200)
    records = records_of(100)
    records.insert(60, records.pop(50))
    records.append(records.pop(5))
    found: list[Record] = []
    form.records(client_of(serve(RecordService(records, [Break(0.8)]))), [SITE], found)
    assert found == records


@pytest.mark.parametrize("share", [0.5, 0.505, 0.51, 0.515, 0.52])
def test_repeats_within_response_are_delivered(share: float, form: Form, serve: Serve, client_of: ClientOf) -> None:
    records = [record for record in by_site() for _ in range(2)]
    found: list[Record] = []
    form.records(client_of(serve(RecordService(records, [Break(share)]))), [PAD], found)
    assert found == records


def test_key_order_does_not_change_identity(form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(by_site(), [Break(0.7)])

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        service(line, request)
        service.records = [dict(reversed(record.items())) for record in service.records]

    found: list[Record] = []
    form.records(client_of(serve(handle)), [PAD], found)
    assert found == by_site()


def test_data_changed_meanwhile_raises(form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(by_site(), [Break(0.7)])

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        service(line, request)
        service.records[3] = {**service.records[3], "slurry_rate": -1}

    with pytest.raises(DataChangedError, match=r"1 of the 1[0-9]+ records .* Start the download again"):
        form.records(client_of(serve(handle)), [PAD], [])


@pytest.mark.parametrize("records", [by_site(), records_of(60, [1111, 1112, 1113])], ids=["by site", "by time"])
def test_proxy_cutting_every_response_is_survived(
    records: list[Record], form: Form, serve: Serve, client_of: ClientOf
) -> None:
    max_bytes = 3000

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        body = service._body(request)
        line.send(head(content_length=len(body)) + body[:max_bytes])
        if len(body) > max_bytes:
            line.close()

    service = RecordService(records)
    found: list[Record] = []
    form.records(client_of(serve(handle)), [PAD], found)
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, records))


def test_delivered_texts_go_to_disk(
    form: Form, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivered_texts, "MAX_MEMORY_BYTES", 500)
    monkeypatch.setattr(cutter, "WINDOW_BYTES", 200)
    found: list[Record] = []
    form.records(client_of(serve(RecordService(by_site(), [Break(0.9)] * 3))), [PAD], found)
    assert found == by_site()


def test_second_with_records_on_disk_and_in_memory(
    form: Form, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivered_texts, "MAX_MEMORY_BYTES", 500)
    monkeypatch.setattr(cutter, "WINDOW_BYTES", 200)
    records = [*records_of(20), *({**record, "timestamp": START + 20} for record in records_of(60))]
    found: list[Record] = []
    form.records(client_of(serve(RecordService(records, [Break(0.9)]))), [SITE], found)
    assert found == records


def test_full_disk_fails_resumed_downloads_only(
    form: Form, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(delivered_texts, "MAX_MEMORY_BYTES", 500)
    monkeypatch.setattr(cutter, "WINDOW_BYTES", 200)
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    found: list[Record] = []
    form.records(client_of(serve(RecordService(by_site()))), [PAD], found)
    assert found == by_site()
    with pytest.raises(OSError, match="No space left"):
        form.records(client_of(serve(RecordService(by_site(), [Break(0.9)]))), [PAD], [])


def test_records_of_other_site_or_time_are_dropped(
    form: Form, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service may ignore a parameter. It is said once."""
    monkeypatch.setattr(mismatches, "_reported", set[tuple[str, str]]())
    wanted = records_of(100)
    others = [
        {**wanted[0], "site_id": 7},
        {**wanted[0], "timestamp": START - 1},
        {**wanted[0], "timestamp": START + 100},
    ]
    others.append({**wanted[0], "site_id": "7"})
    unknown: list[Record] = [
        {"slurry_rate": 1},
        {"timestamp": START, "site_id": None},
        {"timestamp": START, "site_id": "981"},
    ]
    body = json.dumps([others[0], *wanted, *others, *unknown]).encode()
    found: list[Record] = []
    with pytest.warns(MismatchWarning) as said:
        form.records(client_of(serve(lambda line, _: line.send(http_response(200, body)))), [SITE], found)
    assert found == [*wanted, *unknown]
    assert [str(warning.message) for warning in said] == [
        "stream_site_data: 3 of 108 left out, which do not match the request: site_id is 7, not 981",
        (
            "stream_site_data: 2 of 108 left out, which do not match the request: timestamp is 1758196799, 1758196900, "
            "not 1758196800 to 1758196899"
        ),
    ]


def test_parallel_needs_timestamps(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """One without could be in the response for each part."""
    server = serve(lambda line, _: line.send(http_response(200, b'[{"a": 1}]')))
    with pytest.raises(ResponseValidationError, match="Request the range without parallel="):
        form.records(client_of(server), [replace(SITE, end=datetime_at(9999), parallel=3)], [])


def test_open_end_is_time_of_first_response(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Else a response that is requested again would hold more than the first."""
    service = RecordService(by_site())
    ends: list[str | None] = []

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        ends.append(request.query.get("end_datetime"))
        if len(ends) > 1:
            service(line, request)
            return
        body = json.dumps(by_site()).encode()
        line.send(head(content_length=len(body), date="Thu, 18 Sep 2025 12:03:00 GMT") + body[: len(body) // 2])
        line.close()

    found: list[Record] = []
    form.records(client_of(serve(handle)), [replace(PAD, end=None)], found)
    assert ends[0] is None
    assert {*ends[1:]} == {"2025-09-18 12:03:00"}
