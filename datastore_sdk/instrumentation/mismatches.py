"""Reports of objects in a response that do not match the request, and are left out of the result.

The first report of a kind is a `MismatchWarning` and a log line at level WARNING; later ones are log lines at INFO.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from itertools import islice

from datastore_sdk._utils.validation import user_stack_level
from datastore_sdk.exceptions import MismatchWarning
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("")

SHOWN = 3
"""Maximum number of different values in a report."""

_MAX_CHARACTERS = 60
"""Maximum number of characters of a value in a report."""

_reported: set[tuple[str, str]] = set()


def report_mismatches(
    source: str, key: str, requested: str, received: Iterable[object], left_out: int, total: int
) -> None:
    """Report objects that are left out of a result.

    Args:
        source: What returned them, such as the name of an operation. Together with `key` it is the kind of the report.
        key: The field that does not match, such as `site.id`.
        requested: The requested value, as text.
        received: The value of each object that is left out.
        left_out: The number of objects left out.
        total: The number of objects received.
    """
    different = list(islice(dict.fromkeys(map(shorten, received)), SHOWN + 1))
    values = ", ".join(different[:SHOWN]) + (", ..." if len(different) > SHOWN else "")
    message = (
        f"{source}: {left_out} of {total} left out, which do not match the request: {key} is {values}, not {requested}"
    )
    is_new = (source, key) not in _reported
    _reported.add((source, key))
    log.log(logging.WARNING if is_new else logging.INFO, "%s", message)
    if is_new:
        warnings.warn(message, MismatchWarning, stacklevel=user_stack_level())


def shorten(value: object) -> str:
    """Return a value as text, shortened if it is long."""
    text = str(value)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
