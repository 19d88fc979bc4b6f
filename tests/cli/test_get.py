"""`datastore get`: files, streams, estimates, interruptions and errors."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Pad, Site
from datastore_sdk._io.clock import Clock
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.data.saving.scratch_folder import build_temporary_path
from datastore_sdk.sandbox import Sandbox, Untidiness, faults
from tests.cli.command_process import start_command
from tests.conftest import NOW
from tests.support.environment import set_environment
from tests.support.exhaustive import first
from tests.support.waiting import wait_until

Output = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("at_now")

MINUTES = ["get", "--site", "981", "--since", "10m"]


@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson.gz", "parquet"])
@pytest.mark.usefixtures("sandbox")
def test_file_equals_that_of_the_sdk(suffix: str, tmp_path: Path, capsys: Output) -> None:
    file, expected = tmp_path / f"file.{suffix}", tmp_path / f"expected.{suffix}"
    assert main([*MINUTES, "--fields", "slurry_rate,proppant_conc", "-o", str(file)]) == ExitStatus.DONE
    Site(id=981).get_data(NOW - timedelta(minutes=10), NOW, fields=["slurry_rate", "proppant_conc"]).save(expected)
    assert file.read_bytes() == expected.read_bytes()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{file}: 601 records")
    assert {*tmp_path.iterdir()} == {file, expected}


@pytest.mark.usefixtures("sandbox")
def test_options_reach_the_service(tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "hour.csv"
    options = ["--routed", "--resolution", "minute", "--aggregation", "max", "--si", "--state", "frac", "-q", "--json"]
    assert main(["get", "--pad", "681", "--since", "2h", *options, "-o", str(file)]) == ExitStatus.DONE
    data = Pad(id=681).get_data(
        NOW - timedelta(hours=2),
        NOW,
        is_routed=True,
        resolution="minute",
        aggregation="max",
        si_units=True,
        stage_name_filter="frac",
    )
    records = [*data]
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["timestamp"] for row in rows] == [str(record["timestamp"]) for record in records]
    out, err = capsys.readouterr()
    assert json.loads(out)["records"] == len(records)
    assert err == ""


@pytest.mark.usefixtures("sandbox")
def test_stage_is_downloaded_whole(tmp_path: Path) -> None:
    file = tmp_path / "stage.ndjson"
    assert main(["get", "--site", "981", "--stage", "2", "--parallel", "3", "-o", str(file)]) == ExitStatus.DONE
    expected = [*Site(id=981).get_data(stage_number=2, stage_name_filter="frac")]
    assert [json.loads(line) for line in file.read_text().splitlines()] == expected


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sandbox")
def test_days_are_whole_in_the_zone_of_the_well(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    command = [
        "get",
        "--site",
        "981",
        "--from",
        "yesterday",
        "--to",
        "yesterday",
        "--tz",
        "site",
        "--resolution",
        "hour",
    ]
    assert main([*command, "-o", str(file)]) == ExitStatus.DONE
    timestamps = [int(row["timestamp"]) for row in csv.DictReader(file.read_text().splitlines())]
    assert (timestamps[0], len(timestamps)) == (1_758_085_200, 24)  # 2025-09-17T00:00:00-05:00


@pytest.mark.usefixtures("sandbox")
def test_stream_has_one_object_a_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([*MINUTES, "-o", "-"]) == ExitStatus.DONE
    out, err = capfdbinary.readouterr()
    expected = [*Site(id=981).get_data(NOW - timedelta(minutes=10), NOW)]
    assert [json.loads(line) for line in out.splitlines()] == expected
    assert err == b""


def test_dry_run_estimates_and_saves_nothing(sandbox: Sandbox, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "day.csv"
    assert main(["get", "--site", "981", "--since", "24h", "-o", str(file), "--dry-run", "--json"]) == ExitStatus.DONE
    estimate = json.loads(capsys.readouterr().out)
    assert estimate["calls"] == 1
    assert estimate["records"] == pytest.approx(86_401, rel=0.05)
    assert not file.exists()
    assert len([request for request in sandbox.requests if request.path.endswith("/data/")]) == 5


@pytest.mark.parametrize("seed", first(1, [1, 2]))
def test_untidy_service_is_downloaded(seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    with Sandbox(now=NOW, days=2, untidy=Untidiness(seed)) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        command = ["get", "--pad", "681", "--routed", "--since", "20m", "--fields", "slurry_rate", "-o", str(file)]
        assert main(command) == ExitStatus.DONE
        expected = [*Pad(id=681).get_data(NOW - timedelta(minutes=20), NOW, is_routed=True, fields="slurry_rate")]
    assert [json.loads(line) for line in file.read_text().splitlines()] == expected


ERRORS: list[tuple[list[str], ExitStatus, str]] = [
    ([*MINUTES], ExitStatus.COULD_NOT_RUN, "pass -o FILE"),
    (["get", "--since", "1h"], ExitStatus.COULD_NOT_RUN, "pass --pad ID or --site ID"),
    (["get", "--pad", "1", "--site", "1", "--since", "1h"], ExitStatus.COULD_NOT_RUN, "not both"),
    (["get", "--site", "981", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "which time?"),
    ([*MINUTES, "--from", "now", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "pass --since, or --from and --to"),
    ([*MINUTES, "--routed", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "--routed is for --pad"),
    (["get", "--pad", "681", "--stage", "2", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "needs --routed"),
    ([*MINUTES, "--resume", "-o", "-"], ExitStatus.COULD_NOT_RUN, "--resume needs -o FILE"),
    ([*MINUTES, "--coverage", "-o", "-"], ExitStatus.COULD_NOT_RUN, "--coverage needs -o FILE"),
    ([*MINUTES, "--parallel", "4", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "datastore get --help"),
    (
        [*MINUTES, "--parallel", "2", "--resolution", "hour", "-o", "x.csv"],
        ExitStatus.COULD_NOT_RUN,
        "parallel works on",
    ),
    ([*MINUTES, "-o", "x.xyz"], ExitStatus.COULD_NOT_RUN, "must be one of .json"),
    ([*MINUTES, "-o", "folder/"], ExitStatus.NOT_WRITTEN, "name a file in it"),
    ([*MINUTES, "--fields", "slury_rate", "-o", "x.csv"], ExitStatus.COULD_NOT_RUN, "did you mean 'slurry_rate'?"),
    (
        ["get", "--site", "981", "--stage", "999", "-o", "x.csv"],
        ExitStatus.NOT_FOUND,
        "has no frac stage 999; it has 1 to",
    ),
    (
        ["get", "--site", "981", "--since", "2031-01-01T00:00Z", "-o", "x.csv"],
        ExitStatus.COULD_NOT_RUN,
        "in the future",
    ),
    (["get", "--site", "681", "--since", "1h", "-o", "x.csv"], ExitStatus.NOT_FOUND, "use --pad 681"),
    (["get", "--pad", "981", "--since", "1h", "-o", "x.csv"], ExitStatus.NOT_FOUND, "use --site 981"),
    (["get", "--site", "5", "--since", "1h", "-o", "x.csv"], ExitStatus.NOT_FOUND, "list them with: datastore sites"),
    (["states", "--site", "681"], ExitStatus.NOT_FOUND, "use --pad 681"),
    (["pads", "981"], ExitStatus.NOT_FOUND, "datastore sites 981"),
    (["sites", "--pad", "981"], ExitStatus.NOT_FOUND, "use --site 981"),
    (["tail", "--site", "681"], ExitStatus.NOT_FOUND, "use --pad 681"),
    (["tail", "--site", "981", "--routed"], ExitStatus.COULD_NOT_RUN, "--routed is for --pad"),
    (["changes", "--pad", "668", "--acknowledge"], ExitStatus.COULD_NOT_RUN, "needs --save FILE"),
    (["stages", "--site", "981", "--from", "now", "--to", "yesterday"], ExitStatus.COULD_NOT_RUN, "is before --from"),
]


@pytest.mark.usefixtures("sandbox")
def test_errors_are_one_line_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, status, message in ERRORS:
        assert main(arguments) == status, arguments
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), arguments
        assert message in err, arguments
        assert [*tmp_path.iterdir()] == [], arguments


def test_no_records_is_a_status_of_its_own(sandbox: Sandbox, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "empty.csv"
    command = ["get", "--site", "981", "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-01T01:00:00Z", "-o"]
    assert main([*command, str(file)]) == ExitStatus.NO_RECORDS
    assert capsys.readouterr().err == (
        f"site 981 has no records there, {file} is empty; see when it has with: datastore stages --site 981, "
        "datastore sites\n"
    )
    assert main([*command, "-"]) == ExitStatus.NO_RECORDS
    assert sandbox.token not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "status", "advice"),
    [
        (faults.Status(401, times=None), ExitStatus.NO_ACCESS, "datastore doctor"),
        (faults.Status(403, path="/data/", times=None), ExitStatus.NO_ACCESS, "datastore pads"),
        (faults.Status(500, path="/data/", times=None), ExitStatus.SERVICE_FAILED, "try again later"),
        (faults.Corrupt(path="/data/", times=None), ExitStatus.SERVICE_FAILED, ""),
    ],
)
def test_failures_of_the_service_leave_no_file(
    fault: Any, status: ExitStatus, advice: str, own_sandbox: Sandbox, tmp_path: Path, capsys: Output, monkeypatch: Any
) -> None:
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "1")
    own_sandbox.faults.add(fault)
    assert main([*MINUTES, "-o", str(tmp_path / "x.csv")]) == status
    err = capsys.readouterr().err
    assert advice in err
    assert err.count("\n") == 1
    assert own_sandbox.token not in err
    assert not (tmp_path / "x.csv").exists()


def test_no_credentials_and_no_server_are_explained(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    assert main(["pads"]) == ExitStatus.NO_ACCESS
    assert "set TALLY_AUTH_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "t0ken-0123456789")
    monkeypatch.setenv("RESTREAM_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "1")
    assert main(["pads"]) == ExitStatus.SERVICE_FAILED
    err = capsys.readouterr().err
    assert "find out why with: datastore doctor" in err
    assert "t0ken" not in err


def test_missing_extra_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main([*MINUTES, "-o", str(tmp_path / "x.parquet")]) == ExitStatus.COULD_NOT_RUN
    assert 'pip install "restream-datastore-sdk[arrow]"' in capsys.readouterr().err


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM")
@pytest.mark.parametrize(
    ("number", "status"),
    first(1, [(signal.SIGTERM, ExitStatus.TERMINATED), (signal.SIGINT, ExitStatus.INTERRUPTED)]),
)
def test_interrupted_download_is_resumed(
    number: int, status: ExitStatus, tmp_path: Path, capsys: Output, monkeypatch: Any
) -> None:
    file, partial = tmp_path / "day.csv", tmp_path / "day.csv.partial"
    range_ = ["--from", "2025-09-18T06:00:00Z", "--to", "2025-09-18T11:00:00Z"]
    with Sandbox(now=NOW, days=1) as sandbox:
        sandbox.faults.add(faults.Stall(at=2_000_000, path="/data/"))
        command = ["get", "--site", "981", *range_, "--parallel", "2", "-o", str(file)]
        with start_command(command, sandbox.environment) as process:
            wait_until(lambda: partial.exists() and partial.stat().st_size > 1_000_000)
            process.send_signal(number)
            process.send_signal(number)  # as `timeout` does
            _, err = process.communicate(timeout=30)
        assert process.returncode == status
        assert not file.exists()
        assert err.count("\n") == 1
        command = shlex.split(err.partition("continue with: ")[2])
        assert command[:2] == ["datastore", "get"]
        set_environment(monkeypatch, sandbox.environment)
        assert main([*command[1:-1]]) == ExitStatus.NOT_WRITTEN  # without --resume
        assert "add --resume" in capsys.readouterr().err
        received = sandbox.requests.copy()
        assert main(command[1:]) == ExitStatus.DONE
        expected = tmp_path / "expected.csv"
        Site(id=981).get_data("2025-09-18T06:00:00Z", "2025-09-18T11:00:00Z").save(expected)
    assert len(received) > 0
    assert file.read_bytes() == expected.read_bytes()
    assert not partial.exists()


def break_off(command: list[str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a download fail after some records, which are saved beside the file."""
    with monkeypatch.context() as patch:
        patch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "1")
        sandbox.faults.add(faults.Truncate(at=100_000, path="/data/", times=None))
        assert main(command) == ExitStatus.SERVICE_FAILED
        sandbox.faults.clear()


