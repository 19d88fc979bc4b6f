"""The generated client in the work tree: write it, or compare it with the contract."""

from __future__ import annotations

import argparse
import difflib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from _contract import ContractError
from _generator import generate_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CONTRACT = "openapi.yaml"
PACKAGE = "generated/restream_api"


@dataclass(frozen=True)
class Package:
    """The generated package in the work tree `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / PACKAGE

    def read(self) -> dict[str, str]:
        """Return the existing files by path inside the package."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {path.relative_to(self.folder).as_posix(): path.read_text("utf-8", "replace") for path in paths}

    def write(self, wanted: dict[str, str]) -> None:
        """Make the package contain exactly these files. Files that are correct already are not touched."""
        found = self.read()
        for name in found.keys() - wanted.keys():
            (self.folder / name).unlink()
        for name, text in wanted.items():
            if found.get(name) != text:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")

    def differences(self, wanted: dict[str, str]) -> Iterator[str]:
        """Yield the lines of a unified diff from the existing files to these."""
        found = self.read()
        for name in sorted(found.keys() | wanted.keys()):
            existing, generated = found.get(name), wanted.get(name)
            if existing != generated:
                yield from difflib.unified_diff(
                    (existing or "").splitlines(),
                    (generated or "").splitlines(),
                    f"{PACKAGE}/{name} ({'committed' if existing is not None else 'missing'})",
                    f"{PACKAGE}/{name} ({'as generated' if generated is not None else 'not generated'})",
                    lineterm="",
                )


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Write or compare the package, depending on the command line.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description="Write the generated client from the contract.")
    parser.add_argument(
        "--check", action="store_true", help="only compare; print the differences, fail if there are any"
    )
    check: bool = parser.parse_args(arguments).check
    package = Package(root)
    try:
        wanted = generate_package(root / CONTRACT)
    except ContractError as error:
        print(f"{CONTRACT}: {error}", file=sys.stderr)
        return 1
    if not check:
        package.write(wanted)
        return 0
    if lines := list(package.differences(wanted)):
        print(*lines, sep="\n")
        print(f"\n{PACKAGE} does not match {CONTRACT}: run scripts/generate", file=sys.stderr)
        return 1
    return 0
