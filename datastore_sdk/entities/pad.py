"""Pads: groups of wells that are completed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.entities.asset import Asset
from datastore_sdk.entities.endpoints import OF_PADS
from datastore_sdk.entities.entity import Entity
from datastore_sdk.entities.lists import pads_with, sites_with, states_with
from datastore_sdk.entities.live_pad import LivePad
from datastore_sdk.entities.measurement_sources import sources_of_pad
from datastore_sdk.entities.pad_sites import many_pads
from datastore_sdk.entities.resource import many
from datastore_sdk.entities.site import Site
from datastore_sdk.entities.state import State
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
from datastore_sdk.filters import PadFilters, PadStateFilters, SiteFilters, completed_by
from datastore_sdk.transport import Client, client_for
from restream_api.api.pads import get_pad
from restream_api.models import MeasurementSources, SimopsConfig
from restream_api.models import Pad as PadModel
from restream_api.types import QueryValue


class Pad(Asset, LivePad, PadModel):
    """A pad: a group of wells (sites) that are completed together.

    `Pad(id=668)` makes no call and knows only its id, which is enough to ask for what belongs to it; `update()` loads
    the pad's own attributes. `Pad(**pad_as_dict)` makes one from a dict.
    """

    _contract = PadModel
    _shown = ("id", "name", "customer_name")
    _get = staticmethod(get_pad)
    _endpoints = OF_PADS

    def __init__(  # stated in each class, or type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

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
    ) -> list[Self]: ...
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
    ) -> list[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(PadFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> list[Self] | list[dict[str, Any]]:
        """Lists the pads that you have access to.

        Args:
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as dicts.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            **filters: Which pads (`PadFilters`).

        Returns:
            The pads, which keep the token or client for their own calls; or dicts.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: A value is empty, or cannot be used.
            ObjectMismatchError: With `site_pk`: the site's pad cannot be told for certain (see `Site.get_pad`).
            RestreamError: The call failed in another way.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client.run(many_pads(cls, client, pads_with(filters, extra_filters), as_dict=as_dict))

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
    ) -> list[Self]: ...
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
    ) -> list[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(PadFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadFilters],
    ) -> list[Self] | list[dict[str, Any]]:
        """Async form of `get_models`."""
        client = client_for(auth_token, client)
        del auth_token
        return await client.arun(many_pads(cls, client, pads_with(filters, extra_filters), as_dict=as_dict))

    @overload
    def get_sites(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[Site]: ...
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
    ) -> list[Site] | list[dict[str, Any]]: ...
    @completed_by(SiteFilters)
    def get_sites(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[Site] | list[dict[str, Any]]:
        """The sites (wells) of the pad.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            **filters: Which sites (`SiteFilters`).

        Raises:
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: Only a part of the circle (`latitude`, `longitude`, `radius_miles`) is given, or a value is
                empty or out of its range.
            RestreamError: The call failed.
        """
        client = self._caller()
        query = sites_with(filters, extra_filters, pad_id=self.id)
        return client.run(many(Site, client, query, as_dict=as_dict))

    @overload
    async def aget_sites(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[Site]: ...
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
    ) -> list[Site] | list[dict[str, Any]]: ...
    @completed_by(SiteFilters)
    async def aget_sites(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[SiteFilters],
    ) -> list[Site] | list[dict[str, Any]]:
        """Async form of `get_sites`."""
        client = self._caller()
        query = sites_with(filters, extra_filters, pad_id=self.id)
        return await client.arun(many(Site, client, query, as_dict=as_dict))

    @overload
    def get_states(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[State]: ...
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
    ) -> list[State] | list[dict[str, Any]]: ...
    @completed_by(PadStateFilters)
    def get_states(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[State] | list[dict[str, Any]]:
        """The current states of the pad's sites, of those that are configured to have one.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            **filters: Which states (`PadStateFilters`).

        Raises:
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: A value is empty, or cannot be used.
            RestreamError: The call failed.
        """
        client = self._caller()
        query = states_with(filters, extra_filters, pad_id=self.id)
        return client.run(many(State, client, query, as_dict=as_dict))

    @overload
    async def aget_states(
        self,
        *,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[State]: ...
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
    ) -> list[State] | list[dict[str, Any]]: ...
    @completed_by(PadStateFilters)
    async def aget_states(
        self,
        *,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[PadStateFilters],
    ) -> list[State] | list[dict[str, Any]]:
        """Async form of `get_states`."""
        client = self._caller()
        query = states_with(filters, extra_filters, pad_id=self.id)
        return await client.arun(many(State, client, query, as_dict=as_dict))

    def get_measurement_sources_metadata(self) -> MeasurementSources:
        """The measurement sources of the pad, by what they measure (`frac`, `wl`, `fluid`, `pumpdown`).

        Each has a name ("M1"), the sites it is attached to, and the site it is active on now.

        Raises:
            ObjectMismatchError: The service answered with another pad.
            RestreamError: The call failed.
        """
        client = self._caller()
        return client.run(sources_of_pad(client, self.id))

    async def aget_measurement_sources_metadata(self) -> MeasurementSources:
        """Async form of `get_measurement_sources_metadata`."""
        client = self._caller()
        return await client.arun(sources_of_pad(client, self.id))

    def get_data(
        self,
        start_datetime: datetime | None = None,
        end_datetime: datetime | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        measurement_sources_names: str | Sequence[str] | None = None,
        is_routed: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
    ) -> Data:
        """The time-series data, lazily: nothing is downloaded until the object is iterated over or saved.

        A download that breaks off is taken up again from the last second that came. Records that depend on their
        neighbours (a coarser `resolution`, `aggregation`, `fill_data_method`) would come out differently there: these
        are asked for again as a whole, and what had come is left out. `save(resume=True)` begins afresh with them.

        Args:
            start_datetime: First moment, included; with a time zone.
            end_datetime: Last moment, included; with a time zone.
            stage_number: Only this stage; needs `stage_name_filter` and `is_routed=True`.
            stage_name_filter: Only data of stages of this operation.
            resolution: The interval that one record stands for.
            aggregation: How the measurements within one interval become one value.
            fields: Names of the fields (see `get_fields_metadata`), in a sequence or with commas in between. Default:
                all that are exposed to you.
            si_units: True: SI units; False: oilfield units (psi, bbl/min, lb/gal). `get_fields_metadata` tells both.
            measurement_sources_names: Names of the measurement sources, such as "M1" (see
                `get_measurement_sources_metadata`). Default: all.
            is_routed: True: each record is handed to the site it belongs to, with plain field names (`slurry_rate`), so
                one second has a record per site. False: the records of the pad, in which the fields of a measurement
                source carry its name (`M1_slurry_rate`).
            fill_data_method: How gaps in 1-second data are filled; needs `fill_data_limit`.
            fill_data_limit: The most seconds to fill in one gap.
            inside_area_only: True: fill only between known values; False: before the first and after the last one too.
            parallel: How many parts of the time range to fetch at a time, 1 to 3. Parts come in order of time; records
                within a part come as the service sends them.

        Raises:
            ValueError: A moment has no time zone, the end is before the start, or arguments do not go together.
            TypeError: An argument is of the wrong type.
            MissingCredentialsError: There is no token.
        """
        query = DataQuery(
            source="pad",
            id=self.id,
            start=start_datetime,
            end=end_datetime,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            measurement_sources_names=measurement_sources_names,
            is_routed=is_routed,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return Data(self._caller(), [query])

    async def aget_data(
        self,
        start_datetime: datetime | None = None,
        end_datetime: datetime | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        measurement_sources_names: str | Sequence[str] | None = None,
        is_routed: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
    ) -> DataAsync:
        """Async form of `get_data`."""
        query = DataQuery(
            source="pad",
            id=self.id,
            start=start_datetime,
            end=end_datetime,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            measurement_sources_names=measurement_sources_names,
            is_routed=is_routed,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return DataAsync(self._caller(), [query])

    @property
    def _sites(self) -> frozenset[int]:
        """Ids of sites that are known to be on the pad: those that its measurement sources are attached to."""
        config: SimopsConfig | None = getattr(self, "simops_config", None)
        sources = config.measurement_sources if config else None
        every = [source for of_kind in sources.values() for source in of_kind] if sources else []
        return frozenset(site for source in every for site in source.attached_sites)
