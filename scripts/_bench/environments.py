"""The interpreters of both packages: each run has what its task needs, and nothing that could slow it down.

The scripts' own environment would not do for ours: httpx imports click and rich where it finds them. So does pandas
with pyarrow, which is why only the vendor's Parquet run has that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from _environment import ROOT, Environment
from _vendor import REQUIREMENTS, vendor_environment

from _bench.rows import OURS, Run

_CONSTRAINTS = ROOT / "constraints.txt"


@cache
def python_for(run: Run) -> Path:
    """The interpreter for a run; its environment is made where it is missing, and then stays as it is."""
    if run.package == OURS:
        return our_environment().ensure("arrow")
    if run.suffix == ".parquet":
        return vendor_environment_with_parquet().ensure(pinned("pyarrow"))
    return vendor_environment().ensure()


def our_environment() -> Environment:
    """An environment with the project alone; the names it takes are those of extras."""

    def arguments(names: Iterable[str]) -> list[str]:
        return ["--constraint", str(_CONSTRAINTS), "--editable", f"{ROOT}[{','.join(sorted(names))}]"]

    return Environment(ROOT / ".venv-bench", inputs=(ROOT / "pyproject.toml", _CONSTRAINTS), arguments=arguments)


def vendor_environment_with_parquet() -> Environment:
    """The vendor's package and what it takes to write Parquet with it, which are the names."""

    def arguments(names: Iterable[str]) -> list[str]:
        return ["--requirement", str(REQUIREMENTS), *sorted(names)]

    return Environment(ROOT / ".venv-bench-vendor", inputs=(REQUIREMENTS,), arguments=arguments)


def pinned(package: str) -> str:
    """The requirement for a package, in the version that the scripts install."""
    for pin in _CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if pin.startswith(f"{package}=="):
            return pin
    sys.exit(f"{_CONSTRAINTS} does not pin {package}")
