"""The `datastore` command: output, messages and exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk._version import VERSION
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, faults
from tests.drift.spec_builders import REAL
from tests.support.exhaustive import first
from tests.support.paths import CASSETTES, ROOT

PADS = str(CASSETTES / "pads.yaml")

Output = pytest.CaptureFixture[str]


@pytest.fixture
def spec_files(tmp_path: Path) -> dict[str, str]:
    """OpenAPI documents that each differ from the SDK's in one place."""
    texts = {
        "same": REAL,
        "words": REAL.replace("summary: List the pads.", "summary: List all pads."),
        "compatible": REAL.replace(
            "      summary: List the pads.", "      deprecated: true\n      summary: List the pads."
        ),
        "breaking": REAL.replace("operationId: list_pads", "operationId: all_pads"),
    }
    paths = {name: tmp_path / f"{name}.yaml" for name in texts}
    for name, path in paths.items():
        path.write_text(texts[name], "utf-8")
    return {name: str(path) for name, path in paths.items()}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "status", "form"),
    [
        ("same", 0, "text"),
        ("same", 0, "github"),
        ("words", 1, "json"),
        ("compatible", 1, "text"),
        ("compatible", 1, "sarif"),
        ("breaking", 2, "text"),
        ("breaking", 2, "github"),
        ("breaking", 2, "sarif"),
    ],
)
def test_spec_reports_json(spec_files: dict[str, str], name: str, status: int, form: str, capsys: Output) -> None:
    assert main(["drift", "spec", "sdk", spec_files[name], "--format", form]) == status
    out, err = capsys.readouterr()
    assert out
    assert err == ""
    if form in ("json", "sarif"):
        json.loads(out)


def test_spec_text_report_has_details(spec_files: dict[str, str], capsys: Output) -> None:
    main(["drift", "spec", spec_files["same"], spec_files["breaking"]])
    out, _ = capsys.readouterr()
    assert out.splitlines()[0] == "GET /external/thirdparty/v1/pads/"
    assert "breaking      The operationId changed from `list_pads` to `all_pads`" in out
    assert "affects  Pad.get_models()" in out
    assert f"operation-id-changed ({spec_files['breaking']}:" in out
    assert out.splitlines()[-1].endswith(": 1 breaking")
    assert "\x1b" not in out


@pytest.mark.exhaustive
def test_terminal_output_has_colors(
    spec_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["drift", "spec", spec_files["same"], spec_files["breaking"]])
    assert "\x1b[" in capsys.readouterr().out


@pytest.mark.exhaustive
def test_json_option_equals_format_json(spec_files: dict[str, str], capsys: Output) -> None:
    main(["drift", "spec", "sdk", spec_files["words"], "--json"])
    short = capsys.readouterr().out
    main(["drift", "spec", "sdk", spec_files["words"], "--format", "json"])
    assert capsys.readouterr().out == short


def test_traffic_of_cassettes_has_no_drift(capsys: Output) -> None:
    assert main(["drift", "traffic", *map(str, CASSETTES.glob("*.yaml"))]) == 0
    assert capsys.readouterr().out.endswith("no drift\n")


def test_traffic_with_another_spec_is_compared(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(
        REAL.replace("coil_tubing_enabled: { type: boolean", "coil_tubing_enabled: { type: string"), "utf-8"
    )
    assert main(["drift", "traffic", PADS, "--spec", str(path), "--json"]) == 2
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["path"] for finding in findings} == {"/[]/coil_tubing_enabled", "/coil_tubing_enabled"}


