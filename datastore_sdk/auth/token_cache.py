"""A token on disk, shared by the processes of a user: one of them asks for it, the others wait and read.

A cache is a help and nothing more: whatever is wrong with the file or its folder, the token is asked for as without it.
"""

from __future__ import annotations

import math
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import EffectGen, Sleep
from datastore_sdk._io.file_lock import FileLock
from datastore_sdk.auth.providers import is_valid_token
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("credentials")

MAX_CLOCK_SKEW_SECONDS = 60.0
"""Seconds by which the clocks of two processes may differ, on two machines with one home folder say."""
MAX_LOCK_WAIT_SECONDS = 60.0
"""Seconds after which a process that asks is not waited for any longer."""
_PAUSE = 0.05
_LONGEST = 1 << 16
"""The most bytes that a file of ours has."""
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class CachedToken:
    """A token as it is kept, with moments in Unix seconds."""

    access_token: str = field(repr=False)
    issued_at: float
    expires_at: float

    def seconds_left(self, now: float) -> float:
        """Seconds until it expires; 0 where a clock must have jumped since it was issued."""
        return self.expires_at - now if now >= self.issued_at - MAX_CLOCK_SKEW_SECONDS else 0.0

    @property
    def is_valid(self) -> bool:
        """Whether it can have been written by `TokenCache`."""
        return is_valid_token(self.access_token) and math.isfinite(self.issued_at) and math.isfinite(self.expires_at)


class TokenCache:
    """The file with the token of one client.

    Args:
        folder: Where the files of all clients are.
        base_url: Scheme and host of the service.
        client_id: The client's.
    """

    def __init__(self, folder: Path, base_url: str, client_id: str) -> None:
        from hashlib import sha256  # slow to import

        name = sha256(f"{base_url}\n{client_id}".encode()).hexdigest()
        self._folder = folder
        self._path = folder / f"{name}.json"
        self._lock = FileLock(folder / f"{name}.lock")

    def lock(self, deadline: Deadline | None = None) -> EffectGen[bool]:
        """Waits until no other process asks for a token; False where that cannot be known, or takes too long."""
        waited = 0.0
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._close_to_others()
            while not self._lock.acquire():
                if waited >= MAX_LOCK_WAIT_SECONDS:
                    log.warning("another process has held %s for %.0f s; not waiting for it", self._lock.path, waited)
                    return False
                yield from Sleep(_PAUSE, deadline)
                waited += _PAUSE
        except OSError as error:
            self._complain(error)
            return False
        return True

    def _close_to_others(self) -> None:
        """Take the folder away from others if it is the user's own; a folder of the system, such as /tmp, stays."""
        status = self._folder.stat()
        if os.name == "nt" or status.st_uid != os.geteuid() or not is_writable_by_others(status):
            return
        if status.st_mode & stat.S_ISVTX:
            return
        try:
            self._folder.chmod(0o700)
        except OSError:
            log.warning("others can replace the files in the token cache %s; run: chmod 700 %s", *[self._folder] * 2)
        else:
            log.warning("others could replace the files in the token cache %s; its mode is 0700 now", self._folder)

    def unlock(self) -> None:
        """Lets other processes ask."""
        self._lock.release()

    def read(self) -> CachedToken | None:
        """The token that was written last; None where there is none, or the file is damaged or not the user's own."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | _NO_LINKS), "rb") as file:
                if not is_private(os.fstat(file.fileno())):
                    return None
                kept = msgspec.json.decode(file.read(_LONGEST), type=CachedToken)
        except (OSError, ValueError):
            return None
        return kept if kept.is_valid else None

    def write(self, kept: CachedToken) -> None:
        """Replaces what was written before."""
        from tempfile import mkstemp  # here, for most people have no cache

        try:
            number, name = mkstemp(prefix=f".{self._path.stem}-", dir=self._folder)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(msgspec.json.encode(kept))
                Path(name).replace(self._path)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def discard(self, refused: str | None) -> None:
        """Takes a token away that the service refused, unless another one has been written."""
        kept = self.read() if refused is not None else None
        if kept is not None and kept.access_token == refused:
            with suppress(OSError):
                self._path.unlink()

    def _complain(self, error: OSError) -> None:
        log.warning("the token cache in %s cannot be used: %s", self._folder, error.strerror or error)


def is_private(status: os.stat_result) -> bool:
    """Whether a file belongs to the user and to nobody else. Windows keeps a user's files apart by other means."""
    if os.name == "nt":
        return True
    return status.st_uid == os.geteuid() and not is_readable_by_others(status)


def is_readable_by_others(status: os.stat_result) -> bool:
    """Whether the mode of a file lets others in."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def is_writable_by_others(status: os.stat_result) -> bool:
    """Whether the mode lets others change a file, or replace those of a folder."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
