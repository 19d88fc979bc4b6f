"""Token cache on disk, shared by the processes of a user: one process requests the token, the others wait and read it.

The cache is optional: if its file or folder cannot be used, each process requests a token of its own.
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
"""Maximum difference in seconds between the clocks of two processes, such as on two machines with one home folder."""
MAX_LOCK_WAIT_SECONDS = 60.0
"""Maximum seconds to wait for the process that requests a token."""
_POLL_SECONDS = 0.05
_MAX_FILE_BYTES = 1 << 16
"""Maximum size of a cache file in bytes."""
_NO_SYMLINKS = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class CachedToken:
    """Token in the cache. Timestamps are in Unix seconds."""

    access_token: str = field(repr=False)
    issued_at: float
    expires_at: float

    def seconds_left(self, now: float) -> float:
        """Return the seconds until it expires; 0 if a clock has jumped since it was issued."""
        return self.expires_at - now if now >= self.issued_at - MAX_CLOCK_SKEW_SECONDS else 0.0

    @property
    def is_valid(self) -> bool:
        """Whether the content of the file is valid."""
        return is_valid_token(self.access_token) and math.isfinite(self.issued_at) and math.isfinite(self.expires_at)


class TokenCache:
    """Cache file with the token of one client.

    Args:
        folder: The folder of the cache files of all clients.
        base_url: Scheme and host of the service.
        client_id: The client id.
    """

    def __init__(self, folder: Path, base_url: str, client_id: str) -> None:
        from hashlib import sha256  # slow to import

        name = sha256(f"{base_url}\n{client_id}".encode()).hexdigest()
        self._folder = folder
        self._path = folder / f"{name}.json"
        self._lock = FileLock(folder / f"{name}.lock")

    def lock(self, deadline: Deadline | None = None) -> EffectGen[bool]:
        """Wait until no other process requests a token; return False if the lock cannot be used or takes too long."""
        waited = 0.0
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._restrict_folder()
            while not self._lock.acquire():
                if waited >= MAX_LOCK_WAIT_SECONDS:
                    log.warning(
                        "another process has held %s for %.0f s; requesting a token without the lock",
                        self._lock.path,
                        waited,
                    )
                    return False
                yield from Sleep(_POLL_SECONDS, deadline)
                waited += _POLL_SECONDS
        except OSError as error:
            self._warn(error)
            return False
        return True

    def _restrict_folder(self) -> None:
        """Remove write access of other users if the folder belongs to this user and is not shared, like /tmp."""
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
        """Let other processes request tokens."""
        self._lock.release()

    def read(self) -> CachedToken | None:
        """Return the cached token; None if the file is missing, corrupt or readable by other users."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | _NO_SYMLINKS), "rb") as file:
                if not is_private(os.fstat(file.fileno())):
                    return None
                cached = msgspec.json.decode(file.read(_MAX_FILE_BYTES), type=CachedToken)
        except (OSError, ValueError):
            return None
        return cached if cached.is_valid else None

    def write(self, token: CachedToken) -> None:
        """Replace the cached token."""
        from tempfile import mkstemp  # slow to import

        try:
            descriptor, name = mkstemp(prefix=f".{self._path.stem}-", dir=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.encode(token))
                Path(name).replace(self._path)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            self._warn(error)

    def discard(self, rejected: str | None) -> None:
        """Delete a token that the service rejected, unless it was replaced."""
        cached = self.read() if rejected is not None else None
        if cached is not None and cached.access_token == rejected:
            with suppress(OSError):
                self._path.unlink()

    def _warn(self, error: OSError) -> None:
        log.warning("cannot use the token cache in %s: %s", self._folder, error.strerror or error)


def is_private(status: os.stat_result) -> bool:
    """Return whether only the user can access a file; True on Windows, which protects files by other means."""
    if os.name == "nt":
        return True
    return status.st_uid == os.geteuid() and not is_readable_by_others(status)


def is_readable_by_others(status: os.stat_result) -> bool:
    """Return whether the mode of a file gives other users access."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def is_writable_by_others(status: os.stat_result) -> bool:
    """Return whether the mode lets other users change a file, or replace the files of a folder."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
