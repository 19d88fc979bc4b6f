"""Folders for scratch files: that of the target, or the temporary folder if the target's folder cannot hold them."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("datastore_sdk")

HIDDEN_SUFFIX = ".restream-part"
_MAX_STEM_LENGTH = 100
"""Maximum characters of the target's name in the name of a file in the temporary folder."""


class WriteOnceFolderError(OSError):
    """The folder takes new files, but does not rename or delete them."""


def check_scratch_folder(target: Path) -> None:
    """Check that the target's folder creates, renames and deletes files, before a long download depends on it.

    Raises:
        OSError: The folder takes no new files, or does not rename or delete them.
    """
    first, second = build_hidden_path(target), build_hidden_path(target)
    first.open("xb").close()
    try:
        first.replace(second)
        second.unlink()
    except OSError as error:
        for path in (first, second):
            remove_scratch_file(path)
        raise WriteOnceFolderError(error.errno, error.strerror) from error


def is_writable(target: Path) -> bool:
    """Return whether a target exists and its content can be overwritten."""
    try:
        with target.open("r+b"):
            return True
    except OSError:
        return False


def build_temporary_path(target: Path, suffix: str) -> Path:
    """Return the path of a scratch file in the temporary folder, under a name that every save of the target finds.

    Anybody can create files in that folder, so check the owner with `is_own_file`.

    Args:
        target: The resolved path of the target.
        suffix: The suffix of the scratch file.
    """
    from hashlib import sha256  # these are slow to import
    from tempfile import gettempdir

    key = sha256(os.fsencode(target)).hexdigest()[:16]
    return Path(gettempdir()) / f"{target.name[:_MAX_STEM_LENGTH]}-{key}{suffix}"


def is_own_file(status: os.stat_result) -> bool:
    """Return whether a file with this status belongs to the user of this process."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def get_hidden_prefix(target: Path) -> str:
    """Return how the names of hidden drafts of a target start. It is short, since names have a maximum length."""
    return f".{target.name[:40]}."


def build_hidden_path(target: Path) -> Path:
    """Return a new path beside the target."""
    return target.parent / f"{get_hidden_prefix(target)}{os.urandom(8).hex()}{HIDDEN_SUFFIX}"


def remove_scratch_file(path: Path) -> None:
    """Delete a scratch file. If the folder refuses, log a warning."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Could not remove %s, which is no longer needed: %s", path, error.strerror)
