"""Type checkers see through the SDK: they know what users get, and refuse what would go wrong.

They take long, so they run with `--all` only; what they accept is also looked at by `scripts/check`.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from datastore_sdk.sandbox import Sandbox
from tests.support.paths import ROOT

HERE = Path(__file__).parent
SOURCES = [str(ROOT), str(ROOT / "generated")]
MARK = "# refused"
CHECKERS = ["mypy", "pyright"]


@dataclass(frozen=True)
class Finding:
    file: str
    line: int
    message: str


class Checks:
    """Both type checkers on both files, each started once, beside each other, as strict as they can be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for source, name in (("accepted.py", "accepted.py"), ("refused.txt", "refused.py")):
            shutil.copy(HERE / source, folder / name)
        configuration = {"typeCheckingMode": "strict", "extraPaths": SOURCES, "include": ["*.py"]}
        (folder / "pyrightconfig.json").write_text(json.dumps(configuration))
        files = ["accepted.py", "refused.py"]
        mypy = ["--strict", "--config-file=", "--cache-dir=.mypy_cache", "--output=json", *files]
        pyright = ["--project", ".", "--pythonpath", sys.executable, "--outputjson"]
        self._running = {"mypy": self._start("mypy", *mypy), "pyright": self._start("pyright", *pyright)}
        self._findings: dict[str, list[Finding]] = {}

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        paths = os.pathsep.join(SOURCES)
        environment = os.environ | {"MYPYPATH": paths, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, cwd=self._folder, env=environment, stdout=subprocess.PIPE, text=True)

    def findings(self, checker: str) -> list[Finding]:
        if checker not in self._findings:
            output, _ = self._running[checker].communicate(timeout=300)
            self._findings[checker] = list((_of_mypy if checker == "mypy" else _of_pyright)(output))
        return self._findings[checker]

    def end(self) -> None:
        for running in self._running.values():
            running.kill()
            running.communicate()


def _of_mypy(output: str) -> Iterator[Finding]:
    for line in output.splitlines():
        error = json.loads(line)
        if error["severity"] == "error":
            yield Finding(Path(error["file"]).name, error["line"], error["message"])


def _of_pyright(output: str) -> Iterator[Finding]:
    for error in json.loads(output)["generalDiagnostics"]:
        if error["severity"] == "error":
            yield Finding(Path(error["file"]).name, error["range"]["start"]["line"] + 1, error["message"])


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checks]:
    checks = Checks(tmp_path_factory.mktemp("user-code"))
    yield checks
    checks.end()


@pytest.mark.exhaustive
@pytest.mark.parametrize("checker", CHECKERS)
def test_good_code_is_accepted(checks: Checks, checker: str) -> None:
    assert [finding for finding in checks.findings(checker) if finding.file != "refused.py"] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("checker", CHECKERS)
def test_wrong_code_is_refused(checks: Checks, checker: str) -> None:
    lines = (HERE / "refused.txt").read_text().splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith(MARK)}
    found = {finding.line: finding.message for finding in checks.findings(checker) if finding.file == "refused.py"}
    assert {number: lines[number - 1] for number in marked - found.keys()} == {}, "not refused"
    assert {number: (lines[number - 1], found[number]) for number in found.keys() - marked} == {}, "refused"
    assert len(marked) > 50


def test_good_code_runs(own_sandbox: Sandbox, tmp_path: Path) -> None:
    runpy.run_path(str(HERE / "accepted.py"))["main"](tmp_path)
    assert {request.status for request in own_sandbox.requests} == {200, 201, 204, 404}
    assert {path.name for path in tmp_path.iterdir()} == {"minute.json", "minute.csv", "minutes.csv", "corrected.csv"}
