"""Time-series data of pads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, resolve_range
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.entities.base import Entity
from datastore_sdk.enums import (
    AggregationName,
    DataAggregations,
    DataFillMethods,
    DataResolutions,
    FillMethodName,
    OperationName,
    ResolutionName,
    StageNameFilters,
)


class PadDataMixin(Entity):
    """The method `get_data` of pads."""

    def get_data(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        measurement_sources_names: str | Sequence[str] | None = None,
        is_routed: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> Data:
        """The time-series data, lazily: nothing is downloaded until the object is iterated over or saved.

        A download that breaks off is taken up again from the last second that came. Records that depend on their
        neighbours (a coarser `resolution`, `aggregation`, `fill_data_method`) would come out differently there: these
        are asked for again as a whole, and what had come is left out. `save(resume=True)` begins afresh with them.

        Args:
            start_datetime: First moment, included; with a time zone. A datetime, or ISO 8601 text.
            end_datetime: Last moment, included; with a time zone. A datetime, or ISO 8601 text.
            stage_number: Only this stage; needs `stage_name_filter` and `is_routed=True`.
            stage_name_filter: Only data of stages of this operation.
            resolution: The interval that one record stands for.
            aggregation: How the measurements within one interval become one value.
            fields: Names of the fields (see `get_fields_metadata`), in a sequence or with commas in between. Default:
                all that are exposed to you.
            si_units: True: SI units; False: oilfield units (psi, bbl/min, lb/gal). `get_fields_metadata` tells both.
            measurement_sources_names: Names of the measurement sources, such as "M1" (see
                `get_measurement_sources_metadata`). Default: all.
            is_routed: True: each record is handed to the site it belongs to, with plain field names (`slurry_rate`), so
                one second has a record per site. False: the records of the pad, in which the fields of a measurement
                source carry its name (`M1_slurry_rate`).
            fill_data_method: How gaps in 1-second data are filled; needs `fill_data_limit`.
            fill_data_limit: The most seconds to fill in one gap.
            inside_area_only: True: fill only between known values; False: before the first and after the last one too.
            parallel: How many parts of the time range to fetch at a time, 1 to 3. Parts come in order of time; records
                within a part come as the service sends them.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: A moment has no time zone, the end is before the start, or arguments do not go together.
            TypeError: An argument is of the wrong type.
            MissingCredentialsError: There is no token.
        """
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="pad",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            measurement_sources_names=measurement_sources_names,
            is_routed=is_routed,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return Data(self._get_client(), [query])

    async def aget_data(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        measurement_sources_names: str | Sequence[str] | None = None,
        is_routed: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> DataAsync:
        """Async form of `get_data`."""
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="pad",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            measurement_sources_names=measurement_sources_names,
            is_routed=is_routed,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return DataAsync(self._get_client(), [query])
