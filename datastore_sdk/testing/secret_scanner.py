"""Scanner for secrets in cassettes: a second line of defense after redaction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from datastore_sdk._utils.redaction import HIDDEN, is_secret_name
from datastore_sdk.drift.json_types import is_array, is_object

MIN_SECRET_LENGTH: Final = 8
"""Minimum length in characters. Shorter secrets would occur in any text."""
_TOKEN_PATTERNS: Final = re.compile(
    r"\bBearer +(?!" + HIDDEN + r")[\w.~+/=-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY",
    re.IGNORECASE,
)
"""Patterns of tokens and keys."""


class SecretFoundError(AssertionError):
    """Raised instead of writing a cassette that contains a secret."""


class SecretScanner:
    """Finds known secrets, and what looks like one, in recorded requests and responses.

    Args:
        secrets: The known secrets.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Add a secret in all its spellings: plain, in a URL, and in JSON with escaped slashes."""
        if len(secret) >= MIN_SECRET_LENGTH and secret != HIDDEN:
            self._spellings |= {secret, quote(secret, safe=""), secret.replace("/", r"\/")}

    def add_from_request(self, request: Any) -> None:
        """Add the token of a request, and the credentials in its body."""
        for name, value in request.headers.items():
            if name.lower() == "authorization":
                self.add(str(value).rpartition(" ")[2])
        for name, value in parse_qsl(_text(request.body)):
            if is_secret_name(name):
                self.add(value)

    def add_from_response(self, response: Any) -> None:
        """Add the tokens in a response."""
        try:
            content = json.loads(response["body"]["string"])
        except (ValueError, RecursionError):
            return
        for value in _secret_values(content):
            self.add(value)

    def scan(self, requests: Iterable[Any], responses: Iterable[Any], name: str) -> None:
        """Scan recorded requests and responses.

        Args:
            requests: Requests of vcrpy.
            responses: Their responses.
            name: Name of the cassette.

        Raises:
            SecretFoundError: There is a secret.
        """
        __tracebackhide__ = True
        for request, response in zip(requests, responses, strict=True):
            parts = {
                "the URL": request.uri,
                "the headers": dict(request.headers),
                "the body": request.body,
                "the response headers": response["headers"],
                "the response body": response["body"],
            }
            for part, content in parts.items():
                if any(map(self._is_suspicious, _texts(content))):
                    raise SecretFoundError(
                        f"{name} was not written: there is a secret in {part} of the recorded request "
                        f"{request.method} {_redact_url(request.uri)}"
                    )

    def _is_suspicious(self, text: str) -> bool:
        return bool(_TOKEN_PATTERNS.search(text)) or any(form in text for form in self._spellings)


def _redact_url(uri: str) -> str:
    """Return a URL without its query, or a placeholder if it has a token."""
    return uri.partition("?")[0] if not _TOKEN_PATTERNS.search(uri) else "(a URL with a secret)"


def _secret_values(content: Any, key: str = "") -> Iterator[str]:
    if is_object(content):
        for name, value in content.items():
            yield from _secret_values(value, name)
    elif is_array(content):
        for value in content:
            yield from _secret_values(value, key)
    elif isinstance(content, str) and is_secret_name(key):
        yield content


def _texts(content: Any) -> Iterator[str]:
    if is_object(content):
        for name, value in content.items():
            yield str(name)
            yield from _texts(value)
    elif is_array(content):
        for value in content:
            yield from _texts(value)
    else:
        yield _text(content)


def _text(content: Any) -> str:
    return content.decode(errors="replace") if isinstance(content, bytes) else str(content or "")
