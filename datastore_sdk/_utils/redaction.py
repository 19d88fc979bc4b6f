"""Redaction of secrets in messages, logs, tracebacks, drift reports and cassettes."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from datastore_sdk.exceptions import CallError

STARS = "***"
"""Replacement of a secret in messages."""
HIDDEN = "HIDDEN"
"""Replacement of a secret in URLs and documents; it needs no escaping there."""
MAX_EXAMPLE_LENGTH = 60
"""Maximum length of an example, in characters."""
_MIN_BASE64_LENGTH = 8
"""Shorter base64 texts match by coincidence."""
_HTML_NAMES = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "'": "apos"}
"""Names of the characters that have one in every HTML page."""
_MIN_IDENTIFIABLE_LENGTH = 32
"""Of a secret of this length, the last four characters can be shown: they identify it, and do not reveal it."""
_SECRET_PATTERN = re.compile(
    r"""(
        \bbearer\s+                                                      # in a header
        | \b(?:access_token|client_secret|auth_token|password)["']?\s*[=:]\s*["']?  # in a form, in JSON, in a repr
        | ://[^/\s:@]*:(?=[^/\s@]*@)                                     # the password in a proxy's URL
    )[^\s"'&,;@}]+""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_NAME = re.compile(
    r"token|secret|password|passphrase|credential|authorization|api_?key|private_?key|session|cookie|client_?id",
    re.IGNORECASE,
)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE | re.ASCII)
_KEYWORD = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*|[A-Z]{1,3}|#[0-9a-fA-F]{6}|[A-Z][a-z]+/[A-Z][A-Za-z_]+")
"""Identifiers, codes, colours and time zones: texts of programs, not of people."""
_MAX_KEYWORD_LENGTH = 40


class Redactor:
    """Redactor of known secrets, in every encoding in which a text may contain them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def redact(self, text: str, *, cut: bool = False) -> str:
        """Return the text without the secrets.

        Args:
            text: The text.
            cut: Whether the text was cut off. Its end may then be the beginning of a secret, and is removed.
        """
        if not self._secrets:
            return text
        text = self._pattern.sub(STARS, text)
        return text[: -max(len(quote(secret, safe="")) for secret in self._secrets)] if cut else text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        patterns = ["".join(map(_character_pattern, secret)) for secret in self._secrets]
        encoded = [re.escape(part) for secret in self._secrets for part in _base64_forms(secret)]
        return re.compile("|".join([*patterns, *encoded]))


def _character_pattern(character: str) -> str:
    """Return the pattern of a character: as it is, in a URL, in HTML, and escaped in JSON, also in JSON within JSON."""
    number = ord(character)
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    codes = filter(None, (_HTML_NAMES.get(character), f"#0*{number}", f"#x0*{number:x}"))
    html = "" if character.isalnum() else f"|&(?i:{'|'.join(codes)});"
    return rf"(?:\\*{re.escape(character)}|(?i:{percent})|\\+u(?i:{number:04x}){html})"


def _base64_forms(secret: str) -> set[str]:
    """Return the base64 forms of a secret inside a longer text, in both alphabets.

    The characters at both ends depend on the neighbours of the secret, and are left out.
    """
    found: set[str] = set()
    for bytes_before, shared in enumerate((0, 2, 3)):
        padded = b"\0" * bytes_before + secret.encode("utf-8", "surrogatepass")
        independent = len(padded) * 4 // 3  # the characters that do not depend on what follows the secret
        part = b64encode(padded).decode()[shared:independent]
        if len(part) >= _MIN_BASE64_LENGTH:
            found |= {part, part.replace("+", "-").replace("/", "_")}
    return found


def redact_patterns(text: str) -> str:
    """Return the text without what looks like a secret, such as a bearer token or the password in a URL."""
    return _SECRET_PATTERN.sub(rf"\1{STARS}", text)


def mask_secret(secret: str) -> str:
    """Return a secret as stars, with the last four characters of a long one."""
    return STARS + (secret[-4:] if len(secret) >= _MIN_IDENTIFIABLE_LENGTH else "")


def mask_user_info(url: str) -> str:
    """Return scheme and host of a URL, with stars for its user name and password."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{STARS if user else ''}{at}{host}"


def remove_control_characters(text: str) -> str:
    """Return the text without characters that could forge lines of a log or control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def strip_tracebacks(error: BaseException, handled: BaseException | None) -> BaseException:
    """Remove the tracebacks from the causes of a call's error. The causes and their messages stay.

    The frames of HTTP libraries hold the whole request in their variables, and error trackers show variables.

    Args:
        error: The error.
        handled: The exception that the program was handling when it made the call; it is not one of our causes.
    """
    cause = error.__cause__ or error.__context__ if isinstance(error, CallError) else None
    while cause is not None and cause is not handled and cause.__traceback__ is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error


def is_secret_name(name: str) -> bool:
    """Return whether the values of a key or parameter of this name are secret."""
    return bool(_SECRET_NAME.search(name))


def redact_url(url: str) -> str:
    """Return a URL without the secret values of its query."""
    path, _, query = url.partition("?")
    return f"{path}?{redact_form(query)}" if query else path


def redact_form(pairs: str) -> str:
    """Return a query or a form body without its secret values."""
    return urlencode(
        [(name, HIDDEN if is_secret_name(name) else value) for name, value in parse_qsl(pairs, keep_blank_values=True)]
    )


def redact_body(content: bytes) -> bytes:
    """Return a JSON body without its secret values. A body without secrets, or in another format, stays as it is."""
    try:
        value = json.loads(content)
    except ValueError:
        return content
    redacted = _redact_strings(value)
    return content if redacted == value else json.dumps(redacted, ensure_ascii=False).encode()


def _redact_strings(value: Any) -> Any:
    if _is_object(value):
        return {
            key: HIDDEN if isinstance(item, str) and is_secret_name(key) else _redact_strings(item)
            for key, item in value.items()
        }
    return [_redact_strings(item) for item in value] if _is_array(value) else value


def format_example(value: Any, key: str = "") -> str:
    """Return a JSON value as a short text for reports, without secrets and personal data.

    Numbers, timestamps and keywords are shown. Of any other text only the shape is shown: `Xxxx Xx 99`.
    """
    if is_secret_name(key):
        return f'"{HIDDEN}"'
    text = json.dumps(_mask_texts(value), ensure_ascii=False)
    return text if len(text) <= MAX_EXAMPLE_LENGTH else f"{text[:MAX_EXAMPLE_LENGTH]}..."


def _mask_texts(value: Any) -> Any:
    if _is_object(value):
        return {key: HIDDEN if is_secret_name(key) else _mask_texts(item) for key, item in value.items()}
    if _is_array(value):
        return [_mask_texts(item) for item in value]
    return _mask_text(value) if isinstance(value, str) else value


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_array(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _mask_text(text: str) -> str:
    if _TIMESTAMP.fullmatch(text) or (len(text) <= _MAX_KEYWORD_LENGTH and _KEYWORD.fullmatch(text)):
        return text
    letters_masked = re.sub(r"[^\W\d_]", lambda found: "X" if found[0].isupper() else "x", text)
    return re.sub(r"\d", "9", letters_masked)
