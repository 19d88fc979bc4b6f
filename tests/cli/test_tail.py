"""`datastore tail`: live records as lines or in a file, and signals."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.data.writers.csv_writer import CsvWriter
from datastore_sdk.sandbox import Sandbox
from tests.cli.command_process import start_command
from tests.conftest import NOW
from tests.support.exhaustive import first
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM"),
    pytest.mark.usefixtures("default_sighup"),
]


def start(arguments: list[str], sandbox: Sandbox) -> subprocess.Popen[str]:
    return start_command(["tail", *arguments], sandbox.environment)


def is_listening(sandbox: Sandbox) -> bool:
    return any(request.status == 101 for request in sandbox.requests)


@pytest.mark.parametrize(
    ("number", "status"),
    first(
        2,
        [
            (signal.SIGINT, ExitStatus.INTERRUPTED),
            (signal.SIGTERM, ExitStatus.TERMINATED),
            (signal.SIGHUP, ExitStatus.TERMINAL_CLOSED),
        ],
    ),
)
def test_lines_are_whole_when_a_signal_ends_the_stream(number: int, status: ExitStatus) -> None:
    with (
        Sandbox(now=NOW, days=1) as sandbox,
        start(["--site", "981", "--since", "2025-09-18T11:59:00Z"], sandbox) as process,
    ):
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(61)]
        sandbox.advance(5)
        lines += [process.stdout.readline() for _ in range(5)]
        process.send_signal(number)
        remaining, err = process.communicate(timeout=30)
    timestamps = [json.loads(line)["timestamp"] for line in lines]
    assert timestamps == [*range(timestamps[0], timestamps[0] + 66)]
    assert (remaining, err, process.returncode) == ("", "", status)


@contextmanager
def saving(file: Path) -> Generator[subprocess.Popen[str]]:
    """Run `tail -o`, until it has saved 5 records."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    with (
        Sandbox(now=NOW, days=1) as sandbox,
        start(["--site", "981", "--fields", "slurry_rate", "-o", str(file)], sandbox) as process,
    ):
        wait_until(lambda: is_listening(sandbox))
        sandbox.advance(5)
        wait_until(lambda: unfinished.exists() and unfinished.read_text().count("\n") >= 5)
        yield process
        process.communicate(timeout=30)


def check_rows(file: Path) -> None:
    timestamps = [int(row["timestamp"]) for row in csv.DictReader(file.read_text().splitlines())]
    assert timestamps == [*range(timestamps[0], timestamps[0] + len(timestamps))]
    assert len(timestamps) >= 5
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, ExitStatus.TERMINATED), (signal.SIGHUP, ExitStatus.TERMINAL_CLOSED)]
)
def test_file_is_completed_when_a_signal_ends_the_stream(number: int, status: ExitStatus, tmp_path: Path) -> None:
    file = tmp_path / "shift.csv"
    with saving(file) as process:
        process.send_signal(number)
        process.send_signal(number)  # as `timeout` does
    assert process.returncode == status
    check_rows(file)


@pytest.mark.exhaustive
def test_killed_file_is_recovered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shift.csv"
    with saving(file) as process:
        process.kill()
    assert not file.exists()
    assert main(["recover", str(file), "--json"]) == ExitStatus.DONE
    check_rows(file)
    summary = json.loads(capsys.readouterr().out)
    assert (summary["file"], summary["records"] >= 5) == (str(file), True)


@pytest.mark.usefixtures("sandbox")
def test_full_disk_says_how_to_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(CsvWriter, "write", write)
    file = tmp_path / "last shift.csv"
    assert main(["tail", "--site", "981", "--since", "2025-09-18T11:59:50Z", "-o", str(file)]) == ExitStatus.NOT_WRITTEN
    assert capsys.readouterr().err == (
        f"datastore: {file}: No space left on device; the records received so far are in {file}.unfinished; "
        f"complete the file with: datastore recover '{file}'\n"
    )
    monkeypatch.undo()
    assert main(["recover", str(file)]) == ExitStatus.DONE


def test_recover_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, unfinished = tmp_path / "shift.csv", tmp_path / "shift.csv.unfinished"
    assert main(["recover", str(file)]) == ExitStatus.NOT_WRITTEN
    assert "there is no" in capsys.readouterr().err
    file.write_text("old")
    unfinished.write_text('{"timestamp": 1}\n')
    assert main(["recover", str(file)]) == ExitStatus.NOT_WRITTEN
    assert f"pass another name and --from {unfinished}, or add --overwrite" in capsys.readouterr().err
    assert main(["recover", str(tmp_path / "night.xml"), "--from", str(unfinished)]) == ExitStatus.COULD_NOT_RUN
    assert main(["recover", str(file), "--overwrite"]) == ExitStatus.DONE
    assert [*csv.DictReader(file.read_text().splitlines())] == [{"timestamp": "1"}]
    assert not unfinished.exists()


def test_closed_pipe_ends_the_stream_quietly() -> None:
    with Sandbox(now=NOW, days=1) as sandbox, start(["--site", "981"], sandbox) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        wait_until(lambda: is_listening(sandbox))
        process.stdout.close()
        sandbox.advance(5)
        assert process.stderr.read() == ""
        assert process.wait(30) == ExitStatus.DONE
