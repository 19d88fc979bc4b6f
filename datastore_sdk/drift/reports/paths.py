"""Paths of documents in reports that refer to files of a repository."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).parents[2]
"""Folder of the installed SDK, which has its OpenAPI document."""


def absolute_path(document: str) -> Path:
    """Return the absolute path of a file."""
    return Path(os.path.normpath(Path.cwd() / document))


def package_path(document: str) -> str | None:
    """Return the path of a file of the SDK, relative to site-packages; None for other files."""
    path = Path(document).resolve()
    return (
        path.relative_to(PACKAGE_FOLDER.resolve().parent).as_posix()
        if path.is_relative_to(PACKAGE_FOLDER.resolve())
        else None
    )


def repository_path(document: str) -> str | None:
    """Return the path of a file, relative to the repository; None if it is outside, or belongs to the SDK.

    The root is the workspace in GitHub Actions, for every directory of a step; elsewhere the working directory.
    """
    return relative_path(Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()), document)


def relative_path(folder: Path, document: str) -> str | None:
    """Return the path of a file, relative to a folder; None if it is outside, or belongs to the SDK."""
    if not document or "://" in document or package_path(document):
        return None
    path = absolute_path(document)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None
