"""Pads and sites. They return each other, so they share a module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack, overload

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import build_site_query
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.pad_base import PadBase
from datastore_sdk.entities.resource import fetch_list, fetch_one
from datastore_sdk.entities.site_base import SiteBase
from datastore_sdk.entities.site_membership import find_pad_id
from datastore_sdk.filters import SiteFilters
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import get_pad
from restream_api.models import Pad as PadModel
from restream_api.models import Site as SiteModel
from restream_api.types import QueryValue


class Pad(PadBase, PadModel):
    """A pad: a group of wells (sites) that are completed together.

    `Pad(id=668)` makes no request; you can call its methods at once. `update()` loads the pad's own attributes.
    `Pad(**pad_as_dict)` creates a pad from a dict.

    To list the wells that are fracturing now, use `State.get_models(stage_name_filter="frac")` for all pads, or
    `pad.get_states(stage_name_filter="frac")` for one pad.
    """

    def __init__(  # explicit, because type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @overload
    def get_sites(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> ObjectList[Site]: ...
    @overload
    def get_sites(
        self,
        *,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    def get_sites(
        self, *, as_dict: bool, extra_filters: Mapping[str, QueryValue] | None = None, **filters: Unpack[SiteFilters]
    ) -> ObjectList[Site] | list[dict[str, Any]]: ...
    @complete_signature(SiteFilters)
    def get_sites(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> ObjectList[Site] | list[dict[str, Any]]:
        """List the sites (wells) of the pad.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which sites to list (`SiteFilters`): `complete`, `name_search`, `well_api`, `formation_name`,
                `fleet_id`, `fleet_name`, a box (`latitude_gte`, ...), or a circle (`latitude`, `longitude`,
                `radius_miles`).

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: Only part of the circle (`latitude`, `longitude`, `radius_miles`) is passed, or a value is empty
                or out of range.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_site_query(filters, extra_filters, pad_id=self.id)
        return client._run(fetch_list(Site, client, query, as_dict=as_dict))

    @overload
    async def aget_sites(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> ObjectList[Site]: ...
    @overload
    async def aget_sites(
        self,
        *,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    async def aget_sites(
        self, *, as_dict: bool, extra_filters: Mapping[str, QueryValue] | None = None, **filters: Unpack[SiteFilters]
    ) -> ObjectList[Site] | list[dict[str, Any]]: ...
    @complete_signature(SiteFilters)
    async def aget_sites(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> ObjectList[Site] | list[dict[str, Any]]:
        """List the sites (wells) of the pad.

        Args:
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which sites to list (`SiteFilters`): `complete`, `name_search`, `well_api`, `formation_name`,
                `fleet_id`, `fleet_name`, a box (`latitude_gte`, ...), or a circle (`latitude`, `longitude`,
                `radius_miles`).

        Raises:
            TypeError: A filter does not exist (the message suggests the right name), or a value has the wrong type.
            ValueError: Only part of the circle (`latitude`, `longitude`, `radius_miles`) is passed, or a value is empty
                or out of range.
            RestreamError: The request failed.
        """
        client = self._get_client()
        query = build_site_query(filters, extra_filters, pad_id=self.id)
        return await client._arun(fetch_list(Site, client, query, as_dict=as_dict))


class Site(SiteBase, SiteModel):
    """A site: one well on a pad.

    `Site(id=981)` makes no request; you can call its methods at once. `update()` loads the site's own attributes.
    `Site(**site_as_dict)` creates a site from a dict. `metadata` has the timestamps of the first and last record, and
    `timezone` the time zone of the well (such as `US/Central`); all datetimes are in UTC.
    """

    def __init__(  # explicit, because type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @overload
    def get_pad(self, *, as_dict: Literal[False] = False) -> Pad | None: ...
    @overload
    def get_pad(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    def get_pad(self, *, as_dict: bool) -> Pad | dict[str, Any] | None: ...
    def get_pad(self, *, as_dict: bool = False) -> Pad | dict[str, Any] | None:
        """Fetch the pad of the site; None if the site has no pad.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned another pad. Or the site has no `pad_id`, and the pad that the
                service found for it does not list the site.
            RestreamError: The request failed.
        """
        client = self._get_client()
        return client._run(self._pad(client, as_dict=as_dict))

    @overload
    async def aget_pad(self, *, as_dict: Literal[False] = False) -> Pad | None: ...
    @overload
    async def aget_pad(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    async def aget_pad(self, *, as_dict: bool) -> Pad | dict[str, Any] | None: ...
    async def aget_pad(self, *, as_dict: bool = False) -> Pad | dict[str, Any] | None:
        """Fetch the pad of the site; None if the site has no pad.

        Args:
            as_dict: True: return the service's JSON unchanged, as a dict.

        Raises:
            ObjectMismatchError: The service returned another pad. Or the site has no `pad_id`, and the pad that the
                service found for it does not list the site.
            RestreamError: The request failed.
        """
        client = self._get_client()
        return await client._arun(self._pad(client, as_dict=as_dict))

    def _pad(self, client: Client, *, as_dict: bool) -> Flow[Pad | dict[str, Any] | None]:
        pad_id = yield from find_pad_id(client, self.id, self._loaded_pad_id)
        return None if pad_id is None else (yield from fetch_one(Pad, client, get_pad(pad_id), pad_id, as_dict=as_dict))