@pytest.mark.parametrize("range_", [["--since", "2h"], ["--from", "2h"], ["--since", "2025-09-18T10:00:00Z"]])
def test_the_same_command_continues_although_time_has_passed(
    range_: list[str], own_sandbox: Sandbox, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a download can be continued whose process was killed without a message."""
    file, expected = tmp_path / "x.csv", tmp_path / "expected.csv"
    command = ["get", "--site", "981", *range_, "-o", str(file)]
    break_off(command, own_sandbox, monkeypatch)
    size = (tmp_path / "x.csv.partial").stat().st_size
    Site(id=981).get_data(NOW - timedelta(hours=2), NOW).save(expected)
    own_sandbox.advance(600)

    def later(_: Clock) -> float:
        return NOW.timestamp() + 600

    monkeypatch.setattr(Clock, "now", later)
    capsys.readouterr()
    own_sandbox.requests.clear()
    assert main([*command, "--resume"]) == ExitStatus.DONE
    message = "continuing the interrupted download of 2025-09-18T10:00:00Z to 2025-09-18T12:00:00Z\n"
    assert capsys.readouterr().err.startswith(message)
    assert file.read_bytes() == expected.read_bytes()
    starts = [dict(each.query)["start_datetime"] for each in own_sandbox.requests if each.path.endswith("/data/")]
    assert size > 0
    assert starts[0] > "2025-09-18 10:00:00"


def test_interrupted_download_elsewhere_is_not_lost(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the target could not hold it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    file = tmp_path / "x.csv"
    partial = build_temporary_path(file.resolve(), ".partial")
    partial.parent.mkdir(parents=True)
    partial.touch()
    assert main(["get", "--site", "981", "--since", "2h", "-o", str(file)]) == ExitStatus.NOT_WRITTEN
    assert f"{partial} is left from an interrupted download" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "range_",
    [
        ["--since", "3h"],
        ["--from", "2025-09-18T10:00:00Z", "--to", "2025-09-18T11:30:00Z"],
        ["--from", "2025-09-17T10:00:00Z"],
    ],
)
def test_another_range_does_not_resume(
    range_: list[str], own_sandbox: Sandbox, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the command that continues the download which was interrupted."""
    file = tmp_path / "x.csv"
    command = ["get", "--site", "981", "--since", "2h", "-o", str(file)]
    break_off(command, own_sandbox, monkeypatch)
    capsys.readouterr()
    assert main(["get", "--site", "981", *range_, "-o", str(file), "--resume"]) == ExitStatus.NOT_WRITTEN
    error = capsys.readouterr().err
    assert "holds the records of a different request" in error
    assert error.count("\n") == 1
    words = shlex.split(error.partition("to continue that download: ")[2])
    assert main(words[1:]) == ExitStatus.DONE
    assert file.exists()


def test_other_fields_do_not_resume(
    own_sandbox: Sandbox, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["get", "--site", "981", "--since", "2h", "-o", str(tmp_path / "x.csv")]
    break_off(command, own_sandbox, monkeypatch)
    capsys.readouterr()
    assert main([*command, "--resume", "--fields", "slurry_rate"]) == ExitStatus.NOT_WRITTEN
    error = capsys.readouterr().err
    assert "fields is ['slurry_rate'] and was not given" in error
    assert "continue" not in error


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way on Windows")
def test_closed_pipe_ends_a_stream_quietly(own_sandbox: Sandbox) -> None:
    range_ = ["--from", "2025-09-17T00:00:00Z", "--to", "2025-09-18T00:00:00Z"]
    with start_command(["get", "--site", "981", *range_, "-o", "-"], own_sandbox.environment) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["site_id"] == 981
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == ExitStatus.DONE
