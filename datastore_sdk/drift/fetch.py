"""Text from files and URLs. URLs are fetched over the transport of the SDK: its timeouts, proxies and certificates."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk._io.deadline import Deadline, DeadlineExceeded
from datastore_sdk._io.effects import CloseResponse, EffectGen, ReadChunk, Request, SendRequest
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._utils.redaction import redact_form
from datastore_sdk._version import VERSION
from datastore_sdk.client.connections import Connections
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.transport.drivers.sync_driver import SyncDriver
from datastore_sdk.transport.http.environment_proxy import find_environment_proxy

MAX_BYTES: Final = 1 << 26
"""Maximum size of a text in bytes."""
TIMEOUT_SECONDS: Final = 30.0
"""Timeout of each wait for the network, and of the whole response."""
MAX_REDIRECTS: Final = 10

_SCHEMES = ("http", "https")
_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # a compressed body could be much longer than it looks
    "User-Agent": f"restream-datastore-sdk/{VERSION}",
}


def read_text(source: str) -> tuple[str, str]:
    """Return the name of a file or URL for messages, without secrets, and its text.

    Raises:
        DriftError: The file or URL cannot be read.
    """
    if not source.lower().startswith(("http://", "https://")):
        return source, _read_file(Path(source))
    try:
        url = urlsplit(source)
        name = _redact(url)
        _ = url.port  # raises for a port that is not a number
    except ValueError as error:
        raise DriftError(f"invalid URL: {error}") from None
    return name, _decode(_fetch(url, name), name)


def _redact(url: SplitResult) -> str:
    query = redact_form(url.query) if url.query else ""
    return url._replace(netloc=_host(url), query=query, fragment="").geturl()


def _host(url: SplitResult) -> str:
    return url.netloc.rpartition("@")[2]


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decode(file.read(MAX_BYTES + 1), str(path))
    except (OSError, ValueError) as error:  # ValueError: the path has a null byte
        raise DriftError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _fetch(url: SplitResult, name: str) -> bytes:
    """Return the body of a URL. Redirects are followed; credentials go to the first host only."""
    address = url._replace(netloc=_host(url), fragment="").geturl()
    headers = dict(_HEADERS)
    if url.username is not None:
        credentials = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(credentials.encode()).decode()}"
    for _ in range(MAX_REDIRECTS + 1):
        location, body = _get(address, headers, name)
        if location is None:
            return body
        target = urlsplit(urljoin(address, location))
        if target.scheme not in _SCHEMES:
            raise DriftError(f"{name} cannot be fetched: it redirects to a URL that is not http or https")
        if (target.scheme, target.netloc) != urlsplit(address)[:2]:
            headers.pop("Authorization", None)
        address = target._replace(netloc=_host(target), fragment="").geturl()
    raise DriftError(f"{name} cannot be fetched: more than {MAX_REDIRECTS} redirects")


def _get(address: str, headers: Mapping[str, str], name: str) -> tuple[str | None, bytes]:
    """Return the location that a response redirects to, if it does, and the body."""
    proxy = find_environment_proxy(address)
    connections = Connections(ConnectionSettings(verify=True, proxy=proxy[0] if proxy else None))
    request = Request("GET", address, headers, secret=True, timeouts=Timeouts.of(TIMEOUT_SECONDS))
    try:
        return SyncDriver(connections.http(), Clock()).drive(_response(request, name))
    except DeadlineExceeded:
        raise DriftError(f"{name} cannot be fetched: no complete response within {TIMEOUT_SECONDS:g} s") from None
    except DriftError:
        raise
    except (RestreamError, OSError, ValueError) as error:
        reason = str(error).replace(f"GET {address}", "").lstrip(": ").strip()
        raise DriftError(f"{name} cannot be fetched: {reason}") from None
    finally:
        connections.close()


def _response(request: Request, name: str) -> EffectGen[tuple[str | None, bytes]]:
    deadline = Deadline(Clock(), TIMEOUT_SECONDS)
    response = yield from SendRequest(request, deadline)
    try:
        status, location = response.status, response.headers.get("location")
        if status in _REDIRECTS and location:
            return location, b""
        if status != HTTPStatus.OK:
            raise DriftError(f"{name} cannot be fetched: the server responded with status {status}")
        content = BytesIO()
        while content.tell() <= MAX_BYTES:
            chunk = yield from ReadChunk(response, deadline)
            if not chunk:
                break
            content.write(chunk)
        return None, content.getvalue()
    finally:
        yield from CloseResponse(response)


def _decode(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise DriftError(f"{name} is too large: more than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DriftError(f"{name} is not UTF-8 text: {error.reason} at byte {error.start}") from None
