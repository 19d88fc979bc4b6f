"""Cassettes as vcrpy writes them, in YAML or JSON: reading them, and writing them without anything secret."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from datastore_sdk._utils.redaction import redact_body, redact_url
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.fetch import MAX_BYTES
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import load
from datastore_sdk.drift.traffic.recorded_call import RecordedCall

_GZIP = b"\x1f\x8b"
_EITHER = zlib.MAX_WBITS | 32
"""Lets zlib find out by itself whether data is gzip or zlib."""
_UNREAD = ("br", "zstd")
"""Compressions that would need packages of their own."""


def read(path: str) -> list[RecordedCall]:
    """The calls in a cassette.

    Raises:
        DriftError: It cannot be read, or is no cassette.
    """
    content = load(path).content
    interactions = content.get("interactions") if is_object(content) else None
    if not is_array(interactions):
        raise DriftError(f"{path} is no cassette of vcrpy: it has no list of `interactions`")
    calls: list[RecordedCall] = []
    for index, interaction in enumerate(interactions):
        try:
            calls.append(_call(interaction, path))
        except (KeyError, TypeError, AttributeError, ValueError, zlib.error) as error:
            told = f"{type(error).__name__}: {error}"
            raise DriftError(f"{path} is no cassette of vcrpy: interaction {index} cannot be read ({told})") from None
    return calls


def write(calls: Sequence[RecordedCall], path: Path) -> None:
    """Writes calls into a cassette that vcrpy can replay, without hosts, tokens and other secrets."""
    interactions = [_interaction(call) for call in calls]
    text = yaml.safe_dump({"interactions": interactions, "version": 1}, allow_unicode=True, sort_keys=True, width=120)
    path.write_text(text, encoding="utf-8")


def _call(interaction: Mapping[str, Any], path: str) -> RecordedCall:
    request, response = interaction["request"], interaction["response"]
    url = urlsplit(str(request["uri"]))
    headers = {str(name).lower(): _first(value) for name, value in response.get("headers", {}).items()}
    return RecordedCall(
        method=str(request["method"]).upper(),
        url=f"{url.path}?{url.query}" if url.query else url.path,
        status=int(response["status"]["code"] if "status" in response else response["status_code"]),
        media_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        content=_content(response, headers.get("content-encoding", "").strip().lower()),
        source=path,
        host=url.netloc,
    )


def _first(value: Any) -> str:
    return str(value[0] if is_array(value) and value else value)


def _content(response: Mapping[str, Any], encoding: str) -> bytes:
    """The body. vcrpy's forms of it have changed: text, bytes, bytes in base64."""
    body: Any = response.get("body", response.get("content")) or ""
    if is_object(body):
        if "base64_string" in body:
            body = b64decode("".join(str(body["base64_string"]).split()), validate=True)
        else:
            body = body.get("string") or ""
    content = body if isinstance(body, bytes) else str(body).encode()
    if content.startswith(_GZIP) or (encoding == "deflate" and not _is_plain(content)):
        return _unpacked(content)
    if encoding in _UNREAD and not _is_plain(content):
        raise ValueError(f"the body is compressed with {encoding}: record it with decode_compressed_response=True")
    return content


def _is_plain(content: bytes) -> bool:
    """Whether a body was decompressed already, whatever its headers say: vcrpy can do that."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(_EITHER)
    unpacked = unpacker.decompress(content, MAX_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError(f"the body has more than {MAX_BYTES} bytes")
    if not unpacker.eof:
        raise ValueError("the compressed body is not whole")
    return unpacked


def _interaction(call: RecordedCall) -> dict[str, Any]:
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
