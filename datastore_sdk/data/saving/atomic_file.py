"""Drafts: files that are written in the target's folder and then replace the target.

- On most file systems of Linux, a draft has no name: nothing is left of it if its process is killed.
- Elsewhere it is a hidden file, locked by its process. The next save of the same target deletes the hidden files of
  killed processes.
- A folder may not rename or delete files (mounted object stores, write-once mounts), or only its target may be
  writable. Then the draft is in the temporary folder and is copied to the target at the end.
- Live data cannot be requested again. Its draft is `<name>.unfinished` and stays if the save fails. A format that is
  written at the end has an ordinary draft, and an `.unfinished` file with the records beside it.
"""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from contextlib import suppress
from glob import escape
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from datastore_sdk._io.file_lock import is_at_path, lock_file
from datastore_sdk.data.saving.copies import copy_over
from datastore_sdk.data.saving.scratch_folder import (
    HIDDEN_SUFFIX,
    WriteOnceFolderError,
    build_hidden_path,
    check_scratch_folder,
    get_hidden_prefix,
    is_writable,
    remove_scratch_file,
)
from datastore_sdk.data.saving.synced_file import open_synced_file, sync_file
from datastore_sdk.data.saving.unfinished import create_unfinished

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""Errors after which the target is not overwritten in place: the copy would probably fail too."""
_IS_WINDOWS = os.name == "nt"


def create_atomic_file(target: Path, *, keep_unfinished: bool) -> AtomicFile:
    """Create a draft with the permissions of the target, or those of any new file if there is no target.

    Args:
        target: The file to replace.
        keep_unfinished: Whether the draft stays if the file is not completed.

    Raises:
        OSError: The draft cannot be created.
    """
    if not keep_unfinished:
        with suppress(OSError, AttributeError):  # the file system or the system has no unnamed files
            return _UnnamedFile(target)
    try:
        return _UnfinishedFile(target) if keep_unfinished else _HiddenFile(target)
    except OSError as error:
        if not (isinstance(error, WriteOnceFolderError) or is_writable(target)):
            raise
        return _UnfinishedTemporaryFolderFile(target) if keep_unfinished else _TemporaryFolderFile(target)


class AtomicFile(ABC):
    """A draft, open for writing. The context manager closes it."""

    def __init__(self, target: Path, file: IO[bytes], path: Path) -> None:
        self._target = target
        self.file = file
        """Its name is a path in a folder that can hold scratch files too: the target's or the temporary folder."""
        self.path = path
        """A path from which the content can be read."""

    def commit(self, *, overwrite: bool) -> None:
        """Move the draft to the target; copy it there if the target cannot be replaced.

        A target cannot be replaced if it is a mount of its own, or if a program on Windows has it open. Only a copy
        that is killed half way leaves an incomplete target.

        Raises:
            FileExistsError: The target exists and `overwrite` is False.
            OSError: The target cannot be written.
        """
        if _IS_WINDOWS:  # it renames no open file, and lets nobody else read a locked one
            self.file.close()
        try:
            self._move(overwrite=overwrite)
        except OSError as move_error:
            if (isinstance(move_error, FileExistsError) and not overwrite) or move_error.errno in _DISK_ERRORS:
                raise
            try:
                copy_over(self.path, self._target, overwrite=overwrite)
            except OSError as error:
                if isinstance(error, FileExistsError) and not overwrite:
                    raise
                raise move_error from error

    @abstractmethod
    def link(self, path: Path) -> None:
        """Give the draft another name, which must be new.

        Raises:
            OSError: The file system has no hard links, or the name exists.
        """

    @abstractmethod
    def _move(self, *, overwrite: bool) -> None: ...

    def _copy_permissions(self) -> None:
        """Give the draft the permissions of the target, if the target exists."""
        with suppress(OSError):  # many mounts have no permissions, and the content matters more
            model = self._target if self._target.exists() else self.path
            self.path.chmod(model.stat().st_mode & 0o777)

    def close(self) -> None:
        """Close the file, and delete it unless it was committed."""
        with suppress(OSError):  # the buffer may not fit on the disk
            self.file.close()

    def discard(self) -> None:
        """Delete a named draft whose content is stored elsewhere."""
        self.file.close()
        remove_scratch_file(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _UnnamedFile(AtomicFile):
    """A draft without a name (`O_TMPFILE`)."""

    def __init__(self, target: Path) -> None:
        file = open_synced_file(target, "wb", _open_unnamed)
        super().__init__(target, file, Path(f"/proc/self/fd/{file.fileno()}"))
        self._copy_permissions()

    def _move(self, *, overwrite: bool) -> None:
        try:
            self._link_to_target(overwrite=overwrite)
        except (FileExistsError, WriteOnceFolderError):
            raise
        except OSError:  # hard links are forbidden, which only a try can show
            from shutil import copyfile  # slow to import

            with _HiddenFile(self._target) as hidden:
                copyfile(self.path, hidden.file.name)
                sync_file(hidden.file)
                hidden.commit(overwrite=overwrite)

    def _link_to_target(self, *, overwrite: bool) -> None:
        try:
            self.link(self._target)
        except FileExistsError:
            if not overwrite:
                raise
            check_scratch_folder(self._target)  # otherwise a second copy of the data could stay there
            hidden = build_hidden_path(self._target)
            try:
                self.link(hidden)
                hidden.replace(self._target)
            finally:
                remove_scratch_file(hidden)

    def link(self, path: Path) -> None:
        """Give the draft a name."""
        folder = os.open(path.parent, os.O_PATH)
        try:
            # Python follows the link in /proc to the file only if a folder descriptor is passed.
            os.link(self.path, path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


class _NamedFile(AtomicFile):
    """A draft with a name."""

    def __init__(self, target: Path, file: IO[bytes]) -> None:
        super().__init__(target, file, Path(file.name))
        self._copy_permissions()

    def _move(self, *, overwrite: bool) -> None:
        if not overwrite:
            try:
                os.link(self.path, self._target)
            except FileExistsError:
                raise
            except OSError:  # the file system has no hard links
                if self._target.exists():
                    raise FileExistsError from None
            else:
                return
        self.path.replace(self._target)

    def link(self, path: Path) -> None:
        """Give the draft another name."""
        os.link(self.path, path)


class _HiddenFile(_NamedFile):
    """A locked draft whose name starts with a dot."""

    def __init__(self, target: Path) -> None:
        _remove_abandoned(target)
        check_scratch_folder(target)
        super().__init__(target, _create_locked(target))

    def close(self) -> None:
        """Close and delete the file, unless it was committed."""
        super().close()
        remove_scratch_file(self.path)


class _TemporaryFolderFile(_NamedFile):
    """A locked draft in the temporary folder."""

    def __init__(self, target: Path) -> None:
        from tempfile import gettempdir  # slow to import

        elsewhere = Path(gettempdir()) / target.name
        _remove_abandoned(elsewhere)
        super().__init__(target, _create_locked(elsewhere))

    def close(self) -> None:
        """Close and delete the file. The target holds a copy if the draft was committed."""
        super().close()
        remove_scratch_file(self.path)

    def _move(self, *, overwrite: bool) -> None:
        copy_over(self.path, self._target, overwrite=overwrite)

    def _copy_permissions(self) -> None:
        """Make the draft private: other users can list the temporary folder."""
        with suppress(OSError):
            self.path.chmod(0o600)


class _UnfinishedFile(_NamedFile):
    """A draft that stays with its content unless it was committed."""

    def __init__(self, target: Path) -> None:
        super().__init__(target, self._create(target))

    def _create(self, target: Path) -> IO[bytes]:
        check_scratch_folder(target)  # a mount that writes once may store nothing before the file is closed
        return create_unfinished(target, beside=True)

    def commit(self, *, overwrite: bool) -> None:
        """Move the draft to the target."""
        super().commit(overwrite=overwrite)
        remove_scratch_file(self.path)  # after a hard link or a copy

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        with suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()
            elif error is not None:
                error.add_note(
                    f"the records received so far are in {self.path}; complete the file with LiveData.recover()"
                )


class _UnfinishedTemporaryFolderFile(_UnfinishedFile):
    """A draft in the temporary folder that stays with its content unless it was committed."""

    def _create(self, target: Path) -> IO[bytes]:
        return create_unfinished(target, beside=False)

    def _move(self, *, overwrite: bool) -> None:
        copy_over(self.path, self._target, overwrite=overwrite)

    def _copy_permissions(self) -> None:
        with suppress(OSError):
            self.path.chmod(0o600)


def _open_unnamed(path: str, _: int) -> int:
    """Open an unnamed file in the folder of a path."""
    return os.open(Path(path).parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666)


def _create_locked(target: Path) -> IO[bytes]:
    """Create a hidden file, and lock it if the file system has locks."""
    while True:
        path = build_hidden_path(target)
        file = open_synced_file(path, "xb")
        with suppress(BlockingIOError):
            lock_file(file)
            if is_at_path(file, path):
                return file
        file.close()  # another process took it for an abandoned file before it was locked


def _remove_abandoned(target: Path) -> None:
    """Delete the hidden drafts of killed processes. If the file system has no locks, they stay: they may be in use."""
    with suppress(OSError):
        for path in target.parent.glob(f"{escape(get_hidden_prefix(target))}*{HIDDEN_SUFFIX}"):
            with suppress(OSError):
                _remove_if_unlocked(path)


def _remove_if_unlocked(path: Path) -> None:
    with path.open("r+b") as file:
        if not lock_file(file):
            return
        if not _IS_WINDOWS:
            path.unlink()
    if _IS_WINDOWS:  # it deletes no open file, so nobody can have opened this one meanwhile
        path.unlink()
