"""Lock shared by processes. The operating system releases it when the process that holds it ends."""

from __future__ import annotations

import os
from pathlib import Path

from datastore_sdk._io.fork_safety import renew_after_fork


class FileLock:
    """Lock on a file, held by one process at a time.

    `filelock.FileLock` is not used: a forked child must close the descriptor without releasing the parent's lock, and
    the lock file must stay on disk, since another process may be about to lock it.

    Args:
        path: The lock file, which is created if missing and never deleted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Close the parent's lock file in the child; otherwise the child would keep the lock after its release."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def acquire(self) -> bool:
        """Take the lock and return True; return False at once if another process holds it.

        Raises:
            OSError: The file cannot be created or locked.
        """
        from filelock import lock_descriptor  # slow to import

        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            acquired = lock_descriptor(descriptor, blocking=False)
        except BaseException:
            os.close(descriptor)
            raise
        if acquired:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return acquired

    def release(self) -> None:
        """Release the lock."""
        from filelock import unlock_descriptor

        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                unlock_descriptor(descriptor)
            finally:
                os.close(descriptor)
