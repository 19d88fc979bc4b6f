"""The demo, run in this process."""

from __future__ import annotations

import csv
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import _environment
import pytest
from _environment import ROOT
from _plot import area

from datastore_sdk import Client
from datastore_sdk.sandbox import Sandbox
from tests.support.exhaustive import first


@pytest.fixture(autouse=True)
def default_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clients that the demo leaves to the end of the process are closed with its sandbox."""
    clients: dict[tuple[str, ...], Client] = {}
    monkeypatch.setattr("datastore_sdk.client.client_cache._defaults", clients)
    yield
    for client in clients.values():
        client.close()


def stay(*_names: str) -> None:
    """Instead of `reexec`: what the demo needs is installed here."""


def run_demo(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(_environment, "reexec", stay)
    monkeypatch.setattr(sys, "argv", ["demo", *arguments])
    for name in ("RESTREAM_HOST", "TALLY_AUTH_TOKEN"):  # noted, so that what the demo sets is taken back
        monkeypatch.setenv(name, "")
    runpy.run_path(str(ROOT / "scripts" / "demo"), run_name="__main__")


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")  # an untidy service ignores filters
@pytest.mark.parametrize("arguments", first(1, [(), ("--untidy", "1")]))
def test_demo_runs_every_step(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run_demo(monkeypatch, "--output", str(tmp_path), *arguments)
    printed = capsys.readouterr().out
    assert "The treatment plot" in printed
    assert "█" in printed
    assert "All acknowledged; the service now lists 0" in printed
    (plot,) = tmp_path.glob("site-*.html")
    assert printed.endswith(f"Open it in a browser: {plot.resolve()}\n")
    assert b"Plotly.newPlot" in plot.read_bytes()
    (stage,) = (path for path in tmp_path.glob("site-*.json"))
    records = json.loads(stage.read_text())
    with stage.with_suffix(".csv").open(newline="") as rows:
        assert sum(1 for _ in csv.DictReader(rows)) == len(records) > 1000


@pytest.mark.exhaustive
def test_demo_changes_nothing_in_a_real_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Sandbox() as sandbox:
        run_demo(monkeypatch, "--host", sandbox.url, f"--token={sandbox.token}", "--output", str(tmp_path))
        assert {request.method for request in sandbox.requests} == {"GET"}
    assert "acknowledged" not in capsys.readouterr().out


def test_demo_service_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox, pytest.raises(SystemExit, match="401"):
        run_demo(monkeypatch, "--host", sandbox.url, "--token", "not-one-of-its-own")


def test_plot_draws_an_area_chart() -> None:
    assert list(area([0, 2, 4, 8], height=2)) == ["       8 ┤   █", "       0 ┤ ▄██"]
    assert list(area([3, 3], height=1)) == ["       3 ┤  "]
