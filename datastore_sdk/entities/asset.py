"""The methods that pads and sites have in common: fields, definitions of aggregations, data changes."""

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
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import fetch_objects
from datastore_sdk.filters import DataForm
from restream_api.models import Field, Parameter, ParametersValid


class Asset(AssetStages):
    """Base class of pads and sites."""

    @overload
    def get_fields_metadata(self, *, as_dict: Literal[False] = False) -> ObjectList[Field]: ...
    @overload
    def get_fields_metadata(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    def get_fields_metadata(self, *, as_dict: bool) -> ObjectList[Field] | list[dict[str, Any]]: ...
    def get_fields_metadata(self, *, as_dict: bool = False) -> ObjectList[Field] | list[dict[str, Any]]:
        """List the fields of the time-series data: names, labels, units, plot ranges and colours.

        Pass a `name` as `fields` to `get_data`. `imperial_unit` is the unit of the values by default, `si_unit` the one
        with `si_units=True`. A name can be listed twice. A field reads like an object and like a dict.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.

        Raises:
            RestreamError: The request failed.
        """
        return self._get_client()._run(fetch_objects(self._endpoints.list_fields(self.id), Field, as_dict=as_dict))

    @overload
    async def aget_fields_metadata(self, *, as_dict: Literal[False] = False) -> ObjectList[Field]: ...
    @overload
    async def aget_fields_metadata(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    async def aget_fields_metadata(self, *, as_dict: bool) -> ObjectList[Field] | list[dict[str, Any]]: ...
    async def aget_fields_metadata(self, *, as_dict: bool = False) -> ObjectList[Field] | list[dict[str, Any]]:
        """List the fields of the time-series data: names, labels, units, plot ranges and colours.

        Pass a `name` as `fields` to `aget_data`. `imperial_unit` is the unit of the values by default, `si_unit` the
        one with `si_units=True`. A name can be listed twice. A field reads like an object and like a dict.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.

        Raises:
            RestreamError: The request failed.
        """
        return await self._get_client()._arun(
            fetch_objects(self._endpoints.list_fields(self.id), Field, as_dict=as_dict)
        )

    @overload
    def get_stages_aggregations(self, *, as_dict: Literal[False] = False) -> ObjectList[Parameter]: ...
    @overload
    def get_stages_aggregations(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    def get_stages_aggregations(self, *, as_dict: bool) -> ObjectList[Parameter] | list[dict[str, Any]]: ...
    def get_stages_aggregations(self, *, as_dict: bool = False) -> ObjectList[Parameter] | list[dict[str, Any]]:
        """List the definitions of the stage aggregations, such as `avg_slurry_rate`.

        A definition names the field, the kind of aggregation, the conditions and the units (`config`). Its `type` is
        "D" for a default of the service, "C" for a custom one. The service calls definitions parameters.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.

        Raises:
            RestreamError: The request failed.
        """
        return self._get_client()._run(
            fetch_objects(self._endpoints.list_parameters(self.id), Parameter, as_dict=as_dict)
        )

    @overload
    async def aget_stages_aggregations(self, *, as_dict: Literal[False] = False) -> ObjectList[Parameter]: ...
    @overload
    async def aget_stages_aggregations(self, *, as_dict: Literal[True]) -> list[dict[str, Any]]: ...
    @overload
    async def aget_stages_aggregations(self, *, as_dict: bool) -> ObjectList[Parameter] | list[dict[str, Any]]: ...
    async def aget_stages_aggregations(self, *, as_dict: bool = False) -> ObjectList[Parameter] | list[dict[str, Any]]:
        """List the definitions of the stage aggregations, such as `avg_slurry_rate`.

        A definition names the field, the kind of aggregation, the conditions and the units (`config`). Its `type` is
        "D" for a default of the service, "C" for a custom one. The service calls definitions parameters.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.

        Raises:
            RestreamError: The request failed.
        """
        return await self._get_client()._arun(
            fetch_objects(self._endpoints.list_parameters(self.id), Parameter, as_dict=as_dict)
        )

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
        """Fetch the definition of one stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            NotFoundError: The service has no definition with this id.
            ObjectMismatchError: The service returned another definition.
            RestreamError: The request failed for another reason.
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
        """Fetch the definition of one stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            NotFoundError: The service has no definition with this id.
            ObjectMismatchError: The service returned another definition.
            RestreamError: The request failed for another reason.
        """
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
        """Create custom stage aggregations. The service then computes them for each frac stage.

        The request is not retried if the service may have received it, because a retry could create the aggregations
        twice.

        Args:
            aggregations: A dict for each aggregation: `name` (letters and underscores), `config` (`field`,
                `aggregation`, units, `conditions`) and `description`.
            validate_only: True: only let the service check the definitions; nothing is created.

        Returns:
            The created definitions. With `validate_only`, an object whose `valid` is True.

        Raises:
            ValueError: A definition is invalid (pydantic's ValidationError names the key), or the list is empty.
            BadRequestError: The service refuses a definition; the message has the reason.
            RestreamError: The request failed for another reason.
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
        """Create custom stage aggregations. The service then computes them for each frac stage.

        The request is not retried if the service may have received it, because a retry could create the aggregations
        twice.

        Args:
            aggregations: A dict for each aggregation: `name` (letters and underscores), `config` (`field`,
                `aggregation`, units, `conditions`) and `description`.
            validate_only: True: only let the service check the definitions; nothing is created.

        Returns:
            The created definitions. With `validate_only`, an object whose `valid` is True.

        Raises:
            ValueError: A definition is invalid (pydantic's ValidationError names the key), or the list is empty.
            BadRequestError: The service refuses a definition; the message has the reason.
            RestreamError: The request failed for another reason.
        """
        return await self._get_client()._arun(
            create_parameters(self._endpoints, self.id, aggregations, validate_only=validate_only)
        )

    def update_stages_aggregation(
        self, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool = True
    ) -> Parameter:
        """Change the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            aggregation: The attributes to change: `config`, `description`, `label`, `color`.
            partial: False: attributes that are not passed are reset instead of kept.

        Returns:
            The changed definition. It has only its id if the service does not return the definition.

        Raises:
            ValueError: The new values are invalid, or no value is passed.
            BadRequestError: The definition is not custom (`type` "C"), or the service refuses the values.
            NotFoundError: The service has no definition with this id.
            RestreamError: The request failed for another reason.
        """
        return self._get_client()._run(
            update_parameter(self._endpoints, self.id, aggregation_id, aggregation, partial=partial)
        )

    async def aupdate_stages_aggregation(
        self, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool = True
    ) -> Parameter:
        """Change the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.
            aggregation: The attributes to change: `config`, `description`, `label`, `color`.
            partial: False: attributes that are not passed are reset instead of kept.

        Returns:
            The changed definition. It has only its id if the service does not return the definition.

        Raises:
            ValueError: The new values are invalid, or no value is passed.
            BadRequestError: The definition is not custom (`type` "C"), or the service refuses the values.
            NotFoundError: The service has no definition with this id.
            RestreamError: The request failed for another reason.
        """
        return await self._get_client()._arun(
            update_parameter(self._endpoints, self.id, aggregation_id, aggregation, partial=partial)
        )

    def delete_stages_aggregation(self, aggregation_id: int | Parameter) -> None:
        """Delete the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.

        Raises:
            BadRequestError: The definition is not custom (`type` "C").
            NotFoundError: The service has no definition with this id.
            RestreamError: The request failed for another reason.
        """
        return self._get_client()._run(delete_parameter(self._endpoints, self.id, aggregation_id))

    async def adelete_stages_aggregation(self, aggregation_id: int | Parameter) -> None:
        """Delete the definition of a custom stage aggregation.

        Args:
            aggregation_id: Id of the definition, or the definition.

        Raises:
            BadRequestError: The definition is not custom (`type` "C").
            NotFoundError: The service has no definition with this id.
            RestreamError: The request failed for another reason.
        """
        return await self._get_client()._arun(delete_parameter(self._endpoints, self.id, aggregation_id))

    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[False] = False, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange], Data]: ...
    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[True], **form: Unpack[DataForm]
    ) -> tuple[list[dict[str, Any]], Data]: ...
    @overload
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange] | list[dict[str, Any]], Data]: ...
    @complete_signature(DataForm)
    def get_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool = False, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange] | list[dict[str, Any]], Data]:
        """List the corrections of historical data, with the corrected records of all of them.

        Corrections are per well (`change.site_id`), also on a pad. For each change, delete your stored records of the
        site from `start_date` to `end_date`, and insert the corrected ones; there may be none. Then call
        `change.confirm_data_received()`, so that the change is not listed again.

        Pass the same options as in the first download, so that fields and units match. Corrected records have plain
        field names (`slurry_rate`), as pad data has with `is_routed=True`.

        Args:
            get_acknowledged: True: list acknowledged changes, too. Default: only open ones.
            as_dict: True: return the changes as the service's JSON, as dicts.
            **form: Fields, units, resolution and filling of the records (`DataForm`).

        Returns:
            The changes, and their records, sorted by site and time. The download starts when the records are iterated
            over or saved; overlapping intervals of a site are downloaded once.

        Raises:
            ValueError: Options do not go together.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_change_query(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = client._run(
            fetch_changes(self._endpoints, self.id, self._known_site_ids, client, query, as_dict=as_dict)
        )
        return changes, Data(client, queries)

    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[False] = False, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange], DataAsync]: ...
    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: Literal[True], **form: Unpack[DataForm]
    ) -> tuple[list[dict[str, Any]], DataAsync]: ...
    @overload
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange] | list[dict[str, Any]], DataAsync]: ...
    @complete_signature(DataForm)
    async def aget_data_changes(
        self, *, get_acknowledged: bool | None = None, as_dict: bool = False, **form: Unpack[DataForm]
    ) -> tuple[ObjectList[DataChange] | list[dict[str, Any]], DataAsync]:
        """List the corrections of historical data, with the corrected records of all of them.

        Corrections are per well (`change.site_id`), also on a pad. For each change, delete your stored records of the
        site from `start_date` to `end_date`, and insert the corrected ones; there may be none. Then call
        `change.aconfirm_data_received()`, so that the change is not listed again.

        Pass the same options as in the first download, so that fields and units match. Corrected records have plain
        field names (`slurry_rate`), as pad data has with `is_routed=True`.

        Args:
            get_acknowledged: True: list acknowledged changes, too. Default: only open ones.
            as_dict: True: return the changes as the service's JSON, as dicts.
            **form: Fields, units, resolution and filling of the records (`DataForm`).

        Returns:
            The changes, and their records, sorted by site and time. The download starts when the records are iterated
            over or saved; overlapping intervals of a site are downloaded once.

        Raises:
            ValueError: Options do not go together.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_change_query(self._endpoints, self.id, form, acknowledged=get_acknowledged)
        changes, queries = await client._arun(
            fetch_changes(self._endpoints, self.id, self._known_site_ids, client, query, as_dict=as_dict)
        )
        return changes, DataAsync(client, queries)
