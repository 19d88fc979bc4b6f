"""Sites of a scenario: stages, records and corrections."""

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
from datastore_sdk.sandbox.scenario.series import RecordedSeriesSet, Rows, Series
from datastore_sdk.sandbox.scenario.timestamps import to_interval, to_second
from datastore_sdk.sandbox.simulation.corrections import (
    MODIFICATION_SUBTYPES,
    MODIFICATION_TYPES,
    Correction,
    ModificationSubtype,
    ModificationType,
)
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.readings import Reading, Readings, Record, Value, constant
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage, operation_of

FieldValue = Value | Callable[[int], Value]
"""Value of a field, or a function of the seconds since the start."""

_STATE: Final = re.compile("[a-z]+_[a-z0-9_]+")
_OPERATIONS: Final = tuple(StageNameFilters)
_REMOVING: Final = frozenset({"delete", "move_delete"})
_ADDING: Final = frozenset({"add", "augment_insert"})
_NO_FIELDS: Final = ("timestamp", "site_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioChange(Correction):
    """A correction with values of the user.

    Attributes:
        values: Values of its fields from then on.
    """

    values: Series

    def is_active_at(self, now: float) -> bool:
        """Return whether it is in effect."""
        return now >= self.created_at

    @property
    def adds(self) -> bool:
        """Return whether it adds records."""
        return self.modification_subtype in _ADDING


@dataclass(frozen=True, slots=True)
class AllIds:
    """Ids of everything in a scenario."""

    pads: Ids
    sites: Ids
    stages: Ids
    changes: Ids


class ScenarioSite:
    """A site (well) of a scenario; made by `ScenarioPad.site`.

    Attributes:
        id: Its id.
        name: Its name.
        source: Its measurement source; None if the pad has none.
    """

    def __init__(self, site: SiteLayout, source: str | None, ids: AllIds) -> None:
        self.id = site.id
        self.name = site.name
        self.source = source
        self.layout = site
        self.recordings = RecordedSeriesSet()
        self.stages: list[ScheduledStage] = []
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
    ) -> ScheduledStage:
        """Add a stage. Between stages the site has no state.

        Args:
            number: Number of the completion stage.
            state: `<operation>_<detail>`: `frac_frac`, `wl_runinhole`, `standby_standby`.
            start: Begin, with time zone.
            end: End, with time zone; None if it is still under way.
            id: Its id. Default: a new one.
            aggregations: Its aggregations, such as `{"avg_slurry_rate": 80.0}`. Default: computed from its records.

        Returns:
            The stage as the field knows it, with its `id`.

        Raises:
            TypeError: A time is not a datetime, or the number is not an int.
            ValueError: It overlaps another stage, the state is unknown, a time has no time zone, the end is not after
                the
                start, the number is not positive, or the id is in use.
        """
        validate_id(number, "the number of a stage")
        _check_state(state)
        first = to_second(start, "start")
        last = None if end is None else to_second(end, "end")
        if last is not None and last <= first:
            raise ValueError(f"end must be after start: {end} is not after {start}")
        for other in self.stages:
            if first < _end(other) and other.start < (math.inf if last is None else last):
                raise ValueError(
                    f"stage {number} ({state}) of {self.name} overlaps stage {other.number} ({other.state})"
                )
        stage = ScheduledStage(self.id, self._ids.stages.take(id), state, number, first, last)
        self.stages.append(stage)
        self.stages.sort(key=lambda each: each.start)
        self.numbers[stage.id] = dict(aggregations or {})
        return stage

    def records(self, start: datetime, end: datetime, /, *, every: int = 1, **fields: FieldValue) -> None:
        """Add records in regular intervals. Fields of a second that is already recorded join its record.

        Args:
            start: First second, with time zone.
            end: Last second, with time zone.
            every: Seconds from one record to the next.
            fields: Values: numbers, strings, booleans or None; or functions of the seconds since `start`.

        Raises:
            TypeError: A value has another type, or `every` is not an int.
            ValueError: A time has no time zone, the end is before the start, `every` is not positive, there are no
                fields,
                or one is called `timestamp` or `site_id`.
        """
        self.recordings.add(_series(start, end, every, fields))

    def exact_records(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add records as they are, such as recorded ones. A record without fields is left out.

        Args:
            records: Each with a `timestamp` in unix seconds, or as a datetime with time zone. A `site_id` is replaced
                by
                that of this site.

        Raises:
            TypeError: There is no `timestamp`, or a value is not a number, string, boolean or None.
            ValueError: Two records have the same timestamp, or one has no time zone.
        """
        rows: dict[int, Record] = {}
        for record in records:
            second = _second(record)
            if second in rows:
                raise ValueError(f"two records have the timestamp {second}")
            rows[second] = {
                name: _validate_value(name, value) for name, value in record.items() if name not in _NO_FIELDS
            }
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
        """Add a correction: from `at` on there is a data change, and the records of the interval differ.

        `delete` and `move_delete` remove the records. `add` and `augment_insert` add records. Every other kind sets
        these
        values in the existing records.

        Args:
            start: First second of the interval, with time zone.
            end: Last second of the interval, with time zone.
            at: When it is made, with time zone.
            modification_type: Type of the data change.
            modification_subtype: Subtype of the data change.
            id: Its id. Default: a new one.
            every: Seconds from one value to the next.
            fields: Corrected values, or functions of the seconds since `start`. Default: the records that are not
                removed stay
                unchanged.

        Returns:
            The correction as the field knows it, with its `id`.

        Raises:
            TypeError: A value is not a number, string, boolean or None, or a time is not a datetime.
            ValueError: A time has no time zone, the end is before the start, the kind is unknown, or there are values
                for
                records that are removed.
        """
        if modification_type not in MODIFICATION_TYPES or modification_subtype not in MODIFICATION_SUBTYPES:
            raise ValueError(f"unknown kind of data change: {modification_type}, {modification_subtype}")
        removes = modification_subtype in _REMOVING
        if removes and fields:
            raise ValueError(f"{modification_subtype} removes records, so it takes no values of {', '.join(fields)}")
        first, last = to_interval(start, end)
        values = _series(start, end, every, fields) if fields else Series(first, last, 1, {})
        change = ScenarioChange(
            id=self._ids.changes.take(id),
            site_id=self.id,
            start=first,
            end=last,
            modification_type=modification_type,
            modification_subtype=modification_subtype,
            created_at=to_second(at, "at"),
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


def _end(stage: ScheduledStage) -> float:
    return math.inf if stage.end is None else stage.end


def _series(start: datetime, end: datetime, every: int, fields: Mapping[str, FieldValue]) -> Series:
    first, last = to_interval(start, end)
    validate_id(every, "every")
    if not fields:
        raise ValueError("records need fields")
    for name in _NO_FIELDS:
        if name in fields:
            raise ValueError(f"{name} is part of every record, not a field")
    readings: Readings = {name: _read(name, value) for name, value in fields.items()}
    return Series(first, last, every, readings)


def _read(name: str, value: FieldValue) -> Reading:
    return value if callable(value) else constant(_validate_value(name, value))


def _validate_value(name: str, value: Value) -> Value:
    if not isinstance(value, str | int | float | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a number, a string, a boolean or None, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f'{name} must be finite; the service writes "Infinity", as a string, for a missing number')
    return value


def _second(record: Mapping[str, Any]) -> int:
    timestamp = record.get("timestamp")
    if isinstance(timestamp, datetime):
        return to_second(timestamp, "timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise TypeError(f"a record needs a timestamp, in unix seconds or as a datetime, not {timestamp!r}")
    return timestamp
