"""Logs of the SDK: standard `logging` below the logger `datastore_sdk`.

They are silent unless the program configures logging or sets the environment variable RESTREAM_LOG. Each subject has a
logger: `datastore_sdk.http` (requests and responses), `.retry` (retries), `.limits` (waits for other calls),
`.credentials`, `.hooks`. Messages are made without secrets. A filter redacts those that still get in, through an error
of another library or a value that the service returns.
"""

from __future__ import annotations

import logging
import os
import warnings

from datastore_sdk._utils.redaction import redact_patterns

ROOT = "datastore_sdk"
LEVELS = ("debug", "info", "warning", "error", "critical")
_LAYOUT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class RedactingFilter(logging.Filter):
    """Logging filter that redacts secrets in messages and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record in place. It is always logged."""
        message = record.getMessage()
        if (redacted := redact_patterns(message)) != message:
            record.msg, record.args = redacted, None
        if record.exc_info:
            record.exc_text = redact_patterns(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True


def get_logger(subject: str) -> logging.Logger:
    """Return the logger of a subject.

    Each logger has its own filter, since the filters of a parent do not see the records of its children.
    """
    found = logging.getLogger(f"{ROOT}.{subject}" if subject else ROOT)
    if not any(isinstance(each, RedactingFilter) for each in found.filters):
        found.addFilter(RedactingFilter())
    return found


def configure_logging() -> None:
    """Log to standard error at the level of RESTREAM_LOG; without it, log nothing."""
    root = get_logger("")
    root.addHandler(logging.NullHandler())
    level = os.environ.get("RESTREAM_LOG", "").strip().lower()
    if not level:
        return
    if level not in LEVELS:
        warnings.warn(
            f"RESTREAM_LOG is {level!r}, which is not a level; valid levels are {', '.join(LEVELS)}. "
            "Nothing is logged.",
            stacklevel=2,
        )
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_LAYOUT))
    root.addHandler(handler)
    root.setLevel(level.upper())
    root.propagate = False  # otherwise a handler of the program would log each line again
