"""`datastore mirror`: output, exit statuses, signals."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, faults
from tests.cli.command_process import start_command
from tests.support.environment import set_environment
from tests.support.exhaustive import first

Output = pytest.CaptureFixture[str]
SITE = "981"
STORE = "field.duckdb"


@pytest.fixture
def field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """A field of now, and a mirror that is not filled yet. The environment points to it.

    Hours are mirrored, since a site sends nothing for a while between two stages.
    """
    with Sandbox(days=0.2) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        monkeypatch.chdir(tmp_path)
        assert main(["mirror", "add", STORE, "--site", SITE, "--since", "4h"]) == 0
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


WRONG_USE = [
    (["run", "missing.duckdb"], "add a pad or site first"),
    (["add", STORE], "name a pad"),
    (["add", STORE, "--site", SITE, "--since", "soon"], "--since: 'soon' is not a time"),
    (["run", STORE, "--every", "soon"], "not a duration"),
    (["run", "oracle:field"], "unknown store"),
    (["forget", STORE, "--pad", "1"], "not part of this mirror"),
]


@pytest.mark.usefixtures("field")
def test_wrong_use_exits_with_3(capsys: Output) -> None:
    capsys.readouterr()
    for arguments, message in WRONG_USE:
        assert main(["mirror", *arguments]) == ExitStatus.COULD_NOT_RUN, arguments
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), arguments
        assert message in err


@pytest.mark.usefixtures("field")
def test_verify_before_the_first_run_exits_with_3(capsys: Output) -> None:
    assert main(["mirror", "verify", STORE]) == ExitStatus.COULD_NOT_RUN
    assert "has no records yet: run the mirror first" in capsys.readouterr().err
    assert main(["mirror", "status", STORE]) == 1


def test_old_site_exits_with_1(field: Sandbox, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["mirror", "run", STORE]) == 0
    assert main(["mirror", "status", STORE, "--max-age", "1h"]) == 0
    later = time.time() + 7200

    def read_later(_: Clock) -> float:
        return later

    monkeypatch.setattr(Clock, "now", read_later)
    assert main(["mirror", "status", STORE]) == 0
    capsys.readouterr()
    field.requests.clear()
    assert main(["mirror", "status", STORE, "--max-age", "1h", "--json"]) == 1
    status = json.loads(capsys.readouterr().out)
    assert status["age"] > 7000
    assert status["sites"][0]["lag"] > 7000
    assert field.requests == []


def test_unknown_id_exits_with_5(field: Sandbox, capsys: Output, tmp_path: Path) -> None:
    assert main(["mirror", "add", "other.duckdb", "--site", "668"]) == ExitStatus.NOT_FOUND
    assert "there is a pad 668" in capsys.readouterr().err
    assert not (tmp_path / "other.duckdb").exists()
    assert field.requests


@pytest.mark.usefixtures("field")
def test_missing_credentials_are_one_line(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    capsys.readouterr()
    assert main(["mirror", "run", STORE]) == ExitStatus.NO_ACCESS
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_other_credential_is_refused_before_a_request(
    field: Sandbox, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.requests.clear()
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "another")
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "s3cret-0123456789")
    for arguments in (["run", STORE], ["add", STORE, "--site", "982"], ["verify", STORE]):
        assert main(["mirror", *arguments]) == ExitStatus.COULD_NOT_RUN
        assert "--accept-credential" in capsys.readouterr().err
    assert field.requests == []


@pytest.mark.usefixtures("field")
def test_progress_is_shown_on_a_terminal_only(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    capsys.readouterr()
    assert main(["mirror", "run", STORE, "--json"]) == 0
    assert capsys.readouterr().err == ""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        assert main(["mirror", "run", STORE, "--json"]) == 0
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "site 981" in shown
    assert json.loads(capsys.readouterr().out)["complete"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", first(1, [signal.SIGTERM, signal.SIGINT]))
@pytest.mark.usefixtures("field")
def test_signal_ends_a_service_after_the_commit(number: signal.Signals, tmp_path: Path) -> None:
    with start_command(["mirror", "run", STORE, "--every", "0.1s", "--json"], {}, tmp_path) as program:
        assert program.stdout is not None
        assert json.loads(program.stdout.readline())["complete"]
        assert json.loads(program.stdout.readline())["complete"]
        program.send_signal(number)
        program.communicate(timeout=30)
    assert program.returncode == (0 if number == signal.SIGTERM else 130)
    assert main(["mirror", "verify", STORE, "--seed", "1"]) == 0
