"""Whether others can read a file, as far as the system can tell."""

from __future__ import annotations

import os
import stat


def is_private(status: os.stat_result) -> bool:
    """Whether a file belongs to the user and to nobody else. Windows keeps a user's files apart by other means."""
    if os.name == "nt":
        return True
    return status.st_uid == os.geteuid() and not readable_by_others(status)


def readable_by_others(status: os.stat_result) -> bool:
    """Whether the mode of a file lets others in."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def others_can_write(status: os.stat_result) -> bool:
    """Whether the mode lets others change a file, or replace those of a folder."""
    return os.name != "nt" and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
