"""Rendering of an exception the way error trackers render it."""

from __future__ import annotations

import traceback


def render_error(error: BaseException) -> str:
    """Return messages, notes, causes and the local variables of the frames of an exception, as error trackers do.

    Frames of the tests are left out, because they hold the secrets.
    """
    lines: list[str] = []
    link: traceback.TracebackException | None
    link = traceback.TracebackException.from_exception(error, capture_locals=True)
    while link is not None:
        lines += link.format_exception_only()
        lines += [
            f"{frame.filename}:{frame.lineno} {frame.locals}" for frame in link.stack if "/tests/" not in frame.filename
        ]
        link = link.__cause__ or link.__context__
    return "\n".join(lines)
