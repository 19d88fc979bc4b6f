"""Content of the live view: wells, their curves and the connection. Pure: no I/O, and one thread uses it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from msgspec import Struct

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.cli.watch.curve import Curve
from datastore_sdk.data.streaming.record_identity import parse_second
from datastore_sdk.realtime import Gap

SHOWN_SECONDS = 15 * 60
"""Seconds that the curves show."""


class WatchedField(Struct, frozen=True):
    """A field that the view shows."""

    name: str
    label: str
    unit: str
    color: str | None = None
    """`#RRGGBB`; None if the service has none."""


class Well:
    """A well: its state, and its curves by name of the field."""

    def __init__(self, name: str, fields: Iterable[str]) -> None:
        self.name = name
        self.state = ""
        """`<operation>_<detail>`; empty if unknown."""
        self.stage_number: int | None = None
        self.since: datetime | None = None
        """Time of the last change of the state."""
        self.curves = {field: Curve() for field in fields}
        self.gaps: list[Gap] = []
        """Gaps in the shown time."""
        self.last_second: int | None = None
        """Second of the newest record of the latest arrival."""
        self.lag: float | None = None
        """Seconds from this record to its arrival."""


class Connection:
    """The connection that records come over."""

    def __init__(self) -> None:
        self.is_open = False
        self.since: float | None = None
        """Time of its last change, in unix seconds; None before the first connection."""
        self.reconnections = 0
        self.backfilled = 0
        """Number of records that were lost with a connection and fetched afterwards."""


class WatchModel:
    """State of the view.

    Args:
        title: Name of the pad or site.
        wells: Names of the wells by id of the site, in the order in which they are shown.
        fields: The fields.
        site: Id of the site that all records belong to; None: each record names its own.
    """

    def __init__(
        self, title: str, wells: Mapping[int, str], fields: Sequence[WatchedField], *, site: int | None = None
    ) -> None:
        self.title = title
        self.fields = fields
        self.wells = {id_: self._build_well(name) for id_, name in wells.items()}
        self.connection = Connection()
        self.message = ""
        """The latest warning."""
        self._site = site

    def add_records(self, records: Iterable[Mapping[str, Any]], arrived: float) -> None:
        """Add records to the curves of their wells.

        Args:
            records: Records of one arrival, in any order.
            arrived: Time of arrival, in unix seconds of this computer's clock.
        """
        newest: dict[int, int] = {}
        for record in records:
            second = parse_second(record.get("timestamp"))
            site = parse_id(record.get("site_id")) if self._site is None else self._site
            if second is None or site is None:
                continue
            newest[site] = max(second, newest.get(site, second))
            for name, curve in self._find_well(site).curves.items():
                value = record.get(name)
                if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                    curve.add(second, value)
        for site, second in newest.items():
            well = self.wells[site]
            well.last_second, well.lag = second, arrived - second

    def set_state(self, site: int, *, name: str | None, state: str, stage: int | None, since: datetime | None) -> None:
        """Set the state of a well."""
        well = self._find_well(site)
        well.name = name or well.name
        well.state, well.stage_number, well.since = state, stage, since

    def add_gap(self, gap: Gap) -> None:
        """Add seconds that were lost and could not be fetched."""
        site = gap.source if self._site is None else self._site
        if site is not None:
            self._find_well(site).gaps.append(gap)

    def set_message(self, text: str) -> None:
        """Set the latest warning."""
        self.message = text

    def set_connection(self, *, is_open: bool, reconnections: int, backfilled: int, now: float) -> None:
        """Set whether records can arrive, and the repairs so far."""
        connection = self.connection
        if is_open != connection.is_open:
            connection.is_open, connection.since = is_open, now
        connection.reconnections, connection.backfilled = reconnections, backfilled

    def select_time(self, now: float) -> tuple[int, int]:
        """Return the first and last second that the curves show, and forget older values.

        The service's clock decides, because this computer's may be wrong. The median of all wells does not follow
        a well whose own clock is wrong.

        Args:
            now: Unix seconds of this computer's clock.
        """
        lags = [well.lag for well in self.wells.values() if well.lag is not None]
        end = int(now - (median(lags) if lags else 0))
        start = end - SHOWN_SECONDS + 1
        for well in self.wells.values():
            well.gaps = [gap for gap in well.gaps if gap.end.timestamp() >= start]
            for curve in well.curves.values():
                curve.prune(start, end)
        return start, end

    def _find_well(self, site: int) -> Well:
        if site not in self.wells:
            self.wells[site] = self._build_well(f"site {site}")
        return self.wells[site]

    def _build_well(self, name: str) -> Well:
        return Well(name, (field.name for field in self.fields))
