"""What pads and sites have in common: stages, fields, definitions of aggregations, data changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Unpack, overload

from datastore_sdk.data import Data, DataAsync
from datastore_sdk.entities.data_change import DataChange, changes_with, corrected
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.parameters import (
    create_parameters,
    delete_parameter,
    get_parameter,
    update_parameter,
)
from datastore_sdk.entities.resource import Resource
from datastore_sdk.entities.stage import Stage, stages_of, stages_with
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import DataForm, StageFilters, completed_by
from restream_api.models import Field, Parameter, ParametersValid
from restream_api.types import QueryValue


class Asset(Resource):
    """A pad or a site."""

    _endpoints: ClassVar[Endpoints]

    @property
    def _sites(self) -> frozenset[int]:
        """Ids of the sites that it is known to be or to have; empty where none are known."""
        raise NotImplementedError

    @completed_by(StageFilters)
    def get_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> list[Stage]:
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
        client = self._caller()
        query = stages_with(
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
        return client.run(stages_of(self._endpoints, self.id, self._sites, client, query))

    @completed_by(StageFilters)
    async def aget_stages_metadata(
        self,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        add_aggregations: bool = False,
        aggregations_filter: str | Sequence[str] | None = None,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StageFilters],
    ) -> list[Stage]:
        """Async form of `get_stages_metadata`."""
        client = self._caller()
        query = stages_with(
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
        return await client.arun(stages_of(self._endpoints, self.id, self._sites, client, query))

    def get_fields_metadata(self) -> list[Field]:
        """The fields that the time-series data has: names, labels, units, plot ranges and colours.

        The names can be passed as `fields` to `get_data`. A name can be listed twice. They read like objects and like
        dicts.

        Raises:
            RestreamError: The call failed.
        """
        return self._caller().run(self._endpoints.list_fields(self.id))

    async def aget_fields_metadata(self) -> list[Field]:
        """Async form of `get_fields_metadata`."""
        return await self._caller().arun(self._endpoints.list_fields(self.id))

    def get_stages_aggregations(self) -> list[Parameter]:
        """The definitions of the stage aggregations.

        Each says from which field, how, under which conditions and in which units a number is computed.

        Raises:
            RestreamError: The call failed.
        """
        return self._caller().run(self._endpoints.list_parameters(self.id))

    async def aget_stages_aggregations(self) -> list[Parameter]:
        """Async form of `get_stages_aggregations`."""
        return await self._caller().arun(self._endpoints.list_parameters(self.id))

    def get_stages_aggregation(self, aggregation_id: int | Parameter) -> Parameter:
        """The definition of one stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.

        Raises:
            NotFoundError: There is none with this id.
            ObjectMismatchError: The service answered with another definition.
            RestreamError: The call failed in another way.
        """
        client = self._caller()
        return client.run(get_parameter(self._endpoints, self.id, client, aggregation_id))

    async def aget_stages_aggregation(self, aggregation_id: int | Parameter) -> Parameter:
        """Async form of `get_stages_aggregation`."""
        client = self._caller()
        return await client.arun(get_parameter(self._endpoints, self.id, client, aggregation_id))

    @overload
    def create_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: Literal[False] = False
    ) -> list[Parameter]: ...
    @overload
    def create_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: Literal[True]
    ) -> ParametersValid: ...
    @overload
    def create_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool
    ) -> list[Parameter] | ParametersValid: ...
    def create_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool = False
    ) -> list[Parameter] | ParametersValid:
        """Defines stage aggregations of your own. The service computes them from then on.

        The call is never repeated by itself once the service may have seen it: it would create twice.

        Args:
            aggregations: For each, `name` (letters and underscores), `config` (`field`, `aggregation`, units,
                `conditions`) and `description`.
            validate_only: True: only check them; nothing is created.

        Returns:
            The definitions created; with `validate_only`, the service's word that they are valid.

        Raises:
            ValueError: A definition does not have the right form (pydantic's ValidationError says what), or there are
                none.
            BadRequestError: The service refuses a definition; the message says why.
            RestreamError: The call failed in another way.
        """
        return self._caller().run(
            create_parameters(self._endpoints, self.id, aggregations, validate_only=validate_only)
        )

    @overload
    async def acreate_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: Literal[False] = False
    ) -> list[Parameter]: ...
    @overload
    async def acreate_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: Literal[True]
    ) -> ParametersValid: ...
    @overload
    async def acreate_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool
    ) -> list[Parameter] | ParametersValid: ...
    async def acreate_stages_aggregations(
        self, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool = False
    ) -> list[Parameter] | ParametersValid:
        """Async form of `create_stages_aggregations`."""
        return await self._caller().arun(
            create_parameters(self._endpoints, self.id, aggregations, validate_only=validate_only)
        )

    def update_stages_aggregation(
        self, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool = True
    ) -> Parameter:
        """Changes the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            aggregation: What to change: `config`, `description`, `label`, `color`.
            partial: False: what is not given is reset instead of kept.

        Raises:
            ValueError: The new values do not have the right form, or there are none.
            BadRequestError: The definition is not a custom one (`type` "C"), or the service refuses the values.
            NotFoundError: There is none with this id.
            ObjectMismatchError: The service answered with another definition; what it changed is not known.
            RestreamError: The call failed in another way.
        """
        client = self._caller()
        return client.run(
            update_parameter(self._endpoints, self.id, client, aggregation_id, aggregation, partial=partial)
        )

    async def aupdate_stages_aggregation(
        self, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool = True
    ) -> Parameter:
        """Async form of `update_stages_aggregation`."""
        client = self._caller()
        return await client.arun(
            update_parameter(self._endpoints, self.id, client, aggregation_id, aggregation, partial=partial)
        )

    def delete_stages_aggregation(self, aggregation_id: int | Parameter) -> None:
        """Deletes the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.

        Raises:
            BadRequestError: The definition is not a custom one (`type` "C").
            NotFoundError: There is none with this id.
            RestreamError: The call failed in another way.
        """
        return self._caller().run(delete_parameter(self._endpoints, self.id, aggregation_id))

    async def adelete_stages_aggregation(self, aggregation_id: int | Parameter) -> None:
        """Async form of `delete_stages_aggregation`."""
        return await self._caller().arun(delete_parameter(self._endpoints, self.id, aggregation_id))

    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[False] = False, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange], Data]: ...
    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[True], **form: Unpack[DataForm]
    ) -> tuple[list[dict[str, Any]], Data]: ...
    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange] | list[dict[str, Any]], Data]: ...
    @completed_by(DataForm)
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool = False, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange] | list[dict[str, Any]], Data]:
        """The corrections of historical data, and the corrected records of all of them together.

        Intervals of a site that overlap are downloaded once. Acknowledge each change with `confirm_data_received()`
        when its records are processed; it is not listed again then.

        Args:
            get_acknowledged: True: the changes acknowledged already too, beside the open ones.
            as_dict: True: the changes as the service's JSON, as dicts.
            **form: The form in which the corrected records come (`DataForm`): the one in which they were first fetched.

        Returns:
            The changes; and their records, lazily, by site and time.

        Raises:
            ValueError: Parts of the form do not go together.
            RestreamError: The call failed.
        """
        client = self._caller()
        asked = changes_with(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = client.run(corrected(self._endpoints, self.id, self._sites, client, asked, as_dict=as_dict))
        return changes, Data(client, queries)

    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[False] = False, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange], DataAsync]: ...
    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[True], **form: Unpack[DataForm]
    ) -> tuple[list[dict[str, Any]], DataAsync]: ...
    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange] | list[dict[str, Any]], DataAsync]: ...
    @completed_by(DataForm)
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool = False, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange] | list[dict[str, Any]], DataAsync]:
        """Async form of `get_data_changes`."""
        client = self._caller()
        asked = changes_with(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = await client.arun(
            corrected(self._endpoints, self.id, self._sites, client, asked, as_dict=as_dict)
        )
        return changes, DataAsync(client, queries)
