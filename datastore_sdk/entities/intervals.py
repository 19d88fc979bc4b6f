"""Intervals of sites, out of attributes that the service sent: what can be downloaded, and what cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from datastore_sdk.exceptions import NotLoadedError, UnusableValueError
from datastore_sdk.instrumentation.logs import get_logger
from restream_api.types import Model

log = get_logger("drift")

_ONE_RECORD = timedelta(seconds=1)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
"""Records have timestamps in unix seconds, of years with four digits."""


class Interval(NamedTuple):
    """The records of a site between two moments, both included."""

    site: int
    start: datetime
    end: datetime | None
    """None: up to now."""


def interval_of(thing: Model, start: str, end: str) -> Interval:
    """The interval that an object is about.

    A start behind the end is taken for the end: either way the records in between are meant. Moments outside of the
    time in which records can be are brought to its edge.

    Args:
        thing: The object; it has a `site`.
        start: The name of its start.
        end: The name of its end.

    Raises:
        NotLoadedError: One of the three is missing.
        UnusableValueError: One of the three is not what it should be.
    """
    site, first, last = (_sent(thing, name) for name in ("site", start, end))
    if type(site) is not int or site < 1:
        raise _unusable(thing, "site", site, "the id of a site")
    if not isinstance(first, datetime):
        raise _unusable(thing, start, first, "a date and time")
    if last is None:
        return Interval(site, _bounded(first), None)
    if not isinstance(last, datetime):
        raise _unusable(thing, end, last, "a date and time")
    return Interval(site, *sorted((_bounded(first), _bounded(last))))


def merged(things: Iterable[Model], start: str, end: str) -> list[Interval]:
    """The intervals of objects by site and time; those of a site that overlap or touch are one.

    One that cannot be used is left out, with a warning in the log.
    """
    usable: list[Interval] = []
    for thing in things:
        try:
            usable.append(interval_of(thing, start, end))
        except (NotLoadedError, UnusableValueError) as error:
            log.warning("The records of one interval cannot be downloaded: %s", error)
    found: list[Interval] = []
    for each in sorted(usable, key=lambda each: (each.site, each.start)):
        last = found[-1] if found else None
        if last and last.site == each.site and (last.end is None or each.start <= last.end + _ONE_RECORD):
            ends = (last.end, each.end)
            found[-1] = last._replace(end=None if None in ends else max(end for end in ends if end))
        else:
            found.append(each)
    return found


def _sent(thing: Model, name: str) -> Any:
    try:
        return getattr(thing, name)
    except AttributeError as error:
        raise NotLoadedError(str(error)) from None


def _bounded(moment: datetime) -> datetime:
    return min(max(moment, _FIRST), _LAST)


def _unusable(thing: Model, name: str, value: object, what: str) -> UnusableValueError:
    id_ = thing.get("id")
    shown = type(thing).__name__ + (f"(id={id_})" if type(id_) is int else "")
    return UnusableValueError(
        f"{shown}.{name} is not {what}: the service sent {type(value).__name__} as it; get({name!r}) returns it"
    )
