"""The methods of pads, except those that return sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.asset import Asset
from datastore_sdk.entities.endpoints import PAD_ENDPOINTS
from datastore_sdk.entities.list_queries import build_pad_query, build_state_query
from datastore_sdk.entities.measurement_sources import fetch_pad_sources, get_attached_site_ids
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.pad_data import PadDataMixin
from datastore_sdk.entities.pad_realtime import PadRealtime
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.entities.site_membership import fetch_pads
from datastore_sdk.entities.state import State
from datastore_sdk.filters import PadFilters, PadStateFilters
from restream_api.api.pads import get_pad
from restream_api.models import MeasurementSources
from restream_api.models import Pad as PadModel
from restream_api.types import QueryValue


class PadBase(Asset, PadDataMixin, PadRealtime):
    """Base class of `Pad` with the methods that do not return sites."""

    _api_model = PadModel
    _repr_fields = ("id", "name", "customer_name")
    _get_operation = staticmethod(get_pad)
    _endpoints = PAD_ENDPOINTS

    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self]: ...
    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @complete_signature(PadFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the pads that you have access to.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which pads to list (`PadFilters`): `complete`, `name_search`, `well_api`, `site_pk`, `fleet_id`,
                `fleet_name`.

        Returns:
            The pads; their own calls use the same token or client. The list converts to a data frame with `to_pandas()`
            or `to_polars()`. Dicts with `as_dict`.

        Raises:
            MissingCredentialsError: There are no credentials.
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A value is empty or invalid.
            ObjectMismatchError: With `site_pk`: the pad of the site is uncertain (see `Site.get_pad`).
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client._run(fetch_pads(cls, client, build_pad_query(filters, extra_filters), as_dict=as_dict))

    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self]: ...
    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @complete_signature(PadFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the pads that you have access to.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which pads to list (`PadFilters`): `complete`, `name_search`, `well_api`, `site_pk`, `fleet_id`,
                `fleet_name`.

        Returns:
            The pads; their own calls use the same token or client. The list converts to a data frame with
            `ato_pandas()` or `ato_polars()`. Dicts with `as_dict`.

        Raises:
            MissingCredentialsError: There are no credentials.
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A value is empty or invalid.
            ObjectMismatchError: With `site_pk`: the pad of the site is uncertain (see `Site.aget_pad`).
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return await client._arun(fetch_pads(cls, client, build_pad_query(filters, extra_filters), as_dict=as_dict))

    @overload
    def get_states(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State]: ...
    @overload
    def get_states(
        self,
        *,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    def get_states(
        self,
        *,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State] | list[dict[str, Any]]: ...
    @complete_signature(PadStateFilters)
    def get_states(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State] | list[dict[str, Any]]:
        """List the current states of the pad's sites that are configured to have a state.

        `State.get_models(stage_name_filter="frac")` lists the states of all pads in one call.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which states to list (`PadStateFilters`): `stage_name_filter`.

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A value is empty or invalid.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_state_query(filters, extra_filters, pad_id=self.id)
        return client._run(fetch_list(State, client, query, as_dict=as_dict))

    @overload
    async def aget_states(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State]: ...
    @overload
    async def aget_states(
        self,
        *,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    async def aget_states(
        self,
        *,
        as_dict: bool,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State] | list[dict[str, Any]]: ...
    @complete_signature(PadStateFilters)
    async def aget_states(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> ObjectList[State] | list[dict[str, Any]]:
        """List the current states of the pad's sites that are configured to have a state.

        `State.aget_models(stage_name_filter="frac")` lists the states of all pads in one call.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which states to list (`PadStateFilters`): `stage_name_filter`.

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: A value is empty or invalid.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_state_query(filters, extra_filters, pad_id=self.id)
        return await client._arun(fetch_list(State, client, query, as_dict=as_dict))

    @overload
    def get_measurement_sources_metadata(self, *, as_dict: Literal[False] = False) -> MeasurementSources: ...
    @overload
    def get_measurement_sources_metadata(self, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    def get_measurement_sources_metadata(self, *, as_dict: bool) -> MeasurementSources | dict[str, Any]: ...
    def get_measurement_sources_metadata(self, *, as_dict: bool = False) -> MeasurementSources | dict[str, Any]:
        """Fetch the measurement sources of the pad, by kind: `frac`, `wl`, `fluid`, `pumpdown`.

        Each source has a `name` ("M1"), the ids of the sites it is attached to (`attached_sites`), and the id of the
        site that it measures now (`active_site`, which can be None).

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned another pad.
            RestreamError: The request failed.
        """
        client = self._get_client()
        return client._run(fetch_pad_sources(client, self.id, as_dict=as_dict))

    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[False] = False) -> MeasurementSources: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: bool) -> MeasurementSources | dict[str, Any]: ...
    async def aget_measurement_sources_metadata(self, *, as_dict: bool = False) -> MeasurementSources | dict[str, Any]:
        """Fetch the measurement sources of the pad, by kind: `frac`, `wl`, `fluid`, `pumpdown`.

        Each source has a `name` ("M1"), the ids of the sites it is attached to (`attached_sites`), and the id of the
        site that it measures now (`active_site`, which can be None).

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned another pad.
            RestreamError: The request failed.
        """
        client = self._get_client()
        return await client._arun(fetch_pad_sources(client, self.id, as_dict=as_dict))

    @property
    def _known_site_ids(self) -> frozenset[int]:
        """Ids of sites that are known to be on the pad, because its measurement sources are attached to them."""
        return get_attached_site_ids(self)
