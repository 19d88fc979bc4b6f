"""Completion of pads, sites and fields, and its silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.cli.completion import TIMEOUT_SECONDS
from datastore_sdk.sandbox import Sandbox, faults

Output = pytest.CaptureFixture[str]


def complete(words: str, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> list[str]:
    """Return the completions of the last word, as bash gets them."""
    monkeypatch.setenv("_DATASTORE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [line for line in out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("datastore pads 68", ["681"]),
        ("datastore sites --pad 68", ["681"]),
        ("datastore get --pad 681 --site 98", ["981", "982", "983", "984"]),
        ("datastore get --site 981 --fields slurry_r", ["slurry_rate"]),
        (
            "datastore tail --site 981 --fields slurry_rate,surface_treating_p",
            ["slurry_rate,surface_treating_pressure"],
        ),
        ("datastore stages --site 981 --tz US/Cen", ["US/Central"]),
        ("datastore get --resolution m", ["minute"]),
        ("datastore get --ov", ["--overwrite"]),
        ("datastore st", ["states", "stages"]),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_names_complete(words: str, expected: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    assert complete(words, monkeypatch, capsys) == expected


@pytest.mark.parametrize("words", ["datastore pads 6", "datastore get --fields sl"])
def test_without_credentials_nothing_completes(words: str, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    assert complete(words, monkeypatch, capsys) == []


@pytest.mark.parametrize(
    "fault", [faults.Status(401, times=None), faults.Status(503, times=None), faults.WrongJson(times=None)]
)
def test_failures_complete_nothing(
    fault: faults.CallFault, own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    own_sandbox.faults.add(fault)
    assert complete("datastore pads 6", monkeypatch, capsys) == []
    assert len(own_sandbox.requests) == 1


def test_requests_time_out_soon(own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setattr("datastore_sdk.cli.completion.TIMEOUT_SECONDS", 0.1)
    own_sandbox.faults.add(faults.Stall(times=None))
    assert TIMEOUT_SECONDS <= 2
    assert complete("datastore pads 6", monkeypatch, capsys) == []


def test_invalid_profile_completes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "restream").mkdir()
    (tmp_path / "restream/config.toml").write_text("nonsense")
    assert complete("datastore pads 6", monkeypatch, capsys) == []
