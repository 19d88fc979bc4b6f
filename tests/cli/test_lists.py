"""`datastore pads`, `sites`, `states`, `stages`, `fields` and `changes`: tables, JSON, messages and exit statuses."""

from __future__ import annotations

import csv
import json
import os
import pty
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from datastore_sdk import Client, Pad
from datastore_sdk.cli import assets, main
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, Scenario, Untidiness, faults
from tests.conftest import NOW
from tests.support.environment import set_environment
from tests.support.exhaustive import first

Output = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("at_now")

LISTS = [
    ["pads"],
    ["sites", "--pad", "681"],
    ["states", "--pad", "681"],
    ["stages", "--site", "981", "--since", "24h"],
    ["fields", "--site", "981"],
    ["changes", "--pad", "668"],
]


def run(arguments: list[str], capsys: Output) -> tuple[str, str]:
    """Run a command that succeeds; return what it printed."""
    assert main(arguments) == ExitStatus.DONE
    return capsys.readouterr()


@pytest.mark.parametrize("arguments", LISTS, ids=lambda arguments: arguments[0])
@pytest.mark.usefixtures("sandbox")
def test_table_in_a_pipe_has_a_row_for_each_object(arguments: list[str], capsys: Output) -> None:
    table, notes = run(arguments, capsys)
    objects = json.loads(run([*arguments, "--json"], capsys)[0])
    rows = list(csv.DictReader(table.splitlines(), delimiter="\t"))
    assert len(rows) == len(objects) > 0
    assert {None} & {key for row in rows for key in row} == set()
    assert notes == ""


@pytest.mark.usefixtures("sandbox")
def test_ids_of_a_table_are_those_of_the_service(capsys: Output) -> None:
    table, _ = run(["sites", "--pad", "681"], capsys)
    assert {row["id"] for row in csv.DictReader(table.splitlines(), delimiter="\t")} == {"981", "982", "983", "984"}


@pytest.mark.parametrize("arguments", [["pads", "681"], ["sites", "981"]])
@pytest.mark.usefixtures("sandbox")
def test_one_object_is_shown_whole(arguments: list[str], capsys: Output) -> None:
    object_ = json.loads(run([*arguments, "--json"], capsys)[0])
    table, _ = run(arguments, capsys)
    assert [line.split("\t")[0] for line in table.splitlines()] == ["key", *object_]


@pytest.mark.usefixtures("sandbox")
def test_times_are_shown_in_the_zone_of_the_well(capsys: Output) -> None:
    utc, _ = run(["stages", "--site", "981", "--since", "24h"], capsys)
    local, _ = run(["stages", "--site", "981", "--since", "24h", "--tz", "site"], capsys)
    named, _ = run(["stages", "--site", "981", "--since", "24h", "--tz", "US/Central"], capsys)
    assert "Z\t" in utc
    assert "-05:00\t" in local
    assert named == local


@pytest.mark.usefixtures("sandbox")
def test_numbers_add_aggregations(capsys: Output) -> None:
    table, _ = run(["stages", "--site", "981", "--since", "24h", "--state", "frac", "--numbers"], capsys)
    rows = list(csv.DictReader(table.splitlines(), delimiter="\t"))
    assert float(rows[-1]["avg_slurry_rate"]) > 0
    stages = json.loads(
        run(["stages", "--site", "981", "--since", "24h", "--state", "frac", "--numbers", "--json"], capsys)[0]
    )
    assert stages[-1]["aggregations"]["avg_slurry_rate"] == float(rows[-1]["avg_slurry_rate"])


@pytest.mark.usefixtures("sandbox")
def test_empty_list_is_a_success_with_a_note(capsys: Output) -> None:
    table, notes = run(["pads", "--fleet", "no such fleet"], capsys)
    assert table.splitlines() == ["id\tname\tcustomer\tlease\tcompleted"]
    assert notes == "no pads; try it with fewer options\n"
    assert json.loads(run(["pads", "--fleet", "no such fleet", "--json"], capsys)[0]) == []


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
@pytest.mark.usefixtures("sandbox")
def test_table_on_a_terminal_is_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb", closefd=True) as terminal, os.fdopen(follower, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        assert main(["sites", "--pad", "681"]) == ExitStatus.DONE
        stdout.flush()
        shown = os.read(terminal.fileno(), 100_000).decode()
    lines = shown.splitlines()
    assert "\t" not in shown
    assert len({line.index("Caprock") for line in lines if "Caprock" in line}) == 1
    assert len(lines) == 1 + 4


