"""What is written of a file before it takes its target's place, in the same folder.

On Linux, on most of its file systems, a draft has no name, so that nothing is left of it when its process is killed.
Elsewhere it is a hidden file, which its process holds locked; those that killed processes have left are removed by
whoever writes the same file next.

Of what cannot be asked for again, live data, the draft is `<name>.unfinished`, and stays where it comes to no end.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from glob import escape
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from datastore_sdk.data.locks import is_at, lock
from datastore_sdk.data.storing import opened_to_store

_SUFFIX = ".restream-part"
_UNFINISHED = ".unfinished"


def draft_of(target: Path, *, kept: bool) -> Draft:
    """A draft of a file, with the permissions that the file has, or that any new one would get.

    Args:
        target: The file.
        kept: Whether the draft stays where the file comes to no end.

    Raises:
        OSError: It cannot be made.
    """
    if kept:
        return _Kept(target)
    try:
        return _Nameless(target)
    except (OSError, AttributeError):  # not on this file system, or not on this system
        return _Hidden(target)


class Draft(ABC):
    """A draft, open to be written. A context manager, which closes it."""

    def __init__(self, target: Path, file: IO[bytes]) -> None:
        self._target = target
        self.file = file
        """Its name is a path in the target's folder."""

    @abstractmethod
    def put(self, *, overwrite: bool) -> None:
        """Gives it the target's place.

        Raises:
            FileExistsError: There is a file, which must not be replaced.
            OSError: It cannot be done.
        """

    def _permit(self, path: Path) -> None:
        """Gives it the permissions of the target, if that is there; else it has those of any new file."""
        try:
            model = self._target if self._target.exists() else path
            path.chmod(model.stat().st_mode & 0o777)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Throws it away, unless it has the target's place."""
        with suppress(OSError):  # what it still holds may find no room
            self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Nameless(Draft):
    """A file without a name."""

    def __init__(self, target: Path) -> None:
        super().__init__(target, opened_to_store(target, "wb", _without_name))
        self._path = Path(f"/proc/self/fd/{self.file.fileno()}")
        self._permit(self._path)

    def put(self, *, overwrite: bool) -> None:
        """Gives it the target's place."""
        try:
            self._place(overwrite=overwrite)
        except FileExistsError:
            raise
        except OSError:  # links are forbidden here, which could not be told before
            from shutil import copyfile  # takes long to import

            with _Hidden(self._target) as hidden:
                copyfile(self._path, hidden.file.name)
                os.fsync(hidden.file.fileno())
                hidden.put(overwrite=overwrite)

    def _place(self, *, overwrite: bool) -> None:
        try:
            self._link(self._target)
        except FileExistsError:
            if not overwrite:
                raise
            hidden = _hidden_name(self._target)
            try:
                self._link(hidden)
                hidden.replace(self._target)
            finally:
                hidden.unlink(missing_ok=True)

    def _link(self, path: Path) -> None:
        folder = os.open(path.parent, os.O_PATH)
        try:
            # Only with a folder beside it does Python follow the path to the file that it stands for.
            os.link(self._path, path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


class _Named(Draft):
    """A file with a name of its own."""

    def __init__(self, target: Path, file: IO[bytes]) -> None:
        super().__init__(target, file)
        self._path = Path(file.name)
        self._permit(self._path)

    def put(self, *, overwrite: bool) -> None:
        """Gives it the target's place."""
        if os.name == "nt":  # which renames no open file; elsewhere it stays locked until it has its place
            self.file.close()
        if not overwrite:
            try:
                os.link(self._path, self._target)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if self._target.exists():
                    raise FileExistsError from None
            else:
                return
        self._path.replace(self._target)


class _Hidden(_Named):
    """A file whose name begins with a dot."""

    def __init__(self, target: Path) -> None:
        _remove_left(target)
        super().__init__(target, _locked(target))

    def close(self) -> None:
        """Throws it away, unless it has the target's place."""
        super().close()
        self._path.unlink(missing_ok=True)


class _Kept(_Named):
    """A file that is left, with whatever is in it, unless it has the target's place."""

    def __init__(self, target: Path) -> None:
        super().__init__(target, _new_unfinished(target))

    def put(self, *, overwrite: bool) -> None:
        """Gives it the target's place."""
        super().put(overwrite=overwrite)
        self._path.unlink(missing_ok=True)  # where it has two names now

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        with suppress(OSError):
            if not self._path.stat().st_size:
                self._path.unlink()
            elif error is not None:
                error.add_note(f"what had come is in {self._path}")


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
        name = target.name[:200] + _UNFINISHED + (f"-{number}" if number > 1 else "")
        with suppress(FileExistsError):
            return opened_to_store(target.with_name(name), "xb")
    raise AssertionError


def _remove_left(target: Path) -> None:
    """Removes the drafts of a file that nobody holds any more; those that cannot be locked may be in use."""
    for path in target.parent.glob(f"{escape(_beginning(target))}*{_SUFFIX}"):
        with suppress(OSError), path.open("r+b") as file:
            if lock(file):
                path.unlink()
