"""The deployment examples of docs/mirror.md: their commands exist with their options, their settings are known."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from configparser import ConfigParser
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import typer

from datastore_sdk.cli.app import PROGRAM, app
from tests.support.paths import ROOT

_DOCUMENT = (ROOT / "docs" / "mirror.md").read_text("utf-8")
_BLOCKS = [dedent(text) for text in re.findall(r"(?:^(?:    .*)?\n)+", _DOCUMENT, re.MULTILINE)]
UNIT_SETTINGS = {
    "Unit": {"Description", "Wants", "After"},
    "Service": {
        "User",
        "StateDirectory",
        "EnvironmentFile",
        "ExecStart",
        "Restart",
        "RestartSec",
        "TimeoutStopSec",
    },
    "Install": {"WantedBy"},
}
"""Settings of systemd that the unit may use, by section: systemd itself is not there to check them."""


def find_block(text: str) -> str:
    """Return the indented block that contains a text."""
    (found,) = (block for block in _BLOCKS if text in block)
    return found.strip()


def parse_command(words: list[str]) -> str:
    """Parse a command without running it, and return its name. An unknown command or option fails."""
    assert Path(words[0]).name == PROGRAM
    command: Any = typer.main.get_command(app)
    context: Any = command.make_context(PROGRAM, words[1:])
    while hasattr(command, "resolve_command"):
        name, command, others = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, others, parent=context)
    path: str = context.command_path
    return path


def test_cron_line_runs_a_command_that_exists() -> None:
    *times, lock, flag, file, command = find_block("flock").split(maxsplit=8)
    assert [re.fullmatch(r"[\d*/,-]+", time) is not None for time in times] == [True] * 5
    assert (lock, flag, file[0]) == ("flock", "-n", "/")
    assert parse_command(shlex.split(command)) == "datastore mirror run"


def test_unit_has_known_settings_and_a_command_that_exists() -> None:
    unit = ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(find_block("[Service]"))
    assert {section: {*unit[section]} <= UNIT_SETTINGS[section] for section in unit.sections()} == {
        "Unit": True,
        "Service": True,
        "Install": True,
    }
    service = unit["Service"]
    command = shlex.split(service["ExecStart"])
    assert command[0].startswith("/")  # as systemd demands
    assert command[3].startswith(f"/var/lib/{service['StateDirectory']}/")
    assert parse_command(command) == "datastore mirror run"


def test_container_installs_extras_and_runs_commands_that_exist() -> None:
    lines = [line.split(maxsplit=1) for line in find_block("FROM python").splitlines()]
    assert [name for name, _ in lines] == ["FROM", "RUN", "VOLUME", "HEALTHCHECK", "CMD"]
    install = shlex.split(lines[1][1])
    assert install[:2] == ["pip", "install"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, extras = install[-1].rstrip("]").split("[")
    assert name == project["name"]
    assert {*extras.split(",")} <= {*project["optional-dependencies"]}
    health, command = (json.loads(lines[index][1][lines[index][1].index("[") :]) for index in (3, 4))
    assert parse_command(health) == "datastore mirror status"
    assert parse_command(command) == "datastore mirror run"
    assert {health[3], command[3]} == {f"{lines[2][1]}/field.duckdb"}


def test_unknown_option_would_fail() -> None:
    with pytest.raises(Exception, match="--evry"):
        parse_command(["datastore", "mirror", "run", "x", "--evry", "60s"])
