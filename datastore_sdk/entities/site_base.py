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
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.entities.site_data import SiteDataMixin
from datastore_sdk.entities.site_realtime import SiteRealtime
from datastore_sdk.entities.state import State, fetch_site_states
from datastore_sdk.filters import AllSiteFilters
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSources
from restream_api.models import Site as SiteModel
from restream_api.types import QueryValue


class SiteBase(Asset, SiteDataMixin, SiteRealtime):
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
        """Lists the sites that you have access to.

        Args:
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as dicts.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            **filters: Which sites (`AllSiteFilters`).

        Returns:
            The sites, which keep the token or client for their own calls; or dicts.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: Only a part of the circle (`latitude`, `longitude`, `radius_miles`) is given, or a value is
                empty or out of its range.
            RestreamError: The call failed in another way.
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
        """Async form of `get_models`."""
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
        """The current state of the site; None where the site is not configured to have one.

        Args:
            as_dict: True: the service's JSON untouched, as a dict.

        Raises:
            ObjectMismatchError: The service's answer does not say of which site a state is.
            RestreamError: The call failed.
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
        """Async form of `get_state`."""
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
        """The measurement sources of the site's pad that are attached to this site, by what they measure.

        Each has a name ("M1"), the sites it is attached to, and the site it is active on now. They are empty for a site
        on no pad.

        Args:
            as_dict: True: the service's JSON untouched, as a dict.

        Raises:
            ObjectMismatchError: The site's pad cannot be told for certain (see `get_pad`).
            RestreamError: The call failed.
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
        """Async form of `get_measurement_sources_metadata`."""
        client = self._get_client()
        return await client._arun(fetch_site_sources(client, self.id, self._loaded_pad_id, as_dict=as_dict))

    @property
    def _known_site_ids(self) -> frozenset[int]:
        return frozenset({self.id})

    @property
    def _loaded_pad_id(self) -> int | None:
        """The id of its pad, where it is loaded."""
        return parse_id(getattr(self, "pad_id", None))