def test_suggest_prints_only_the_patch(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(REAL.replace("coil_tubing_enabled:", "coil_tubing:"), "utf-8")
    assert main(["drift", "traffic", PADS, "--spec", str(path), "--suggest"]) == 1
    out, err = capsys.readouterr()
    assert "field-unknown" in err
    subprocess.run(["git", "apply", "-"], input=out, text=True, cwd=tmp_path, check=True)
    assert main(["drift", "traffic", PADS, "--spec", str(path)]) == 0


def test_suggest_lists_unresolved_findings(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(REAL.replace("  /external/thirdparty/v1/pads/:", "  /external/thirdparty/v1/rigs/:"), "utf-8")
    assert main(["drift", "traffic", PADS, "--spec", str(path), "--suggest"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Not in the patch: path-unknown at GET /external/thirdparty/v1/pads/" in err


def test_live_requests_are_compared(sandbox: Sandbox, tmp_path: Path, capsys: Output) -> None:
    assert (
        main(["drift", "traffic", "--live", "--pad", "681", "--site", "981", "--record", str(tmp_path), "--json"]) == 0
    )
    out, err = capsys.readouterr()
    assert json.loads(out)["drift"] is False
    assert sandbox.url in err
    assert sandbox.token not in out + err
    assert main(["drift", "traffic", *map(str, tmp_path.iterdir())]) == 0


@pytest.mark.parametrize("what", ["pad", "site"])
@pytest.mark.parametrize("id", ["424242", "0"])
def test_live_with_an_unknown_id_fails(sandbox: Sandbox, what: str, id: str, capsys: Output) -> None:
    assert main(["drift", "traffic", "--live", f"--{what}", id]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"datastore: {sandbox.url} has no {what} {id} (404)" in err


def test_live_without_access_fails(own_sandbox: Sandbox, capsys: Output) -> None:
    own_sandbox.faults.add(faults.Status(403, path="*", times=None))
    assert main(["drift", "traffic", "--live"]) == 3
    assert f"datastore: {own_sandbox.url} responded to no request with a success (403)" in capsys.readouterr().err


def write_cassette(folder: Path, *statuses: int, uri: str = "https://example.com/external/thirdparty/v1/pads/") -> str:
    """Write a cassette with responses of these statuses; return its path."""
    request: dict[str, Any] = {"method": "GET", "uri": uri, "body": None, "headers": {}}
    responses = [{"status": {"code": status}, "headers": {}, "body": {"string": "[]"}} for status in statuses]
    path = folder / "some.json"
    path.write_text(
        json.dumps({"interactions": [{"request": request, "response": each} for each in responses]}), "utf-8"
    )
    return str(path)


def test_skipped_calls_are_reported(tmp_path: Path, capsys: Output) -> None:
    content = json.loads(Path(write_cassette(tmp_path, 200)).read_text("utf-8"))
    other = json.loads(Path(write_cassette(tmp_path, 200, uri="https://api.example.org/x")).read_text("utf-8"))
    path = tmp_path / "both.json"
    path.write_text(json.dumps({"interactions": [*content["interactions"], *other["interactions"]]}), "utf-8")
    assert main(["drift", "traffic", str(path)]) == 0
    assert capsys.readouterr().err == "Skipped 1 call to api.example.org: another API\n"


def test_server_errors_are_counted_separately(tmp_path: Path, capsys: Output) -> None:
    assert main(["drift", "traffic", write_cassette(tmp_path, 200, 500)]) == 0
    out, err = capsys.readouterr()
    assert out.endswith("no drift\n")
    assert err.startswith("1 of 2 calls failed with a server error (5xx)")
    assert main(["drift", "traffic", write_cassette(tmp_path, 502, 500)]) == 3
    assert "there is nothing to compare" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["drift", "spec", "sdk", "none.yaml"], "none.yaml cannot be read: No such file"),
        (["drift", "spec", "sdk", "http://127.0.0.1:1/x"], "http://127.0.0.1:1/x cannot be fetched"),
        (["drift", "spec", "sdk", PADS], "is not an OpenAPI 3 document"),
        (["drift", "spec", "sdk", "sdk", "--format", "xml"], "'xml' is not one of"),
        (["drift", "spec", "sdk"], "Missing argument"),
        (["drift", "traffic", str(ROOT / "openapi.yaml")], "is not a vcrpy cassette"),
        (["drift", "traffic"], "pass cassettes, or --live"),
        (["drift", "traffic", PADS, "--pad", "5"], "--pad requires --live"),
        (["drift", "traffic", "--live"], "No credentials"),
        (["drift", "nonsense"], "No such command"),
        (["--nonsense"], "No such option"),
        (["sandbox", "--port", "x"], "datastore sandbox: error: argument --port: invalid int value"),
        (["sandbox", "--port", "70000"], "datastore sandbox: error: port must be from 0 to 65535"),
        (
            ["sandbox", "--now", "x"],
            "datastore sandbox: error: argument --now: not a timestamp such as 2025-09-18T12:00:00Z",
        ),
    ],
)
def test_error_is_one_line(arguments: list[str], message: str, capsys: Output) -> None:
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_version_is_printed(capsys: Output) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{VERSION}\n"


@pytest.mark.parametrize("arguments", [["drift", "spec"], ["drift", "traffic"]])
def test_help_has_examples(arguments: list[str], capsys: Output) -> None:
    assert main([*arguments, "--help"]) == 0
    help_ = capsys.readouterr().out
    assert f"datastore {' '.join(arguments)} " in help_
    assert "Exit status" in help_


def test_help_lists_the_commands(capsys: Output) -> None:
    assert main(["--help"]) == 0
    help_ = capsys.readouterr().out
    assert all(name in help_ for name in ("doctor", "drift", "sandbox", "--install-completion"))


@pytest.mark.parametrize(
    ("shell", "begins"), [("bash", "_datastore_completion"), ("zsh", "#compdef datastore\n"), ("fish", "complete ")]
)
def test_completion_script_of_a_shell_is_printed(shell: str, begins: str, capsys: Output) -> None:
    assert main(["--show-completion", shell]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(begins)
    assert err == ""


def test_completion_of_an_unknown_shell_fails(capsys: Output) -> None:
    assert main(["--show-completion", "elvish"]) == 3
    assert capsys.readouterr() == ("", "Shell elvish not supported.\n")


def test_completion_lists_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("_DATASTORE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "datastore drift traffic --su")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert main([]) == 0
    assert capsys.readouterr() == ("--suggest\n", "")


@pytest.mark.parametrize("arguments", [[], ["drift"]])
def test_help_without_a_command_goes_to_stderr(arguments: list[str], capsys: Output) -> None:
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: datastore" in err


def test_unexpected_error_exits_with_3(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("x")

    monkeypatch.setattr("datastore_sdk.drift.compare", fail)
    assert main(["drift", "spec", "sdk", "sdk"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "datastore: unexpected error: KeyError: 'x' (RESTREAM_LOG=debug logs the traceback)\n"


ODD_CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/a\n::error::b/\x1b[31m": {"get": {"operationId": "\ud800ü", "responses": {}}}},
}
"""With terminal control characters, and a workflow command of GitHub Actions."""


@pytest.mark.parametrize("form", first(1, ["github", "text", "json", "sarif"]))
def test_control_characters_are_escaped(form: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(ODD_CONTRACT), "utf-8")
    done = run("drift", "spec", str(path), "sdk", "--format", form, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (2, "")
    assert "\x1b" not in done.stdout
    assert not any(line.startswith("::error::") for line in done.stdout.splitlines())
    if form in ("json", "sarif"):
        json.loads(done.stdout)


def test_quoted_line_breaks_are_escaped(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "paths": {"/a\n::error::b/\x1b[31m": []}}), "utf-8")
    assert main(["drift", "spec", "sdk", str(path)]) == 3
    assert r"/paths/~1a\n::error::b~1\x1b[31m must be an object, not an array" in capsys.readouterr().err


def test_sandbox_help_lists_its_options(capsys: Output) -> None:
    assert main(["sandbox", "--help"]) == 0
    help_ = capsys.readouterr().out
    assert help_.startswith("usage: datastore sandbox ")
    assert "For example: datastore sandbox --port 8123" in help_
    assert "python -m" not in help_


@pytest.mark.exhaustive
def test_output_without_a_terminal_does_not_wrap() -> None:
    done = run("drift", "spec", "sdk", "sdk", stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "openapi.yaml against openapi.yaml: no drift\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way on Windows")
def test_closed_pipe_is_not_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as unread:
        done = run("drift", "spec", "sdk", "sdk", stdout=unread)
    assert (done.returncode, done.stderr) == (0, "")


def test_sandbox_runs_until_interrupted() -> None:
    command = [sys.executable, "-m", "datastore_sdk.cli", "sandbox", "--days", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.terminate()
        process.stdout.read()
        assert first.startswith("export RESTREAM_HOST=http://127.0.0.1:")
    assert process.returncode == 0


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in another process."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [sys.executable, "-m", "datastore_sdk.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, text=True, check=False, **options)


def test_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    for name in [name for name in sys.modules if name.startswith("datastore_sdk.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)
    assert main(["--version"]) == ExitStatus.COULD_NOT_RUN
    assert 'pip install "restream-datastore-sdk[cli]"' in capsys.readouterr().err
