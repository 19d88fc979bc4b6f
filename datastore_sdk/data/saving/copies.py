"""Copies of complete files, for folders in which a file cannot be renamed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

from datastore_sdk.data.saving.synced_file import sync_file

_MAX_STEM_LENGTH = 50
"""Maximum characters of a name repeated in another name: at most 200 bytes of the 255 that file systems allow."""
_MAX_NAMES = 1000
"""Maximum number of names tried in one folder."""


def copy_over(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file over the content of the target, front to back: write-once mounts allow nothing else.

    Raises:
        FileExistsError: The target exists and `overwrite` is False.
        OSError: The copy failed. A new target is removed.
    """
    is_new = not (overwrite and target.exists())
    with target.open("xb" if is_new else "wb") as file:
        try:
            _copy_content(file, source)
            file.close()  # mounted object stores report errors only here
        except BaseException:
            if is_new:
                with suppress(OSError):
                    target.unlink()
            raise


def save_under_new_name(source: Path, target: Path, link: Callable[[Path], None]) -> Path | None:
    """Save a complete file under a new name, beside the target or in the temporary folder.

    Args:
        source: The complete file.
        target: The path that could not be written.
        link: Gives the file another name without a copy, if the file system has hard links.

    Returns:
        The new path; None if neither folder can hold the file.
    """
    from tempfile import gettempdir  # slow to import

    for folder in (target.parent, Path(gettempdir())):
        for path in islice(_generate_paths(folder, target.name), _MAX_NAMES):
            try:
                _link_or_copy(source, path, link)
            except FileExistsError:
                continue
            except OSError:
                break
            return path
    return None


def _link_or_copy(source: Path, path: Path, link: Callable[[Path], None]) -> None:
    try:
        link(path)
    except FileExistsError:
        raise
    except OSError:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                _copy_content(file, source)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def _generate_paths(folder: Path, name: str) -> Iterator[Path]:
    """Yield paths with a number before the suffixes, so that the suffixes still name the format."""
    stem, dot, suffixes = name.partition(".")
    for number in range(1, _MAX_NAMES + 1):
        yield folder / f"{stem[:_MAX_STEM_LENGTH]}-{number}{dot}{suffixes[-_MAX_STEM_LENGTH:]}"


def _copy_content(file: IO[bytes], source: Path) -> None:
    from shutil import copyfileobj  # slow to import

    with source.open("rb") as content:
        copyfileobj(content, file, 1 << 20)
    file.flush()
    sync_file(file)
