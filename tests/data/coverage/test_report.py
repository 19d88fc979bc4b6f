"""Coverage reports: expected and received seconds, gaps, and fields without values."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import CoverageReport, DataQuery
from datastore_sdk.data.streaming import parallel as slicing
from datastore_sdk.enums import DataResolutions, StageNameFilters
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, Break, Record, RecordService, datetime_at, records_of
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(999))
PAD = DataQuery(source="pad", id=681, start=datetime_at(0), end=datetime_at(999), is_routed=True)
ONCE = RetryPolicy(max_attempts=1)
STAGES = [
    {"site": 981, "stage_number": 7, "state": "frac_frac", "start": datetime_at(0), "end": datetime_at(399)},
    {"site": 981, "stage_number": 8, "state": "standby_standby", "start": datetime_at(400), "end": datetime_at(700)},
    {"site": 982, "stage_number": 3, "state": "wl_runinhole", "start": datetime_at(0), "end": None},
]


class Service:
    """Fake service for records, stages and sites.

    Args:
        records: All records.
        others: Responses to requests for stages and sites, instead of `STAGES` and the sites 981 to 983.
        breaks: How the streams of records break.
    """

    def __init__(self, records: list[Record], others: bytes | None = None, breaks: list[Break] | None = None) -> None:
        self.records = RecordService(records, breaks or [])
        self.requests: list[str] = []
        self._others = others

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        self.requests.append(request.path.rpartition("v1")[2])
        if request.path.endswith("/data/"):
            self.records(line, request)
        elif request.path.endswith("/fields/"):
            line.send(http_response(200, b"[]"))
        elif request.path.endswith("/sites/"):
            # The filter is ignored: the last one lies on another pad.
            pads = {981: 681, 982: 681, 983: 681, 990: 682}
            line.send(self._others or http_response(200, json.dumps([site(*each) for each in pads.items()]).encode()))
        else:
            line.send(self._others or http_response(200, msgspec.json.encode(STAGES)))


def site(id_: int, pad: int) -> dict[str, Any]:
    keys = ("latitude", "longitude", "well_api", "stage_total", "timezone")
    names = dict.fromkeys(("name", "lease_name", "operator_name"), "a")
    metadata = {"first_timestamp": None, "last_timestamp": None}
    return {
        **dict.fromkeys(keys),
        **names,
        "id": id_,
        "pad_id": pad,
        "date_created": "2025-09-18T12:00:00Z",
        "metadata": metadata,
        "is_demo_site": False,
    }


@pytest.fixture(autouse=True)
def much_later(clock: JumpingClock) -> None:
    clock.time += 1_000_000


def with_gaps(*gaps: range) -> list[Record]:
    """Return the records of the site, without those of some seconds."""
    return [record for record in records_of(1000) if not any(record["timestamp"] - START in gap for gap in gaps)]


def summarize(report: CoverageReport) -> list[tuple[Any, ...]]:
    """Summarize a report: site, expected and received seconds, gaps by first second and length."""
    gaps = [[(int(gap.start.timestamp()) - START, gap.seconds) for gap in site.gaps] for site in report.sites]
    return [
        (site.site, site.expected_seconds, site.received_seconds, own)
        for site, own in zip(report.sites, gaps, strict=True)
    ]


@pytest.mark.parametrize("suffix", [None, ".json", ".csv", ".ndjson.gz", ".parquet"])
def test_gaps_have_stage_and_state(
    suffix: str | None,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = Service(with_gaps(range(100, 103), range(350, 430), range(500, 600), range(950, 1000)))
    client = client_of(serve(service))
    path = tmp_path / f"records{suffix}"
    if suffix is None:
        report = form.coverage(client, [SITE], min_gap=50)
    else:
        saved = form.save(client, [SITE], path, coverage=True, min_gap=50)
        assert saved is not None
        report = saved
        written = json.loads((tmp_path / f"records{suffix}.coverage.json").read_bytes())
        assert written == report.to_dict()
        assert (written["file"], written["file_bytes"]) == (path.name, path.stat().st_size)
        assert {*read_files(tmp_path)} == {path.name, f"{path.name}.coverage.json"}
        [line] = [record for record in caplog.records if "Coverage of" in record.message]
        assert (line.levelname, line.name) == ("WARNING", "datastore_sdk")
        assert "incomplete; 767 of 1,000 seconds (76.70 %); 3 gaps of 50 s or more" in line.message
        assert "the longest 100 s from 2025-09-18 12:08:20 UTC in standby_standby" in line.message
    assert summarize(report) == [(981, 1000, 767, [(350, 80), (500, 100), (950, 50)])]
    labels = [(gap.stage_number, gap.state) for gap in report.gaps]
    assert labels == [(7, "frac_frac"), (8, "standby_standby"), (None, None)]
    assert [gap.end for gap in report.gaps] == [datetime_at(429), datetime_at(599), datetime_at(999)]
    assert not report.complete
    assert (report.sites[0].missing_seconds, report.sites[0].expected_from) == (233, "request")
    assert (report.sites[0].first_record, report.sites[0].last_record) == (datetime_at(0), datetime_at(949))


def test_complete_data_is_logged_without_stage_requests(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "datastore_sdk")
    service = Service(with_gaps(range(100, 102)))
    report = form.save(client_of(serve(service)), [SITE], tmp_path / "records.csv", coverage=True)
    assert report is not None
    assert report.complete
    assert service.requests == ["/sites/981/data/"]
    [line] = [record for record in caplog.records if "Coverage of" in record.message]
    assert line.levelname == "INFO"
    assert "complete; 998 of 1,000 seconds (99.80 %); 0 gaps" in line.message


ORDERS: dict[str, Callable[[list[Record]], list[Record]]] = {
    "by time": lambda records: records,
    "site by site": lambda records: sorted(records, key=lambda record: -int(record["site_id"])),
    "newest first": lambda records: records[::-1],
    "any": lambda records: random.Random(7).sample(records, len(records)),
    "three a second": lambda records: [record for record in records for _ in range(3)],
}
TIMESTAMPS: dict[str, Callable[[int], Any]] = {
    "seconds": int,
    "milliseconds": lambda second: second * 1000 + 999,
    "floats": lambda second: second + 0.7,
    "text": str,
    "dates": lambda second: datetime.fromtimestamp(second, tz=UTC).isoformat(),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_report_is_independent_of_record_order(
    suffix: str,
    order: Callable[[list[Record]], list[Record]],
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
) -> None:
    records = order(with_gaps(range(300, 400)) + [{**each, "site_id": "982"} for each in with_gaps(range(10))])
    service = Service(records)
    report = form.save(client_of(serve(service)), [PAD], tmp_path / f"a{suffix}", coverage=True, min_gap=10)
    assert report is not None
    assert summarize(report) == [
        (981, 1000, 900, [(300, 100)]),
        (982, 1000, 990, [(0, 10)]),
        (983, 1000, 0, [(0, 1000)]),
    ]
    assert [gap.state for gap in report.gaps] == ["frac_frac", "wl_runinhole", None]
    assert report.sites_without_records == (983,)
    assert report.records == len(records)
    assert "no records of site 983" in report.summary()
    assert sorted(service.requests) == ["/pads/681/data/", "/pads/681/history/", "/sites/"]


@pytest.mark.parametrize("timestamp", TIMESTAMPS.values(), ids=TIMESTAMPS)
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_any_timestamp_form_is_counted(
    suffix: str, timestamp: Callable[[int], Any], form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    records = [{**each, "timestamp": timestamp(each["timestamp"])} for each in with_gaps(range(300, 400))]
    records += [{"site_id": 981, "timestamp": odd} for odd in (None, "yesterday", [1], -99_999_999_999, True)]
    service = Service([])
    service.records._body = lambda request: json.dumps(records).encode()  # type: ignore[method-assign] # noqa: ARG005
    report = form.save(client_of(serve(service)), [replace(SITE, start=None)], tmp_path / f"a{suffix}", coverage=True)
    assert report is not None
    assert summarize(report) == [(981, 1000, 900, [(300, 100)])]
    assert report.records_without_timestamp == 4 + (suffix != "")  # the negative one is not a date, or left out


@pytest.mark.parametrize(
    "odd", [b'"\\ud800"', b"1e999", b"[" * 900 + b"]" * 900, b'"Infinity"'], ids=["surrogate", "1e999", "deep", "none"]
)
def test_records_with_odd_json_are_counted(
    odd: bytes, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    rows = [b'{"timestamp":%d,"site_id":981,"a":%b}' % (START + second, odd) for second in range(4)]
    service = Service([])
    service.records._body = lambda request: b"[%b]" % b",".join(rows)  # type: ignore[method-assign] # noqa: ARG005
    query = replace(SITE, end=datetime_at(4), fields=["a"])
    for suffix in (".json", ".csv"):
        report = form.save(client_of(serve(service)), [query], tmp_path / f"a{suffix}", coverage=True, min_gap=1)
        assert report is not None
        assert summarize(report) == [(981, 5, 4, [(4, 1)])]
        assert report.missing_fields == (("a",) if odd == b'"Infinity"' else ())


@pytest.mark.parametrize("phase", [0, 17])
def test_coarse_records_cover_their_interval(phase: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    """For any offset within the minute, records within the range are expected."""
    minutes = [minute for minute in range(-1 if phase else 0, 60) if minute not in range(20, 25)]
    service = Service([{"timestamp": START + 60 * minute + phase, "site_id": 981} for minute in minutes])
    service.records._body = lambda request: json.dumps(service.records.records).encode()  # type: ignore[method-assign] # noqa: ARG005
    query = replace(SITE, end=datetime_at(3599), resolution=DataResolutions.MINUTE)
    report = form.coverage(client_of(serve(service)), [query])
    edge = 60 if phase else 0
    assert summarize(report) == [(981, 3600 - edge, 3300 - edge, [(1200 + phase, 300)])]
    assert report.gaps[0].end == datetime_at(1499 + phase)
    assert report.resolution_seconds == 60
    service.records.records = [record for record in service.records.records if record["timestamp"] >= START]
    report = form.coverage(client_of(serve(service)), [replace(query, start=datetime_at(phase), end=None)])
    assert summarize(report) == [(981, 3600, 3300, [(1200 + phase, 300)])]


def test_open_range_spans_first_to_last_record(form: Form, serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(Service(with_gaps(range(10), range(300, 400), range(900, 1000)))))
    for query in (replace(SITE, start=None, end=None), replace(SITE, start=None, end=datetime_at(899))):
        report = form.coverage(client, [query])
        assert summarize(report)[0][3] == [(300, 100)]
        assert report.sites[0].expected_from == "records"
        assert report.sites[0].expected_seconds == 890
    empty = form.coverage(client_of(serve(Service([]))), [replace(SITE, start=None)])
    assert summarize(empty) == [(981, 0, 0, [])]
    assert not empty.complete


def test_future_seconds_are_not_missing(form: Form, serve: Serve, client_of: ClientOf, clock: JumpingClock) -> None:
    clock.time = float(START + 499)
    client = client_of(serve(Service(records_of(450))))
    report = form.coverage(client, [replace(SITE, end=datetime_at(9999))], min_gap=1)
    assert summarize(report) == [(981, 500, 450, [(450, 50)])]


def test_pad_without_records_is_incomplete(form: Form, serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(Service([], http_response(404))))
    for query in (PAD, replace(PAD, is_routed=False)):
        report = form.coverage(client, [query])
        assert summarize(report) == [(None, 1000, 0, [(0, 1000)])]
        assert "no records of the pad" in report.summary()


def test_intervals_of_several_sites_are_combined(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """As with data changes: seconds between two intervals are not expected, shared seconds count once."""
    service = Service(with_gaps(range(10), range(150, 250)))
    bounds = [(981, 100, 199), (981, 180, 219), (981, 600, 699), (982, 0, 9)]
    queries = [
        DataQuery(source="site", id=id_, start=datetime_at(first), end=datetime_at(last)) for id_, first, last in bounds
    ]
    report = form.coverage(client_of(serve(service)), queries, min_gap=5)
    assert summarize(report) == [(981, 220, 150, [(150, 70)]), (982, 10, 0, [(0, 10)])]
    assert len(report.queries) == 4


def test_stage_filter_expects_seconds_of_its_stages(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """The service may return other stages too."""
    query = replace(SITE, stage_number=8, stage_name_filter=StageNameFilters.STANDBY)
    records = [record for record in records_of(681) if record["timestamp"] >= START + 400]
    report = form.coverage(client_of(serve(Service(records))), [query], min_gap=20)
    assert summarize(report) == [(981, 301, 281, [(681, 20)])]
    assert report.sites[0].expected_from == "stages"
    unknown = form.coverage(client_of(serve(Service(records, http_response(404)))), [query])
    assert summarize(unknown) == [(981, 281, 281, [])]
    assert unknown.sites[0].expected_from == "records"


@pytest.mark.parametrize("suffix", [None, ".csv"])
def test_fields_without_values_are_listed(
    suffix: str | None, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    fields = ["slurry_rate", "only_null", "late", "never", "__class__", "site_id"]
    rows: list[Record] = [{**record, "only_null": None} for record in records_of(1000)]
    rows[-1]["late"] = False

    def missing(query: DataQuery, rows: list[Record]) -> list[str]:
        client = client_of(serve(Service(rows)))
        path = tmp_path / f"a{suffix}"
        saved = form.save(client, [query], path, coverage=True, overwrite=True) if suffix else None
        report = saved or form.coverage(client, [query])
        assert not report.complete
        return [*report.missing_fields]

    assert missing(replace(SITE, fields=fields), rows) == ["__class__", "never", "only_null"]
    prefixed = [{f"M2_{name}" if name in fields[:4] else name: value for name, value in row.items()} for row in rows]
    pad = replace(PAD, is_routed=False, fields=["slurry_rate", "only_null", "late", "rate"])
    assert missing(pad, prefixed) == ["only_null", "rate"]


ODD = http_response(200, b'[{"id": "a"}]')
"""Responses are read as far as they go, and log nothing."""


@pytest.mark.parametrize("others", [http_response(500), ODD, http_response(403), ClientConnection.reset])
def test_failed_stage_request_omits_labels_only(
    others: Any, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(with_gaps(range(300, 400)), others if isinstance(others, bytes) else b"")

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if isinstance(others, bytes) or request.path.endswith("/data/"):
            service(line, request)
        else:
            others(line)

    report = form.save(client_of(serve(handle), retries=ONCE), [PAD], tmp_path / "a.json", coverage=True)
    assert report is not None
    assert summarize(report) == [(981, 1000, 900, [(300, 100)])]
    assert report.gaps[0].state is None
    assert json.loads((tmp_path / "a.json").read_bytes()) == service.records.records
    for what in ("stages", "sites"):
        assert (f"without the {what} of pad 681" in caplog.text) == (others is not ODD)


@pytest.mark.parametrize("parallel", [1, 3])
def test_report_of_resumed_save_covers_whole_file(
    parallel: int, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=170))
    monkeypatch.setattr(slicing, "MIN_SLICE", timedelta(seconds=100))
    service = Service(with_gaps(range(30, 100), range(800, 900)), breaks=[Break(0.5), Break(0.2)])
    client: Client = client_of(serve(service), retries=ONCE)
    queries = [replace(SITE, parallel=parallel, fields=["slurry_rate", "never"])]
    path = tmp_path / "records.csv"
    with pytest.raises(CallError):
        form.save(client, queries, path, resume=True, coverage=True)
    assert {*read_files(tmp_path)} == {"records.csv.partial"}
    report = None
    while report is None:
        try:
            report = form.save(client, queries, path, resume=True, coverage=True)
        except CallError:
            continue
    assert summarize(report) == [(981, 1000, 830, [(30, 70), (800, 100)])]
    assert report.records == 830
    assert report.missing_fields == ("never",)
    assert {*read_files(tmp_path)} == {"records.csv", "records.csv.coverage.json"}


def test_arguments_are_validated_before_requests(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = Service([])
    client = client_of(serve(service))
    path = tmp_path / "records.json"
    with pytest.raises(TypeError, match="coverage"):
        form.save(client, [SITE], path, coverage="yes")
    for wrong, error in [(0, ValueError), (-1, ValueError), ("60", TypeError), (1.5, TypeError)]:
        with pytest.raises(error, match="min_gap"):
            form.save(client, [SITE], path, min_gap=wrong)
        with pytest.raises(error, match="min_gap"):
            form.coverage(client, [SITE], min_gap=wrong)
    (tmp_path / "records.json.coverage.json").write_text("mine")
    with pytest.raises(FileExistsError, match=r"records\.json\.coverage\.json exists already"):
        form.save(client, [SITE], path, coverage=True)
    assert service.requests == []
    form.save(client, [SITE], path, coverage=True, overwrite=True)
    assert json.loads((tmp_path / "records.json.coverage.json").read_bytes())["records"] == 0


def test_report_prints_as_table(serve: Serve, client_of: ClientOf, form: Form) -> None:
    gaps = [range(start, start + 10) for start in range(0, 600, 50)]
    report = form.coverage(client_of(serve(Service(with_gaps(*gaps, range(700, 900))))), [SITE], min_gap=10)
    lines = str(report).splitlines()
    assert lines[1].split() == [
        "site",
        "records",
        "expected_s",
        "received_s",
        "missing_s",
        "received",
        "gaps",
        "longest_gap_s",
    ]
    assert lines[2].split() == ["981", "680", "1000", "680", "320", "68.00", "%", "13", "200"]
    assert lines[5].split()[:4] == ["981", "2025-09-18", "12:11:40", "2025-09-18"]
    assert lines[-1] == "and 3 shorter gaps"
    assert "<td>standby_standby</td>" in report._repr_html_()
    assert json.loads(report.to_json()) == report.to_dict()
    sites, listed = report.to_pandas(), report.to_pandas("gaps")
    assert sites["missing_s"].tolist() == [320]
    assert listed["seconds"].tolist() == [10] * 12 + [200]
    assert str(listed["start"].dtype).endswith("UTC]")
    with pytest.raises(ValueError, match="table must be 'sites' or 'gaps', not 'fields'"):
        report.to_pandas("fields")  # type: ignore[arg-type]
