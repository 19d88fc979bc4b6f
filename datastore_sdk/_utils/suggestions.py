"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name closest to a wrong one, or an empty string if none is close."""
    from difflib import get_close_matches  # slow to import, and needed for errors only

    closest = get_close_matches(name, [*known], n=1)
    return f"; did you mean {closest[0]!r}?" if closest else ""
