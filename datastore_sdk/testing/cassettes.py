"""Cassettes: calls of the SDK with their answers, recorded without anything that is secret, and replayed offline."""

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
from datastore_sdk.testing.secret_scanner import SecretScanner

CREDENTIALS: Final = ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET")
"""The environment variables whose values must not stand in a cassette."""
RECORDED_HEADERS: Final = frozenset({"accept", "content-type", "prefer"})
"""The only recorded headers; any other header could be secret."""


class RecordMode(StrEnum):
    """When calls are made and recorded, instead of answered from the cassette."""

    NONE = "none"
    """Never: a call that was not recorded fails."""
    ONCE = "once"
    """Where there is no cassette yet."""
    NEW = "new_episodes"
    """Calls that were not recorded."""
    ALL = "all"
    """All calls, anew."""

    def records(self, path: Path) -> bool:
        """Whether calls can be made where this is the cassette."""
        return self in {RecordMode.NEW, RecordMode.ALL} or (self is RecordMode.ONCE and not path.exists())


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in use.

    Attributes:
        path: Its file.
        is_recording: Whether calls can be made and recorded.
    """

    path: Path
    is_recording: bool
    _tape: Any

    def __len__(self) -> int:
        """How many calls it holds."""
        return len(self._tape)

    @property
    def play_count(self) -> int:
        """How many calls it has answered."""
        return int(self._tape.play_count)

    @property
    def all_played(self) -> bool:
        """Whether each call that it holds was made again."""
        return bool(self._tape.all_played)


@contextmanager
def use_cassette(
    path: str | Path, record: RecordMode | str = RecordMode.NONE, *, secrets: Iterable[str] = ()
) -> Generator[Cassette]:
    """Records the calls made within the block, or answers them from what was recorded.

    All clients are recorded, whenever they were made. Tokens, client ids, client secrets, cookies and the like are
    taken out, and so is the host; what is left is looked through before it is kept. WebSocket rooms are neither
    recorded nor answered.

    Args:
        path: The file.
        record: When calls are made.
        secrets: What must not be kept either, besides the credentials of the environment.

    Raises:
        SecretFoundError: A secret would have stood in the cassette, which was not kept.
        ImportError: The extra `testing` is not installed.
    """
    try:
        vcr: Any = import_module("vcr")  # it has no types
    except ImportError as error:
        message = 'cassettes need vcrpy: pip install "restream-datastore-sdk[testing]"'
        raise ImportError(message, name="vcr") from error
    path, record = Path(path), RecordMode(record)
    scanner = SecretScanner([*secrets, *(os.environ.get(name, "") for name in CREDENTIALS)])
    recorder = vcr.VCR(
        decode_compressed_response=True,
        before_record_request=_learning_from_request(scanner),
        before_record_response=_learning_from_response(scanner),
        record_mode=record.value,
        drop_unused_requests=record is RecordMode.ALL,
    )
    recorder.register_persister(_persister(vcr, scanner))
    is_recording = record.records(path)
    close_default_clients()
    try:
        with recorder.use_cassette(str(path)) as tape:
            yield Cassette(path, is_recording, tape)
    finally:
        close_default_clients()


def _learning_from_request(scanner: SecretScanner) -> Any:
    def redact(request: Any) -> Any:
        scanner.learn_from_request(request)
        return redact_request(request)

    return redact


def _learning_from_response(scanner: SecretScanner) -> Any:
    def redact(response: Any) -> Any:
        scanner.learn_from_response(response)
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


def _persister(vcr: Any, scanner: SecretScanner) -> Any:
    """Keeps cassettes as vcrpy does, once they have been looked through."""
    files: Any = import_module(f"{vcr.__name__}.persisters.filesystem").FilesystemPersister

    class Persister(files):  # type: ignore[misc] # vcrpy has no types
        @staticmethod
        def save_cassette(cassette_path: Any, cassette_dict: dict[str, Any], serializer: Any) -> None:
            scanner.look(cassette_dict["requests"], cassette_dict["responses"], Path(cassette_path).name)
            files.save_cassette(cassette_path, cassette_dict, serializer)

    return Persister
