"""The methods of sites, except those that return pads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk._io.json_body import parse_id
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.asset import Asset
from datastore_sdk.entities.endpoints import SITE_ENDPOINTS
from datastore_sdk.entities.list_queries import build_site_query
from datastore_sdk.entities.measurement_sources import fetch_site_sources
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.plots import SitePlotMixin
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.entities.site_data import SiteDataMixin
from datastore_sdk.entities.site_realtime import SiteRealtime
from datastore_sdk.entities.state import State, fetch_site_states
from datastore_sdk.filters import AllSiteFilters
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSources
from restream_api.models import Site as SiteModel
from restream_api.types import QueryValue


class SiteBase(Asset, SiteDataMixin, SitePlotMixin, SiteRealtime):
    """Base class of `Site` with the methods that do not return pads."""

    _api_model = SiteModel
    _repr_fields = ("id", "name", "pad_id")
    _get_operation = staticmethod(get_site)
    _endpoints = SITE_ENDPOINTS

    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[AllSiteFilters],
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
        **filters: Unpack[AllSiteFilters],
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
        **filters: Unpack[AllSiteFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @complete_signature(AllSiteFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[AllSiteFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the sites (wells) that you have access to.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which sites to list (`AllSiteFilters`): `pad_id`, `pad_name`, `complete`, `name_search`,
                `well_api`, `formation_name`, `fleet_id`, `fleet_name`, a box (`latitude_gte`, ...), or a circle
                (`latitude`, `longitude`, `radius_miles`).

        Returns:
            The sites; their own calls use the same token or client. The list converts to a data frame with
            `to_pandas()` or `to_polars()`. Dicts with `as_dict`.

        Raises:
            MissingCredentialsError: There are no credentials.
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: Only part of the circle (`latitude`, `longitude`, `radius_miles`) is passed, or a value is empty
                or out of range.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client._run(fetch_list(cls, client, build_site_query(filters, extra_filters), as_dict=as_dict))

    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[AllSiteFilters],
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
        **filters: Unpack[AllSiteFilters],
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
        **filters: Unpack[AllSiteFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @complete_signature(AllSiteFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[AllSiteFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the sites (wells) that you have access to.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which sites to list (`AllSiteFilters`): `pad_id`, `pad_name`, `complete`, `name_search`,
                `well_api`, `formation_name`, `fleet_id`, `fleet_name`, a box (`latitude_gte`, ...), or a circle
                (`latitude`, `longitude`, `radius_miles`).

        Returns:
            The sites; their own calls use the same token or client. The list converts to a data frame with
            `ato_pandas()` or `ato_polars()`. Dicts with `as_dict`.

        Raises:
            MissingCredentialsError: There are no credentials.
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: Only part of the circle (`latitude`, `longitude`, `radius_miles`) is passed, or a value is empty
                or out of range.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return await client._arun(fetch_list(cls, client, build_site_query(filters, extra_filters), as_dict=as_dict))

    @overload
    def get_state(self, *, as_dict: Literal[False] = False) -> State | None: ...
    @overload
    def get_state(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    def get_state(self, *, as_dict: bool) -> State | dict[str, Any] | None: ...
    def get_state(self, *, as_dict: bool = False) -> State | dict[str, Any] | None:
        """Fetch the current state of the site; None if the site is not configured to have a state.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned a state without a site id.
            RestreamError: The request failed.
        """
        client = self._get_client()
        states = client._run(fetch_site_states(client, self.id, as_dict=as_dict))
        return states[0] if states else None

    @overload
    async def aget_state(self, *, as_dict: Literal[False] = False) -> State | None: ...
    @overload
    async def aget_state(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    async def aget_state(self, *, as_dict: bool) -> State | dict[str, Any] | None: ...
    async def aget_state(self, *, as_dict: bool = False) -> State | dict[str, Any] | None:
        """Fetch the current state of the site; None if the site is not configured to have a state.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned a state without a site id.
            RestreamError: The request failed.
        """
        client = self._get_client()
        states = await client._arun(fetch_site_states(client, self.id, as_dict=as_dict))
        return states[0] if states else None

    @overload
    def get_measurement_sources_metadata(self, *, as_dict: Literal[False] = False) -> MeasurementSources: ...
    @overload
    def get_measurement_sources_metadata(self, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    def get_measurement_sources_metadata(self, *, as_dict: bool) -> MeasurementSources | dict[str, Any]: ...
    def get_measurement_sources_metadata(self, *, as_dict: bool = False) -> MeasurementSources | dict[str, Any]:
        """Fetch the measurement sources attached to this site, by kind: `frac`, `wl`, `fluid`, `pumpdown`.

        They are sources of the site's pad. Each has a `name` ("M1"), the ids of the sites it is attached to
        (`attached_sites`), and the id of the site that it measures now (`active_site`, which can be None). A site
        without a pad has no sources.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The pad of the site is uncertain (see `get_pad`).
            RestreamError: The request failed.
        """
        client = self._get_client()
        return client._run(fetch_site_sources(client, self.id, self._loaded_pad_id, as_dict=as_dict))

    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[False] = False) -> MeasurementSources: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: bool) -> MeasurementSources | dict[str, Any]: ...
    async def aget_measurement_sources_metadata(self, *, as_dict: bool = False) -> MeasurementSources | dict[str, Any]:
        """Fetch the measurement sources attached to this site, by kind: `frac`, `wl`, `fluid`, `pumpdown`.

        They are sources of the site's pad. Each has a `name` ("M1"), the ids of the sites it is attached to
        (`attached_sites`), and the id of the site that it measures now (`active_site`, which can be None). A site
        without a pad has no sources.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The pad of the site is uncertain (see `aget_pad`).
            RestreamError: The request failed.
        """
        client = self._get_client()
        return await client._arun(fetch_site_sources(client, self.id, self._loaded_pad_id, as_dict=as_dict))

    @property
    def _known_site_ids(self) -> frozenset[int]:
        return frozenset({self.id})

    @property
    def _loaded_pad_id(self) -> int | None:
        """Id of the pad, if it is loaded."""
        return parse_id(getattr(self, "pad_id", None))
