"""Cassettes: calls of the SDK with their answers, recorded without anything that is secret, and replayed offline."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from datastore_sdk.transport.config import DEFAULT_HOST

vcr: Any = import_module("vcr")  # it has no types

FOLDER = Path(__file__).with_name("cassettes")
HEADERS = {"accept", "content-type", "prefer"}
"""The only headers that are kept, so that nobody has to know which others are secret."""
SECRETS = {"access_token", "client_id", "client_secret", "refresh_token", "token"}
"""Keys of bodies and queries whose values are secret."""
HIDDEN = "HIDDEN"


def recording(path: Path) -> AbstractContextManager[Any]:
    """Records all calls into a new cassette."""
    path.unlink(missing_ok=True)
    recorder = vcr.VCR(
        decode_compressed_response=True,
        before_record_request=scrubbed_request,
        before_record_response=scrubbed_response,
        record_mode="all",
    )
    tape: AbstractContextManager[Any] = recorder.use_cassette(str(path))
    return tape


def replaying(path: Path) -> AbstractContextManager[Any]:
    """Answers each call with what was recorded for it; a call that was not recorded fails."""
    tape: AbstractContextManager[Any] = vcr.VCR(record_mode="none").use_cassette(str(path))
    return tape


def scrubbed_request(request: Any) -> Any:
    """The request as it would go to the service itself, without secrets."""
    url = urlsplit(str(request.uri))
    query = f"?{_without_secrets(url.query)}" if url.query else ""
    request.uri = f"{DEFAULT_HOST}{url.path}{query}"
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in HEADERS}
    if request.body and "form-urlencoded" in request.headers.get("content-type", ""):
        request.body = _without_secrets(request.body.decode()).encode()
    return request


def scrubbed_response(response: dict[str, Any]) -> dict[str, Any]:
    """The answer without secrets."""
    headers = {name: value for name, value in response["headers"].items() if name.lower() in HEADERS}
    body: bytes = response["body"]["string"]
    if any(f'"{key}"'.encode() in body for key in SECRETS):
        body = json.dumps(_hidden(json.loads(body))).encode()
    return {**response, "headers": headers, "body": {"string": body}}


def _hidden(content: dict[str, Any] | list[Any] | str | float | None) -> Any:
    if isinstance(content, dict):
        return {key: HIDDEN if key in SECRETS else _hidden(value) for key, value in content.items()}
    return [_hidden(value) for value in content] if isinstance(content, list) else content


def _without_secrets(pairs: str) -> str:
    return urlencode([(name, HIDDEN if name in SECRETS else value) for name, value in parse_qsl(pairs)])
