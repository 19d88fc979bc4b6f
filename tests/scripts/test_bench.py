"""The bench: the bodies that it serves, its arithmetic, and a run of it on a few records."""

from __future__ import annotations

import gzip
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

import _environment
import pytest
from _bench import body as bodies
from _bench import client, environments, report, runs
from _bench.body import START, Body, Framing
from _bench.kinds import Kind
from _bench.limits import limits
from _bench.plans import PlanFigures, PlanResult, PlanRow
from _bench.process_tree import ProcessTree
from _bench.rows import SDK, VENDOR, Clock, Row, Run, kind_rows, rows
from _bench.runs import Bench, Result, Sample, Spread, records_in
from _bench.server import Server
from _bench.slices import FIELDS
from _environment import ROOT

from tests.support.exhaustive import first

COUNT = 3_000


@pytest.fixture(scope="module", params=[each for each in Framing if each not in {Framing.MESSAGES, Framing.SLICES}])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Framing, Server]]:
    framing: Framing = request.param
    with Server(Body(COUNT, framing)) as server:
        yield framing, server


def get(server: Server, first: int, last: int, site: int = 1) -> tuple[dict[str, str], bytes]:
    query = urlencode({"start_datetime": at(first), "end_datetime": at(last)})
    connection = HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", f"/sites/{site}/data/?{query}")
    with closing(connection), connection.getresponse() as response:
        return dict(response.headers), response.read()


def giving(value: object) -> Callable[..., object]:
    """Return a function that returns the same value for all arguments."""

    def function(*_arguments: object) -> object:
        return value

    return function


def this_python(_run: Run) -> Path:
    return Path(sys.executable)


