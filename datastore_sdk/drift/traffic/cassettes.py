"""Cassettes of vcrpy in YAML or JSON: reading, and writing without secrets."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from datastore_sdk._utils.redaction import redact_body, redact_url
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.fetch import MAX_BYTES
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import load_document
from datastore_sdk.drift.traffic.recorded_call import RecordedCall

CREDENTIAL_VARIABLES = ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET")
"""Environment variables whose values must not be in a cassette."""

_GZIP = b"\x1f\x8b"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Window size with which zlib detects gzip or zlib data."""
_UNSUPPORTED_ENCODINGS = ("br", "zstd")
"""Encodings that need other packages."""


def read_cassette(path: str) -> list[RecordedCall]:
    """Read the calls in a cassette.

    Raises:
        DriftError: The file cannot be read, or is not a cassette.
    """
    content = load_document(path).content
    interactions = content.get("interactions") if is_object(content) else None
    if not is_array(interactions):
        raise DriftError(f"{path} is not a vcrpy cassette: it has no list of `interactions`")
    calls: list[RecordedCall] = []
    for index, interaction in enumerate(interactions):
        try:
            calls.append(_parse_interaction(interaction, path))
        except (KeyError, TypeError, AttributeError, ValueError, zlib.error) as error:
            reason = f"{type(error).__name__}: {error}"
            raise DriftError(f"{path} is not a vcrpy cassette: interaction {index} cannot be read ({reason})") from None
    return calls


def write_cassette(calls: Sequence[RecordedCall], path: Path) -> None:
    """Write calls into a cassette that vcrpy can replay, without hosts, tokens and other secrets."""
    interactions = [_build_interaction(call) for call in calls]
    text = yaml.safe_dump({"interactions": interactions, "version": 1}, allow_unicode=True, sort_keys=True, width=120)
    path.write_text(text, encoding="utf-8")


def record_calls(calls: Sequence[tuple[str, RecordedCall]], folder: Path, secrets: Iterable[str] = ()) -> list[Path]:
    """Write a cassette for each operation, without hosts, tokens and other secrets.

    Args:
        calls: The calls, each with its `operationId`.
        folder: The folder; created if it is missing.
        secrets: Further secrets that must not be in a cassette.

    Raises:
        DriftError: A response repeats a secret, or the folder cannot be written.
    """
    by_operation: dict[str, list[RecordedCall]] = {}
    for operation, call in calls:
        by_operation.setdefault(operation, []).append(call)
    paths = {folder / f"{operation}.yaml": group for operation, group in by_operation.items()}
    known = [secret.encode() for secret in secrets if secret]
    for path, group in paths.items():
        if any(secret in call.content or secret in call.url.encode() for call in group for secret in known):
            raise DriftError(f"{path.name} was not written: a response in it repeats a secret")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, group in paths.items():
            write_cassette(group, path)
    except OSError as error:
        raise DriftError(f"{folder} cannot be written: {error.strerror or error}") from None
    return list(paths)


def _parse_interaction(interaction: Mapping[str, Any], path: str) -> RecordedCall:
    request, response = interaction["request"], interaction["response"]
    url = urlsplit(str(request["uri"]))
    headers = {str(name).lower(): _first_value(value) for name, value in response.get("headers", {}).items()}
    return RecordedCall(
        method=str(request["method"]).upper(),
        url=f"{url.path}?{url.query}" if url.query else url.path,
        status=int(response["status"]["code"] if "status" in response else response["status_code"]),
        media_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        content=_decode_body(response, headers.get("content-encoding", "").strip().lower()),
        source=path,
        host=url.netloc,
    )


def _first_value(value: Any) -> str:
    return str(value[0] if is_array(value) and value else value)


def _decode_body(response: Mapping[str, Any], encoding: str) -> bytes:
    """Return the body, which versions of vcrpy write as text, bytes or base64."""
    body: Any = response.get("body", response.get("content")) or ""
    if is_object(body):
        if "base64_string" in body:
            body = b64decode("".join(str(body["base64_string"]).split()), validate=True)
        else:
            body = body.get("string") or ""
    content = body if isinstance(body, bytes) else str(body).encode()
    if content.startswith(_GZIP) or (encoding == "deflate" and not _is_text(content)):
        return _decompress(content)
    if encoding in _UNSUPPORTED_ENCODINGS and not _is_text(content):
        raise ValueError(f"the body is compressed with {encoding}: record it with decode_compressed_response=True")
    return content


def _is_text(content: bytes) -> bool:
    """Return whether a body is text. vcrpy can store it decompressed without changing the headers."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decompress(content: bytes) -> bytes:
    decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
    content = decompressor.decompress(content, MAX_BYTES)
    if decompressor.unconsumed_tail:
        raise ValueError(f"the body has more than {MAX_BYTES} bytes")
    if not decompressor.eof:
        raise ValueError("the compressed body is truncated")
    return content


def _build_interaction(call: RecordedCall) -> dict[str, Any]:
    return {
        "request": {
            "method": call.method,
            "uri": DEFAULT_HOST + redact_url(call.url),
            "body": "",
            "headers": {"accept": ["application/json"]},
        },
        "response": {
            "status": {"code": call.status, "message": ""},
            "headers": {"content-type": [call.media_type]},
            "body": {"string": redact_body(call.content).decode(errors="replace")},
        },
    }
