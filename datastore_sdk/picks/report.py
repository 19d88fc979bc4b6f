"""Picks of a stage: estimates, each with its method, window and confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.suggestions import suggest

if TYPE_CHECKING:
    import pandas as pd

Confidence = Literal["high", "medium", "low"]
"""How far to trust a pick: "low" needs a look at the curves."""
_PICK_COLUMNS = ("name", "value", "unit", "at", "confidence", "method", "window_start", "window_end", "note")
_STEP_COLUMNS = ("number", "start", "end", "method", "confidence")
_SIGN_COLUMNS = ("start", "end", "rise_per_minute", "method", "confidence")
_DIGITS = 1
"""Decimal places of shown values."""


class UnavailablePickError(Exception):
    """The data does not show the number to pick; the message says why."""


class Pick(Struct, frozen=True, kw_only=True):
    """Number picked from the curves of a stage: an estimate."""

    name: str
    """`breakdown_pressure`, `isip`, `decline_5_min`, `decline_10_min`, `decline_15_min` or `time_to_rate`."""
    value: float
    """The number."""
    unit: str | None
    """Unit of the value; None if the service does not name it."""
    at: datetime
    """The time to which the value belongs, UTC."""
    method: str
    """How the number was picked."""
    window: tuple[datetime, datetime]
    """First and last second of the data that the number comes from, UTC."""
    confidence: Confidence
    """How far to trust the value."""
    note: str = ""
    """Why the confidence is not high."""


class ProppantStep(Struct, frozen=True, kw_only=True):
    """Averages and maxima of the curves in one proppant step."""

    number: int
    """Number of the step as reported; counted from 0 if the concentration shows the steps."""
    start: datetime
    """First second, UTC."""
    end: datetime
    """Last second, UTC."""
    average: Mapping[str, float]
    """Averages by field."""
    maximum: Mapping[str, float]
    """Maxima by field."""
    method: str
    """How the step was found."""
    confidence: Confidence
    """How far to trust the step: high if it was reported."""


class ScreenOutSign(Struct, frozen=True, kw_only=True):
    """Interval in which the treating pressure rises fast while the rate is constant."""

    start: datetime
    """First second, UTC."""
    end: datetime
    """Last second, UTC."""
    rise_per_minute: float
    """Fastest rise, in the unit of the pressure."""
    method: str
    """How the interval was found."""
    confidence: Confidence
    """How far to trust it: high if the pressure rises twice as fast as a sign needs."""


class Picks(Struct, frozen=True, kw_only=True):
    """Numbers picked from the curves of a frac stage. They are estimates: look at the curves before you rely on them.

    `picks["isip"].value` is one number, `"isip" in picks` says whether it could be picked, `for pick in picks` goes
    through all. `print(picks)` shows all as a table, and so do notebooks. Numbers that the
    service computes are in `aggregations`, and not picked again.
    """

    site: int
    """Id of the site."""
    stage_number: int | None
    """Number of the stage; None if the service did not send it."""
    picks: tuple[Pick, ...]
    """The numbers that the data shows."""
    unavailable: Mapping[str, str]
    """Why the other numbers could not be picked, by name."""
    steps: tuple[ProppantStep, ...]
    """Averages and maxima by proppant step, with the flush as the last one."""
    screen_out_signs: tuple[ScreenOutSign, ...]
    """Warning signs of a screen-out."""
    aggregations: Mapping[str, float]
    """Numbers that the service computed for the stage, in the units of the service."""

    def __getitem__(self, name: str) -> Pick:
        """Return the pick of a name.

        Raises:
            KeyError: The number could not be picked; the message says why.
        """
        if (pick := self.get(name)) is not None:
            return pick
        names = [*(pick.name for pick in self.picks), *self.unavailable]
        raise KeyError(f"{name}: {self.unavailable.get(name) or 'there is no such pick' + suggest(name, names)}")

    def __contains__(self, name: object) -> bool:
        """Return whether the number of a name could be picked."""
        return any(pick.name == name for pick in self.picks)

    def __iter__(self) -> Iterator[Pick]:
        return iter(self.picks)

    def get(self, name: str) -> Pick | None:
        """Return the pick of a name, or None if the number could not be picked."""
        return next((pick for pick in self.picks if pick.name == name), None)

    def to_pandas(self, table: Literal["picks", "steps", "screen_out_signs"] = "picks") -> pd.DataFrame:
        """Return a table as a pandas data frame. Needs the extra `pandas`.

        Args:
            table: The picks; or the steps, with columns such as `slurry_rate_avg` and `slurry_rate_max`; or the
                warning signs of a screen-out.

        Raises:
            ValueError: `table` is invalid.
            ImportError: pandas is not installed.
        """
        tables = {"picks": self._pick_rows, "steps": self._step_rows, "screen_out_signs": self._sign_rows}
        if table not in tables:
            raise ValueError(f"table must be 'picks', 'steps' or 'screen_out_signs', not {table!r}")
        require_extra("pandas", extra="pandas")
        import pandas as pd

        columns = {"picks": _PICK_COLUMNS, "steps": _STEP_COLUMNS, "screen_out_signs": _SIGN_COLUMNS}[table]
        rows = [*tables[table]()]
        return pd.DataFrame(rows, columns=[*dict.fromkeys((*columns, *(name for row in rows for name in row)))])

    def __repr__(self) -> str:
        return (
            f"Picks(site={self.site}, stage_number={self.stage_number}, picks={len(self.picks)}, "
            f"unavailable={len(self.unavailable)}, steps={len(self.steps)}, "
            f"screen_out_signs={len(self.screen_out_signs)})"
        )

    def __str__(self) -> str:
        lines = [self._title()]
        lines += (f"  {pick.name}: {_show(pick)}{f'; {pick.note}' if pick.note else ''}" for pick in self.picks)
        lines += (f"  {name}: not picked; {reason}" for name, reason in self.unavailable.items())
        lines += (f"  screen-out sign at {sign.start:%H:%M:%S} UTC" for sign in self.screen_out_signs)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        rows = [(pick.name, _show(pick), pick.method, pick.note) for pick in self.picks]
        rows += [(name, "not picked", "", reason) for name, reason in self.unavailable.items()]
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        signs = f"<p>Screen-out signs: {len(self.screen_out_signs)}</p>" if self.screen_out_signs else ""
        head = "<tr><th>pick</th><th>value</th><th>method</th><th>note</th></tr>"
        title = f"<p><b>{escape(self._title())}</b></p>"
        return f"{title}<table>{head}{body}</table>{signs}"

    def _title(self) -> str:
        return f"Picks of stage {self.stage_number} of site {self.site} (estimates), {len(self.steps)} proppant steps"

    def _pick_rows(self) -> Iterator[dict[str, Any]]:
        for pick in self.picks:
            start, end = pick.window
            own = {name: getattr(pick, name) for name in _PICK_COLUMNS if name in pick.__struct_fields__}
            yield {**own, "window_start": start, "window_end": end}

    def _step_rows(self) -> Iterator[dict[str, Any]]:
        for step in self.steps:
            own: dict[str, Any] = {name: getattr(step, name) for name in _STEP_COLUMNS}
            for name in step.average:
                own |= {f"{name}_avg": step.average[name], f"{name}_max": step.maximum[name]}
            yield own

    def _sign_rows(self) -> Iterator[dict[str, Any]]:
        for sign in self.screen_out_signs:
            yield {name: getattr(sign, name) for name in _SIGN_COLUMNS}


def to_datetime(second: int) -> datetime:
    """Return a unix second as a datetime in UTC."""
    return datetime.fromtimestamp(second, tz=UTC)


def _show(pick: Pick) -> str:
    unit = f" {pick.unit}" if pick.unit else ""
    return f"{pick.value:,.{_DIGITS}f}{unit} at {pick.at:%H:%M:%S} UTC, confidence {pick.confidence}"
