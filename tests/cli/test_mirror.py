"""`datastore mirror`: output, exit statuses, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, faults
from tests.support.exhaustive import first

Output = pytest.CaptureFixture[str]
SITE = "981"
STORE = "field.duckdb"


@pytest.fixture
def field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """A field of now, and a mirror that is not filled yet. The environment points to it."""
    with Sandbox(days=0.2) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        assert main(["mirror", "add", STORE, "--site", SITE, "--since", "3m"]) == 0
        yield sandbox


@pytest.mark.usefixtures("field")
def test_commands_fill_show_and_forget_a_mirror(capsys: Output) -> None:
    assert main(["mirror", "run", STORE]) == 0
    assert "records" in capsys.readouterr().out
    assert main(["mirror", "run", STORE, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["complete"]
    assert report["sites"][0]["site_id"] == int(SITE)
    assert main(["mirror", "status", STORE, "--max-age", "1h", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["sites"][0]["records"] > 100
    assert main(["mirror", "verify", STORE, "--seed", "1"]) == 0
    assert "0 differ" in capsys.readouterr().out
    assert main(["mirror", "forget", STORE, "--site", SITE]) == 0
    assert main(["mirror", "status", STORE, "--max-age", "1h"]) == 1


def test_failed_site_exits_with_1(field: Sandbox, capsys: Output) -> None:
    field.faults.add(faults.Corrupt(at=500, path="/sites/*/data/"), faults.Corrupt(at=500, path="/sites/*/data/"))
    assert main(["mirror", "run", STORE]) == 1
    assert "problem: site 981" in capsys.readouterr().out
    assert main(["mirror", "status", STORE]) == 1
    assert main(["mirror", "run", STORE]) == 0
    assert main(["mirror", "status", STORE]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "missing.duckdb"], "add a pad or site first"),
        (["add", STORE], "name a pad"),
        (["add", STORE, "--site", SITE, "--since", "soon"], "--since: 'soon' is not a time"),
        (["run", STORE, "--every", "soon"], "not a duration"),
        (["run", "oracle:field"], "unknown store"),
        (["forget", STORE, "--pad", "1"], "not part of this mirror"),
    ],
)
def test_wrong_use_exits_with_3(field: Sandbox, capsys: Output, arguments: list[str], message: str) -> None:
    assert main(["mirror", *arguments]) == ExitStatus.COULD_NOT_RUN
    assert message in capsys.readouterr().err
    assert field.url not in capsys.readouterr().out


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", first(1, [signal.SIGTERM, signal.SIGINT]))
@pytest.mark.usefixtures("field")
def test_signal_ends_a_service_after_the_commit(number: signal.Signals, tmp_path: Path) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "datastore_sdk.cli", "mirror", "run", STORE, "--every", "0.1s", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert json.loads(program.stdout.readline())["complete"]
        assert json.loads(program.stdout.readline())["complete"]
        program.send_signal(number)
        program.communicate(timeout=30)
    assert program.returncode == (0 if number == signal.SIGTERM else 130)
    assert main(["mirror", "verify", STORE, "--seed", "1"]) == 0
