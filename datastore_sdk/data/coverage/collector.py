"""Collect the seconds and fields of the records of a download, in little memory for any number of records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import orjson

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.data.coverage.integer_set import IntegerSet
from datastore_sdk.data.query import KEY_FIELDS, DataQuery
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import CELLS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import Cells, split_cells
from datastore_sdk.data.streaming.record_identity import parse_second

_UNIX_SECONDS = range(100_000_000_000)
"""Integers that are unix seconds without conversion."""
_EARLIEST = -62_135_596_800
"""First second of the year 1, the earliest datetime."""
_NULL = b"null"


class ReceivedSeconds:
    """The seconds of one site that have records.

    Args:
        step: Seconds that one record stands for.
    """

    def __init__(self, step: int) -> None:
        self.records = 0
        """Number of records."""
        self.first: int | None = None
        """Earliest second."""
        self.last: int | None = None
        """Latest second."""
        self.phase = 0
        """Offset in seconds of the records within intervals of `step` seconds since 1970; the service chooses it."""
        self.intervals = IntegerSet()
        """Numbers of the intervals with records; interval n starts at `phase + n * step`."""
        self._step = step

    def add(self, seconds: Sequence[int]) -> None:
        """Add the seconds of records."""
        first, last = min(seconds), max(seconds)
        if self.first is None or self.last is None:
            self.phase = seconds[0] % self._step
            self.first, self.last = first, last
        self.first, self.last = min(self.first, first), max(self.last, last)
        step, phase = self._step, self.phase
        self.intervals.update(seconds if step == 1 else ((second - phase) // step for second in seconds))


class CoverageCollector:
    """Collector of the seconds and fields of records, in any order.

    Args:
        queries: The requested data.
    """

    def __init__(self, queries: Sequence[DataQuery]) -> None:
        step = queries[0].resolution_seconds if queries else 1
        self.sites = defaultdict[int | None, ReceivedSeconds](lambda: ReceivedSeconds(step))
        """Received seconds by site id; None for records without a site."""
        self.records = 0
        """Number of records."""
        self.records_without_timestamp = 0
        """Number of records without a readable timestamp."""
        ids = {query.id if query.source == "site" else None for query in queries}
        self._only_site = ids.pop() if len(ids) == 1 else None
        """The site of records without a `site_id`."""
        fields = (queries[0].fields if queries else None) or ()
        self._names = {*fields} - {*KEY_FIELDS}
        """Requested fields without a value so far."""
        self._prefixed = bool(queries) and queries[0].source == "pad" and not queries[0].is_routed
        """Whether field names have a measurement source as prefix."""
        self._decode = _decoder(self._names)

    @property
    def missing_fields(self) -> list[str]:
        """Requested fields without a value in any record."""
        return sorted(self._names)

    def add(self, form: RecordCodec[Any], records: list[Any]) -> None:
        """Add records, in one of the two forms of JSON text."""
        if not records:
            return
        if form is CELLS:
            timestamps, sites = self._read_cells(records)
        else:
            timestamps, sites = self._read_texts(records)
        self.records += len(records)
        seconds = _seconds_of(timestamps)
        if sites.count(sites[0]) == len(sites):
            self._add(sites[0], seconds)
            return
        by_site = defaultdict[str, list[int | None]](list)
        named = {str(site): site for site in sites}  # the service may send any JSON value
        for site, second in zip(sites, seconds, strict=True):
            by_site[str(site)].append(second)
        for name, own in by_site.items():
            self._add(named[name], own)

    def _add(self, site: Any, seconds: Sequence[int | None]) -> None:
        id_ = parse_id(site)
        received = self.sites[self._only_site if id_ is None else id_]
        received.records += len(seconds)
        dated = [second for second in seconds if second is not None] if None in seconds else seconds
        self.records_without_timestamp += len(seconds) - len(dated)
        if dated:
            received.add(dated)  # type: ignore[arg-type] # None is taken out

    def _read_texts(self, records: list[msgspec.Raw]) -> tuple[list[Any], list[Any]]:
        """Return timestamps and sites of records, and note their fields."""
        if self._names and self._prefixed:
            return self._read_cells([*map(split_cells, map(bytes, records))])
        try:
            read = self._decode(join_records(records))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # values that only other parsers accept
            return self._read_cells([*map(split_cells, map(bytes, records))])
        if self._names:
            attributes = _attributes(self._names)
            self._note(
                {attributes[name] for name in attributes for record in read if getattr(record, name) is not None}
            )
        return [record.timestamp for record in read], [record.site_id for record in read]

    def _read_cells(self, records: list[Cells]) -> tuple[list[Any], list[Any]]:
        if self._names and self._prefixed:
            received = {name for record in records for name, cell in record.items() if bytes(cell) != _NULL}
            self._note({name for name in self._names if any(_is_of_field(each, name) for each in received)})
        elif self._names:
            cells = {name: [record[name] for record in records if name in record] for name in self._names}
            self._note({name for name, own in cells.items() if any(bytes(cell) != _NULL for cell in own)})
        try:
            timestamps, sites = ([*_values(records, key)] for key in KEY_FIELDS)
        except orjson.JSONDecodeError:
            keys = [CELLS.read_keys(record) for record in records]
            return [timestamp for timestamp, _ in keys], [site for _, site in keys]
        return timestamps, sites

    def _note(self, received: set[str]) -> None:
        if received:
            self._names -= received
            self._decode = _decoder(self._names)


def _decoder(names: Iterable[str]) -> Any:
    """Return a function that reads timestamp, site and some fields of the records of a JSON array, and nothing else."""
    attributes = _attributes(names)
    wanted = [(name, Any, None) for name in (*KEY_FIELDS, *attributes)]
    return msgspec.json.Decoder(list[msgspec.defstruct("_Read", wanted, rename=attributes)]).decode  # type: ignore[misc]


def _attributes(names: Iterable[str]) -> dict[str, str]:
    """Return fields by attribute names: the name of a field can be any text."""
    return {f"field{number}": name for number, name in enumerate(sorted(names))}


def _values(records: list[Cells], key: str) -> list[Any]:
    values: list[Any] = orjson.loads(b"[%b]" % b",".join([record.get(key, _NULL) for record in records]))
    return values


def _seconds_of(timestamps: list[Any]) -> Sequence[int | None]:
    if {*map(type, timestamps)} == {int} and min(timestamps) in _UNIX_SECONDS and max(timestamps) in _UNIX_SECONDS:
        return timestamps
    return [None if second is None or second < _EARLIEST else second for second in map(parse_second, timestamps)]


def _is_of_field(name: str, field: str) -> bool:
    """Return whether a name is the name of a field, alone or after a measurement source such as `M1_`."""
    source, _, base_name = name.partition("_")
    return name == field or (base_name == field and source[-1:].isdigit())
