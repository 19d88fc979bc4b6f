"""The sites of a scenario: their stages, their records, and what was corrected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from datastore_sdk._utils.validation import validate_id
from datastore_sdk.enums import StageNameFilters
from datastore_sdk.sandbox.scenario.ids import Ids
from datastore_sdk.sandbox.scenario.series import Recordings, Rows, Series
from datastore_sdk.sandbox.scenario.timestamps import interval_of, second_of
from datastore_sdk.sandbox.simulation.corrections import (
    MODIFICATION_SUBTYPES,
    MODIFICATION_TYPES,
    Correction,
    ModificationSubtype,
    ModificationType,
)
from datastore_sdk.sandbox.simulation.layout import Site
from datastore_sdk.sandbox.simulation.readings import Read, Readings, Record, Value, constant
from datastore_sdk.sandbox.simulation.schedule import Stage, operation_of

FieldValue = Value | Callable[[int], Value]
"""The value of a field, or a function that tells it by the seconds since the start."""

_STATE: Final = re.compile("[a-z]+_[a-z0-9_]+")
_OPERATIONS: Final = tuple(StageNameFilters)
_REMOVING: Final = frozenset({"delete", "move_delete"})
_ADDING: Final = frozenset({"add", "augment_insert"})
_NO_FIELDS: Final = ("timestamp", "site_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Correction):
    """A correction whose records somebody made up.

    Attributes:
        values: What its fields are from then on.
    """

    values: Series

    def shows_at(self, now: float) -> bool:
        """Whether it has been made."""
        return now >= self.created_at

    @property
    def adds(self) -> bool:
        """Whether it brings records where there were none."""
        return self.modification_subtype in _ADDING


@dataclass(frozen=True, slots=True)
class AllIds:
    """The ids of everything in a scenario."""

    pads: Ids
    sites: Ids
    stages: Ids
    changes: Ids


class ScenarioSite:
    """A site (well) of a scenario; `ScenarioPad.site` makes it.

    Attributes:
        id: Its id.
        name: Its name.
        source: The measurement source that it is measured by; None where the pad has none.
    """

    def __init__(self, site: Site, source: str | None, ids: AllIds) -> None:
        self.id = site.id
        self.name = site.name
        self.source = source
        self.layout = site
        self.recordings = Recordings()
        self.stages: list[Stage] = []
        self.changes: list[Correction] = []
        self.numbers: dict[int, Mapping[str, float | None]] = {}
        self._ids = ids

    def stage(
        self,
        number: int,
        state: str = "frac_frac",
        /,
        *,
        start: datetime,
        end: datetime | None = None,
        id: int | None = None,
        aggregations: Mapping[str, float | None] | None = None,
    ) -> Stage:
        """Adds a stage. Between stages the site has no state.

        Args:
            number: Of the completion stage.
            state: `<operation>_<detail>`: `frac_frac`, `wl_runinhole`, `standby_standby`.
            start: When it begins, with its time zone.
            end: When it ends; None: it goes on.
            id: Its id. Default: made up.
            aggregations: Its numbers, such as `{"avg_slurry_rate": 80.0}`. Default: computed from its records.

        Returns:
            The stage as the field knows it, with its `id`.

        Raises:
            TypeError: A time is no datetime, the number no int.
            ValueError: It overlaps another stage, the state is unknown, a time has no time zone, the end does not lie
                behind the start, the number is not positive, or the id is taken.
        """
        validate_id(number, "the number of a stage")
        _check_state(state)
        first = second_of(start, "start")
        last = None if end is None else second_of(end, "end")
        if last is not None and last <= first:
            raise ValueError(f"end must lie behind start: {end} does not lie behind {start}")
        for other in self.stages:
            if first < _end(other) and other.start < (math.inf if last is None else last):
                raise ValueError(
                    f"stage {number} ({state}) of {self.name} overlaps stage {other.number} ({other.state})"
                )
        stage = Stage(self.id, self._ids.stages.take(id), state, number, first, last)
        self.stages.append(stage)
        self.stages.sort(key=lambda each: each.start)
        self.numbers[stage.id] = dict(aggregations or {})
        return stage

    def records(self, start: datetime, end: datetime, /, *, every: int = 1, **fields: FieldValue) -> None:
        """Adds records in regular intervals. Where fields were recorded already at a second, they join the same record.

        Args:
            start: First second, with its time zone.
            end: Last second, with its time zone.
            every: Seconds from one record to the next.
            fields: Their values: numbers, strings, booleans or None; or functions that tell them by the seconds since
                `start`.

        Raises:
            TypeError: A value is something else, `every` no int.
            ValueError: A time has no time zone, the end lies before the start, `every` is not positive, there are no
                fields, or one is called `timestamp` or `site_id`.
        """
        self.recordings.add(_series(start, end, every, fields))

    def exact_records(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Adds records as they are, such as the service sent them. One without fields tells nothing: it is left out.

        Args:
            records: Each with its `timestamp` in unix seconds, or as a datetime with its time zone. A `site_id`
                is left out: they are this site's.

        Raises:
            TypeError: There is no `timestamp`, or a value is no number, string, boolean or None.
            ValueError: Two records have the same timestamp, or one has no time zone.
        """
        rows: dict[int, Record] = {}
        for record in records:
            second = _second(record)
            if second in rows:
                raise ValueError(f"two records have the timestamp {second}")
            rows[second] = {name: _checked(name, value) for name, value in record.items() if name not in _NO_FIELDS}
        self.recordings.add(Rows(rows))

    def change(
        self,
        start: datetime,
        end: datetime,
        /,
        *,
        at: datetime,
        modification_type: ModificationType = "transaction",
        modification_subtype: ModificationSubtype = "override",
        id: int | None = None,
        every: int = 1,
        **fields: FieldValue,
    ) -> Correction:
        """Adds a correction: from `at` on there is a data change, and the records of the interval are others.

        `delete` and `move_delete` take the records away, `add` and `augment_insert` bring records where there were
        none; with every other kind, those that are there have these values.

        Args:
            start: First second of the interval, with its time zone.
            end: Last second of the interval, with its time zone.
            at: When it is made, with its time zone.
            modification_type: The kind of data change.
            modification_subtype: The kind in detail.
            id: Its id. Default: made up.
            every: Seconds from one value to the next.
            fields: What is corrected: values, or functions that tell them by the seconds since `start`. Default: the
                records stay as they are, but for what is taken away.

        Returns:
            The correction as the field knows it, with its `id`.

        Raises:
            TypeError: A value is no number, string, boolean or None, or a time no datetime.
            ValueError: A time has no time zone, the end lies before the start, the kind is unknown, or there are values
                of what is taken away.
        """
        if modification_type not in MODIFICATION_TYPES or modification_subtype not in MODIFICATION_SUBTYPES:
            raise ValueError(f"unknown kind of data change: {modification_type}, {modification_subtype}")
        removes = modification_subtype in _REMOVING
        if removes and fields:
            raise ValueError(f"{modification_subtype} takes records away: there are no values of {', '.join(fields)}")
        first, last = interval_of(start, end)
        values = _series(start, end, every, fields) if fields else Series(first, last, 1, {})
        change = Change(
            id=self._ids.changes.take(id),
            site_id=self.id,
            start=first,
            end=last,
            modification_type=modification_type,
            modification_subtype=modification_subtype,
            created_at=second_of(at, "at"),
            effect="missing" if removes else "none",
            mends=False,
            values=values,
        )
        self.changes.append(change)
        return change

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"


