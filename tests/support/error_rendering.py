"""What tools that collect errors see of one."""

from __future__ import annotations

import traceback


def render_error(error: BaseException) -> str:
    """What tools that collect errors show: messages, notes, causes, and the variables of the frames of our own code.

    The frames of this test and its support hold secrets of their own.
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
