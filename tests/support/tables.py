"""Comparison of Arrow tables of records."""

from __future__ import annotations

import pyarrow as pa

_KEYS = ("site_id", "timestamp")


def in_order(table: pa.Table) -> pa.Table:
    """Return the rows in order of site and time, then of the other columns."""
    others = [name for name in table.schema.names if name not in _KEYS]
    names = (*_KEYS, *others)
    return table.sort_by([(name, "ascending") for name in names])  # pyright: ignore[reportUnknownMemberType]
