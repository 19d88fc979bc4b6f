"""Takes out what may be secret or personal before something is shown or kept."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datastore_sdk.drift.json_types import is_array, is_datetime, is_object

HIDDEN = "HIDDEN"
LONGEST_EXAMPLE = 60
"""How many characters of an example are shown."""

_SECRET = re.compile(
    r"token|secret|password|passphrase|credential|authorization|api_?key|private_?key|session|cookie|client_?id",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*|[A-Z]{1,3}|#[0-9a-fA-F]{6}|[A-Z][a-z]+/[A-Z][A-Za-z_]+")
"""Words as programs use them: identifiers, codes, colours, time zones."""
_LONGEST_PLAIN = 40


def example(value: Any, key: str = "") -> str:
    """A value to be shown: its form, and itself only where that cannot be secret or personal."""
    if is_secret(key):
        return f'"{HIDDEN}"'
    text = json.dumps(_masked(value), ensure_ascii=False)
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}..."


def is_secret(key: str) -> bool:
    """Whether values of a key must not be shown, by its name."""
    return bool(_SECRET.search(key))


def scrubbed_url(url: str) -> str:
    """A URL whose query tells no secrets."""
    path, _, query = url.partition("?")
    return f"{path}?{scrubbed_form(query)}" if query else path


def scrubbed_form(pairs: str) -> str:
    """Pairs, as in a query or a form, that tell no secrets."""
    return urlencode(
        [(name, HIDDEN if is_secret(name) else value) for name, value in parse_qsl(pairs, keep_blank_values=True)]
    )


def scrubbed_body(content: bytes) -> bytes:
    """A body without secrets. What need not change stays as it is, to the byte."""
    try:
        value = json.loads(content)
    except ValueError:
        return content
    clean = _without_secrets(value)
    return content if clean == value else json.dumps(clean, ensure_ascii=False).encode()


def _without_secrets(value: Any) -> Any:
    if is_object(value):
        return {key: HIDDEN if _hides(key, item) else _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if is_array(value) else value


def _hides(key: str, value: Any) -> bool:
    return isinstance(value, str) and is_secret(key)


def _masked(value: Any) -> Any:
    if is_object(value):
        return {key: HIDDEN if is_secret(key) else _masked(item) for key, item in value.items()}
    if is_array(value):
        return [_masked(item) for item in value]
    return _word(value) if isinstance(value, str) else value


def _word(text: str) -> str:
    """Text as it is where it is a moment or a short word of programs; else its form: `Xxxx Xx 99`."""
    if is_datetime(text) or (len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text)):
        return text
    form = re.sub(r"[^\W\d_]", lambda found: "X" if found[0].isupper() else "x", text)
    return re.sub(r"\d", "9", form)
