"""List of objects that converts to a data frame."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING, SupportsIndex, TypeVar, overload

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.time_zones import SITE, validate_time_zone
from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.client import Client, client_for
from datastore_sdk.data.time_zones import choose_time_zone, fetch_time_zone
from datastore_sdk.entities.base import ClientBound
from datastore_sdk.entities.list_display import describe_items, render_html
from datastore_sdk.entities.tables import Column, build_columns, to_pandas, to_polars
from datastore_sdk.entities.wells import find_time_zones
from restream_api.types import Model

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

M = TypeVar("M", bound=Model)


class ObjectList(list[M]):
    """A list of objects that also converts to a data frame, with one row per object.

    A notebook shows the list as a table. `repr` shows the first objects. A slice is such a list too.

    Args:
        items: The objects.
        kind: Class of the objects, which gives an empty list its columns. Default: class of the first object.
    """

    def __init__(self, items: Iterable[M] = (), *, kind: type[M] | None = None) -> None:
        super().__init__(items)
        self._kind = kind

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> M: ...
    @overload
    def __getitem__(self, index: slice, /) -> ObjectList[M]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> M | ObjectList[M]:
        if isinstance(index, slice):
            return ObjectList(super().__getitem__(index), kind=self._kind)
        return super().__getitem__(index)

    def to_pandas(self, *, tz: str | tzinfo = "UTC", naive: bool = False) -> pd.DataFrame:
        """Return a pandas data frame, with a row for each object. Needs the extra `pandas`.

        `id` comes first, then a column for each other key that the service sent. Types are pandas' nullable ones, so
        ints stay ints beside missing values. Times are datetimes; a value that is not a time is missing (NaT). Nested
        objects are dicts, except for the aggregations of stages: each is a column, after the others. An empty list has
        the columns of the contract.

        Excel refuses time zones: `stages.to_pandas(tz="site", naive=True).to_excel("stages.xlsx")` writes the time of
        the well. `frame.attrs["timezone"]` has the zone in any case.

        Args:
            tz: Time zone of the datetimes: an IANA name such as `US/Central`, or `site` for the time of the wells. If
                the objects do not have it, it is requested (one request for each pad or site).
            naive: True: leave the time zone out of the datetimes. The hour that is repeated when daylight saving time
                ends is then ambiguous.

        Raises:
            ImportError: pandas is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone; or `tz="site"`, and the list is empty.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells have several ones.
            RestreamError: The request failed.
        """
        require_extra("pandas", extra="pandas")
        naive = validate_flag(naive, "naive")
        zone = self._find_known_zone(tz) or self._get_client()._drive(self._fetch_zone())
        return to_pandas(self._columns(), zone, naive=naive)

    async def ato_pandas(self, *, tz: str | tzinfo = "UTC", naive: bool = False) -> pd.DataFrame:
        """Return a pandas data frame, with a row for each object. Needs the extra `pandas`.

        `id` comes first, then a column for each other key that the service sent. Types are pandas' nullable ones, so
        ints stay ints beside missing values. Times are datetimes; a value that is not a time is missing (NaT). Nested
        objects are dicts, except for the aggregations of stages: each is a column, after the others. An empty list has
        the columns of the contract.

        Excel refuses time zones: `stages.ato_pandas(tz="site", naive=True).to_excel("stages.xlsx")` writes the time of
        the well. `frame.attrs["timezone"]` has the zone in any case.

        Args:
            tz: Time zone of the datetimes: an IANA name such as `US/Central`, or `site` for the time of the wells. If
                the objects do not have it, it is requested (one request for each pad or site).
            naive: True: leave the time zone out of the datetimes. The hour that is repeated when daylight saving time
                ends is then ambiguous.

        Raises:
            ImportError: pandas is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone; or `tz="site"`, and the list is empty.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells have several ones.
            RestreamError: The request failed.
        """
        require_extra("pandas", extra="pandas")
        naive = validate_flag(naive, "naive")
        zone = self._find_known_zone(tz) or await self._get_client()._adrive(self._fetch_zone())
        return to_pandas(self._columns(), zone, naive=naive)

    def to_polars(self, *, tz: str | tzinfo = "UTC", naive: bool = False) -> pl.DataFrame:
        """Return a polars data frame, with a row for each object. Needs the extra `polars`.

        Columns as in `to_pandas`. Nested objects are structs. A value of a time column that is not a time is null. A
        column whose values have several types is a string column, with the JSON text of each value if polars cannot
        convert them.

        Args:
            tz: Time zone of the datetimes: an IANA name such as `US/Central`, or `site` for the time of the wells. If
                the objects do not have it, it is requested (one request for each pad or site).
            naive: True: leave the time zone out of the datetimes, as for `to_pandas`.

        Raises:
            ImportError: polars is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone; or `tz="site"`, and the list is empty.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells have several ones.
            RestreamError: The request failed.
        """
        require_extra("polars", extra="polars")
        naive = validate_flag(naive, "naive")
        zone = self._find_known_zone(tz) or self._get_client()._drive(self._fetch_zone())
        return to_polars(self._columns(), zone, naive=naive)

    async def ato_polars(self, *, tz: str | tzinfo = "UTC", naive: bool = False) -> pl.DataFrame:
        """Return a polars data frame, with a row for each object. Needs the extra `polars`.

        Columns as in `ato_pandas`. Nested objects are structs. A value of a time column that is not a time is null. A
        column whose values have several types is a string column, with the JSON text of each value if polars cannot
        convert them.

        Args:
            tz: Time zone of the datetimes: an IANA name such as `US/Central`, or `site` for the time of the wells. If
                the objects do not have it, it is requested (one request for each pad or site).
            naive: True: leave the time zone out of the datetimes, as for `ato_pandas`.

        Raises:
            ImportError: polars is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone; or `tz="site"`, and the list is empty.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells have several ones.
            RestreamError: The request failed.
        """
        require_extra("polars", extra="polars")
        naive = validate_flag(naive, "naive")
        zone = self._find_known_zone(tz) or await self._get_client()._adrive(self._fetch_zone())
        return to_polars(self._columns(), zone, naive=naive)

    def __repr__(self) -> str:
        return describe_items(self)

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        return render_html(self._model, len(self), self._columns())

    @property
    def _model(self) -> type[Model] | None:
        return type(self[0]) if self else self._kind

    def _columns(self) -> dict[str, Column]:
        return build_columns(self, self._model)

    def _find_known_zone(self, tz: str | tzinfo) -> str:
        """Return the name of a time zone; an empty string if it must be requested."""
        if (zone := validate_time_zone(tz)) != SITE:
            return zone
        zones, missing = find_time_zones(self)
        return "" if missing else choose_time_zone(zones)

    def _fetch_zone(self) -> EffectGen[str]:
        zones, missing = find_time_zones(self)
        return fetch_time_zone(self._get_client()._executor, missing, zones)

    def _get_client(self) -> Client:
        bound = next((item for item in self if isinstance(item, ClientBound)), None)
        return bound._get_client() if bound else client_for()
