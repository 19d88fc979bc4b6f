"""Lazy frame of a plan for polars: it downloads only the columns, wells and times that a query needs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.distributed.plan import Plan

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_CLOSED: tuple[Literal["both", "left", "right", "none"], ...] = ("both", "left", "right", "none")
Bounds = dict[str, Any]
"""Arguments of `Plan.only` that a predicate implies: `start`, `end`, `sites`."""


def scan_restream(plan: Plan) -> pl.LazyFrame:
    """Return a lazy frame of the records of a plan. Needs the extra `polars`.

    Only the columns that a query uses are downloaded. Comparisons of `timestamp` with times that have a time zone, and
    of `site_id` with ids (`==`, `is_in`), restrict the download if they are joined by `&`; polars applies every filter
    itself too. `head(n)` ends the download after n records. Each `collect()` downloads again, and a self-join downloads
    twice: collect first, then join.

    Args:
        plan: The plan.

    Raises:
        ImportError: polars is not installed.
    """
    require_extra("polars", "pyarrow", extra="polars")
    from polars.io.plugins import register_io_source

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        return _read(plan, plan.columns if columns is None else tuple(columns), predicate, n_rows)

    return register_io_source(read, schema=_to_frame(plan.to_arrow_schema().empty_table()).schema)


def _read(
    plan: Plan, columns: tuple[str, ...], predicate: pl.Expr | None, n_rows: int | None
) -> Iterator[pl.DataFrame]:
    """Yield the records of a query."""
    needed = dict.fromkeys(columns if predicate is None else (*columns, *predicate.meta.root_names()))
    part = plan.only(needed or plan.columns[:1], **({} if predicate is None else find_bounds(predicate)))
    # A few rows are probably in the first slice, so slices are then read one after another.
    with closing(part.batches() if n_rows is None else _read_slices(part)) as batches:
        for batch in batches:
            frame = _to_frame(batch)
            frame = (frame if predicate is None else frame.filter(predicate)).select(columns or part.columns)
            if n_rows is None:
                yield frame
                continue
            yield frame.head(n_rows)
            if (n_rows := n_rows - frame.height) <= 0:
                return


def _read_slices(plan: Plan) -> Generator[pa.RecordBatch, None, None]:
    for slice_ in plan.slices:
        yield from plan.read(slice_)


def _to_frame(records: Any) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(records)


def find_bounds(predicate: pl.Expr) -> Bounds:
    """Return the range of time and the sites outside of which a predicate is never true.

    polars has no stable way to read an expression. So its parts are taken out (`meta.pop`), put together in each way
    that is understood, and the results are compared with it. A predicate that is not understood implies nothing.
    """
    for one, *others in permutations(predicate.meta.pop()):
        match others:
            case [other] if (one & other).meta.eq(predicate):
                return _intersect(find_bounds(one), find_bounds(other))
            case [other]:
                found = _find_bounds_of_comparison(predicate, one, other)
            case [low, high] if _is_between(predicate, one, low, high):
                found = _intersect(find_bounds(one >= low), find_bounds(one <= high))
            case _:
                found = {}
        if found:
            return found
    return {}


def _is_between(predicate: pl.Expr, column: pl.Expr, low: pl.Expr, high: pl.Expr) -> bool:
    return any(column.is_between(low, high, each).meta.eq(predicate) for each in _CLOSED)


def _find_bounds_of_comparison(predicate: pl.Expr, column: pl.Expr, literal: pl.Expr) -> Bounds:
    if not (column.meta.is_column() and literal.meta.is_literal()):
        return {}

    def is_any(*expressions: pl.Expr) -> bool:
        return any(expression.meta.eq(predicate) for expression in expressions)

    values = _literal_values(literal)
    match column.meta.output_name():
        case "site_id" if all(type(value) is int for value in values):
            if is_any(column == literal, literal == column, column.is_in(literal)):
                return {"sites": [value for value in values if value > 0]}
        case "timestamp" if len(values) == 1 and isinstance(values[0], datetime) and values[0].tzinfo:
            if is_any(column >= literal, column > literal, literal <= column, literal < column):
                return {"start": values[0]}
            if is_any(column <= literal, column < literal, literal >= column, literal > column):
                return {"end": values[0]}
            if is_any(column == literal, literal == column):
                return {"start": values[0], "end": values[0]}
        case _:
            pass
    return {}


def _literal_values(literal: pl.Expr) -> list[Any]:
    """Return the values of a literal; those in it if it is a list."""
    import polars as pl

    series = pl.select(literal).to_series()
    return (series.explode() if isinstance(series.dtype, pl.List | pl.Array) else series).to_list()


def _intersect(one: Bounds, other: Bounds) -> Bounds:
    both = {**one, **other}
    if "start" in one and "start" in other:
        both["start"] = max(one["start"], other["start"])
    if "end" in one and "end" in other:
        both["end"] = min(one["end"], other["end"])
    if "sites" in one and "sites" in other:
        both["sites"] = [site for site in one["sites"] if site in other["sites"]]
    return both
