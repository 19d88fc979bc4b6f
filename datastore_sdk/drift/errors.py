"""What keeps a check from being made."""

from __future__ import annotations

from datastore_sdk.exceptions import RestreamError


class DriftError(RestreamError):
    """A check could not be made: what was given cannot be read, or is not what it should be."""
