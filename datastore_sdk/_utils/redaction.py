"""Redact secrets, tracebacks and control characters from messages."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import quote

from datastore_sdk.exceptions import CallError

_STARS = "***"
_SHORTEST_CODE = 8
"""Letters of base64 that are no coincidence."""


class Redactor:
    """Redactor of known secrets, in every spelling that a text may have of them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def redact(self, text: str, *, cut: bool = False) -> str:
        """The text without secrets; where it was cut, also without what may be the beginning of one at its end."""
        if not self._secrets:
            return text
        text = self._pattern.sub(_STARS, text)
        return text[: -max(len(quote(secret, safe="")) for secret in self._secrets)] if cut else text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        spelled = ["".join(map(_spellings, secret)) for secret in self._secrets]
        coded = [re.escape(part) for secret in self._secrets for part in _in_base64(secret)]
        return re.compile("|".join([*spelled, *coded]))


def _spellings(letter: str) -> str:
    """The pattern of a letter as it is, in a URL, and escaped in JSON, also in JSON within JSON."""
    number = ord(letter)
    percent = "".join(f"%{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
    return rf"(?:\\*{re.escape(letter)}|(?i:{percent})|\\+u(?i:{number:04x}))"


def _in_base64(secret: str) -> set[str]:
    """What base64 makes of a secret inside a text, in both alphabets, except for letters that its neighbours change."""
    found: set[str] = set()
    for before, shared in enumerate((0, 2, 3)):
        plain = b"\0" * before + secret.encode("utf-8", "surrogatepass")
        whole = len(plain) * 4 // 3  # the letters that depend on nothing behind the secret
        part = b64encode(plain).decode()[shared:whole]
        if len(part) >= _SHORTEST_CODE:
            found |= {part, part.replace("+", "-").replace("/", "_")}
    return found


def remove_control_characters(text: str) -> str:
    """The text without what could forge lines of a log, or steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def strip_tracebacks(error: BaseException, handled: BaseException | None) -> BaseException:
    """An error of a call whose causes no longer tell where they came from.

    Their frames are those of HTTP libraries, which keep the whole request in their variables; tools that collect errors
    show them. What the causes say stays.

    Args:
        error: The error.
        handled: What the program was handling when it made the call, which is none of our causes.
    """
    cause = error.__cause__ or error.__context__ if isinstance(error, CallError) else None
    while cause is not None and cause is not handled and cause.__traceback__ is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error
