"""Infer the schema of a site's or pad's records from its fields metadata and a sample of its records."""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast, get_args

from datastore_sdk._io.effects import EffectGen, redirect_items
from datastore_sdk.data.missing_fields import SOURCE_PREFIX
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import KEY_FIELDS, DataQuery
from datastore_sdk.data.schema import Column, ColumnType, OnUnknownField, Schema
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.record_identity import parse_second
from datastore_sdk.data.streaming.records import stream_records
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.pads import list_pad_fields
from restream_api.api.sites import get_site, list_site_fields, list_sites
from restream_api.types import Operation

log = logging.getLogger("datastore_sdk")

T = TypeVar("T")

_SAMPLE = timedelta(minutes=10)
"""Length of the sample: the last records of the site or pad."""
_VALVE = re.compile(r"(?:^|_)valve(?:_\d+)?$")
"""Name of a valve position: "O" open, "C" closed. The fields metadata does not list them."""
_KEY_COLUMNS = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))
_FLAG_UNIT = "bool"
"""Unit of flags, which come as numbers or as booleans."""
_PLOT_LIMITS = ("imperial_plot_min", "imperial_plot_max", "si_plot_min", "si_plot_max")


def infer_schema(
    executor: RequestExecutor,
    query: DataQuery,
    *,
    types: Mapping[str, ColumnType] | None,
    unknown_fields: OnUnknownField,
) -> EffectGen[Schema]:
    """Infer the schema of the records of a query.

    A field with a unit or a plot range is float64, a valve is a string. Other fields, and flags (unit `bool`), have the
    type of the values in a sample of records; without such values, float64. The fields metadata has no types, and
    records have fields that it does not list.

    Args:
        executor: Runs the requests.
        query: Pad or site, `fields` and `si_units`.
        types: Types that override the inferred ones, by field.
        unknown_fields: What happens to fields that the schema does not know.

    Raises:
        TypeError: `types` is not a mapping.
        ValueError: A type is unknown, or a field of `types` is not a column.
        CallError: The fields metadata could not be requested.
    """
    validate_types(types)
    if unknown_fields not in get_args(OnUnknownField):
        raise ValueError(f"unknown_fields must be one of {', '.join(get_args(OnUnknownField))}, not {unknown_fields!r}")
    list_fields = list_pad_fields if query.source == "pad" else list_site_fields
    fields = yield from executor.fetch(list_fields(query.id))
    seen = yield from _sample_types(executor, query)
    listed = _index_fields(fields, seen, is_routed=query.is_routed)
    names = [name for name in query.fields or sorted({*listed, *seen}) if name not in KEY_FIELDS]
    if unknown := [name for name in names if name not in listed and name not in seen and not guess_type(name)]:
        log.warning(
            "Schema of %s %d has fields that are neither listed nor in recent records: %s; get_fields_metadata() lists "
            "the names",
            query.source,
            query.id,
            ", ".join(map(repr, unknown)),
        )
    overrides = cast("Mapping[str, ColumnType]", types or {})
    columns = [_column(name, overrides.get(name), listed.get(name), seen.get(name), query.si_units) for name in names]
    if wrong := [name for name in overrides if name not in names]:
        raise ValueError(f"types has fields that are not columns of the schema: {', '.join(map(repr, wrong))}")
    return Schema(columns=(*_KEY_COLUMNS, *columns), si_units=query.si_units, unknown_fields=unknown_fields)


def _index_fields(fields: Iterable[Any], seen: Container[str], *, is_routed: bool) -> dict[str, Any]:
    """Return the fields metadata by the names that records have.

    A name can be listed twice; the first entry counts. A pad lists the names of its own records, which begin with the
    measurement source (`M1_slurry_rate`). Routed records have the names without it.
    """
    listed: dict[str, Any] = {}
    for field in fields:
        if not isinstance(name := field.get("name"), str):
            continue
        source = SOURCE_PREFIX.match(name) if is_routed and name not in seen else None
        listed.setdefault(name[source.end() :] if source else name, field)
    return listed


def validate_types(types: object) -> None:
    """Raise TypeError or ValueError if `types` is not a mapping from field names to column types."""
    if types is None:
        return
    if not isinstance(types, Mapping):
        raise TypeError(f'types must be a mapping such as {{"slurry_rate": "float64"}}, not {types!r}')
    for name, kind in cast("Mapping[object, object]", types).items():
        if kind not in get_args(ColumnType):
            raise ValueError(f"the type of {name!r} must be one of {', '.join(get_args(ColumnType))}, not {kind!r}")


def _column(name: str, override: ColumnType | None, listed: Any, seen: ColumnType | None, si_units: bool) -> Column:
    if listed is None:
        return Column(name=name, type=override or guess_type(name) or seen or "float64")
    unit = _text(listed.get("si_unit" if si_units else "imperial_unit"))
    is_number = unit not in (None, _FLAG_UNIT) or any(listed.get(limit) is not None for limit in _PLOT_LIMITS)
    return Column(
        name=name,
        type=override or ("float64" if is_number else guess_type(name) or seen or "float64"),
        unit=unit,
        label=_text(listed.get("label")),
        color=_text(listed.get("primary_color")),
    )


def guess_type(name: str) -> ColumnType | None:
    """Return the type of a field that its name says; None if the name says nothing."""
    return "string" if _VALVE.search(name) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _sample_types(executor: RequestExecutor, query: DataQuery) -> EffectGen[dict[str, ColumnType]]:
    """Return the types of the values in the last records; nothing if they could not be requested."""
    end = yield from _last_record(executor, query)
    kinds: dict[str, set[type[object]]] = {}

    def note(batch: Iterable[Mapping[str, Any]]) -> None:
        for record in batch:
            for name, value in record.items():
                if value is not None:
                    kinds.setdefault(name, set()).add(cast("type[object]", type(value)))

    sample = DataQuery(
        source=query.source,
        id=query.id,
        start=end - _SAMPLE,
        end=end,
        fields=query.fields,
        si_units=query.si_units,
        is_routed=query.is_routed,
    )
    try:
        yield from redirect_items(note, stream_records(executor, sample, DICTS, DownloadState()))
    except CallError as error:
        log.warning("Schema of %s %d without a sample of its records: %s", query.source, query.id, error)
    return {name: _type_of(values) for name, values in kinds.items() if name not in KEY_FIELDS}


def _type_of(kinds: set[type]) -> ColumnType:
    if kinds == {bool}:
        return "bool"
    return "float64" if kinds <= {int, float, bool} else "string"


def _last_record(executor: RequestExecutor, query: DataQuery) -> EffectGen[datetime]:
    """Return the time of the last record, if the service says so; otherwise now."""
    operation: Operation[Any] = get_site(query.id) if query.source == "site" else list_sites(pad_id=query.id)
    now = datetime.fromtimestamp(executor.clock.now(), UTC)
    try:
        found = yield from executor.fetch(operation)
    except CallError as error:
        log.warning("Schema of %s %d from records up to now: %s", query.source, query.id, error)
        return now
    sites: list[Any] = found if isinstance(found, list) else [found]  # pyright: ignore[reportUnknownVariableType]
    seconds = [_last_timestamp(site) for site in sites]
    known = [second for second in seconds if second is not None and second <= now.timestamp()]
    return datetime.fromtimestamp(max(known), UTC) if known else now


def _last_timestamp(site: Any) -> int | None:
    metadata = site.get("metadata")
    value = metadata.get("last_timestamp") if metadata is not None and hasattr(metadata, "get") else None
    return parse_second(value.timestamp() if isinstance(value, datetime) else value)
