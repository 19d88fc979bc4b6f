"""Cassettes: requests and responses of the SDK, recorded without secrets and replayed offline."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from datastore_sdk._utils.redaction import redact_body, redact_form, redact_url
from datastore_sdk.client.client_cache import close_default_clients
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift.traffic.cassettes import CREDENTIAL_VARIABLES
from datastore_sdk.testing.secret_scanner import SecretScanner

RECORDED_HEADERS: Final = frozenset({"accept", "content-type", "prefer"})
"""The only recorded headers; any other header could be secret."""


class RecordMode(StrEnum):
    """When requests are sent and recorded, instead of replayed from the cassette."""

    NONE = "none"
    """Never: a request that was not recorded fails."""
    ONCE = "once"
    """If there is no cassette yet."""
    NEW = "new_episodes"
    """For requests that were not recorded."""
    ALL = "all"
    """Always: record everything again."""

    def records(self, path: Path) -> bool:
        """Return whether requests can be sent with this cassette."""
        return self in {RecordMode.NEW, RecordMode.ALL} or (self is RecordMode.ONCE and not path.exists())


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in use.

    Attributes:
        path: Its file.
        is_recording: Whether requests can be sent and recorded.
    """

    path: Path
    is_recording: bool
    _vcr_cassette: Any

    def __len__(self) -> int:
        """Return the number of recorded requests."""
        return len(self._vcr_cassette)

    @property
    def play_count(self) -> int:
        """Number of replayed requests."""
        return int(self._vcr_cassette.play_count)

    @property
    def all_played(self) -> bool:
        """Whether all recorded requests were sent again."""
        return bool(self._vcr_cassette.all_played)


@contextmanager
def use_cassette(
    path: str | Path, record: RecordMode | str = RecordMode.NONE, *, secrets: Iterable[str] = ()
) -> Generator[Cassette]:
    """Record the requests of the block, or replay them from the cassette.

    This applies to all clients, also those made before. Tokens, client ids, client secrets, cookies and the host are
    removed, and the rest is scanned for secrets before it is written. WebSocket connections are neither recorded nor
    replayed.

    Args:
        path: The file.
        record: When requests are sent.
        secrets: Further secrets to scan for, besides the credentials in the environment.

    Raises:
        SecretFoundError: The cassette would have contained a secret, and was not written.
        ImportError: The extra `testing` is not installed.
    """
    try:
        vcr: Any = import_module("vcr")  # vcrpy has no types
    except ImportError as error:
        message = 'cassettes need vcrpy: pip install "restream-datastore-sdk[testing]"'
        raise ImportError(message, name="vcr") from error
    path, record = Path(path), RecordMode(record)
    scanner = SecretScanner([*secrets, *(os.environ.get(name, "") for name in CREDENTIAL_VARIABLES)])
    recorder = vcr.VCR(
        decode_compressed_response=True,
        before_record_request=_request_scrubber(scanner),
        before_record_response=_response_scrubber(scanner),
        record_mode=record.value,
        drop_unused_requests=record is RecordMode.ALL,
    )
    recorder.register_persister(_build_persister(vcr, scanner))
    is_recording = record.records(path)
    close_default_clients()
    try:
        with recorder.use_cassette(str(path)) as vcr_cassette:
            yield Cassette(path, is_recording, vcr_cassette)
    finally:
        close_default_clients()


def _request_scrubber(scanner: SecretScanner) -> Any:
    def redact(request: Any) -> Any:
        scanner.add_from_request(request)
        return redact_request(request)

    return redact


def _response_scrubber(scanner: SecretScanner) -> Any:
    def redact(response: Any) -> Any:
        scanner.add_from_response(response)
        return redact_response(response)

    return redact


def redact_request(request: Any) -> Any:
    """Redact a request of vcrpy in place, and give it the URL of the service itself."""
    url = urlsplit(str(request.uri))
    request.uri = DEFAULT_HOST + redact_url(f"{url.path}?{url.query}" if url.query else url.path)
    request.headers = _select_headers(request.headers)
    if request.body:
        is_form = any("form-urlencoded" in str(value) for value in request.headers.values())
        request.body = redact_form(request.body.decode()).encode() if is_form else redact_body(request.body)
    return request


def redact_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return a redacted copy of a response of vcrpy. The caller of the SDK still gets the response itself."""
    body = redact_body(response["body"]["string"])
    return {**response, "headers": _select_headers(response["headers"]), "body": {"string": body}}


def _select_headers(headers: Any) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if name.lower() in RECORDED_HEADERS}


def _build_persister(vcr: Any, scanner: SecretScanner) -> Any:
    """Return the persister of vcrpy, with a scan for secrets before a cassette is written."""
    files: Any = import_module(f"{vcr.__name__}.persisters.filesystem").FilesystemPersister

    class Persister(files):  # type: ignore[misc] # vcrpy has no types
        @staticmethod
        def save_cassette(cassette_path: Any, cassette_dict: dict[str, Any], serializer: Any) -> None:
            scanner.scan(cassette_dict["requests"], cassette_dict["responses"], Path(cassette_path).name)
            files.save_cassette(cassette_path, cassette_dict, serializer)

    return Persister
