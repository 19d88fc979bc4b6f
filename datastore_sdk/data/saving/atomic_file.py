"""What is written of a file before it takes its target's place, in the same folder.

On Linux, on most of its file systems, a draft has no name, so that nothing is left of it when its process is killed.
Elsewhere it is a hidden file, which its process holds locked; those that killed processes have left are removed by
whoever writes the same file next.

A folder that takes new files but does not rename or remove them (object stores that are mounted, write-once mounts), or
of which only the target may be written, holds no draft: it lies in the temporary folder and is copied at the end.

Of what cannot be asked for again, live data, the draft is `<name>.unfinished`, and stays where it comes to no end.
Formats that are written at the end have an ordinary draft, and such a file with the records beside it.
"""

from __future__ import annotations

import errno
import logging
import os
from abc import ABC, abstractmethod
from contextlib import suppress
from glob import escape
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from datastore_sdk.data.saving.copies import copy_to
from datastore_sdk.data.saving.locks import is_at, lock
from datastore_sdk.data.saving.storing import opened_to_store, sync

log = logging.getLogger("datastore_sdk")

_DISK_FAILURES = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""Errors after which an old file must not be overwritten in place: the copy would probably fail too."""
_SUFFIX = ".restream-part"
UNFINISHED_SUFFIX = ".unfinished"


def draft_of(target: Path, *, kept: bool) -> AtomicFile:
    """A draft of a file, with the permissions that the file has, or that any new one would get.

    Args:
        target: The file.
        kept: Whether the draft stays where the file comes to no end.

    Raises:
        OSError: It cannot be made.
    """
    if not kept:
        with suppress(OSError, AttributeError):  # not on this file system, or not on this system
            return _Nameless(target)
    try:
        return _Kept(target) if kept else _Hidden(target)
    except _NotRenamedError:
        return _Elsewhere(target)
    except OSError:
        if not _can_be_written(target):
            raise
        return _KeptElsewhere(target) if kept else _Elsewhere(target)


class _NotRenamedError(OSError):
    """A folder takes new files, but does not rename or remove them."""


class AtomicFile(ABC):
    """A draft, open to be written. A context manager, which closes it."""

    def __init__(self, target: Path, file: IO[bytes], path: Path) -> None:
        self._target = target
        self.file = file
        """Its name is a path in a folder that can hold scratch files too: the target's, or that of temporary files."""
        self.path = path
        """Where its content can be read."""

    def put(self, *, overwrite: bool) -> None:
        """Move the draft to the target; copy it there if the target cannot be replaced.

        A target is busy where it is a mount of its own, or where a program on Windows has it open. A copy in place is
        the one way in which a process that is killed leaves half a file.

        Raises:
            FileExistsError: There is a file, which must not be replaced.
            OSError: It cannot be done.
        """
        try:
            self._move(overwrite=overwrite)
        except OSError as refused:
            if (isinstance(refused, FileExistsError) and not overwrite) or refused.errno in _DISK_FAILURES:
                raise
            try:
                copy_to(self.path, self._target, overwrite=overwrite)
            except OSError as error:
                if isinstance(error, FileExistsError) and not overwrite:
                    raise
                raise refused from error

    @abstractmethod
    def link(self, path: Path) -> None:
        """Give the draft another name, which must be new.

        Raises:
            OSError: The file system has no links, or the name exists.
        """

    @abstractmethod
    def _move(self, *, overwrite: bool) -> None: ...

    def _permit(self) -> None:
        """Give the draft the permissions of the target, if that exists; else it has those of any new file."""
        with suppress(OSError):  # many mounts have no permissions; the content matters more
            model = self._target if self._target.exists() else self.path
            self.path.chmod(model.stat().st_mode & 0o777)

    def close(self) -> None:
        """Throws it away, unless it has the target's place."""
        with suppress(OSError):  # what it still holds may find no room
            self.file.close()

    def remove(self) -> None:
        """Remove a draft that has a name: its content lies elsewhere."""
        self.file.close()
        _remove(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Nameless(AtomicFile):
    """A file without a name."""

    def __init__(self, target: Path) -> None:
        file = opened_to_store(target, "wb", _without_name)
        super().__init__(target, file, Path(f"/proc/self/fd/{file.fileno()}"))
        self._permit()

    def _move(self, *, overwrite: bool) -> None:
        try:
            self._place(overwrite=overwrite)
        except FileExistsError:
            raise
        except OSError:  # links are forbidden here, which could not be told before
            from shutil import copyfile  # takes long to import

            with _Hidden(self._target) as hidden:
                copyfile(self.path, hidden.file.name)
                sync(hidden.file)
                hidden.put(overwrite=overwrite)

    def _place(self, *, overwrite: bool) -> None:
        try:
            self.link(self._target)
        except FileExistsError:
            if not overwrite:
                raise
            hidden = _hidden_name(self._target)
            try:
                self.link(hidden)
                hidden.replace(self._target)
            finally:
                _remove(hidden)

    def link(self, path: Path) -> None:
        """Give the draft a name."""
        folder = os.open(path.parent, os.O_PATH)
        try:
            # Only with a folder beside it does Python follow the path to the file that it stands for.
            os.link(self.path, path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


class _Named(AtomicFile):
    """A file with a name of its own."""

    def __init__(self, target: Path, file: IO[bytes]) -> None:
        super().__init__(target, file, Path(file.name))
        self._permit()

    def _move(self, *, overwrite: bool) -> None:
        if os.name == "nt":  # which renames no open file; elsewhere it stays locked until it has its place
            self.file.close()
        if not overwrite:
            try:
                os.link(self.path, self._target)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if self._target.exists():
                    raise FileExistsError from None
            else:
                return
        self.path.replace(self._target)

    def link(self, path: Path) -> None:
        """Give the draft another name."""
        os.link(self.path, path)


class _Hidden(_Named):
    """A file whose name begins with a dot."""

    def __init__(self, target: Path) -> None:
        _remove_left(target)
        _refuse_write_once(target)
        super().__init__(target, _locked(target))

    def close(self) -> None:
        """Throws it away, unless it has the target's place."""
        super().close()
        _remove(self.path)


class _Elsewhere(_Named):
    """A file in the temporary folder."""

    def __init__(self, target: Path) -> None:
        super().__init__(target, _locked(_temporary(target)))

    def close(self) -> None:
        """Throw it away; the target has a copy."""
        super().close()
        _remove(self.path)

    def _move(self, *, overwrite: bool) -> None:
        copy_to(self.path, self._target, overwrite=overwrite)

    def _permit(self) -> None:
        """Leave it to its owner: others can look into the temporary folder."""
        with suppress(OSError):
            self.path.chmod(0o600)


class _Kept(_Named):
    """A file that is left, with whatever is in it, unless it has the target's place."""

    def __init__(self, target: Path, folder: Path | None = None) -> None:
        super().__init__(target, _new_unfinished((folder or target.parent) / target.name))

    def put(self, *, overwrite: bool) -> None:
        """Gives it the target's place."""
        super().put(overwrite=overwrite)
        _remove(self.path)  # where it has two names now, or was copied

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        with suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()
            elif error is not None:
                error.add_note(f"what had come is in {self.path}")


class _KeptElsewhere(_Kept):
    """A file that is left in the temporary folder."""

    def __init__(self, target: Path) -> None:
        super().__init__(target, _temporary(target).parent)

    def _move(self, *, overwrite: bool) -> None:
        copy_to(self.path, self._target, overwrite=overwrite)

    def _permit(self) -> None:
        with suppress(OSError):
            self.path.chmod(0o600)


def _temporary(target: Path) -> Path:
    """A file of the target's name in the temporary folder."""
    from tempfile import gettempdir  # takes long to import

    return Path(gettempdir()) / target.name


def _can_be_written(target: Path) -> bool:
    """Whether a target exists and takes new content, though its folder takes no new file."""
    try:
        with target.open("r+b"):
            return True
    except OSError:
        return False


def _refuse_write_once(target: Path) -> None:
    """Try out whether the folder renames and removes files, before a long download rests on it.

    Raises:
        OSError: The folder takes no new files.
        _NotRenamedError: It does not rename or remove them.
    """
    first, second = _hidden_name(target), _hidden_name(target)
    first.open("xb").close()
    try:
        first.replace(second)
        second.unlink()
    except OSError as error:
        for path in (first, second):
            _remove(path)
        raise _NotRenamedError(error.errno, error.strerror) from error


def _remove(path: Path) -> None:
    """Remove a scratch file. A folder that refuses costs a log line, not the save."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Could not remove %s, which is not needed any more: %s", path, error.strerror)


def _beginning(target: Path) -> str:
    """How the names of hidden drafts begin; names must not become too long."""
    return f".{target.name[:40]}."


def _hidden_name(target: Path) -> Path:
    """A new name."""
    return target.parent / f"{_beginning(target)}{os.urandom(8).hex()}{_SUFFIX}"


def _without_name(path: str, _: int) -> int:
    """Opens a new file in the folder of a path."""
    return os.open(Path(path).parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666)


def _locked(target: Path) -> IO[bytes]:
    """A new hidden file, locked where the system has locks."""
    while True:
        path = _hidden_name(target)
        file = opened_to_store(path, "xb")
        with suppress(BlockingIOError):
            lock(file)
            if is_at(file, path):
                return file
        file.close()  # somebody took it for one that was left


def _new_unfinished(target: Path) -> IO[bytes]:
    """A new file beside those that were left before."""
    for number in count(1):
        name = target.name[:200] + UNFINISHED_SUFFIX + (f"-{number}" if number > 1 else "")
        with suppress(FileExistsError):
            return opened_to_store(target.with_name(name), "xb")
    raise AssertionError


def _remove_left(target: Path) -> None:
    """Removes the drafts of a file that nobody holds any more; those that cannot be locked may be in use."""
    with suppress(OSError):
        for path in target.parent.glob(f"{escape(_beginning(target))}*{_SUFFIX}"):
            with suppress(OSError), path.open("r+b") as file:
                if lock(file):
                    path.unlink()
