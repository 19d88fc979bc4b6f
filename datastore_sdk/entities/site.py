"""Sites: single wells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

from datastore_sdk._io.json_body import id_of
from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, range_of
from datastore_sdk.client import Client, client_for
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.entities.asset import Asset
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.endpoints import OF_SITES
from datastore_sdk.entities.list_queries import sites_with
from datastore_sdk.entities.measurement_sources import sources_of_site
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.pad_sites import pad_id_of_site
from datastore_sdk.entities.resource import many, one
from datastore_sdk.entities.site_realtime import SiteRealtime
from datastore_sdk.entities.state import State, states_of_site
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
from datastore_sdk.filters import AllSiteFilters, completed_by
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import get_pad
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSources
from restream_api.models import Site as SiteModel
from restream_api.types import QueryValue

if TYPE_CHECKING:
    from datastore_sdk.entities.pad import Pad


class Site(Asset, SiteRealtime, SiteModel):
    """A site: one well on a pad.

    `Site(id=981)` makes no call and knows only its id, which is enough to ask for what belongs to it; `update()` loads
    the site's own attributes. `Site(**site_as_dict)` makes one from a dict.
    """

    _contract = SiteModel
    _shown = ("id", "name", "pad_id")
    _get = staticmethod(get_site)
    _endpoints = OF_SITES

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
    @completed_by(AllSiteFilters)
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
        return client._run(many(cls, client, sites_with(filters, extra_filters), as_dict=as_dict))

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
    @completed_by(AllSiteFilters)
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
        return await client._arun(many(cls, client, sites_with(filters, extra_filters), as_dict=as_dict))

    @overload
    def get_pad(self, *, as_dict: Literal[False] = False) -> Pad | None: ...
    @overload
    def get_pad(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    def get_pad(self, *, as_dict: bool) -> Pad | dict[str, Any] | None: ...
    def get_pad(self, *, as_dict: bool = False) -> Pad | dict[str, Any] | None:
        """The pad that the site lies on, by the site's `pad_id`; None where it lies on none.

        Args:
            as_dict: True: the service's JSON untouched, as a dict.

        Raises:
            ObjectMismatchError: The service answers with another pad; or the site has no `pad_id`, and the pad that the
                service finds for it does not have the site.
            RestreamError: The call failed.
        """
        client = self._caller()
        return client._run(self._pad(client, as_dict=as_dict))

    @overload
    async def aget_pad(self, *, as_dict: Literal[False] = False) -> Pad | None: ...
    @overload
    async def aget_pad(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    async def aget_pad(self, *, as_dict: bool) -> Pad | dict[str, Any] | None: ...
    async def aget_pad(self, *, as_dict: bool = False) -> Pad | dict[str, Any] | None:
        """Async form of `get_pad`."""
        client = self._caller()
        return await client._arun(self._pad(client, as_dict=as_dict))

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
        client = self._caller()
        states = client._run(states_of_site(client, self.id, as_dict=as_dict))
        return states[0] if states else None

    @overload
    async def aget_state(self, *, as_dict: Literal[False] = False) -> State | None: ...
    @overload
    async def aget_state(self, *, as_dict: Literal[True]) -> dict[str, Any] | None: ...
    @overload
    async def aget_state(self, *, as_dict: bool) -> State | dict[str, Any] | None: ...
    async def aget_state(self, *, as_dict: bool = False) -> State | dict[str, Any] | None:
        """Async form of `get_state`."""
        client = self._caller()
        states = await client._arun(states_of_site(client, self.id, as_dict=as_dict))
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
        client = self._caller()
        return client._run(sources_of_site(client, self.id, self._pad_id, as_dict=as_dict))

    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[False] = False) -> MeasurementSources: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    async def aget_measurement_sources_metadata(self, *, as_dict: bool) -> MeasurementSources | dict[str, Any]: ...
    async def aget_measurement_sources_metadata(self, *, as_dict: bool = False) -> MeasurementSources | dict[str, Any]:
        """Async form of `get_measurement_sources_metadata`."""
        client = self._caller()
        return await client._arun(sources_of_site(client, self.id, self._pad_id, as_dict=as_dict))

    def get_data(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> Data:
        """The time-series data, lazily: nothing is downloaded until the object is iterated over or saved.

        A download that breaks off is taken up again from the last second that came. Records that depend on their
        neighbours (a coarser `resolution`, `aggregation`, `fill_data_method`) would come out differently there: these
        are asked for again as a whole, and what had come is left out. `save(resume=True)` begins afresh with them.

        Args:
            start_datetime: First moment, included; with a time zone. A datetime, or ISO 8601 text.
            end_datetime: Last moment, included; with a time zone. A datetime, or ISO 8601 text.
            stage_number: Only this stage; needs `stage_name_filter`.
            stage_name_filter: Only data of stages of this operation.
            resolution: The interval that one record stands for.
            aggregation: How the measurements within one interval become one value.
            fields: Names of the fields (see `get_fields_metadata`), in a sequence or with commas in between. Default:
                all that are exposed to you.
            si_units: True: SI units; False: oilfield units (psi, bbl/min, lb/gal). `get_fields_metadata` tells both.
            fill_data_method: How gaps in 1-second data are filled; needs `fill_data_limit`.
            fill_data_limit: The most seconds to fill in one gap.
            inside_area_only: True: fill only between known values; False: before the first and after the last one too.
            parallel: How many parts of the time range to fetch at a time, 1 to 3. Parts come in order of time; records
                within a part come as the service sends them.
            start: Another name for `start_datetime`.
            end: Another name for `end_datetime`.

        Raises:
            ValueError: A moment has no time zone, the end is before the start, or arguments do not go together.
            TypeError: An argument is of the wrong type.
            MissingCredentialsError: There is no token.
        """
        first, last = range_of(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="site",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return Data(self._caller(), [query])

    async def aget_data(
        self,
        start_datetime: datetime | str | None = None,
        end_datetime: datetime | str | None = None,
        stage_number: int | None = None,
        stage_name_filter: StageNameFilters | OperationName | None = None,
        *,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
        fill_data_method: DataFillMethods | FillMethodName | None = None,
        fill_data_limit: int | None = None,
        inside_area_only: bool = True,
        parallel: int = 1,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> DataAsync:
        """Async form of `get_data`."""
        first, last = range_of(start_datetime, end_datetime, start, end, RANGE_NAMES, OTHER_RANGE_NAMES)
        query = DataQuery(
            source="site",
            id=self.id,
            start=first,
            end=last,
            stage_number=stage_number,
            stage_name_filter=stage_name_filter,
            resolution=resolution,
            aggregation=aggregation,
            fields=fields,
            si_units=si_units,
            fill_data_method=fill_data_method,
            fill_data_limit=fill_data_limit,
            inside_area_only=inside_area_only,
            parallel=parallel,
        )
        return DataAsync(self._caller(), [query])

    @property
    def _sites(self) -> frozenset[int]:
        return frozenset({self.id})

    @property
    def _pad_id(self) -> int | None:
        """The id of its pad, where it is loaded."""
        return id_of(getattr(self, "pad_id", None))

    def _pad(self, client: Client, *, as_dict: bool) -> Flow[Pad | dict[str, Any] | None]:
        # Pads know their sites and sites their pad: one of the two must look late.
        from datastore_sdk.entities.pad import Pad

        pad_id = yield from pad_id_of_site(client, self.id, self._pad_id)
        return None if pad_id is None else (yield from one(Pad, client, get_pad(pad_id), pad_id, as_dict=as_dict))