def at(second: int) -> str:
    return datetime.fromtimestamp(START + second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_bench_body_has_the_stated_records() -> None:
    records = [json.loads(text) for text in bodies.records(COUNT)]
    assert [record["timestamp"] for record in records] == [*range(START, START + COUNT)]
    assert 8.8 < sum(map(len, records)) / COUNT < 9.0
    assert len({name for record in records for name in record}) == 52
    assert 20 < len({tuple(record) for record in records}) < 40
    first_late = next(index for index, record in enumerate(records) if bodies.LATE in record)
    assert first_late >= COUNT // 2
    assert 240 < len(b"".join(bodies.pieces(COUNT))) / COUNT < 265


@pytest.mark.parametrize("kind", first(5, Kind))
def test_body_of_each_kind_is_valid_json(kind: Kind) -> None:
    content = b"".join(bodies.pieces(COUNT, kind=kind))
    assert [record["timestamp"] for record in json.loads(content)] == [*range(START, START + COUNT)]
    assert Body(COUNT, kind=kind).size == len(content)


def test_service_sends_the_kind_of_body() -> None:
    with Server(Body(20, kind=Kind.FIELD_DAY)) as service:
        _, content = get(service, 0, 19)
    assert content == b"".join(bodies.pieces(20, kind=Kind.FIELD_DAY))


def test_cost_lines_compare_with_the_clean_body() -> None:
    def result(kind: Kind, seconds: float) -> Result:
        run = Run(SDK, "save", Body(50, kind=kind), ".csv")
        return Result(Row(f"save CSV, {kind}", run, run), (sample(seconds + 0.5),), (sample(9),))

    results = [result(Kind.CLEAN, 1), result(Kind.NULL_EACH, 2.5), result(Kind.ESCAPES, 2.5)]
    lines = [*report.cost_lines(results)]
    assert len(lines) == 3
    assert lines[1].endswith("NO")
    assert lines[2].endswith("yes")
    assert [*report.cost_lines(results[1:])] == []


@pytest.mark.exhaustive
def test_body_that_the_vendor_cannot_handle_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("_bench.runs.VENDOR", SDK)
    bad, good = Run(SDK, "save", Body(5), ".unknown"), Run(SDK, "save", Body(5), ".json")
    with Bench(this_python, pairs=1) as bench:
        result = bench.measure(Row("a row", good, bad))
    assert result.verdict == "n/a"


def test_bench_body_windows_have_the_same_records() -> None:
    assert [record for window in bodies.windows(1_001) for record in json.loads(window)] == [
        json.loads(text) for text in bodies.records(1_001)
    ]


def test_bench_body_without_records_is_an_empty_array() -> None:
    assert json.loads(b"".join(bodies.pieces(0))) == []


def test_bench_server_sends_the_body(server: tuple[Framing, Server]) -> None:
    framing, service = server
    if framing is Framing.BROKEN:
        with pytest.raises(IncompleteRead):
            get(service, 0, COUNT - 1)
    headers, content = get(service, 0, COUNT - 1)
    assert headers["Transfer-Encoding"] == "chunked"
    assert ("Content-Encoding" in headers) == (framing is Framing.GZIP)
    if framing is Framing.GZIP:
        content = gzip.decompress(content)
    newest_first = framing in {Framing.NEWEST_FIRST, Framing.BROKEN}
    assert content == b"".join(bodies.pieces(COUNT, newest_first=newest_first))


@pytest.mark.parametrize(("first", "last"), [(0, 0), (7, 1_200), (-5, COUNT + 5), (COUNT, COUNT + 9)])
def test_bench_server_sends_slices_of_any_site(first: int, last: int) -> None:
    with Server(Body(COUNT, Framing.SLICES)) as service:
        _, content = get(service, first, last, site=1_234)
    seconds = range(START + max(first, 0), START + min(last, COUNT - 1) + 1)
    records = json.loads(content)
    assert [(record["timestamp"], record["site_id"]) for record in records] == [(second, 1_234) for second in seconds]
    assert {name for record in records for name in record} <= {"timestamp", "site_id", *FIELDS}


def test_process_tree_counts_descendants() -> None:
    command = [sys.executable, "-c", "import time; data = b'x' * 60_000_000; time.sleep(1)"]
    with subprocess.Popen([sys.executable, "-c", f"import subprocess; subprocess.run({command})"]) as run:
        tree = ProcessTree(run.pid)
        run.wait()
        tree.stop()
    assert tree.peak_mb > 50
    assert tree.descendants_cpu_seconds > 0


def test_bench_shows_the_cost_of_plans() -> None:
    small, large = PlanFigures(100, 1, 2, 3, 40), PlanFigures(1_000, 1, 22, 12, 50)
    result = PlanResult(PlanRow("pyarrow", 1800), small, large)
    reference = PlanResult(PlanRow("to_arrow", 21_600), small, PlanFigures(1_000, 1, 20, 8, 50))
    first_line, second_line, verdict = report.plan_lines(result, reference)
    assert first_line.startswith("plans: pyarrow, slices of 1800 s")
    assert second_line.split() == ["1,000", "1.0", "22.0", "22000.00", "10000.00", "50", "1.10"]
    assert verdict.strip().startswith("1.80 times the CPU of to_arrow")
    (failed,) = report.plan_lines(PlanResult(PlanRow("Spark", 1800), failure="no Java"), None)
    assert failed.endswith("FAILED: no Java")


def test_bench_server_sends_a_chunk_per_record() -> None:
    assert Body(2, Framing.RECORDS).encode().count(b"\r\n") == 2 * (2 + 1 + 1)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (7, 1_200), (-5, COUNT + 5), (COUNT, COUNT + 9)])
def test_bench_capped_server_uses_part_of_the_cpu(first: int, last: int) -> None:
    with Server(Body(COUNT, Framing.CAPPED)) as service:
        _, content = get(service, first, last)
    records = json.loads(content)
    assert [record["timestamp"] - START for record in records] == [*range(max(first, 0), min(last + 1, COUNT))]


