"""Exit statuses of the command. `docs/cli.md` lists them too."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit status of a command. `doctor`, `mirror`: 1 is a problem. `drift`: 1 is drift, 2 is breaking drift."""

    DONE = 0
    """Success, even if a list is empty."""
    NO_RECORDS = 1
    """The download worked, and there are no records."""
    COULD_NOT_RUN = 3
    """Wrong arguments, an invalid setting or a missing extra. Nothing was done."""
    NO_ACCESS = 4
    """No credentials, or the service refused them (401, 403)."""
    NOT_FOUND = 5
    """There is no such pad, site, stage or state (404)."""
    SERVICE_FAILED = 6
    """No connection, a timeout, an error of the service (429, 5xx), or an unusable response. Try again later."""
    NOT_WRITTEN = 7
    """The file exists already, or it cannot be written or resumed."""
    TERMINAL_CLOSED = 129
    """SIGHUP, as of a closed terminal: 128 + SIGHUP."""
    INTERRUPTED = 130
    """Ctrl-C, as in shells: 128 + SIGINT."""
    TERMINATED = 143
    """SIGTERM, as in shells: 128 + SIGTERM."""
