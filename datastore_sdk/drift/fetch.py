"""Text from a file or a URL."""

from __future__ import annotations

import time
from base64 import b64encode
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPSHandler, Request, build_opener

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.scrubbing import scrubbed_form
from datastore_sdk.transport.http.tls import build_tls_context

LONGEST = 1 << 26
"""The most bytes that a text may have."""
PATIENCE = 30.0
"""Seconds to wait for a URL, and for the end of what is there."""
_PIECE = 1 << 16


def text_of(source: str) -> tuple[str, str]:
    """What a file or URL is called in messages, without secrets, and its text.

    Raises:
        DriftError: It cannot be read.
    """
    if not source.lower().startswith(("http://", "https://")):
        return source, _read(Path(source))
    try:
        url = urlsplit(source)
        name = _without_secrets(url)
    except ValueError as error:
        raise DriftError(f"a URL cannot be read: {error}") from None
    return name, _fetch(url, name)


def _without_secrets(url: SplitResult) -> str:
    query = scrubbed_form(url.query) if url.query else ""
    return url._replace(netloc=url.netloc.rpartition("@")[2], query=query, fragment="").geturl()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(LONGEST + 1), str(path))
    except (OSError, ValueError) as error:  # the latter where the path has a null byte
        raise DriftError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _fetch(url: SplitResult, name: str) -> str:
    address = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
    request = Request(address)  # noqa: S310 - `text_of` lets only http and https through
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        # Not as other headers are: it must not go where a redirect leads.
        request.add_unredirected_header("Authorization", f"Basic {b64encode(login.encode()).decode()}")
    opener = build_opener(HTTPSHandler(context=build_tls_context(verify=True)))
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            return _decoded(_whole(answer, name), name)
    except HTTPError as error:
        error.close()
        raise DriftError(f"{name} cannot be fetched: {error}") from None
    except (OSError, ValueError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise DriftError(f"{name} cannot be fetched: {reason}") from None


def _whole(answer: HTTPResponse, name: str) -> bytes:
    end, content = time.monotonic() + PATIENCE, BytesIO()
    while content.write(answer.read1(_PIECE)):
        if time.monotonic() > end:
            raise DriftError(f"{name} did not come to its end within {PATIENCE:g} s")
        if content.tell() > LONGEST:
            break
    announced = answer.headers.get("Content-Length", "0")
    if announced.isdecimal() and content.tell() < int(announced) <= LONGEST:
        raise DriftError(f"{name} broke off: {content.tell()} of {announced} bytes came")
    return content.getvalue()


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LONGEST:
        raise DriftError(f"{name} is too long: more than {LONGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DriftError(f"{name} is no text in UTF-8: {error.reason} at byte {error.start}") from None
