"""Every example of the README and of docs/ runs as it stands, against a sandbox, and does what it seems to do."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import certifi
import pyarrow.parquet as pq
import pytest
import yaml

from datastore_sdk import Client
from datastore_sdk._io.clock import Clock
from datastore_sdk._io.semaphore import COOLDOWN_SECONDS
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, Untidiness
from tests.cli.example_commands import find_examples, needs_shell, run_example
from tests.conftest import NOW
from tests.support.environment import set_environment
from tests.support.exhaustive import first
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.paths import ROOT
from tests.support.waiting import wait_until
from tests.testing.pytest_runs import run_pytest

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A block of code."""

    language: str
    document: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}-line-{self.line}"


def blocks(*languages: str) -> Iterator[Block]:
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for match in re.finditer(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if match["language"] in languages:
                line = text.count("\n", 0, match.start()) + 2
                yield Block(match["language"], document, line, match["text"])


WITH_DLT = [example for example in blocks("python") if "import dlt" in example.text]
"""Examples that tests/engines runs, where dlt is installed."""
EXAMPLES = [example for example in blocks("python") if "signal.SIGTERM" not in example.text and example not in WITH_DLT]
SERVICES = [example for example in blocks("python") if "signal.SIGTERM" in example.text]
COMMANDS = list(blocks("bash", "shell", "sh", "console"))
SHELL_COMMANDS = [*dict.fromkeys(command for block in COMMANDS for command in find_examples(block.text))]
IN_README = sum(example.document.name == "README.md" for example in EXAMPLES)
"""Examples of README come first; those of `docs` run with `--all` only."""
TESTS = [example for example in EXAMPLES if "def test_" in example.text]
WITHOUT_THE_SERVICE = ("with Sandbox(", "LiveData.recover(", "from datastore_sdk.drift", "def test_")
SETTINGS = list(blocks("toml"))
WORKFLOWS = list(blocks("yaml"))


def test_documents_have_only_known_blocks() -> None:
    fences = sum(document.read_text("utf-8").count("\n```") for document in DOCUMENTS)
    found = (EXAMPLES, WITH_DLT, SERVICES, COMMANDS, SETTINGS, WORKFLOWS)
    assert sum(map(len, found)) == fences / 2
    assert len(EXAMPLES) >= 8


def briefly(_: Clock, seconds: float) -> None:
    """Sleep as long as the service needs to notice a dropped connection, and no longer.

    It replaces the SDK's sleep only, not `time.sleep`: the sandbox runs in this process too.
    """
    time.sleep(min(seconds, 2 * COOLDOWN_SECONDS))


def patterns_of_files(example: str) -> set[str]:
    """Patterns of the files that an example writes: file names passed to `save`, and comments `# -> pattern`."""
    reports = {f"{name}.coverage.json" for name in re.findall(r'save\("(.+?)", coverage=True', example)}
    return {*re.findall(r'save\("([^"]+\.[^"]+)"', example), *re.findall(r"# -> (\S+)", example), *reports}


@pytest.mark.parametrize("example", first(IN_README, EXAMPLES), ids=str)
def test_example_runs(
    example: Block,
    own_sandbox: Sandbox,
    untidiness: Untidiness | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Clock, "sleep", briefly)
    code = compile("\n" * (example.line - 1) + example.text, str(example.document), "exec")  # tracebacks name its lines
    exec(code, {"__name__": "__main__"})
    assert own_sandbox.requests or any(text in example.text for text in WITHOUT_THE_SERVICE)
    finished = [request for request in own_sandbox.requests if request.status]  # a room can be left while it is entered
    assert {request.status for request in finished} <= {101, 404, *(range(200, 205) if untidiness else (200,))}
    assert bool(capsys.readouterr().out) is ("print(" in example.text)
    saved = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    expected = patterns_of_files(example.text)
    assert [name for name in saved if not any(fnmatch(name, pattern) for pattern in expected)] == []
    assert [pattern for pattern in expected if not any(fnmatch(name, pattern) for name in saved)] == []


@pytest.mark.parametrize("number", first(1, [signal.SIGTERM, signal.SIGHUP]))
@pytest.mark.parametrize("example", SERVICES, ids=str)
def test_example_program_stops_on_signals(example: Block, number: signal.Signals, tmp_path: Path) -> None:
    (name,) = re.findall(r'save\("(.+?)"', example.text)
    file, unfinished = tmp_path / name, tmp_path / f"{name}.unfinished"
    paths = os.pathsep.join(path for path in sys.path if path)
    with Sandbox(now=NOW, days=1) as sandbox:
        environment = {**os.environ, **sandbox.environment, "PYTHONPATH": paths}
        with subprocess.Popen([sys.executable, "-c", example.text], cwd=tmp_path, env=environment) as run:
            try:
                wait_until(lambda: any(request.status == 101 for request in sandbox.requests))
                sandbox.advance(20)
                wait_until(lambda: unfinished.exists() and unfinished.read_text().count("\n") == 20)
                run.send_signal(number)
                assert run.wait(TIMEOUT_SECONDS) == 0
            finally:
                run.kill()
    assert pq.read_table(file).num_rows == 20  # pyright: ignore[reportUnknownMemberType]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.exhaustive
def test_example_tests_pass(tmp_path: Path) -> None:
    """All run in one process, because starting pytest takes longer than the tests."""
    for number, example in enumerate(TESTS):
        (tmp_path / f"test_program_{number}.py").write_text(example.text)
    plugins = ["-p", "pytest_httpx"] if any("pytest_httpx" in example.text for example in TESTS) else []
    done = run_pytest(tmp_path, *plugins, "-k", "not test_pads")  # which needs a cassette of its own
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", WORKFLOWS, ids=str)
def test_workflows_call_existing_commands(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        step["run"] for job in yaml.safe_load(block.text)["jobs"].values() for step in job["steps"] if "run" in step
    ]
    for arguments in re.findall(r"datastore ([^>|\n]+)", "\n".join(steps)):
        command = arguments.split()[:2]
        assert main([*command, "--help"]) == 0
        shown = capsys.readouterr().out
        assert [option for option in re.findall(r"--[a-z]+", arguments) if option not in shown] == []


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_shell_examples_use_existing_options(block: Block) -> None:
    for name in re.findall(r"(?:scripts|\.ci)/\w+", block.text):
        assert os.access(ROOT / name, os.X_OK), name


@pytest.mark.parametrize("command", first(1, [each for each in SHELL_COMMANDS if not needs_shell(each)]))
@pytest.mark.usefixtures("at_now")
def test_shell_example_runs(
    command: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request.getfixturevalue("own_sandbox" if "--acknowledge" in command else "sandbox")
    monkeypatch.chdir(tmp_path)
    assert run_example(command, tmp_path) == ExitStatus.DONE


@pytest.mark.exhaustive
def test_shell_examples_with_pipes_and_signals_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Sandbox(days=1) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        for command in filter(needs_shell, SHELL_COMMANDS):
            expected = ExitStatus.DONE if "|" in command else ExitStatus.TERMINATED
            assert run_example(command, tmp_path) == expected, command


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_profile_examples_load(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    shutil.copy(certifi.where(), tmp_path / "company-ca.pem")
    file = tmp_path / ".config/restream/config.toml"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text(block.text)
    for name, profile in tomllib.loads(block.text).items():
        settings = Client(profile=name).describe()
        assert {key for key in profile if name not in settings[key].source} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_documents_name_existing_scripts(document: Path) -> None:
    named = set(re.findall(r"(?:scripts|\.ci)/\w+", document.read_text("utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_have_existing_targets(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