@pytest.mark.exhaustive
@pytest.mark.parametrize("curl", [True, False])
def test_bench_limits_are_measured(curl: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not curl:
        monkeypatch.setattr("shutil.which", giving(None))
    with Server(Body(COUNT)) as service:
        found = [*limits(Body(COUNT), f"{service.url}/data/", times=1)]
    assert len(found) == 4
    assert all(limit.rate > 0 for limit in found)
    assert len([*report.limit_lines(found)]) == 5


def sample(process: float, peak: float = 50) -> Sample:
    return Sample(process_seconds=process, import_seconds=0.2, task_seconds=process - 0.5, import_mb=30, peak_mb=peak)


ROW = Row("a row", Run(SDK, "save", Body(1), ".csv"), Run(VENDOR, "save", Body(1), ".csv"), min_ratio=4, peak_mb=30)


@pytest.mark.parametrize(
    ("own", "verdict"),
    [(sample(1), "yes"), (sample(1.5), "task alone"), (sample(3), "NO"), (sample(1, peak=61), "NO")],
)
def test_bench_verdicts(own: Sample, verdict: str) -> None:
    result = Result(ROW, (own,), (sample(5),))
    assert result.verdict == verdict
    assert report.line(result).endswith(verdict)


def test_bench_ratios_are_computed_per_pair() -> None:
    result = Result(ROW, (sample(1), sample(2), sample(1)), (sample(4), sample(10), sample(6)))
    assert result.ratio() == Spread(5, 4, 6)
    assert result.ratio(Clock.TASK).lowest == pytest.approx(19 / 3)
    assert result.memory(result.sdk).median == 20
    assert result.seconds(result.reference) == Spread(6, 4, 10)


def test_bench_import_includes_its_memory() -> None:
    assert sample(1).memory(Clock.IMPORT) == 50
    assert sample(1).seconds(Clock.IMPORT) == 0.2


def test_bench_failed_row_is_a_row() -> None:
    line = report.line(Result(ROW, failure="it broke"))
    assert line.startswith("a row ")
    assert line.endswith("FAILED: it broke")


def test_bench_rows_have_names_and_tasks() -> None:
    table = rows(1_000_000)
    assert len({row.name for row in table}) == len(table)
    for row in table:
        assert {row.sdk.task, row.reference.task} <= vars(client.Job).keys()


def test_bench_kinds_have_a_row_for_each_format() -> None:
    names = [row.name for row in kind_rows(100)]
    sync, asynchronous = (
        ("iterate", "save JSON", "save NDJSON", "save CSV", "save Parquet", "save Parquet with schema"),
        ("asave JSON", "asave CSV"),
    )
    assert names == [f"{form}, {kind}" for forms in (sync, asynchronous) for kind in Kind for form in forms]
    assert {row.sdk.body.records for row in kind_rows(100)} == {100}


def test_bench_counts_records_in_files(tmp_path: Path) -> None:
    json_file, csv_file = tmp_path / "a.json", tmp_path / "a.csv"
    json_file.write_bytes(b"".join(bodies.pieces(10)))
    csv_file.write_bytes(b"timestamp\n" + b"1\n" * 10)
    python = Path(sys.executable)
    assert [records_in(file, python) for file in (json_file, csv_file)] == [10, 10]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("task", "message"), first(1, [("save", "suffix"), ("unheard_of", "AttributeError")]))
def test_bench_run_with_an_error_fails(task: str, message: str) -> None:
    run = Run(SDK, task, Body(5))
    with Bench(this_python, pairs=1) as bench:
        result = bench.measure(Row("a row", run, run))
    assert message in str(result.failure)
    assert result.verdict == "FAILED"


@pytest.mark.exhaustive
def test_bench_run_with_wrong_records_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("_bench.runs.records_in", giving(4))
    run = Run(SDK, "save", Body(5), ".json")
    with Bench(this_python, pairs=1) as bench:
        result = bench.measure(Row("a row", run, run))
    assert result.failure == "datastore_sdk save: 4 instead of 5"


def test_bench_run_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "HTTP_PROXY", "TALLY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "1")
    bare = runs.bare_environment()
    assert "PATH" in bare
    assert not bare.keys() & {"PYTHONDONTWRITEBYTECODE", "HTTP_PROXY", "TALLY_AUTH_TOKEN"}


def test_bench_reads_constraints() -> None:
    assert environments.find_pinned("orjson").startswith("orjson==")
    with pytest.raises(SystemExit, match="does not pin"):
        environments.find_pinned("unheard-of")


def run_bench(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(_environment, "reexec", giving(None))
    monkeypatch.setattr(environments, "python_for", this_python)
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / "scripts" / "bench"), run_name="__main__")
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.exhaustive
def test_bench_command_prints_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "bench.json"
    assert run_bench(monkeypatch, "--records=500", "--pairs=2", "--only=json, 5 times", f"--json={file}") == 0
    printed = capsys.readouterr().out
    assert "save JSON, 5 times the records" in printed
    assert "orjson.loads" in printed
    results = json.loads(file.read_text())
    for row in results["rows"]:
        assert row["failure"] is None
        assert len(row["sdk"]) == len(row["reference"]) == 2
        assert row["ratio"]["lowest"] <= row["ratio"]["median"] <= row["ratio"]["highest"]
    assert len(results["limits"]) == 4


def test_bench_command_unknown_row_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_bench(monkeypatch, "--only=unheard of") == 2
    assert "there are: iterate" in capsys.readouterr().err
