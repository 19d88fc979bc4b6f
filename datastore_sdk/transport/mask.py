"""Takes out of what is shown what must not be: secrets of a request, frames of errors, forged lines of a log."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.effects import Request

_STARS = "***"
_SECRET_FIELDS = ("client_secret", "client_id")


class Mask:
    """Hides a request's token, or the client credentials that it asks for one with."""

    def __init__(self, request: Request) -> None:
        secrets = [request.token]
        if request.secret:
            fields = parse_qs((request.content or b"").decode())
            secrets += [value for name in _SECRET_FIELDS for value in fields.get(name, ())]
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def hide(self, text: str, *, cut: bool = False) -> str:
        """The text without secrets; where it was cut, also without what may be the beginning of one at its end."""
        for form in self._forms:
            text = text.replace(form, _STARS)
        return text[: -len(self._forms[0])] if cut and self._forms else text


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, in a URL, and in JSON that escapes slashes."""
    return secret, quote(secret, safe=""), secret.replace("/", r"\/")


def printable(text: str) -> str:
    """The text without what could forge lines of a log, or steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def without_frames(error: BaseException, handled: BaseException | None) -> BaseException:
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
