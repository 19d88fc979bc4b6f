"""Schema of several sites: the union of their columns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk.data.query import KEY_FIELDS, MAX_PARALLEL, DataQuery
from datastore_sdk.data.schema import Column, ColumnType, Schema
from datastore_sdk.data.schema_inference import infer_schema
from datastore_sdk.data.streaming.parallel import prefetch_in_order
from datastore_sdk.distributed.columns import select_fields
from datastore_sdk.distributed.reader import SliceRequests
from datastore_sdk.transport.executor.executor import RequestExecutor

_NUMBERS: frozenset[ColumnType] = frozenset({"float64", "int64", "bool"})


def infer_union(executor: RequestExecutor, site_ids: Sequence[int], requests: SliceRequests) -> EffectGen[Schema]:
    """Infer the schema of the records of several sites.

    Raises:
        ValueError: No site knows one of the fields.
        CallError: The fields metadata of a site could not be requested.
    """
    schemas: list[Schema] = []
    parts = (_infer(executor, DataQuery(source="site", id=id_, si_units=requests.si_units)) for id_ in site_ids)
    yield from redirect_items(lambda item: schemas.append(item[1]), prefetch_in_order(parts, MAX_PARALLEL, 1))
    return select_fields(unite_schemas(schemas), requests.fields)


def unite_schemas(schemas: Sequence[Schema]) -> Schema:
    """Return a schema with the columns of all schemas, sorted by name after `timestamp` and `site_id`.

    A column has the unit, label and colour of the first schema that knows it. If types differ, numbers and flags are
    float64, and everything else is a string.
    """
    columns: dict[str, Column] = {}
    for column in (column for schema in schemas for column in schema.columns):
        known = columns.setdefault(column.field, column)
        if known.type != column.type:
            both_numbers = {known.type, column.type} <= _NUMBERS
            columns[column.field] = msgspec.structs.replace(known, type="float64" if both_numbers else "string")
    keys = [columns.pop(name) for name in KEY_FIELDS]
    others = sorted(columns.values(), key=lambda column: column.name)
    return msgspec.structs.replace(schemas[0], columns=(*keys, *others))


def _infer(executor: RequestExecutor, query: DataQuery) -> EffectGen[None]:
    yield from YieldItem((yield from infer_schema(executor, query, types=None, unknown_fields="drop")))
