"""Kinds of bodies: what instruments and services really send besides plain numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from random import Random


class Kind(StrEnum):
    """The kind of records of a body."""

    CLEAN = "clean"
    NULL_TENTH = "null in 1 of 10"
    NULL_EACH = "null in each"
    INFINITY_THOUSANDTH = "Infinity in 1 of 1000"
    INFINITY_TENTH = "Infinity in 1 of 10"
    INFINITY_EACH = "Infinity in each"
    ESCAPES = "escaped text"
    UNICODE_ESCAPES = "\\u escapes"
    SURROGATE_PAIRS = "surrogate pairs"
    UTF8 = "raw UTF-8"
    SHAPES_500 = "500 key shapes"
    SHAPES_4000 = "4000 key shapes"
    LIST = "a list in a field"
    OBJECT = "an object in a field"
    BIG_INTS = "ints beyond 64 bits"
    MIXED_TYPES = "a text in 1 of 10"
    LATE_COLUMNS = "late columns"
    FIELD_DAY = "field day"


ESCAPED_KINDS = {Kind.ESCAPES, Kind.UNICODE_ESCAPES, Kind.SURROGATE_PAIRS, Kind.FIELD_DAY}
"""Kinds with escapes in each block: CSV has to decode their strings."""
_NUMBER = b'"sensor": 80.25'
_NULL = b'"sensor": null'
_INFINITY = b'"sensor": "Infinity"'
_MEMBERS: dict[Kind, tuple[int, bytes]] = {
    Kind.CLEAN: (1, _NUMBER),
    Kind.NULL_TENTH: (10, _NULL),
    Kind.NULL_EACH: (1, _NULL),
    Kind.INFINITY_THOUSANDTH: (1000, _INFINITY),
    Kind.INFINITY_TENTH: (10, _INFINITY),
    Kind.INFINITY_EACH: (1, _INFINITY),
    Kind.ESCAPES: (1, rb'"note": "set to \"high\" in C:\\rig\nby hand"'),
    Kind.UNICODE_ESCAPES: (1, rb'"note": "210 \u00b0F, \u6cb9 at the well"'),
    Kind.SURROGATE_PAIRS: (1, rb'"note": "the well \ud83d\udee2 is open"'),
    Kind.UTF8: (1, '"note": "210 \u00b0F, \u6cb9 \U0001f6e2 at the well"'.encode()),
    Kind.LIST: (1, b'"sensor": [1, 2.5, 3]'),
    Kind.OBJECT: (1, b'"sensor": {"value": 80.25, "unit": "psi"}'),
    Kind.BIG_INTS: (1, b'"sensor": 123456789012345678901'),
    Kind.MIXED_TYPES: (10, b'"sensor": "not ready"'),
}
"""A member of one of so many records; the others have a number instead."""
_LATE_EVERY = 10_000
"""Number of records after which a column appears."""
_COLUMNS = 40
_COLUMNS_AT_A_TIME = 8
_LONG_EVERY = 10
_NOTE = rb'"annotation": "ISIP \"2\", 210 \u00b0F\nnext stage"'


def add_member(records: Iterator[bytes], kind: Kind) -> Iterator[bytes]:
    """Yield the records, each with the member that its kind has."""
    every, member = _MEMBERS.get(kind, (1, b""))
    for index, record in enumerate(records):
        if kind is Kind.LATE_COLUMNS:
            member = b'"late_%d": 80.25' % (index // _LATE_EVERY)
        yield b"%b, %b}" % (record[:-1], _NUMBER if index % every else member)


def own_records(count: int, kind: Kind, start: int) -> Iterator[bytes] | None:
    """Yield the records of a kind that has other fields than the usual body; None if it has not."""
    match kind:
        case Kind.SHAPES_500:
            return _shapes(count, 500, start)
        case Kind.SHAPES_4000:
            return _shapes(count, 4000, start)
        case Kind.FIELD_DAY:
            return _field_day(count, start)
        case _:
            return None


def _shapes(count: int, shapes: int, start: int) -> Iterator[bytes]:
    """Yield records with 8 of 40 columns, in so many combinations."""
    random = Random(2)  # noqa: S311 - the same body every time
    names = [f"column_{number}" for number in range(_COLUMNS)]
    templates = [
        b'{"timestamp": %%d, "site_id": 1111, %b}'
        % b", ".join(
            b"%b: %.3f" % (json.dumps(name).encode(), random.uniform(0, 9000))
            for name in sorted(random.sample(names, _COLUMNS_AT_A_TIME), key=names.index)
        )
        for _ in range(shapes)
    ]
    for index in range(count):
        yield random.choice(templates) % (start + index)


def _field_day(count: int, start: int) -> Iterator[bytes]:
    """Yield records as they were recorded: 45 fields once in ten, 11 in between, of which some are missing."""
    random = Random(3)  # noqa: S311 - the same body every time
    templates = [_field_day_template(index, random) for index in range(_LONG_EVERY * 100)]
    for index in range(count):
        yield templates[index % len(templates)] % (start + index)


def _field_day_template(index: int, random: Random) -> bytes:
    fields = 45 if index % _LONG_EVERY == 0 else 11
    numbers = (b'"gauge_%d": %.6f' % (number, random.uniform(0, 9000)) for number in range(fields - 6))
    members = chain(
        (b'"timestamp": %d', b'"site_id": 1111', b'"valve": "O"', b'"idle": null', _INFINITY),
        (_NOTE if index % 50 == 0 else b'"annotation": null',),
        numbers,
    )
    return b"{%b}" % b", ".join(members)
