"""Looks for secrets in what is about to be kept: the second line, behind taking them out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from datastore_sdk._utils.redaction import HIDDEN, is_secret_name
from datastore_sdk.drift.json_types import is_array, is_object

SHORTEST: Final = 8
"""Shorter secrets are not looked for: they stand in every text."""
_TELLTALES: Final = re.compile(
    r"\bBearer +(?!" + HIDDEN + r")[\w.~+/=-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY",
    re.IGNORECASE,
)
"""What looks like a token or a key, whoever issued it."""


class SecretFoundError(AssertionError):
    """Raised instead of keeping a cassette in which a secret would stand."""


class SecretScanner:
    """Knows secrets, and finds them in calls.

    Args:
        secrets: What must not be kept.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """From now on looks for a secret too: as it is, in a URL, and in JSON that escapes slashes."""
        if len(secret) >= SHORTEST and secret != HIDDEN:
            self._forms |= {secret, quote(secret, safe=""), secret.replace("/", r"\/")}

    def learn_from_request(self, request: Any) -> None:
        """Learns the token of a request, and the credentials in its body."""
        for name, value in request.headers.items():
            if name.lower() == "authorization":
                self.learn(str(value).rpartition(" ")[2])
        for name, value in parse_qsl(_text(request.body)):
            if is_secret_name(name):
                self.learn(value)

    def learn_from_response(self, response: Any) -> None:
        """Learns the tokens that an answer hands out."""
        try:
            content = json.loads(response["body"]["string"])
        except (ValueError, RecursionError):
            return
        for value in _secret_values(content):
            self.learn(value)

    def look(self, requests: Iterable[Any], responses: Iterable[Any], name: str) -> None:
        """Looks through calls that are about to be kept.

        Args:
            requests: Requests of vcrpy.
            responses: Their answers.
            name: Where they are to be kept.

        Raises:
            SecretFoundError: A secret stands there.
        """
        __tracebackhide__ = True
        for request, response in zip(requests, responses, strict=True):
            parts = {
                "the URL": request.uri,
                "the headers": dict(request.headers),
                "the body": request.body,
                "the answer's headers": response["headers"],
                "the answer": response["body"],
            }
            for part, content in parts.items():
                if any(map(self._is_suspicious, _texts(content))):
                    raise SecretFoundError(
                        f"{name} would have held a secret and was not kept: it stands in {part} of the recorded call "
                        f"{request.method} {_endpoint(request.uri)}"
                    )

    def _is_suspicious(self, text: str) -> bool:
        return bool(_TELLTALES.search(text)) or any(form in text for form in self._forms)


def _endpoint(uri: str) -> str:
    """A URL as far as no secret can stand in it: ids are all that a path holds besides words."""
    return uri.partition("?")[0] if not _TELLTALES.search(uri) else "(a URL with a secret)"


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
