"""Interpreters of both packages: each run has the packages that its task needs, and none that could slow it down.

The environment of the scripts is not suitable: httpx imports click and rich if they are installed. So does pandas with
pyarrow, so only the vendor's Parquet run has it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from _environment import ROOT, Environment
from _vendor import REQUIREMENTS, vendor_environment

from _bench.rows import SDK, Run

_CONSTRAINTS = ROOT / "constraints.txt"


@cache
def python_for(run: Run) -> Path:
    """Return the interpreter for a run. Its environment is created if it does not exist."""
    if run.package == SDK:
        return our_environment().ensure("arrow")
    if run.suffix == ".parquet":
        return vendor_environment_with_parquet().ensure(find_pinned("pyarrow"))
    return vendor_environment().ensure()


def our_environment() -> Environment:
    """Return an environment with the project alone. Its names are extras of the project."""

    def arguments(names: Iterable[str]) -> list[str]:
        return ["--constraint", str(_CONSTRAINTS), "--editable", f"{ROOT}[{','.join(sorted(names))}]"]

    return Environment(ROOT / ".venv-bench", inputs=(ROOT / "pyproject.toml", _CONSTRAINTS), arguments=arguments)


def vendor_environment_with_parquet() -> Environment:
    """Return an environment with the vendor's package. Its names are packages for writing Parquet."""

    def arguments(names: Iterable[str]) -> list[str]:
        return ["--requirement", str(REQUIREMENTS), *sorted(names)]

    return Environment(ROOT / ".venv-bench-vendor", inputs=(REQUIREMENTS,), arguments=arguments)


def find_pinned(package: str) -> str:
    """Return the requirement for a package, in the version that the scripts install."""
    for pin in _CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if pin.startswith(f"{package}=="):
            return pin
    sys.exit(f"{_CONSTRAINTS} does not pin {package}")
