"""The method `get_stages_metadata` of pads and sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Unpack, overload

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import Resource
from datastore_sdk.entities.stage import Stage, build_stage_query, fetch_stages
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import StageFilters
from restream_api.types import QueryValue


class AssetStages(Resource):
    """Base class of pads and sites with the method for stages."""

    _endpoints: ClassVar[Endpoints]

    @property
    def _known_site_ids(self) -> frozenset[int]:
        """Ids of the sites that are known to belong to the object; empty if none are known."""
        raise NotImplementedError

    @overload
    def get_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage]: ...
    @overload
    def get_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    def get_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage] | list[dict[str, Any]]: ...
    @complete_signature(StageFilters)
    def get_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage] | list[dict[str, Any]]:
        """List the history of stages: fracs, wireline runs and standby. Stages come newest first.

        For a pad, the stages of all its sites are listed, site by site; `stage.site_id` names the site. The order is
        the service's: newest first was observed, but is not promised. Sort by `start` if your program depends on it.
        The current stage is listed, too: it has no `id` yet, and its `end` is None.

        Args:
            start_date: Only stages that end at or after this time. A datetime with a time zone, or ISO 8601 text.
            end_date: Only stages that start at or before this time. A datetime with a time zone, or ISO 8601 text.
            stage_number: Only stages with this number.
            stage_name_filter: Only stages of this operation: `StageNameFilters.FRAC` or "frac".
            add_aggregations: True: also fetch the numbers that the service computed from each stage's data, as
                `stage.aggregations`. If the service reports an error for a site, its stages have None there, and a
                warning is logged.
            aggregations_filter: Names of the aggregations to fetch. Default: all.
            as_dict: True: return the service's JSON unchanged, as dicts. With `add_aggregations`, each dict gets the
                key `aggregations`.
            extra_filters: Filters that only the service knows, passed on unchanged.
            stage_numbers: Only stages with one of these numbers.
            start: Another name for `start_date`.
            end: Another name for `end_date`.
            start_datetime: Another name for `start_date`.
            end_datetime: Another name for `end_date`.
            **filters: The last five arguments (`StageFilters`).

        Returns:
            The stages. They read like objects and like dicts (`stage.state`, `stage["state"]`), and have times in UTC.
            The list converts to a data frame with `to_pandas()` or `to_polars()`.

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A time has no time zone, the end is before the start, a time is passed under two names, or a
                value is empty.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_stage_query(
            self._endpoints,
            self.id,
            start_date=start_date,
            end_date=end_date,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            add_aggregations=add_aggregations,
            aggregations_filter=aggregations_filter,
            filters=filters,
            extra_filters=extra_filters,
        )
        return client._run(fetch_stages(self._endpoints, self.id, self._known_site_ids, client, query, as_dict=as_dict))

    @overload
    async def aget_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage]: ...
    @overload
    async def aget_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    async def aget_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage] | list[dict[str, Any]]: ...
    @complete_signature(StageFilters)
    async def aget_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> ObjectList[Stage] | list[dict[str, Any]]:
        """List the history of stages: fracs, wireline runs and standby. Stages come newest first.

        For a pad, the stages of all its sites are listed, site by site; `stage.site_id` names the site. The order is
        the service's: newest first was observed, but is not promised. Sort by `start` if your program depends on it.
        The current stage is listed, too: it has no `id` yet, and its `end` is None.

        Args:
            start_date: Only stages that end at or after this time. A datetime with a time zone, or ISO 8601 text.
            end_date: Only stages that start at or before this time. A datetime with a time zone, or ISO 8601 text.
            stage_number: Only stages with this number.
            stage_name_filter: Only stages of this operation: `StageNameFilters.FRAC` or "frac".
            add_aggregations: True: also fetch the numbers that the service computed from each stage's data, as
                `stage.aggregations`. If the service reports an error for a site, its stages have None there, and a
                warning is logged.
            aggregations_filter: Names of the aggregations to fetch. Default: all.
            as_dict: True: return the service's JSON unchanged, as dicts. With `add_aggregations`, each dict gets the
                key `aggregations`.
            extra_filters: Filters that only the service knows, passed on unchanged.
            stage_numbers: Only stages with one of these numbers.
            start: Another name for `start_date`.
            end: Another name for `end_date`.
            start_datetime: Another name for `start_date`.
            end_datetime: Another name for `end_date`.
            **filters: The last five arguments (`StageFilters`).

        Returns:
            The stages. They read like objects and like dicts (`stage.state`, `stage["state"]`), and have times in UTC.
            The list converts to a data frame with `ato_pandas()` or `ato_polars()`.

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A time has no time zone, the end is before the start, a time is passed under two names, or a
                value is empty.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_stage_query(
            self._endpoints,
            self.id,
            start_date=start_date,
            end_date=end_date,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            add_aggregations=add_aggregations,
            aggregations_filter=aggregations_filter,
            filters=filters,
            extra_filters=extra_filters,
        )
        return await client._arun(
            fetch_stages(self._endpoints, self.id, self._known_site_ids, client, query, as_dict=as_dict)
        )
