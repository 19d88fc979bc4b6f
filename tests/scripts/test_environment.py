"""The environments that the scripts make for themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import _environment
import pytest
from _environment import ROOT, Environment, project_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYPROJECT = """
    [project]
    name = "example"
    [project.optional-dependencies]
    sandbox = ["starlette"]
    [dependency-groups]
    test = ["pytest>=8", "ruff"]
    check = ["mypy", "ruff"]
    dev = [{include-group = "test"}, {include-group = "check"}]
"""


class Commands:
    """Replaces the commands: records the arguments of pip, and creates folders as venv does."""

    def __init__(self) -> None:
        self.made: list[Path] = []
        self.installed: list[list[str]] = []

    def __call__(self, command: Sequence[str], failure: str, environment: dict[str, str] | None = None) -> None:
        if "venv" in command:
            folder = Path(command[-1])
            (folder / "bin").mkdir(parents=True)
            (folder / "bin" / "python").touch()
            (folder / "lib" / "python3" / "site-packages" / "pip").mkdir(parents=True)
            self.made.append(folder)
        else:
            assert environment is not None
            assert environment["PIP_USER"] == "0"
            self.installed.append(list(command[4:]))
        assert failure


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands()
    monkeypatch.setattr(_environment, "_run", commands)
    return commands


@pytest.fixture
def project(tmp_path: Path) -> Environment:
    (tmp_path / "pyproject.toml").write_text(dedent(PYPROJECT))
    (tmp_path / "constraints.txt").write_text("pytest==9\n")
    return project_environment(tmp_path)


def test_environment_installs_groups_and_extras(project: Environment, commands: Commands) -> None:
    root = project.folder.parent
    assert project.ensure("dev", "sandbox") == root / ".venv" / "bin" / "python"
    assert commands.installed == [
        ["--constraint", f"{root}/constraints.txt", "--editable", f"{root}[sandbox]", "pytest>=8", "ruff", "mypy"]
    ]


def test_environment_unknown_name_is_refused(project: Environment, commands: Commands) -> None:
    with pytest.raises(SystemExit, match="no extra or dependency group 'docs'"):
        project.ensure("docs")
    assert commands.installed == []


def test_environment_second_run_does_nothing(
    project: Environment, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    project.ensure("dev")
    assert capsys.readouterr() == ("", "Preparing .venv ...\n")
    project.ensure("dev")
    project.ensure()
    assert capsys.readouterr() == ("", "")
    assert len(commands.installed) == 1


def test_environment_keeps_earlier_groups(project: Environment, commands: Commands) -> None:
    project.ensure("check")
    project.ensure("test")
    project.ensure("check", "test")
    assert [arguments[4:] for arguments in commands.installed] == [["mypy", "ruff"], ["mypy", "ruff", "pytest>=8"]]
    assert len(commands.made) == 1


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_environment_changed_input_reinstalls(project: Environment, commands: Commands, file: str) -> None:
    project.ensure("test")
    with (project.folder.parent / file).open("a") as lines:
        lines.write("# changed\n")
    project.ensure()
    assert [arguments[4:] for arguments in commands.installed] == [["pytest>=8", "ruff"]] * 2
    assert len(commands.made) == 1


def break_off(folder: Path) -> None:
    (folder / "installed.json").unlink()


def garble(folder: Path) -> None:
    (folder / "installed.json").write_text('{"names": [')


def remove_interpreter(folder: Path) -> None:
    (folder / "bin" / "python").unlink()


def remove_libraries(folder: Path) -> None:
    (folder / "lib").rename(folder / "gone")


def replace_by_file(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))
    folder.touch()


@pytest.mark.parametrize("damage", [break_off, garble, remove_interpreter, remove_libraries, replace_by_file])
def test_environment_damaged_is_rebuilt(
    project: Environment, commands: Commands, damage: Callable[[Path], None]
) -> None:
    project.ensure("test")
    damage(project.folder)
    project.ensure("check")
    assert len(commands.made) == 2
    assert commands.installed[-1][4:] == ["mypy", "ruff"]


def test_environment_symlink_is_replaced_not_followed(project: Environment, commands: Commands, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    project.folder.symlink_to(elsewhere)
    project.ensure("test")
    assert commands.made == [project.folder]
    assert (elsewhere / "file").exists()


def test_environment_moved_is_rebuilt(project: Environment, commands: Commands, tmp_path: Path) -> None:
    project.ensure("test")
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("pyproject.toml", "constraints.txt", ".venv"):
        (tmp_path / name).rename(moved / name)
    project_environment(moved).ensure("test")
    assert commands.made == [tmp_path / ".venv", moved / ".venv"]


def wheel(folder: Path) -> Path:
    path = folder / "example-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("example.py", "VALUE = 42\n")
        archive.writestr("example-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
        archive.writestr(
            "example-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("example-1.0.dist-info/RECORD", "")
    return path


@pytest.mark.exhaustive
def test_environment_concurrent_scripts_build_once(tmp_path: Path) -> None:
    folder = tmp_path / "with a space" / ".venv"
    folder.parent.mkdir()
    source = f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(ROOT / "scripts")!r})
        from _environment import Environment
        print(Environment(Path({str(folder)!r})).ensure({str(wheel(tmp_path))!r}))
    """
    environment = {**os.environ, "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    scripts = [
        subprocess.Popen(
            [sys.executable, "-c", dedent(source)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [script.communicate() for script in scripts] == [(f"{folder}/bin/python\n", "Preparing .venv ...\n")] * 2
    printed = subprocess.run(
        [folder / "bin" / "python", "-c", "import example; print(example.VALUE)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "42\n"


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_environment_old_python_finds_a_supported_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "a" / "python3.11", "exit 127")
    works = executable(tmp_path / "b" / "python3.13", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}/a:{tmp_path}/b")
    assert _environment._find_supported_python() == str(works)


def test_environment_no_supported_python_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"the project needs 3\.11 or newer"):
        _environment._find_supported_python()


def test_environment_python_without_venv_is_an_error(project: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_base_executable", "/bin/false")
    with pytest.raises(SystemExit, match=r"/bin/false could not make a virtual environment.*python3-venv"):
        project.ensure()


def test_environment_failed_command_output_is_shown() -> None:
    with pytest.raises(SystemExit, match=r"(?s)^no such thing\n.*pip could not install$"):
        _environment._run([sys.executable, "-c", "print('no such thing'); exit(3)"], "pip could not install")


def test_environment_on_windows_has_its_paths(
    project: Environment, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_environment, "WINDOWS", True)

    def make(command: Sequence[str], failure: str, environment: dict[str, str] | None = None) -> None:
        commands(command, failure, environment)
        if "venv" in command:
            (folder := Path(command[-1]) / "Scripts").mkdir()
            (folder / "python.exe").touch()
            shutil.move(Path(command[-1]) / "lib" / "python3", Path(command[-1]) / "Lib")

    monkeypatch.setattr(_environment, "_run", make)
    for _ in range(2):
        assert project.ensure("test") == project.folder / "Scripts" / "python.exe"
    assert len(commands.made) == len(commands.installed) == 1


def test_lowest_environment_pins_lower_bounds(tmp_path: Path, commands: Commands) -> None:
    (tmp_path / "pyproject.toml").write_text(
        dedent(
            """
            [project]
            dependencies = ["httpx>=0.28", "pydantic[email]>=2.11"]
            [project.optional-dependencies]
            arrow = ["pyarrow>=18.0"]
            [dependency-groups]
            test = ["pytest>=8"]
            """
        )
    )
    _environment.lowest_environment(tmp_path).ensure("test")
    constraints = (tmp_path / ".venv-lowest.txt").read_text().split()
    assert constraints == ["httpx==0.28.*", "pyarrow==18.0.*", "pydantic==2.11.*"]
    assert commands.installed == [
        ["--constraint", str(tmp_path / ".venv-lowest.txt"), "--editable", str(tmp_path), "pytest>=8"]
    ]
