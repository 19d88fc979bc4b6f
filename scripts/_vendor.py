"""The virtual environment of the vendor's package, which is never installed in the environment of the project."""

from __future__ import annotations

from collections.abc import Iterable

from _environment import ROOT, Environment

REQUIREMENTS = ROOT / "scripts" / "_comparison" / "vendor-requirements.txt"


def vendor_environment() -> Environment:
    """Return the environment; the names it accepts are further requirements, such as `pyarrow==26.0.1`."""

    def arguments(names: Iterable[str]) -> list[str]:
        return ["--requirement", str(REQUIREMENTS), *sorted(names)]

    return Environment(ROOT / ".venv-compare", inputs=(REQUIREMENTS,), arguments=arguments)
