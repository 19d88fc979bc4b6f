"""Treatment plots of stages and sites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import (
    OTHER_RANGE_NAMES,
    RANGE_NAMES,
    parse_names,
    resolve_range,
    validate_contains_second,
    validate_flag,
)
from datastore_sdk.entities.base import ClientBound, Entity
from datastore_sdk.entities.intervals import Interval, get_interval
from datastore_sdk.plot.content import DEFAULT_FIELDS
from datastore_sdk.plot.treatment_plot import TreatmentPlot

if TYPE_CHECKING:
    from datastore_sdk.plot.content import PlotSpan


class StagePlotMixin(ClientBound):
    """The method `plot` of stages."""

    def plot(
        self,
        fields: str | Sequence[str] = DEFAULT_FIELDS,
        *,
        tz: str | tzinfo = "UTC",
        si_units: bool = False,
        stacked: bool = False,
    ) -> TreatmentPlot:
        """Download the curves of the stage, and return its treatment plot.

        A notebook shows the plot interactively; its `.save("stage.html")`, also with `.png`, `.pdf` and `.svg`, writes
        a file. Both need `pip install "restream-datastore-sdk[plot]"`.

        Labels, units, colours and ranges come from the service. Gaps are not bridged, unless the service says so for a
        field. Each curve has up to 4,000 points, which keep its extremes. The starts of the proppant steps and of the
        flush, rate drops and the shut-in are marked; corrected intervals are shaded. The curves reach to 20 minutes
        behind the stage, or to the next operation on the well, since the decline is there.

        Besides the records, one request each is made for the site, its fields, the next stages and the data changes. If
        one of these fails, a warning is logged.

        Args:
            fields: Names of the fields. The first has its axis on the left, the others on the right. Fields of one unit
                and similar range share an axis. Default: treating pressure, slurry rate and proppant concentration.
            tz: Time zone of the time axis: an IANA name such as `US/Central`, or `site` for the time of the well.
            si_units: True: SI units; False: oilfield units.
            stacked: True: each axis has a panel of its own, one above the other.

        Raises:
            ValueError: There is no such time zone or field, or a name is empty.
            TypeError: An argument has the wrong type.
            NoRecordsError: No record has a value of the fields.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start, end or time zone that the service sent is invalid.
            RestreamError: The download failed.
        """
        return self._get_client()._drive(self._fetch_plot(fields, tz, si_units, stacked))

    async def aplot(
        self,
        fields: str | Sequence[str] = DEFAULT_FIELDS,
        *,
        tz: str | tzinfo = "UTC",
        si_units: bool = False,
        stacked: bool = False,
    ) -> TreatmentPlot:
        """Download the curves of the stage, and return its treatment plot.

        A notebook shows the plot interactively; its `.save("stage.html")`, also with `.png`, `.pdf` and `.svg`, writes
        a file. Both need `pip install "restream-datastore-sdk[plot]"`.

        Labels, units, colours and ranges come from the service. Gaps are not bridged, unless the service says so for a
        field. Each curve has up to 4,000 points, which keep its extremes. The starts of the proppant steps and of the
        flush, rate drops and the shut-in are marked; corrected intervals are shaded. The curves reach to 20 minutes
        behind the stage, or to the next operation on the well, since the decline is there.

        Besides the records, one request each is made for the site, its fields, the next stages and the data changes. If
        one of these fails, a warning is logged.

        Args:
            fields: Names of the fields. The first has its axis on the left, the others on the right. Fields of one unit
                and similar range share an axis. Default: treating pressure, slurry rate and proppant concentration.
            tz: Time zone of the time axis: an IANA name such as `US/Central`, or `site` for the time of the well.
            si_units: True: SI units; False: oilfield units.
            stacked: True: each axis has a panel of its own, one above the other.

        Raises:
            ValueError: There is no such time zone or field, or a name is empty.
            TypeError: An argument has the wrong type.
            NoRecordsError: No record has a value of the fields.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start, end or time zone that the service sent is invalid.
            RestreamError: The download failed.
        """
        return await self._get_client()._adrive(self._fetch_plot(fields, tz, si_units, stacked))

    def _fetch_plot(
        self, fields: str | Sequence[str], tz: str | tzinfo, si_units: bool, stacked: bool
    ) -> EffectGen[TreatmentPlot]:
        from datastore_sdk.plot.build import build_stage_span  # seldom needed

        interval = get_interval(self, "start", "end")
        span = build_stage_span(dict(self.items()), interval.start, interval.end)
        return _fetch_plot(self, interval, fields, tz=tz, si_units=si_units, stacked=stacked, stage=span)


class SitePlotMixin(Entity):
    """The method `plot` of sites."""

    def plot(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        *,
        fields: str | Sequence[str] = DEFAULT_FIELDS,
        tz: str | tzinfo = "UTC",
        si_units: bool = False,
        stacked: bool = False,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> TreatmentPlot:
        """Download the curves of a time range, and return their treatment plot, with the stages in the range.

        The plot is as that of `Stage.plot`: a notebook shows it interactively, and its `.save("day.html")` writes a
        file. All 1-second records of the range are downloaded and kept in memory while the plot is built, some 50 MB a
        day.

        Args:
            start_datetime: Start, included. A datetime with a time zone, or ISO 8601 text.
            end_datetime: End, included. A datetime with a time zone, or ISO 8601 text. Default: up to now.
            fields: Names of the fields. The first has its axis on the left, the others on the right. Fields of one unit
                and similar range share an axis. Default: treating pressure, slurry rate and proppant concentration.
            tz: Time zone of the time axis: an IANA name such as `US/Central`, or `site` for the time of the well.
            si_units: True: SI units; False: oilfield units.
            stacked: True: each axis has a panel of its own, one above the other.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: There is no start, a time has no time zone, the end is before the start, there is no such time
                zone or field, or a name is empty.
            TypeError: An argument has the wrong type.
            NoRecordsError: No record has a value of the fields.
            UnusableValueError: The time zone that the service sent is invalid.
            RestreamError: The download failed.
        """
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        return self._get_client()._drive(self._fetch_plot(first, last, fields, tz, si_units, stacked))

    async def aplot(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        *,
        fields: str | Sequence[str] = DEFAULT_FIELDS,
        tz: str | tzinfo = "UTC",
        si_units: bool = False,
        stacked: bool = False,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> TreatmentPlot:
        """Download the curves of a time range, and return their treatment plot, with the stages in the range.

        The plot is as that of `Stage.aplot`: a notebook shows it interactively, and its `.save("day.html")` writes a
        file. All 1-second records of the range are downloaded and kept in memory while the plot is built, some 50 MB a
        day.

        Args:
            start_datetime: Start, included. A datetime with a time zone, or ISO 8601 text.
            end_datetime: End, included. A datetime with a time zone, or ISO 8601 text. Default: up to now.
            fields: Names of the fields. The first has its axis on the left, the others on the right. Fields of one unit
                and similar range share an axis. Default: treating pressure, slurry rate and proppant concentration.
            tz: Time zone of the time axis: an IANA name such as `US/Central`, or `site` for the time of the well.
            si_units: True: SI units; False: oilfield units.
            stacked: True: each axis has a panel of its own, one above the other.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: There is no start, a time has no time zone, the end is before the start, there is no such time
                zone or field, or a name is empty.
            TypeError: An argument has the wrong type.
            NoRecordsError: No record has a value of the fields.
            UnusableValueError: The time zone that the service sent is invalid.
            RestreamError: The download failed.
        """
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        return await self._get_client()._adrive(self._fetch_plot(first, last, fields, tz, si_units, stacked))

    def _fetch_plot(
        self,
        start: datetime | None,
        end: datetime | None,
        fields: str | Sequence[str],
        tz: str | tzinfo,
        si_units: bool,
        stacked: bool,
    ) -> EffectGen[TreatmentPlot]:
        if start is None:
            raise ValueError("a plot needs start_datetime; without an end, it reaches up to now")
        validate_contains_second(start, end, *RANGE_NAMES)
        return _fetch_plot(self, Interval(self.id, start, end), fields, tz=tz, si_units=si_units, stacked=stacked)


def _fetch_plot(
    item: ClientBound,
    interval: Interval,
    fields: str | Sequence[str],
    *,
    tz: str | tzinfo,
    si_units: bool,
    stacked: bool,
    stage: PlotSpan | None = None,
) -> EffectGen[TreatmentPlot]:
    from datastore_sdk._utils.time_zones import validate_time_zone  # seldom needed
    from datastore_sdk.plot.build import PlotRequest
    from datastore_sdk.plot.fetch import fetch_plot

    names = parse_names(fields, "fields")
    if not names:
        raise ValueError("fields must name at least one field")
    request = PlotRequest(
        site=interval.site,
        start=interval.start,
        end=interval.end,
        stage=stage,
        fields=tuple(dict.fromkeys(names)),
        tz=validate_time_zone(tz),
        si_units=validate_flag(si_units, "si_units"),
        stacked=validate_flag(stacked, "stacked"),
    )
    return fetch_plot(item._get_client()._executor, request)
