"""Comparison of a mirror with the service."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING

from datastore_sdk.data.schema import Schema
from datastore_sdk.entities import Site
from datastore_sdk.exceptions import APIConnectionError, AuthenticationError, MirrorError, RestreamError
from datastore_sdk.mirror.contents import SiteState
from datastore_sdk.mirror.download import Download, read_rows
from datastore_sdk.mirror.report import MirrorDifference, MirrorVerification
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import Span, build_change_span, from_second
from datastore_sdk.mirror.tables import EXTRA

if TYPE_CHECKING:
    import pyarrow as pa

INTERVAL = 600
"""Length of an interval in seconds."""
_SHOWN = 3
"""Maximum number of examples."""

Canonical = tuple[tuple[str, object], ...]
"""A record by field, without missing values, for comparison."""


def verify(session: Session, sample: int, seed: int | None) -> MirrorVerification:
    """Compare random intervals of each site.

    Raises:
        MirrorError: No site was read yet, so there is nothing to compare.
    """
    if not any(state.read_at or state.cursor > state.since for state in session.contents.sites.values()):
        raise MirrorError(f"{session.name} has no records yet: run the mirror first")
    result, random = MirrorVerification(), Random(seed)  # noqa: S311 - a sample, no secret
    for state in session.contents.sites.values():
        for span in _choose(state, sample, random):
            try:
                _compare(session, state, span, result)
            except (AuthenticationError, APIConnectionError):
                raise
            except RestreamError as error:
                result.problems.append(f"site {state.site_id}, {from_second(span.first):%Y-%m-%d %H:%M:%S}: {error}")
    return result


def _choose(state: SiteState, sample: int, random: Random) -> list[Span]:
    """Return intervals that the mirror has read; the last seconds may still be coming."""
    end = state.cursor - INTERVAL // 10
    if end - state.since <= INTERVAL * sample:
        return [*Span(state.since, end).pieces(INTERVAL)]
    starts = random.sample(range(state.since, end - INTERVAL, INTERVAL), sample)
    return [Span(start, start + INTERVAL) for start in sorted(starts)]


def _compare(session: Session, state: SiteState, span: Span, result: MirrorVerification) -> None:
    schema = session.contents.schema
    source = session.contents.sources.get((state.source_kind, state.source_id))
    data = Site(state.site_id, client=session.client).get_data(
        start_datetime=span.start_datetime,
        end_datetime=span.last_datetime,
        fields=source.fields if source else None,
        si_units=schema.si_units,
    )
    download = Download(state.site_id, span, schema, data.record_batches(schema, on_mismatch="map"))
    received = count_records(read_rows([download], schema), schema)
    with session.open_store() as store:
        stored = count_records(store.read_records(state.site_id, span), schema)
    result.intervals += 1
    result.records += received.total()
    missing, surplus = received - stored, stored - received
    if missing or surplus:
        examples = [("missing", record) for record in missing] + [("surplus", record) for record in surplus]
        result.differences.append(
            MirrorDifference(
                site_id=state.site_id,
                start=from_second(span.first),
                end=from_second(span.end),
                missing=missing.total(),
                surplus=surplus.total(),
                examples=[f"{kind}: {dict(record)}"[:200] for kind, record in examples[:_SHOWN]],
                has_pending_change=_has_pending_change(session, state.site_id, span),
            )
        )


def _has_pending_change(session: Session, site: int, span: Span) -> bool:
    for row in session.contents.ledger.values():
        if row["site_id"] == site and row["applied_at"] is None and row["start_date"] is not None:
            changed = build_change_span(row["start_date"], row["end_date"], session.now)
            if changed.clip(span).seconds:
                return True
    return False


def count_records(batches: Iterable[pa.RecordBatch], schema: Schema) -> Counter[Canonical]:
    """Return how often each record occurs, independent of the columns of a batch and their order."""
    fields = {column.name: column.field for column in schema.columns[2:]}
    counted: Counter[Canonical] = Counter()
    for batch in batches:
        for row in batch.to_pylist():
            values: dict[str, object] = {
                fields[name]: value for name, value in row.items() if name in fields and value is not None
            }
            values |= {name: value for name, value in json.loads(row[EXTRA] or "{}").items() if value is not None}
            values = {name: _canonical(value) for name, value in values.items()}
            counted[("timestamp", row["timestamp"].timestamp()), *sorted(values.items())] += 1
    return counted


def _canonical(value: object) -> object:
    if isinstance(value, bool | int | float):
        return float(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
