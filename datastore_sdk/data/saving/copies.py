"""Copies of complete files, for places where a file cannot be renamed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

from datastore_sdk.data.saving.storing import sync

_LONGEST_STEM = 50
"""Characters of a name that are repeated in another name: at most 200 bytes of the 255 that file systems allow."""
_MOST_NAMES = 1000
"""How many names are tried."""


def copy_to(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file over the content of the target, front to back, which is all that a write-once mount takes.

    Raises:
        FileExistsError: There is a file, which must not be replaced.
        OSError: It cannot be done; a new file that came to no end is removed.
    """
    is_new = not (overwrite and target.exists())
    with target.open("xb" if is_new else "wb") as file:
        try:
            _fill(file, source)
            file.close()  # object stores that are mounted report only here what went wrong
        except BaseException:
            if is_new:
                with suppress(OSError):
                    target.unlink()
            raise


def save_beside(source: Path, target: Path, link: Callable[[Path], None]) -> Path | None:
    """Save a complete file under a new name, beside the target or in the temporary folder.

    Args:
        source: The file.
        target: The path that it could not have.
        link: Gives the file another name without a copy, if the file system can.

    Returns:
        Where it lies; None if there is no place for it.
    """
    from tempfile import gettempdir  # takes long to import

    for folder in (target.parent, Path(gettempdir())):
        for path in islice(_other_names(folder, target.name), _MOST_NAMES):
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
        opener = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(opener, "wb") as file:  # noqa: PTH123 - a descriptor
                _fill(file, source)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def _other_names(folder: Path, name: str) -> Iterator[Path]:
    """Names with a number before the suffixes, so that the file can be read as what it is."""
    stem, dot, suffixes = name.partition(".")
    for number in range(1, _MOST_NAMES + 1):
        yield folder / f"{stem[:_LONGEST_STEM]}-{number}{dot}{suffixes[-_LONGEST_STEM:]}"


def _fill(file: IO[bytes], source: Path) -> None:
    from shutil import copyfileobj  # takes long to import

    with source.open("rb") as content:
        copyfileobj(content, file, 1 << 20)
    file.flush()
    sync(file)
