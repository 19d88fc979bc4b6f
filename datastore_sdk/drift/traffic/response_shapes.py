"""Shapes of answers for the maintainers: keys, types, order of records, framing and statuses, and nothing else.

No value goes in. Of keys only those that the contract names, and new ones beside them, which the service chose; keys
that may be data (ids, names of fields and of sources) are all written as `*`.
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
from datastore_sdk.drift.json_types import is_array, is_moment, is_object
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic.recorded_call import RecordedCall

FILE: Final = "restream-shapes.json"
ANY: Final = "*"
"""Stands for all keys that may be data."""

_Shape = dict[str, Any]

_KEY: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_NUMBERS: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_LENGTHS: Final = ((0, "0"), (1, "1"), (9, "2 to 9"), (99, "10 to 99"))
_MEDIA_TYPES: Final = ("application/json", "text/html", "text/plain", "application/x-ndjson")
_CHARSETS: Final = ("utf-8", "utf-16", "iso-8859-1", "us-ascii")
_ENCODINGS: Final = ("gzip", "deflate", "br", "zstd", "identity")


def write(calls: Iterable[tuple[str, RecordedCall]], contract: Spec, path: Path) -> None:
    """Writes the shapes of calls into a file."""
    keys = keys_of(contract)
    shapes = [shape_of_call(name, call, contract, keys) for name, call in calls]
    text = json.dumps({"sdk": VERSION, "calls": shapes}, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def keys_of(contract: Spec) -> frozenset[str]:
    """All keys of objects that the contract names."""
    schemas = contract.top.get("components")
    found: set[str] = {"results", "next", "previous", "count", "data", "detail"}
    _collect(schemas.mapping if schemas else {}, found)
    return frozenset(found)


def _collect(node: Any, found: set[str]) -> None:
    if is_array(node):
        for item in node:
            _collect(item, found)
    elif is_object(node):
        properties = node.get("properties")
        found.update(properties if is_object(properties) else ())
        for item in node.values():
            _collect(item, found)


def shape_of_call(operation: str, call: RecordedCall, contract: Spec, keys: frozenset[str]) -> _Shape:
    """The shape of a call and of its answer."""
    shape: _Shape = {
        "operation": operation,
        "method": call.method,
        "path": contract.path_of(call.path) or ANY,
        "query": sorted({name for name, _ in parse_qsl(urlsplit(call.url).query) if name in _NAMES or name in keys}),
        "status": call.status,
        "framing": _framing(call.headers),
    }
    try:
        body = parse_json(call.content, call.headers.get("content-type", ""))
    except ValueError:
        return {**shape, "body": {"not JSON": _length(len(call.content))}}
    is_records = "/data/" in call.path and is_array(body) and call.status == HTTPStatus.OK
    return {**shape, **({"records": _records(body)} if is_records else {"body": _shape(body, keys)})}


_NAMES: Final = frozenset(
    {
        *("pad_id", "site_id", "pad__id", "site__id", "site_pk", "histories", "start_datetime", "end_datetime"),
        *("si_units", "resolution", "routed"),
    }
)
"""Names of query parameters."""


def _framing(headers: Mapping[str, str]) -> _Shape:
    """How the body came, in words that are known."""
    media_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    return {
        "media type": _known(media_type.strip(), _MEDIA_TYPES),
        "charset": _known(parameters.partition("charset=")[2].strip().strip('"'), _CHARSETS),
        "encoding": _known(headers.get("content-encoding", "").lower(), _ENCODINGS),
        "length": "chunked" if "chunked" in headers.get("transfer-encoding", "").lower() else "content-length",
    }


def _known(text: str, words: tuple[str, ...]) -> str:
    return text if text in words else "another" if text else "none"


def _shape(value: Any, keys: frozenset[str], *, is_known: bool = True) -> _Shape:
    """The shape of a value: its types, and what is in it."""
    if is_object(value):
        fields: dict[str, _Shape] = {}
        for key, item in value.items():
            named = key in keys or (is_known and _KEY.fullmatch(key) is not None and not keys.isdisjoint(value))
            name = key if named else ANY
            shape = _shape(item, keys, is_known=key in keys)
            fields[name] = _both(fields[name], shape) if name in fields else shape
        return {"types": ["object"], "keys": fields, "always": sorted(fields)}
    if is_array(value):
        shapes = [_shape(item, keys, is_known=is_known) for item in value]
        items = {"items": reduce(_both, shapes)} if shapes else {}
        return {"types": ["array"], "lengths": [_length(len(value))], **items}
    return {"types": [_type(value)]}


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "integer" if isinstance(value, int) else "number"
        case str():
            return _kind_of_text(value)
        case _:
            return "another"


def _kind_of_text(text: str) -> str:
    if not text:
        return "text, empty"
    if is_moment(text):
        return "text, date-time with zone" + (", fraction" if "." in text else "")
    if is_moment(f"{text}Z"):
        return "text, date-time without zone"
    return "text, number" if _NUMBERS.fullmatch(text) else "text"


def _length(count: int) -> str:
    return next((words for most, words in _LENGTHS if count <= most), "100 or more")


def _both(one: _Shape, other: _Shape) -> _Shape:
    """The shape of either."""
    merged: _Shape = {"types": sorted({*one["types"], *other["types"]})}
    if "lengths" in one or "lengths" in other:
        merged["lengths"] = sorted({*one.get("lengths", ()), *other.get("lengths", ())})
    fields: dict[str, _Shape] = dict(one.get("keys", {}))
    for key, shape in other.get("keys", {}).items():
        fields[key] = _both(fields[key], shape) if key in fields else shape
    if "keys" in one or "keys" in other:
        merged["keys"] = fields
        always = [each["always"] for each in (one, other) if "always" in each]
        merged["always"] = sorted(key for key in fields if all(key in each for each in always))
    items = [each["items"] for each in (one, other) if "items" in each]
    return {**merged, "items": reduce(_both, items)} if items else merged


def _records(records: list[Any]) -> _Shape:
    """In which order records come, and of which types they are; their fields have names that may be anybody's."""
    objects = [record for record in records if is_object(record)]
    times = [record["timestamp"] for record in objects if isinstance(record.get("timestamp"), int | float)]
    places = [record.get("site_id") for record in objects]
    stamps = [(record.get("timestamp"), record.get("site_id")) for record in objects]
    in_time = all(one <= other for one, other in pairwise(times))
    turns = 1 + sum(one != other for one, other in pairwise(places))
    sites = len({str(place) for place in places})
    fields = [value for record in objects for key, value in record.items() if key not in {"timestamp", "site_id"}]
    return {
        "count": _length(len(records)),
        "objects only": len(objects) == len(records),
        "order": "by time" if in_time else "site by site" if turns == sites else "otherwise",
        "sites": _length(sites),
        "several of a site and second": len({str(stamp) for stamp in stamps}) < len(stamps),
        "timestamp": sorted({_type(record.get("timestamp")) for record in objects}),
        "site_id": sorted({_type(record["site_id"]) if "site_id" in record else "missing" for record in objects}),
        "fields": sorted(
            {_type(value) if not is_object(value) and not is_array(value) else "nested" for value in fields}
        ),
        "fields in a record": sorted({_length(len(record)) for record in objects}),
    }
