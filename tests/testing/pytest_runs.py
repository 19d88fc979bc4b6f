"""Runs of pytest in another process and folder, with the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.paths import PYTHONPATH

OFF = {
    "PYTEST_ADDOPTS": "",
    "PYTEST_PLUGINS": "",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # ours is named, whether or not the package is installed
    "PYTHONPATH": PYTHONPATH,
}


def run_pytest(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder with warnings as errors."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "datastore_sdk.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "-q",
    ]
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, **OFF, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
