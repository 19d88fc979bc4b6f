"""Exit statuses of the command."""

from __future__ import annotations

COULD_NOT_RUN = 3
"""Exit status of a command that could not run."""
