"""Client that serves records from memory, for tests of programs that use the SDK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import orjson

from datastore_sdk._utils.validation import validate_datetime
from datastore_sdk.client.client import Client

if TYPE_CHECKING:
    import httpx

BASE_URL = "https://in-memory.invalid"
"""Base URL of the client. The domain `invalid` never exists."""


def encode_records(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return records as the body of a response; datetimes become unix seconds.

    Raises:
        TypeError: A record is not a mapping, or has a value that is not a str, number, bool, datetime or None.
        ValueError: A datetime has no time zone.
    """
    rows = [_encode_record(record, f"record {index}") for index, record in enumerate(records)]
    return orjson.dumps(rows)


def create_in_memory_client(body: bytes) -> Client:
    """Return a client whose requests for data get the body as response, and all others an empty list."""
    import httpx

    def respond(request: httpx.Request) -> httpx.Response:
        content = body if request.url.path.endswith("/data/") else b"[]"
        return httpx.Response(200, content=content, headers={"Content-Type": "application/json"})

    transport = httpx.MockTransport(respond)
    return Client(
        _get_token,  # a function, because clients with a token share their limits with other processes
        base_url=BASE_URL,
        http=httpx.Client(transport=transport),
        async_http=httpx.AsyncClient(transport=transport),
    )


def _get_token() -> str:
    return "in-memory"


def _encode_record(record: object, what: str) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        raise TypeError(f"{what} must be a dict, not {type(record).__name__}: {record!r}")
    values = cast("Mapping[str, object]", record)
    return {name: _encode_value(value, f"{what}[{name!r}]") for name, value in values.items()}


def _encode_value(value: object, what: str) -> object:
    if isinstance(value, datetime):
        timestamp = cast("datetime", validate_datetime(value, what)).timestamp()
        return int(timestamp) if timestamp.is_integer() else timestamp
    if value is None or isinstance(value, str | int | float):
        return value
    allowed = "a str, a number, a bool, a datetime or None"
    raise TypeError(f"{what} must be {allowed}, not {type(value).__name__}: {value!r}")
