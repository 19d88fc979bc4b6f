"""Time intervals of sites, read from objects such as stages and data changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from datastore_sdk.exceptions import NotLoadedError, UnusableValueError
from datastore_sdk.instrumentation.logs import get_logger
from restream_api.types import Model

log = get_logger("drift")

_RECORD_INTERVAL = timedelta(seconds=1)
_MIN_DATETIME = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DATETIME = datetime(9999, 1, 1, tzinfo=UTC)
"""Range of record timestamps: unix seconds, up to the last year with four digits."""


class Interval(NamedTuple):
    """A site and a time range; both ends are included."""

    site: int
    start: datetime
    end: datetime | None
    """None: the interval has not ended."""


def get_interval(item: Model, start: str, end: str) -> Interval:
    """Return the interval of an object.

    If the start is after the end, the two are swapped. Datetimes outside the range of record timestamps are clamped.

    Args:
        item: The object; it has an attribute `site`.
        start: Name of the attribute with the start.
        end: Name of the attribute with the end.

    Raises:
        NotLoadedError: The site, start or end is missing.
        UnusableValueError: The site, start or end has the wrong type.
    """
    site = get_site_id(item)
    first, last = (_get_attribute(item, name) for name in (start, end))
    if not isinstance(first, datetime):
        raise _unusable_value_error(item, start, first, "a date and time")
    if last is None:
        return Interval(site, _clamp(first), None)
    if not isinstance(last, datetime):
        raise _unusable_value_error(item, end, last, "a date and time")
    return Interval(site, *sorted((_clamp(first), _clamp(last))))


def get_site_id(item: Model) -> int:
    """Return the id of the site of an object: its `site`, or the `id` of that if it is an object.

    Raises:
        NotLoadedError: The site is missing.
        UnusableValueError: The site is not an id.
    """
    site = _get_attribute(item, "site")
    site_id = _get_attribute(site, "id") if isinstance(site, Model) else site
    if type(site_id) is not int or site_id < 1:
        raise _unusable_value_error(item, "site", site_id, "the id of a site")
    return site_id


def merge_intervals(items: Iterable[Model], start: str, end: str) -> list[Interval]:
    """Return the intervals of objects, sorted by site and time, with overlapping and adjacent ones merged.

    Intervals with a missing or invalid value are left out, and a warning is logged.
    """
    usable: list[Interval] = []
    for item in items:
        try:
            usable.append(get_interval(item, start, end))
        except (NotLoadedError, UnusableValueError) as error:
            log.warning("The records of one interval cannot be downloaded: %s", error)
    result: list[Interval] = []
    for each in sorted(usable, key=lambda each: (each.site, each.start)):
        last = result[-1] if result else None
        if last and last.site == each.site and (last.end is None or each.start <= last.end + _RECORD_INTERVAL):
            ends = (last.end, each.end)
            result[-1] = last._replace(end=None if None in ends else max(end for end in ends if end))
        else:
            result.append(each)
    return result


def _get_attribute(item: Model, name: str) -> Any:
    try:
        return getattr(item, name)
    except AttributeError as error:
        raise NotLoadedError(str(error)) from None


def _clamp(value: datetime) -> datetime:
    return min(max(value, _MIN_DATETIME), _MAX_DATETIME)


def _unusable_value_error(item: Model, name: str, value: object, what: str) -> UnusableValueError:
    id_ = item.get("id")
    shown = type(item).__name__ + (f"(id={id_})" if type(id_) is int else "")
    return UnusableValueError(
        f"{shown}.{name} is not {what}: the service sent {type(value).__name__} as it; get({name!r}) returns it"
    )
