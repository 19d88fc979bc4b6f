"""What the documents of findings are called in reports that services lay over a repository."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
"""Where the SDK is, with its own contract where it was installed."""


def whole(document: str) -> Path:
    """The path of a file from the root."""
    return Path(os.path.normpath(Path.cwd() / document))


def in_package(document: str) -> str | None:
    """The name of a file of the SDK, from the folder of packages that it is installed in; None for any other."""
    path = Path(document).resolve()
    return path.relative_to(PACKAGE.resolve().parent).as_posix() if path.is_relative_to(PACKAGE.resolve()) else None


def in_repository(document: str) -> str | None:
    """The name of a file from the root of the repository; None where it does not lie below it, or is of the SDK.

    In GitHub Actions that is the workspace, whichever folder of it a step works in; elsewhere the working directory.
    """
    return below(Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()), document)


def below(folder: Path, document: str) -> str | None:
    """The name of a file from a folder; None where it does not lie below it, or is of the SDK."""
    if not document or "://" in document or in_package(document):
        return None
    path = whole(document)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None
