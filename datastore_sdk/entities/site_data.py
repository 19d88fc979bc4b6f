"""Time-series data of sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, resolve_range
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.schema import ColumnType, OnUnknownField, Schema
from datastore_sdk.data.schema_inference import infer_schema
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


class SiteDataMixin(Entity):
    """The method `get_data` of sites."""

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
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> Data:
        """Return the time-series data of the site. The download starts when the data is iterated over or saved.

        A record is a dict: `timestamp` (unix seconds, UTC), `site_id`, and a value for each measured field. Records
        differ in their fields. The service promises no order of the records.

        The end second is included. For daily files use 00:00:00 to 23:59:59; otherwise midnight appears twice.

        If the connection breaks, the download resumes, and each record comes once. `save(resume=True)` also resumes
        after the process has ended, but only for unaggregated 1-second data; other downloads start over.

        Args:
            start_datetime: Start, included. A datetime with a time zone, or ISO 8601 text. Default: no limit.
            end_datetime: End, included. A datetime with a time zone, or ISO 8601 text. Default: no limit.
            stage_number: Only data of this stage; needs `stage_name_filter`.
            stage_name_filter: Only data of stages of this operation: `StageNameFilters.FRAC` or "frac".
            resolution: Interval that one record covers: 1 s ("raw"), "ten-second", "minute", "ten-minute" or "hour".
            aggregation: How the values within one interval become one value: "min", "max" or "mean".
            fields: Names of the fields (see `get_fields_metadata`), as a sequence or joined by commas. Default: all
                fields that you have access to.
            si_units: True: SI units. Default: oilfield units (psi, bbl/min, lb/gal). `get_fields_metadata` lists both.
            fill_data_method: How to fill gaps in 1-second data, "ffill" or "bfill"; needs `fill_data_limit`.
            fill_data_limit: Maximum number of seconds to fill in one gap.
            inside_area_only: True: fill only between known values. False: also before the first and after the last.
            parallel: Number of parts of the time range to download at a time, 1 to 3. Parts come in order of time;
                records within a part come in the service's order.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: A time has no time zone, the end is before the start, or arguments do not go together.
            TypeError: An argument has the wrong type.
            MissingCredentialsError: There are no credentials.
        """
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="site",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
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
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> DataAsync:
        """Return the time-series data of the site. The download starts when the data is iterated over or saved.

        A record is a dict: `timestamp` (unix seconds, UTC), `site_id`, and a value for each measured field. Records
        differ in their fields. The service promises no order of the records.

        The end second is included. For daily files use 00:00:00 to 23:59:59; otherwise midnight appears twice.

        If the connection breaks, the download resumes, and each record comes once. `asave(resume=True)` also resumes
        after the process has ended, but only for unaggregated 1-second data; other downloads start over.

        Args:
            start_datetime: Start, included. A datetime with a time zone, or ISO 8601 text. Default: no limit.
            end_datetime: End, included. A datetime with a time zone, or ISO 8601 text. Default: no limit.
            stage_number: Only data of this stage; needs `stage_name_filter`.
            stage_name_filter: Only data of stages of this operation: `StageNameFilters.FRAC` or "frac".
            resolution: Interval that one record covers: 1 s ("raw"), "ten-second", "minute", "ten-minute" or "hour".
            aggregation: How the values within one interval become one value: "min", "max" or "mean".
            fields: Names of the fields (see `aget_fields_metadata`), as a sequence or joined by commas. Default: all
                fields that you have access to.
            si_units: True: SI units. Default: oilfield units (psi, bbl/min, lb/gal). `aget_fields_metadata` lists both.
            fill_data_method: How to fill gaps in 1-second data, "ffill" or "bfill"; needs `fill_data_limit`.
            fill_data_limit: Maximum number of seconds to fill in one gap.
            inside_area_only: True: fill only between known values. False: also before the first and after the last.
            parallel: Number of parts of the time range to download at a time, 1 to 3. Parts come in order of time;
                records within a part come in the service's order.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: A time has no time zone, the end is before the start, or arguments do not go together.
            TypeError: An argument has the wrong type.
            MissingCredentialsError: There are no credentials.
        """
        first, last = resolve_range(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="site",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return DataAsync(self._get_client(), [query])

    def get_schema(
        self,
        fields: str | Sequence[str] | None = None,
        *,
        si_units: bool = False,
        types: Mapping[str, ColumnType] | None = None,
        unknown_fields: OnUnknownField = "drop",
    ) -> Schema:
        """Return a schema for the records of the site: a fixed set of typed columns.

        Save it with `schema.to_json()`, and pass it to `Data.to_arrow`, `to_pandas`, `to_polars`, `save` or
        `record_batches`, so that the files of all days have the same columns.

        The first columns are `timestamp` (UTC, microseconds) and `site_id`; then comes a column for each field, in
        the order of `fields`, else sorted by name, with unit, label and colour. The service does not say which type a
        field has. A field with a unit or a plot range is float64, a valve is a string. Others have the type of the
        values in the last ten minutes of records, which this method downloads; without such values, float64.

        Args:
            fields: Names of the fields, as for `get_data`. Default: all listed fields, and those in the sample.
            si_units: As for `get_data`; a schema fits only data in the same units.
            types: Types that override the inferred ones, by field: "float64", "int64", "string" or "bool".
            unknown_fields: What happens to fields that the schema does not know: "drop" drops them with a warning,
                "map" keeps them in the column `extra`, a map from name to JSON text.

        Raises:
            ValueError: An argument is invalid, or `types` names a field that is not a column.
            TypeError: An argument has the wrong type.
            RestreamError: The fields metadata could not be requested.
        """
        query = DataQuery(source="site", id=self.id, fields=fields, si_units=si_units)
        client = self._get_client()
        return client._drive(infer_schema(client._executor, query, types=types, unknown_fields=unknown_fields))

    async def aget_schema(
        self,
        fields: str | Sequence[str] | None = None,
        *,
        si_units: bool = False,
        types: Mapping[str, ColumnType] | None = None,
        unknown_fields: OnUnknownField = "drop",
    ) -> Schema:
        """Return a schema for the records of the site: a fixed set of typed columns.

        Save it with `schema.to_json()`, and pass it to `DataAsync.ato_arrow`, `ato_pandas`, `ato_polars`, `asave` or
        `record_batches`, so that the files of all days have the same columns.

        The first columns are `timestamp` (UTC, microseconds) and `site_id`; then comes a column for each field, in
        the order of `fields`, else sorted by name, with unit, label and colour. The service does not say which type a
        field has. A field with a unit or a plot range is float64, a valve is a string. Others have the type of the
        values in the last ten minutes of records, which this method downloads; without such values, float64.

        Args:
            fields: Names of the fields, as for `aget_data`. Default: all listed fields, and those in the sample.
            si_units: As for `aget_data`; a schema fits only data in the same units.
            types: Types that override the inferred ones, by field: "float64", "int64", "string" or "bool".
            unknown_fields: What happens to fields that the schema does not know: "drop" drops them with a warning,
                "map" keeps them in the column `extra`, a map from name to JSON text.

        Raises:
            ValueError: An argument is invalid, or `types` names a field that is not a column.
            TypeError: An argument has the wrong type.
            RestreamError: The fields metadata could not be requested.
        """
        query = DataQuery(source="site", id=self.id, fields=fields, si_units=si_units)
        client = self._get_client()
        return await client._adrive(infer_schema(client._executor, query, types=types, unknown_fields=unknown_fields))
