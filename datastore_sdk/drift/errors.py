"""What keeps a check from being made."""

from __future__ import annotations

from datastore_sdk.exceptions import RestreamError


class DriftError(RestreamError):
    """A check could not be made: what was given cannot be read, or is not what it should be."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    """Text in which what could steer a terminal, or begin a line, is escaped: some of it is out of documents."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
