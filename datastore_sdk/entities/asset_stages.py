"""The stages of pads and sites."""

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
    """A pad or a site, as far as it has stages."""

    _endpoints: ClassVar[Endpoints]

    @property
    def _known_site_ids(self) -> frozenset[int]:
        """Ids of the sites that it is known to be or to have; empty where none are known."""
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
        """The history: frac stages, wireline runs and standby; site by site, newest first.

        A site's current stage is listed too; it has no `id` yet, and its `end` is None.

        Args:
            start_date: Only stages from this moment on; with a time zone. A datetime, or ISO 8601 text.
            end_date: Only stages up to this moment; with a time zone. A datetime, or ISO 8601 text.
            stage_number: Only stages of this number.
            stage_name_filter: Only stages of this operation.
            add_aggregations: Whether to fetch the numbers computed from each stage's data too, as `stage.aggregations`.
                Where the service has an error instead of them for a site, it is logged as a warning and that site's
                stages come without.
            aggregations_filter: Names of the aggregations to fetch. Default: all.
            as_dict: True: the service's JSON untouched, as dicts; with `add_aggregations`, each with `aggregations`.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            stage_numbers: Only stages of these numbers.
            start: Another name for `start_date`.
            end: Another name for `end_date`.
            start_datetime: Another name for `start_date`.
            end_datetime: Another name for `end_date`.
            **filters: The last five (`StageFilters`).

        Returns:
            The stages, which read like objects and like dicts (`stage.state`, `stage["state"]`). Moments are in UTC.

        Raises:
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: A moment has no time zone, the end is before the start, a moment was given by both of its names,
                or a value is empty.
            RestreamError: The call failed.
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
        """Async form of `get_stages_metadata`."""
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
