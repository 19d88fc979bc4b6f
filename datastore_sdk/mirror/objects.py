"""Rows of pads, sites, stages, states and data changes. A value of an unexpected type becomes null."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from datastore_sdk.entities import DataChange, Pad, Site, Stage, State
from datastore_sdk.exceptions import NotLoadedError, UnusableValueError
from datastore_sdk.mirror.tables import CHANGES, PADS, SITES, STAGES, STATES, Row, Table, TableUpdate
from restream_api.types import Model, build_serializers

_TYPES: dict[str, Any] = {"string": str, "int64": int, "float64": (int, float), "timestamp": datetime}


def pad_rows(pads: Iterable[Pad], now: datetime) -> TableUpdate:
    """Return the rows of pads."""
    return TableUpdate(PADS, tuple(_build_row(PADS, pad, read_at=now) for pad in pads))


def site_rows(sites: Iterable[Site], now: datetime) -> TableUpdate:
    """Return the rows of sites."""
    return TableUpdate(SITES, tuple(_build_row(SITES, site, read_at=now) for site in sites))


def stage_rows(stages: Iterable[Stage], sites: Iterable[int], now: datetime) -> TableUpdate:
    """Return the rows of the stages of sites, which replace all stages of these sites.

    A stage without a site or start is left out: no record can belong to it.
    """
    wanted, rows = {*sites}, list[Row]()
    for stage in stages:
        site, start = id_of_site(stage), stage.get("start")
        if site not in wanted or not isinstance(start, datetime):
            continue
        aggregations = stage.get("aggregations")
        rows.append(
            _build_row(
                STAGES,
                stage,
                site_id=site,
                start_date=start,
                end_date=stage.get("end"),
                aggregations=None if aggregations is None else _to_text(aggregations),
                read_at=now,
            )
        )
    removed = tuple({"site_id": site} for site in sorted(wanted))
    return TableUpdate(STAGES, tuple(rows), ("site_id",), removed)


def state_row(state: State, site: int, now: datetime) -> Row:
    """Return the row of a state."""
    return _build_row(STATES, state, site_id=site, stage_number=state.get("calculated_stage_number"), read_at=now)


def state_fingerprint(state: State) -> str:
    """Return a text that differs if the state differs from another one."""
    return _to_text([state.get(name) for name in ("current_state", "calculated_stage_number", "last_state_update")])


def change_row(change: DataChange, **values: Any) -> Row:
    """Return the row of a data change in the ledger."""
    return _build_row(CHANGES, change, **values)


def id_of_site(item: Stage | State | DataChange) -> int | None:
    """Return the site of an object, or None if the service sent none that is an id."""
    try:
        return item.site_id
    except (NotLoadedError, UnusableValueError):
        return None


def _build_row(table: Table, item: Model, **values: Any) -> Row:
    row: Row = {}
    for name, kind in table.columns.items():
        if name == "attributes":
            row[name] = _to_text(item.model_dump(exclude_unset=True, by_alias=True, exclude={"aggregations"}))
            continue
        value = values[name] if name in values else item.get(name)
        fits = isinstance(value, _TYPES[kind]) and not isinstance(value, bool)
        row[name] = (_to_utc(value) if isinstance(value, datetime) else value) if fits else None
    return row


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _to_text(value: Any) -> str:
    build_serializers(value)
    return to_json(value, inf_nan_mode="null", serialize_unknown=True).decode()