def test_closed_standard_output_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    scenario = Scenario(now=NOW)
    scenario.pad("Pad")
    with Sandbox(scenario=scenario) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        monkeypatch.setattr("sys.stdout", None)
        for command in (["pads"], ["pads", "--json"]):
            assert main(command) == ExitStatus.NOT_WRITTEN
    assert "standard output is closed" in capsys.readouterr().err


def test_zone_of_a_pad_needs_sites_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    zones: list[object] = ["US/Central", None, 7, "US/Central"]

    def list_sites(*_: object) -> list[dict[str, object]]:
        return [{"timezone": zone} for zone in zones]

    monkeypatch.setattr(assets, "_list_sites", list_sites)
    client = Client("t0ken-0123456789")
    assert assets.resolve_zone("site", Pad(1, client=client), client) == ZoneInfo("US/Central")
    zones.append("US/Mountain")
    with pytest.raises(CommandError, match="its sites are in US/Central, US/Mountain"):
        assets.resolve_zone("site", Pad(1, client=client), client)
    zones.clear()
    with pytest.raises(CommandError, match="the service does not say which"):
        assets.resolve_zone("site", Pad(1, client=client), client)


@pytest.mark.parametrize("seed", first(1, [1, 2, 3]))
@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
def test_untidy_responses_are_listed(seed: int, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    with Sandbox(now=NOW, days=2, untidy=Untidiness(seed)) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        for arguments in [*LISTS, ["stages", "--site", "981", "--since", "24h", "--numbers"]]:
            status = main(arguments)
            out, err = capsys.readouterr()
            assert (status, len(out.splitlines()) > 1) == (ExitStatus.DONE, True), (arguments, err)


def test_changes_are_acknowledged_after_the_file_is_saved(own_sandbox: Sandbox, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "corrected.csv"
    listed = json.loads(run(["changes", "--pad", "668", "--json"], capsys)[0])
    _, notes = run(["changes", "--pad", "668", "--save", str(file), "--acknowledge"], capsys)
    assert file.stat().st_size > 0
    assert f"acknowledged {len(listed)} of {len(listed)} changes" in notes
    posts = [request for request in own_sandbox.requests if request.method == "POST"]
    downloads = [request for request in own_sandbox.requests if request.path.endswith("/data/")]
    assert own_sandbox.requests.index(posts[0]) > own_sandbox.requests.index(downloads[-1])
    assert json.loads(run(["changes", "--pad", "668", "--json"], capsys)[0]) == []
    acknowledged = json.loads(run(["changes", "--pad", "668", "--all", "--json"], capsys)[0])
    assert {change["id"] for change in listed} <= {change["id"] for change in acknowledged}


@pytest.mark.parametrize(
    "fault", [faults.Status(403, path="/data/", times=None), faults.Corrupt(path="/data/", times=None)]
)
def test_nothing_is_acknowledged_if_the_download_fails(fault: Any, own_sandbox: Sandbox, tmp_path: Path) -> None:
    own_sandbox.faults.add(fault)
    file = tmp_path / "corrected.csv"
    status = main(["changes", "--pad", "668", "--save", str(file), "--acknowledge"])
    assert status in {ExitStatus.NO_ACCESS, ExitStatus.SERVICE_FAILED}
    assert [request for request in own_sandbox.requests if request.method == "POST"] == []
    assert not file.exists()


def test_existing_file_is_refused_before_any_request(own_sandbox: Sandbox, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "corrected.csv"
    file.write_text("precious")
    for command in (["changes", "--pad", "668", "--save", str(file)], ["tail", "--site", "981", "-o", str(file)]):
        assert main(command) == ExitStatus.NOT_WRITTEN
        assert "add --overwrite" in capsys.readouterr().err
    assert own_sandbox.requests == []
    assert file.read_text() == "precious"
