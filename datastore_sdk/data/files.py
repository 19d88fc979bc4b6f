"""Files that are whole or not there: written beside the target and renamed over it at the end."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

BUFFER = 1 << 20
"""Bytes that are written at a time: the system takes a quarter less time for them than for a batch of records each."""


def checked_target(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """The path of a file that may be written.

    Raises:
        FileExistsError: The file exists and must not be replaced, or is no regular file.
        IsADirectoryError: The path is a directory.
    """
    target = Path(path).expanduser()
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a directory; name a file in it")
    if target.exists() and not target.is_file():
        raise FileExistsError(f"{target} is a device or a pipe, which cannot be replaced; name a file")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists already; pass overwrite=True to replace it")
    return target


@contextmanager
def replacing(target: Path, *, overwrite: bool = True) -> Generator[IO[bytes]]:
    """A file to write, which takes the target's place when the block ends well and vanishes when it does not.

    Missing folders are made. What was there before stays untouched until then, whatever happens.

    Raises:
        FileExistsError: The target has come to exist meanwhile, and must not be replaced.
    """
    target = target.resolve()  # through a symbolic link, so that what it points to is replaced and not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        naming(target),
        NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part", delete=False, buffering=BUFFER
        ) as file,
    ):
        try:
            Path(file.name).chmod(_mode_of(target))
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            if overwrite:
                Path(file.name).replace(target)
            else:
                _put(Path(file.name), target)
        except BaseException:
            with suppress(OSError):  # what it still holds may find no room
                file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
    _sync_folder(target.parent)


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Has errors of the system say which file they are about."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def lock(file: FileIO) -> None:
    """Keeps others from locking a file until it is unlocked, or this process has ended, where the system can.

    Raises:
        BlockingIOError: It is locked.
    """
    with suppress(ImportError):  # on Windows
        from fcntl import LOCK_EX, LOCK_NB, flock

        try:
            flock(file, LOCK_EX | LOCK_NB)
        except OSError as error:
            if isinstance(error, BlockingIOError):
                raise  # else it is a file system without locks


def unlock(file: FileIO) -> None:
    """Lets others lock a file, even where a forked process has it open too."""
    with suppress(ImportError, OSError):
        from fcntl import LOCK_UN, flock

        flock(file, LOCK_UN)


def _put(file: Path, target: Path) -> None:
    """Gives a file its name, unless the name is taken."""
    try:
        os.link(file, target)
    except FileExistsError:
        raise FileExistsError(f"{target} has come to exist meanwhile; pass overwrite=True to replace it") from None
    except OSError:  # a file system without links
        checked_target(target, overwrite=False)
        file.replace(target)
    else:
        file.unlink()


def _mode_of(target: Path) -> int:
    """The permissions that the file has, or that any new file would get."""
    with suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Makes the renaming last through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
