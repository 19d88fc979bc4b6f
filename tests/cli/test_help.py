"""Help of the commands for data: examples that run, and nothing slow to import."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.cli.app import app
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox
from tests.cli.example_commands import DATA_COMMANDS, find_examples, needs_shell, run_example
from tests.support.environment import set_environment
from tests.support.exhaustive import first
from tests.support.paths import PYTHONPATH, ROOT

Output = pytest.CaptureFixture[str]
HELP = {
    command.callback.__name__: command.callback.__doc__ or "" for command in app.registered_commands if command.callback
}
EXAMPLES = [example for name in DATA_COMMANDS for example in find_examples(HELP[name])]
SLOW = {
    "datastore_sdk.client",
    "datastore_sdk.entities",
    "pydantic",
    "httpx",
    "yaml",
    "asyncio",
    "jsonschema",
    "orjson",
}


@pytest.mark.parametrize("name", DATA_COMMANDS)
def test_help_has_examples(name: str, capsys: Output) -> None:
    assert len(find_examples(HELP[name])) >= 2
    assert main([name, "--help"]) == ExitStatus.DONE
    out, err = capsys.readouterr()
    assert f"datastore {name} " in out
    assert "--json" in out
    assert err == ""


@pytest.mark.parametrize("example", first(6, [each for each in EXAMPLES if not needs_shell(each)]))
@pytest.mark.usefixtures("at_now")
def test_example_runs(
    example: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    request.getfixturevalue("own_sandbox" if "--acknowledge" in example else "sandbox")
    monkeypatch.chdir(tmp_path)
    assert run_example(example, tmp_path) == ExitStatus.DONE
    out, err = capsys.readouterr()
    assert out or " -o " in example or "1 records" in err
    files = [word for word in example.split() if word.endswith((".parquet", ".csv", ".html", ".png"))]
    assert [path.name for path in tmp_path.iterdir()] == ([] if "--dry-run" in example else files)


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name == "nt", reason="examples with pipes need a shell")
def test_examples_with_pipes_and_signals_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(days=1) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        for example in filter(needs_shell, EXAMPLES):
            expected = ExitStatus.DONE if "|" in example else ExitStatus.TERMINATED
            assert run_example(example, tmp_path) == expected, example


def test_help_imports_nothing_slow() -> None:
    commands = [[], *([name] for name in (*DATA_COMMANDS, "watch", "doctor")), ["drift", "spec"]]
    program = (
        "import json, sys; from datastore_sdk.cli import main\n"
        "for command in json.loads(sys.argv[1]):\n"
        "    main([*command, '--help']); print(json.dumps([command, *sys.modules]), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(commands)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    for command, *modules in map(json.loads, done.stderr.splitlines()):
        assert SLOW & {*modules} == set(), command
    assert len(done.stderr.splitlines()) == len(commands)


def test_exit_statuses_are_documented() -> None:
    text = (ROOT / "docs/cli.md").read_text("utf-8")
    documented = set(re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE))))
    assert {str(status.value) for status in ExitStatus} <= documented
