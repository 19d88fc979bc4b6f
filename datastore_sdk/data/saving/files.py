"""Files that are whole or not there: written beside the target and renamed over it at the end."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.data.saving.atomic_file import AtomicFile, draft_of
from datastore_sdk.data.saving.copies import save_beside
from datastore_sdk.data.saving.local_paths import local_path
from datastore_sdk.data.saving.storing import sync

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def checked_target(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """The path of a file that may be written.

    Raises:
        FileExistsError: The file exists and must not be replaced, or is no regular file.
        IsADirectoryError: The path is a directory.
        OSError: There can be no such file.
        TypeError: `overwrite` is not a bool, or the path is not one.
        ValueError: The path is a URL, or an object that stands for a file on another machine.
    """
    validate_flag(overwrite, "overwrite")
    text = local_path(path)
    target = Path(text).expanduser()
    if text.endswith(_SEPARATORS):
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

    Missing folders are made. What was there before stays untouched until then, whatever happens. A file that is
    complete is never thrown away: if the target cannot be replaced it is written in place, and if it cannot be written
    either, the file is saved under another name, which the error tells.

    Args:
        target: The file.
        overwrite: Whether it may be replaced.
        kept: Whether the new one stays beside it, as `<name>.unfinished`, when the block does not end well.

    Raises:
        FileExistsError: The target has come to exist meanwhile, and must not be replaced.
        OSError: The disk is full, or may not be written to.
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
            sync(draft.file)
            try:
                draft.put(overwrite=overwrite)
            except OSError as error:
                raise _unplaced(error, draft, target, kept=kept) from error.__cause__
    _sync_folder(target.parent)


def _unplaced(error: OSError, draft: AtomicFile, target: Path, *, kept: bool) -> OSError:
    """The error of a complete file that could not have its place, after it was saved under another name."""
    other = draft.path if kept else save_beside(draft.path, target, draft.link)
    advice = f"; the complete file is saved as {other}" if other else ""
    if isinstance(error, FileExistsError):
        return FileExistsError(f"{target} has come to exist meanwhile; pass overwrite=True to replace it{advice}")
    return OSError(error.errno, f"{error.strerror}{advice}", str(target))


@contextmanager
def left_if_failed(target: Path) -> Generator[IO[bytes]]:
    """A file beside the target, `<name>.unfinished`, which stays there unless the block ends well."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with naming(target, always=True):
        draft = draft_of(target, kept=True)
    with draft:
        with naming(target):
            yield draft.file
        draft.remove()


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
