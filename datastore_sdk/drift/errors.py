"""The error of drift checks."""

from __future__ import annotations

from datastore_sdk.exceptions import RestreamError


class DriftError(RestreamError):
    """A drift check could not run: an input cannot be read, or is invalid."""
