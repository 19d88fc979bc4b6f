"""Response shapes for the maintainers: keys, types, record order, framing and statuses, without any value.

Only keys of the OpenAPI document, and new keys beside them, are written. Keys that may be data (ids, names of fields
and of sources) are written as `*`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import reduce
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from datastore_sdk._io.json_body import parse_json
from datastore_sdk._version import VERSION
from datastore_sdk.drift.json_types import is_array, is_datetime, is_object
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic.recorded_call import RecordedCall

FILE_NAME: Final = "restream-shapes.json"
ANY_KEY: Final = "*"
"""Replaces keys that may be data."""

_Shape = dict[str, Any]

_KEY: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_NUMBERS: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_LENGTH_RANGES: Final = ((0, "0"), (1, "1"), (9, "2 to 9"), (99, "10 to 99"))
_MEDIA_TYPES: Final = ("application/json", "text/html", "text/plain", "application/x-ndjson")
_CHARSETS: Final = ("utf-8", "utf-16", "iso-8859-1", "us-ascii")
_ENCODINGS: Final = ("gzip", "deflate", "br", "zstd", "identity")


def write_shapes(calls: Iterable[tuple[str, RecordedCall]], spec: Spec, path: Path) -> None:
    """Write the shapes of calls into a file."""
    keys = collect_keys(spec)
    shapes = [build_call_shape(name, call, spec, keys) for name, call in calls]
    text = json.dumps({"sdk": VERSION, "calls": shapes}, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def collect_keys(spec: Spec) -> frozenset[str]:
    """Return all property names of the document."""
    schemas = spec.root.get("components")
    found: set[str] = {"results", "next", "previous", "count", "data", "detail"}
    _add_keys(schemas.mapping if schemas else {}, found)
    return frozenset(found)


def _add_keys(node: Any, found: set[str]) -> None:
    if is_array(node):
        for item in node:
            _add_keys(item, found)
    elif is_object(node):
        properties = node.get("properties")
        found.update(properties if is_object(properties) else ())
        for item in node.values():
            _add_keys(item, found)


def build_call_shape(operation: str, call: RecordedCall, spec: Spec, keys: frozenset[str]) -> _Shape:
    """Return the shape of a call and its response."""
    shape: _Shape = {
        "operation": operation,
        "method": call.method,
        "path": spec.match_path(call.path) or ANY_KEY,
        "query": sorted(
            {name for name, _ in parse_qsl(urlsplit(call.url).query) if name in _QUERY_NAMES or name in keys}
        ),
        "status": call.status,
        "framing": _framing_shape(call.headers),
    }
    try:
        body = parse_json(call.content, call.headers.get("content-type", ""))
    except ValueError:
        return {**shape, "body": {"not JSON": _length_range(len(call.content))}}
    is_records = "/data/" in call.path and is_array(body) and call.status == HTTPStatus.OK
    return {**shape, **({"records": _records_shape(body)} if is_records else {"body": _value_shape(body, keys)})}


_QUERY_NAMES: Final = frozenset(
    {
        *("pad_id", "site_id", "pad__id", "site__id", "site_pk", "histories", "start_datetime", "end_datetime"),
        *("si_units", "resolution", "routed"),
    }
)
"""Names of query parameters."""


def _framing_shape(headers: Mapping[str, str]) -> _Shape:
    """Return media type, charset and encoding from fixed lists, and how the length was sent."""
    media_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    return {
        "media type": _limit_to(media_type.strip(), _MEDIA_TYPES),
        "charset": _limit_to(parameters.partition("charset=")[2].strip().strip('"'), _CHARSETS),
        "encoding": _limit_to(headers.get("content-encoding", "").lower(), _ENCODINGS),
        "length": "chunked" if "chunked" in headers.get("transfer-encoding", "").lower() else "content-length",
    }


def _limit_to(text: str, words: tuple[str, ...]) -> str:
    return text if text in words else "another" if text else "none"


def _value_shape(value: Any, keys: frozenset[str], *, is_known: bool = True) -> _Shape:
    """Return the shape of a value: types, keys and items."""
    if is_object(value):
        fields: dict[str, _Shape] = {}
        for key, item in value.items():
            named = key in keys or (is_known and _KEY.fullmatch(key) is not None and not keys.isdisjoint(value))
            name = key if named else ANY_KEY
            shape = _value_shape(item, keys, is_known=key in keys)
            fields[name] = _merge_shapes(fields[name], shape) if name in fields else shape
        return {"types": ["object"], "keys": fields, "always": sorted(fields)}
    if is_array(value):
        shapes = [_value_shape(item, keys, is_known=is_known) for item in value]
        items = {"items": reduce(_merge_shapes, shapes)} if shapes else {}
        return {"types": ["array"], "lengths": [_length_range(len(value))], **items}
    return {"types": [_type_name(value)]}


def _type_name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "integer" if isinstance(value, int) else "number"
        case str():
            return _text_type(value)
        case _:
            return "another"


def _text_type(text: str) -> str:
    if not text:
        return "text, empty"
    if is_datetime(text):
        return "text, date-time with zone" + (", fraction" if "." in text else "")
    if is_datetime(f"{text}Z"):
        return "text, date-time without zone"
    return "text, number" if _NUMBERS.fullmatch(text) else "text"


def _length_range(count: int) -> str:
    return next((words for maximum, words in _LENGTH_RANGES if count <= maximum), "100 or more")


def _merge_shapes(one: _Shape, other: _Shape) -> _Shape:
    """Merge two shapes."""
    merged: _Shape = {"types": sorted({*one["types"], *other["types"]})}
    if "lengths" in one or "lengths" in other:
        merged["lengths"] = sorted({*one.get("lengths", ()), *other.get("lengths", ())})
    fields: dict[str, _Shape] = dict(one.get("keys", {}))
    for key, shape in other.get("keys", {}).items():
        fields[key] = _merge_shapes(fields[key], shape) if key in fields else shape
    if "keys" in one or "keys" in other:
        merged["keys"] = fields
        always = [each["always"] for each in (one, other) if "always" in each]
        merged["always"] = sorted(key for key in fields if all(key in each for each in always))
    items = [each["items"] for each in (one, other) if "items" in each]
    return {**merged, "items": reduce(_merge_shapes, items)} if items else merged


def _records_shape(records: list[Any]) -> _Shape:
    """Return order and types of records, without their field names, which may be data."""
    objects = [record for record in records if is_object(record)]
    times = [record["timestamp"] for record in objects if isinstance(record.get("timestamp"), int | float)]
    places = [record.get("site_id") for record in objects]
    stamps = [(record.get("timestamp"), record.get("site_id")) for record in objects]
    in_time = all(one <= other for one, other in pairwise(times))
    turns = 1 + sum(one != other for one, other in pairwise(places))
    sites = len({str(place) for place in places})
    fields = [value for record in objects for key, value in record.items() if key not in {"timestamp", "site_id"}]
    return {
        "count": _length_range(len(records)),
        "objects only": len(objects) == len(records),
        "order": "by time" if in_time else "site by site" if turns == sites else "otherwise",
        "sites": _length_range(sites),
        "several of a site and second": len({str(stamp) for stamp in stamps}) < len(stamps),
        "timestamp": sorted({_type_name(record.get("timestamp")) for record in objects}),
        "site_id": sorted({_type_name(record["site_id"]) if "site_id" in record else "missing" for record in objects}),
        "fields": sorted(
            {_type_name(value) if not is_object(value) and not is_array(value) else "nested" for value in fields}
        ),
        "fields in a record": sorted({_length_range(len(record)) for record in objects}),
    }
