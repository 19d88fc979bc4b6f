"""Time zone of the wells, and data frames in local time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._io.json_body import parse_id
from datastore_sdk._utils.time_zones import SITE, is_time_zone
from datastore_sdk.exceptions import UnusableValueError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.sites import get_site, list_sites

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Source = tuple[Literal["pad", "site"], int]
"""A pad or site, and its id."""

TIME_ZONE = "timezone"
"""Key of the time zone in `DataFrame.attrs`."""


def resolve_time_zone(executor: RequestExecutor, tz: str, sources: Iterable[Source]) -> EffectGen[str]:
    """Return the name of a validated time zone; for `site` that of the wells, which is requested."""
    return tz if tz != SITE else (yield from fetch_time_zone(executor, sources))


def fetch_time_zone(
    executor: RequestExecutor, sources: Iterable[Source], known: Mapping[str, object] | None = None
) -> EffectGen[str]:
    """Return the time zone of all wells of pads and sites. Each pad or site is one request.

    Args:
        executor: Sends the requests.
        sources: The pads and sites.
        known: Time zones of other wells, by a name for messages.

    Raises:
        ValueError: There is no pad or site.
        UnusableValueError: The service sent no time zone, an unknown one, or several ones.
        CallError: A request failed.
    """
    zones = dict(known or {})
    for source, id_ in dict.fromkeys(sources):
        if source == "site":
            site = yield from executor.fetch(get_site(id_))
            zones[f"site {id_}"] = site.get("timezone") if parse_id(site.get("id")) in {None, id_} else None
        else:
            for site in (yield from executor.fetch(list_sites(pad_id=id_))):
                if parse_id(site.get("pad_id")) in {None, id_}:  # the service may ignore the filter
                    zones[f"site {site.get('id')} of pad {id_}"] = site.get("timezone")
            zones.setdefault(f"pad {id_}", None)
    return choose_time_zone(zones)


def choose_time_zone(zones: Mapping[str, object]) -> str:
    """Return the time zone that all wells have. Wells without one follow the others.

    Args:
        zones: Time zones as the service sent them, by a name of the well for messages.

    Raises:
        ValueError: There is no well.
        UnusableValueError: No well has a known time zone, or wells have several ones.
    """
    advice = "pass the name of a time zone, such as tz='US/Central'"
    if not zones:
        raise ValueError(f"tz='site' needs a well, but no object belongs to one: {advice}")
    usable: dict[str, str] = {}
    for well, zone in zones.items():
        if isinstance(zone, str) and is_time_zone(zone):
            usable.setdefault(zone, well)
    if len(usable) == 1:
        return next(iter(usable))
    if usable:
        shown = ", ".join(f"{zone} ({well})" for zone, well in sorted(usable.items()))
        raise UnusableValueError(f"tz='site' needs wells in one time zone, but there are several: {shown}; {advice}")
    well, sent = next(((well, zone) for well, zone in zones.items() if zone is not None), (next(iter(zones)), None))
    problem = "no time zone" if sent is None else f"an unknown time zone, {sent!r},"
    raise UnusableValueError(f"the service sent {problem} for {well}: {advice}")


def localize_pandas(frame: pd.DataFrame, tz: str, *, naive: bool) -> pd.DataFrame:
    """Convert the datetimes of a data frame to a time zone, in place, and note the zone in its `attrs`.

    Columns of one zone have the same time zone object, or pandas would refuse to join them.
    """
    for name in frame.select_dtypes("datetimetz").columns:
        local = frame[name].dt.tz_convert(tz)
        frame[name] = local.dt.tz_localize(None) if naive else local
    frame.attrs[TIME_ZONE] = tz
    return frame


def localize_polars(frame: pl.DataFrame, tz: str, *, naive: bool) -> pl.DataFrame:
    """Return a data frame with its datetimes in a time zone."""
    from polars import selectors

    columns: Any = selectors.datetime(time_zone="*")
    local: pl.Expr = columns.dt.convert_time_zone(tz)
    return frame.with_columns(local.dt.replace_time_zone(None) if naive else local)
