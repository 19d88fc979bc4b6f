"""The SDK's log: standard `logging` under the name `datastore_sdk`, silent unless the program or RESTREAM_LOG asks.

The subjects have loggers of their own: `datastore_sdk.http` (requests and answers), `.retry` (what is made again, and
when), `.limits` (waiting for other calls), `.credentials`, `.hooks`. Messages never hold a secret; should one get into
them all the same, by an error text of another library or by a value that the service sends back, a filter hides it.
"""

from __future__ import annotations

import logging
import os
import re
import warnings

ROOT = "datastore_sdk"
LEVELS = ("debug", "info", "warning", "error", "critical")
_LAYOUT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_STARS = r"\1***"
_SECRETS = re.compile(
    r"""(
        \bbearer\s+                                                      # in a header
        | \b(?:access_token|client_secret|auth_token|password)["']?\s*[=:]\s*["']?  # in a form, in JSON, in a repr
        | ://[^/\s:@]*:(?=[^/\s@]*@)                                     # the password in a proxy's URL
    )[^\s"'&,;@}]+""",
    re.IGNORECASE | re.VERBOSE,
)


class RedactingFilter(logging.Filter):
    """Hides what looks like a secret, in messages and in the errors that go with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record in place; lets it through always."""
        message = record.getMessage()
        if (hidden := redact(message)) != message:
            record.msg, record.args = hidden, None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True


def redact(text: str) -> str:
    """The text without what looks like a secret."""
    return _SECRETS.sub(_STARS, text)


def get_logger(subject: str) -> logging.Logger:
    """The logger of a subject. It hides secrets by itself: filters of a parent do not see what its children log."""
    found = logging.getLogger(f"{ROOT}.{subject}" if subject else ROOT)
    if not any(isinstance(each, RedactingFilter) for each in found.filters):
        found.addFilter(RedactingFilter())
    return found


def configure_logging() -> None:
    """Silences the log, or shows it on standard error from the level on that RESTREAM_LOG names."""
    root = get_logger("")
    root.addHandler(logging.NullHandler())
    level = os.environ.get("RESTREAM_LOG", "").strip().lower()
    if not level:
        return
    if level not in LEVELS:
        warnings.warn(
            f"RESTREAM_LOG is {level!r}, which is no level; it can be {', '.join(LEVELS)}. Nothing is logged.",
            stacklevel=2,
        )
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_LAYOUT))
    root.addHandler(handler)
    root.setLevel(level.upper())
    root.propagate = False  # or a handler of the program would show each line once more
