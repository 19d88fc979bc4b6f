"""Stage aggregations, computed from records."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from datastore_sdk.sandbox.simulation.field_catalog import FIELDS
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.parameters import Condition, Operator, ParameterConfig
from datastore_sdk.sandbox.simulation.readings import Value
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage
from datastore_sdk.sandbox.simulation.selection import Selection
from datastore_sdk.sandbox.simulation.units import PER_MINUTE, UNITS

_COMPARISONS: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    "greater_than": operator.gt,
    "greater_than_or_equal": operator.ge,
    "less_than": operator.lt,
    "less_than_or_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


_Column = Mapping[int, Value]
"""Values by second."""
_Rhythm = Callable[[str], tuple[int, int]]
"""Seconds between two values of a field, and the second of that period with the value."""


class StageAggregationCache:
    """Cache of stage aggregations, until a correction changes the records behind them."""

    def __init__(self, size: int = 4096) -> None:
        self._known: dict[tuple[int, frozenset[int]], dict[ParameterConfig, float | None]] = {}
        self._size = size
        self._lock = threading.Lock()

    def of(
        self, operations: PadActivity, stage: ScheduledStage, definitions: AbstractSet[ParameterConfig], now: int
    ) -> Mapping[ParameterConfig, float | None]:
        """Return the aggregations of one finished stage."""
        if stage.end is None:
            raise ValueError("a stage that is still under way has no aggregations yet")
        corrections = operations.corrections(stage.site_id, stage.end)
        showing = frozenset(
            each.id
            for each in corrections
            if each.start < stage.end and each.end >= stage.start and each.is_active_at(now)
        )
        key = stage.id, showing
        known = self._known.get(key, {})
        missing = definitions - known.keys()
        if missing:
            known = {**known, **aggregate(operations, stage, missing, now)}
            with self._lock:
                self._known[key] = known
                if len(self._known) > self._size:
                    del self._known[next(iter(self._known))]
        return known


def aggregate(
    operations: PadActivity, stage: ScheduledStage, definitions: Iterable[ParameterConfig], now: int
) -> dict[ParameterConfig, float | None]:
    """Compute the aggregations of one finished stage; None if there are no values for one."""
    wanted = tuple(definitions)
    names = frozenset(name for each in wanted for name in (each.field, *(one.field for one in each.conditions)))
    last = now if stage.end is None else stage.end - 1
    columns = operations.columns(stage.site_id, Selection(stage.start, last, now, names))
    rhythm = partial(operations.sampling_period, stage.site_id)
    conditions = {condition for each in wanted for condition in each.conditions}
    holding = {condition: _seconds_holding(condition, columns.get(condition.field, {})) for condition in conditions}
    return {each: _number(each, columns.get(each.field, {}), holding, rhythm) for each in wanted}


def _seconds_holding(condition: Condition, column: _Column) -> AbstractSet[int]:
    """Return the seconds at which a condition holds."""
    compare, value = _COMPARISONS[condition.operator], condition.value
    return {second for second, known in column.items() if isinstance(known, (int, float)) and compare(known, value)}


def _number(
    definition: ParameterConfig, column: _Column, holding: Mapping[Condition, AbstractSet[int]], rhythm: _Rhythm
) -> float | None:
    counted: Iterable[int] = column
    for condition in definition.conditions:
        (period, begin), seconds = rhythm(condition.field), holding[condition]
        if period == 1:
            counted = [second for second in counted if second in seconds]
        else:  # the latest value of the other field decides
            counted = [second for second in counted if second - (second - begin) % period in seconds]
    if definition.aggregation in {"start", "duration"}:
        seen = [second for second in counted if column[second] is not None]
        if not seen:
            return None
        return float(seen[0] if definition.aggregation == "start" else len(seen) * rhythm(definition.field)[0])
    numbers = [value for second in counted if isinstance(value := column[second], (int, float))]
    return _reduce(definition, numbers, rhythm(definition.field)[0]) if numbers else None


def _reduce(definition: ParameterConfig, numbers: Sequence[float], period: int) -> float:
    info = FIELDS.get(definition.field)
    imperial = info.imperial or "" if info else ""
    unit = UNITS.get(imperial)
    match definition.aggregation:
        case "average":
            result = sum(numbers) / len(numbers)
        case "minimum":
            result = min(numbers)
        case "maximum":
            result = max(numbers)
        case "first":
            result = numbers[0]
        case "last":
            result = numbers[-1]
        case _:
            result = sum(numbers) * period / 60
            unit = PER_MINUTE.get(imperial)
    target = UNITS.get(definition.unit or "")
    if unit is None or target is None or unit.dimension != target.dimension:
        return float(result)
    return unit.convert(result, target)
