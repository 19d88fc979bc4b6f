"""What pads and sites have in common: stages, fields, definitions of aggregations, data changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Unpack, overload

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.data import Data, DataAsync
from datastore_sdk.entities.aggregation_definitions import (
    create_parameters,
    delete_parameter,
    get_parameter,
    update_parameter,
)
from datastore_sdk.entities.asset_stages import AssetStages
from datastore_sdk.entities.data_change import DataChange, build_change_query, fetch_changes
from datastore_sdk.entities.resource import fetch_response
from datastore_sdk.filters import DataForm
from restream_api.models import Field, Parameter, ParametersValid


class Asset(AssetStages):
    """A pad or a site."""

    @overload
    def get_fields_metadata(self, *, as_dict: Literal[False] = False) -> list[Field]: ...
    @overload
    def get_fields_metadata(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    def get_fields_metadata(self, *, as_dict: bool) -> list[Field] | list[dict[str, Any]]: ...
    def get_fields_metadata(self, *, as_dict: bool = False) -> list[Field] | list[dict[str, Any]]:
        """The fields that the time-series data has: names, labels, units, plot ranges and colours.

        The names can be passed as `fields` to `get_data`. A name can be listed twice. They read like objects and like
        dicts.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.

        Raises:
            RestreamError: The call failed.
        """
        return self._get_client()._run(fetch_response(self._endpoints.list_fields(self.id), as_dict=as_dict))

    @overload
    async def aget_fields_metadata(self, *, as_dict: Literal[False] = False) -> list[Field]: ...
    @overload
    async def aget_fields_metadata(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    async def aget_fields_metadata(self, *, as_dict: bool) -> list[Field] | list[dict[str, Any]]: ...
    async def aget_fields_metadata(self, *, as_dict: bool = False) -> list[Field] | list[dict[str, Any]]:
        """Async form of `get_fields_metadata`."""
        return await self._get_client()._arun(fetch_response(self._endpoints.list_fields(self.id), as_dict=as_dict))

    @overload
    def get_stages_aggregations(self, *, as_dict: Literal[False] = False) -> list[Parameter]: ...
    @overload
    def get_stages_aggregations(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    def get_stages_aggregations(self, *, as_dict: bool) -> list[Parameter] | list[dict[str, Any]]: ...
    def get_stages_aggregations(self, *, as_dict: bool = False) -> list[Parameter] | list[dict[str, Any]]:
        """The definitions of the stage aggregations.

        Each says from which field, how, under which conditions and in which units a number is computed.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.

        Raises:
            RestreamError: The call failed.
        """
        return self._get_client()._run(fetch_response(self._endpoints.list_parameters(self.id), as_dict=as_dict))

    @overload
    async def aget_stages_aggregations(self, *, as_dict: Literal[False] = False) -> list[Parameter]: ...
    @overload
    async def aget_stages_aggregations(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    async def aget_stages_aggregations(self, *, as_dict: bool) -> list[Parameter] | list[dict[str, Any]]: ...
    async def aget_stages_aggregations(self, *, as_dict: bool = False) -> list[Parameter] | list[dict[str, Any]]:
        """Async form of `get_stages_aggregations`."""
        return await self._get_client()._arun(fetch_response(self._endpoints.list_parameters(self.id), as_dict=as_dict))

    @overload
    def get_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: Literal[False] = False
    ) -> Parameter: ...
    @overload
    def get_stages_aggregation(self, aggregation_id: int | Parameter, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    def get_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: bool
    ) -> Parameter | dict[str, Any]: ...
    def get_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: bool = False
    ) -> Parameter | dict[str, Any]:
        """The definition of one stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            as_dict: True: the service's JSON untouched, as a dict.

        Raises:
            NotFoundError: There is none with this id.
            ObjectMismatchError: The service answered with another definition.
            RestreamError: The call failed in another way.
        """
        client = self._get_client()
        return client._run(get_parameter(self._endpoints, self.id, client, aggregation_id, as_dict=as_dict))

    @overload
    async def aget_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: Literal[False] = False
    ) -> Parameter: ...
    @overload
    async def aget_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: Literal[True]
    ) -> dict[str, Any]: ...
    @overload
    async def aget_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: bool
    ) -> Parameter | dict[str, Any]: ...
    async def aget_stages_aggregation(
        self, aggregation_id: int | Parameter, *, as_dict: bool = False
    ) -> Parameter | dict[str, Any]:
        """Async form of `get_stages_aggregation`."""
        client = self._get_client()
        return await client._arun(get_parameter(self._endpoints, self.id, client, aggregation_id, as_dict=as_dict))

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
        return self._get_client()._run(
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
        return await self._get_client()._arun(
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

        Returns:
            The definition as it is now; with its id alone if the service does not say.

        Raises:
            ValueError: The new values do not have the right form, or there are none.
            BadRequestError: The definition is not a custom one (`type` "C"), or the service refuses the values.
            NotFoundError: There is none with this id.
            RestreamError: The call failed in another way.
        """
        return self._get_client()._run(
            update_parameter(self._endpoints, self.id, aggregation_id, aggregation, partial=partial)
        )

    async def aupdate_stages_aggregation(
        self, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool = True
    ) -> Parameter:
        """Async form of `update_stages_aggregation`."""
        return await self._get_client()._arun(
            update_parameter(self._endpoints, self.id, aggregation_id, aggregation, partial=partial)
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
        return self._get_client()._run(delete_parameter(self._endpoints, self.id, aggregation_id))

    async def adelete_stages_aggregation(self, aggregation_id: int | Parameter) -> None:
        """Async form of `delete_stages_aggregation`."""
        return await self._get_client()._arun(delete_parameter(self._endpoints, self.id, aggregation_id))

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
    @complete_signature(DataForm)
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
        client = self._get_client()
        asked = build_change_query(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = client._run(
            fetch_changes(self._endpoints, self.id, self._known_site_ids, client, asked, as_dict=as_dict)
        )
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
    @complete_signature(DataForm)
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool = False, **form: Unpack[DataForm]
    ) -> tuple[list[DataChange] | list[dict[str, Any]], DataAsync]:
        """Async form of `get_data_changes`."""
        client = self._get_client()
        asked = build_change_query(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = await client._arun(
            fetch_changes(self._endpoints, self.id, self._known_site_ids, client, asked, as_dict=as_dict)
        )
        return changes, DataAsync(client, queries)
