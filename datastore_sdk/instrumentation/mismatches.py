"""Reports of objects that were not asked for, and so were left out of a result.

The first report of a kind is a `MismatchWarning` and a line of the log at level WARNING; later ones are lines at INFO.
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
"""How many different values are shown."""

_MOST_CHARACTERS = 60
"""How many characters of a value are shown."""

_reported: set[tuple[str, str]] = set()


def report_mismatches(
    source: str, key: str, requested: str, received: Iterable[object], left_out: int, total: int
) -> None:
    """Report objects that a result goes without.

    Args:
        source: What returned them, such as the name of an operation. With `key` it is the kind of the report.
        key: What of them differs, such as `site.id`.
        requested: What was asked for, in words.
        received: What came instead, by object.
        left_out: How many objects are left out.
        total: How many objects came.
    """
    different = list(islice(dict.fromkeys(map(shorten, received)), SHOWN + 1))
    values = ", ".join(different[:SHOWN]) + (", ..." if len(different) > SHOWN else "")
    message = f"{source}: {left_out} of {total} left out, which were not asked for: {key} is {values}, not {requested}"
    is_new = (source, key) not in _reported
    _reported.add((source, key))
    log.log(logging.WARNING if is_new else logging.INFO, "%s", message)
    if is_new:
        warnings.warn(message, MismatchWarning, stacklevel=user_stack_level())


def shorten(value: object) -> str:
    """Return the beginning of a value as text."""
    text = str(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