def _check_state(state: str) -> None:
    if not _STATE.fullmatch(state) or operation_of(state) not in _OPERATIONS:
        known = ", ".join(_OPERATIONS)
        raise ValueError(f"unknown state {state!r}: a state is <operation>_<detail>, and the operations are {known}")


def _end(stage: Stage) -> float:
    return math.inf if stage.end is None else stage.end


def _series(start: datetime, end: datetime, every: int, fields: Mapping[str, FieldValue]) -> Series:
    first, last = interval_of(start, end)
    validate_id(every, "every")
    if not fields:
        raise ValueError("records need fields")
    for name in _NO_FIELDS:
        if name in fields:
            raise ValueError(f"{name} is part of every record and no field")
    readings: Readings = {name: _read(name, value) for name, value in fields.items()}
    return Series(first, last, every, readings)


def _read(name: str, value: FieldValue) -> Read:
    return value if callable(value) else constant(_checked(name, value))


def _checked(name: str, value: Value) -> Value:
    if not isinstance(value, str | int | float | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a number, a string, a boolean or None, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f'{name} must be finite; the service writes "Infinity", as a string, for a missing number')
    return value


def _second(record: Mapping[str, Any]) -> int:
    timestamp = record.get("timestamp")
    if isinstance(timestamp, datetime):
        return second_of(timestamp, "timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise TypeError(f"a record needs a timestamp, in unix seconds or as a datetime, not {timestamp!r}")
    return timestamp
