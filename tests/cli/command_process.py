"""The command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.paths import PYTHONPATH


def start_command(
    arguments: list[str], variables: Mapping[str, str], folder: Path | None = None
) -> subprocess.Popen[str]:
    """Start `datastore` with additional environment variables, such as those of a sandbox."""
    return subprocess.Popen(
        [sys.executable, "-m", "datastore_sdk.cli", *arguments],
        cwd=folder,
        env={**os.environ, **variables, "PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
