"""Files that are whole or not there: written beside the target and renamed over it at the end."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from datastore_sdk.checks import checked_flag
from datastore_sdk.data.drafts import draft_of

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def checked_target(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """The path of a file that may be written.

    Raises:
        FileExistsError: The file exists and must not be replaced, or is no regular file.
        IsADirectoryError: The path is a directory.
        OSError: There can be no such file.
        TypeError: `overwrite` is not a bool.
    """
    checked_flag(overwrite, "overwrite")
    target = Path(path).expanduser()
    if os.fspath(path).endswith(_SEPARATORS):
        raise IsADirectoryError(f"{path} is the name of a directory; name a file in it")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{target} is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise FileExistsError(f"{target} is a device or a pipe, which cannot be replaced; name a file")
    if not overwrite:
        raise FileExistsError(f"{target} exists already; pass overwrite=True to replace it")
    return target


@contextmanager
def replacing(target: Path, *, overwrite: bool = True, kept: bool = False) -> Generator[IO[bytes]]:
    """A file to write, which takes the target's place when the block ends well and vanishes when it does not.

    Missing folders are made. What was there before stays untouched until then, whatever happens.

    Args:
        target: The file.
        overwrite: Whether it may be replaced.
        kept: Whether the new one stays beside it, as `<name>.unfinished`, when the block does not end well.

    Raises:
        FileExistsError: The target has come to exist meanwhile, and must not be replaced.
    """
    target = target.resolve()  # through a symbolic link, so that what it points to is replaced and not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    with naming(target, always=True):
        draft = draft_of(target, kept=kept)
    with draft:
        with naming(target):
            yield draft.file
        with naming(target, always=True):
            draft.file.flush()
            os.fsync(draft.file.fileno())
            try:
                draft.put(overwrite=overwrite)
            except FileExistsError:
                message = f"{target} has come to exist meanwhile; pass overwrite=True to replace it"
                raise FileExistsError(message) from None
    _sync_folder(target.parent)


@contextmanager
def naming(path: Path, *, always: bool = False) -> Generator[None]:
    """Has errors of the system say which file they are about.

    Args:
        path: The file.
        always: Whether errors that name another file are about this one too.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and (always or error.filename is None):
            error.filename = str(path)
            del error.filename2
        raise


def _sync_folder(folder: Path) -> None:
    """Makes the renaming last through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
