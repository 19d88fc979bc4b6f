"""Examples of `datastore` commands in help and documents, and how to run them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from datastore_sdk.cli import main
from tests.support.paths import PYTHONPATH

DATA_COMMANDS = ("pads", "sites", "states", "stages", "fields", "changes", "get", "plot", "tail", "recover")


def find_examples(text: str, names: Sequence[str] = DATA_COMMANDS) -> list[str]:
    """Return the commands of some names in a text, one on each line. Default: the commands for data."""
    example = re.compile(rf"^\s*(datastore (?:{'|'.join(names)})\b[^\n#]*)", re.MULTILINE)
    return [match.strip() for match in example.findall(text)]


def needs_shell(command: str) -> bool:
    """Return whether a command has a pipe or does not end by itself."""
    return "|" in command or " tail " in command


def run_example(command: str, folder: Path) -> int:
    """Run a command in a folder and return its exit status.

    `recover` finds a file of a killed save. `tail` and pipes run in a shell. `tail` alone is ended by SIGTERM after its
    first line.
    """
    if " recover " in command:
        (folder / "shift.parquet.unfinished").write_text('{"timestamp": 1758196800, "site_id": 981}\n')
    if not needs_shell(command):
        words = shlex.split(command.partition(">")[0])
        return main(words[1:])
    bash = shutil.which("bash")
    assert bash is not None
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    script = f'datastore() {{ exec "{sys.executable}" -m datastore_sdk.cli "$@"; }}\nset -o pipefail\n{command}\n'
    with subprocess.Popen([bash, "-c", script], cwd=folder, stdout=subprocess.PIPE, env=environment) as shell:
        assert shell.stdout is not None
        try:
            assert shell.stdout.readline()
            if "|" not in command:
                shell.send_signal(signal.SIGTERM)
            shell.stdout.read()
            return shell.wait(30)
        finally:
            shell.kill()
