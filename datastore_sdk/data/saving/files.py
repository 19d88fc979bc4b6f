"""Write files atomically: a target is complete or unchanged. Validate targets and name them in errors."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.data.saving.atomic_file import AtomicFile, create_atomic_file
from datastore_sdk.data.saving.copies import save_under_new_name
from datastore_sdk.data.saving.local_paths import validate_local_path
from datastore_sdk.data.saving.synced_file import sync_file

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def validate_target(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Return the path of a file that can be written.

    Raises:
        FileExistsError: The file exists and `overwrite` is False, or it is not a regular file.
        IsADirectoryError: The path is a directory.
        OSError: The path is invalid.
        TypeError: `overwrite` is not a bool, or the path is not a path.
        ValueError: The path is a URL, or a path object for a file on another machine.
    """
    validate_flag(overwrite, "overwrite")
    text = validate_local_path(path)
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
def open_atomic(target: Path, *, overwrite: bool = True, keep_unfinished: bool = False) -> Generator[IO[bytes]]:
    """Open a file that replaces the target when the block ends, and is deleted if the block raises.

    Missing folders are created. Until the block ends, the target does not change. A complete file is never deleted: if
    the target cannot be replaced, its content is overwritten in place. If that fails too, the file is saved under
    another path, which the error names.

    Args:
        target: The file.
        overwrite: Whether the target may exist.
        keep_unfinished: Whether to keep the file as `<name>.unfinished` if the block raises.

    Raises:
        FileExistsError: The target was created meanwhile and `overwrite` is False.
        OSError: The disk is full, or the target cannot be written.
    """
    target = target.resolve()  # replaces the file that a symbolic link points to, not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    with add_path_to_errors(target, always=True):
        draft = create_atomic_file(target, keep_unfinished=keep_unfinished)
    with draft:
        with add_path_to_errors(target):
            yield draft.file
        with add_path_to_errors(target, always=True):
            draft.file.flush()
            sync_file(draft.file)
            try:
                draft.commit(overwrite=overwrite)
            except OSError as error:
                raise _save_elsewhere(error, draft, target, keep_unfinished=keep_unfinished) from error.__cause__
    _sync_folder(target.parent)


@contextmanager
def open_unfinished(target: Path) -> Generator[IO[bytes]]:
    """Open a file beside the target, `<name>.unfinished`, which is deleted unless the block raises."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with add_path_to_errors(target, always=True):
        draft = create_atomic_file(target, keep_unfinished=True)
    with draft:
        with add_path_to_errors(target):
            yield draft.file
        draft.discard()


@contextmanager
def add_path_to_errors(path: Path, *, always: bool = False) -> Generator[None]:
    """Name a file in the `OSError`s that the block raises.

    Args:
        path: The file.
        always: Whether to replace the name of another file too.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and (always or error.filename is None):
            error.filename = str(path)
            del error.filename2
        raise


def _save_elsewhere(error: OSError, draft: AtomicFile, target: Path, *, keep_unfinished: bool) -> OSError:
    """Save a complete file that could not replace its target under another name; return an error that names it."""
    other = draft.path if keep_unfinished else save_under_new_name(draft.path, target, draft.link)
    advice = f"; the complete file is saved as {other}" if other else ""
    if isinstance(error, FileExistsError):
        return FileExistsError(f"{target} was created meanwhile; pass overwrite=True to replace it{advice}")
    return OSError(error.errno, f"{error.strerror}{advice}", str(target))


def _sync_folder(folder: Path) -> None:
    """Sync a folder, if the system can, so that a power cut does not undo a rename in it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
