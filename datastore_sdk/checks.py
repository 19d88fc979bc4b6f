"""Checks of arguments that several calls share. Each says what was passed and what to pass instead."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from inspect import currentframe
from operator import index
from typing import SupportsIndex, TypeVar, cast, overload

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_PACKAGES = ("datastore_sdk", "restream_api")


def checked_id(value: object, what: str = "id") -> int:
    """An id of the service: a positive int.

    Raises:
        TypeError: It is not an int.
        ValueError: It is not positive.
    """
    if (number := checked_int(value, what)) < 1:
        raise ValueError(f"{what} must be positive, not {number}")
    return number


def checked_int(value: object, what: str) -> int:
    """An int, which True and False are not; those of numpy and pandas are.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, bool):
        with suppress(TypeError):
            return index(cast("SupportsIndex", value))
    raise TypeError(f"{what} must be an int, not {type(value).__name__}: {value!r}")


def checked_number(value: object, what: str, least: float, most: float) -> None:
    """A number in a range, both ends included.

    Raises:
        TypeError: It is not a number.
        ValueError: It is out of the range, or no number that can be compared (NaN).
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}: {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{what} must be from {least} to {most}, not {value}")


def checked_moment(value: object, what: str) -> datetime | None:
    """A moment: a datetime with a time zone, or None.

    Raises:
        TypeError: It is not a datetime.
        ValueError: It has no time zone.
    """
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError(f"{what} must be a datetime, not {type(value).__name__}: {value!r}")
    if value.utcoffset() is None:
        raise ValueError(
            f"{what} has no time zone, so it names no moment; write it like datetime(2025, 9, 17, tzinfo=timezone.utc)"
        )
    return value


def checked_range(start: object, end: object, start_name: str, end_name: str) -> None:
    """Two moments in order; each may be None.

    Raises:
        TypeError: One is not a datetime.
        ValueError: One has no time zone, or the end is before the start.
    """
    first, last = checked_moment(start, start_name), checked_moment(end, end_name)
    if first and last and last < first:
        raise ValueError(f"{end_name} ({last.isoformat()}) is before {start_name} ({first.isoformat()})")


def checked_flag(value: object, what: str) -> bool:
    """True or False, and nothing that only counts as one of them.

    Raises:
        TypeError: It is not a bool.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}: {value!r}")
    return value


def whole_second(moment: datetime | None, *, up: bool) -> datetime | None:
    """A moment in UTC, rounded up or down to a whole second, as the service counts them."""
    if moment is None:
        return None
    rounded = moment.astimezone(UTC).replace(microsecond=0)
    return rounded + timedelta(seconds=1) if up and moment.microsecond else rounded


@overload
def checked_choice(kind: type[E], value: None, what: str) -> None: ...
@overload
def checked_choice(kind: type[E], value: E | str, what: str) -> E: ...
@overload
def checked_choice(kind: type[E], value: E | str | None, what: str) -> E | None: ...
def checked_choice(kind: type[E], value: E | str | None, what: str) -> E | None:
    """A member of an enumeration, given as such or by its value; None stays None.

    Raises:
        ValueError: There is no such member.
    """
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(f"{kind.__name__}.{member.name} ({member.value!r})" for member in kind)
        raise ValueError(f"{what} is {value!r}; it must be one of {choices}") from None


def name_list(value: str | Sequence[str] | None, what: str) -> tuple[str, ...] | None:
    """Names, given as a sequence or as one string with commas in between; None stays None.

    Raises:
        TypeError: A name is not a string.
        ValueError: There are no names, or one is empty or holds a comma.
    """
    if value is None:
        return None
    names: list[object] = [part.strip() for part in value.split(",")] if isinstance(value, str) else _items(value, what)
    strings = [name for name in names if isinstance(name, str)]
    if len(strings) < len(names):
        raise TypeError(f"{what} must hold strings only, not {value!r}")
    if not strings or any(not name or "," in name for name in strings):
        raise ValueError(f"{what} must be one name or more, none of them empty, not {value!r}")
    return tuple(strings)


def number_list(value: Sequence[int] | str | None, what: str) -> list[int] | None:
    """Positive whole numbers; None stays None.

    Raises:
        TypeError: It is no sequence, or an item is not an int.
        ValueError: There are no numbers, or one is not positive.
    """
    if value is None:
        return None
    if isinstance(value, str):
        raise ValueError(f"{what} must be a list of numbers, such as [1, 2], not the string {value!r}")  # noqa: TRY004 - its text is what is wrong
    numbers = [checked_id(item, f"an item of {what}") for item in _items(value, what)]
    if not numbers:
        raise ValueError(f"{what} must be one number or more; leave it out for all")
    return numbers


def _items(value: object, what: str) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{what} must hold strings only or numbers only, in a list, not {value!r}")
    return [*cast("Iterable[object]", value)]


def warn_of_slips(filters: Iterable[str], known: Iterable[str], attributes: Iterable[str] = ()) -> None:
    """Warns of filters that are passed on unknown, where they look like slips: misspelt, or names of attributes.

    A service ignores what it does not know, and lists everything.
    """
    from difflib import get_close_matches  # here, for it takes long

    names, others = [*known], {*attributes}
    for name in filters:
        alike = get_close_matches(name, names, n=1, cutoff=0.75)
        if alike or name in others:
            advice = f"Did you mean {alike[0]!r}?" if alike else f"There are: {', '.join(names)}."
            warnings.warn(
                f"{name!r} is no filter that is known here; it is passed on as it is. {advice}",
                UserWarning,
                stacklevel=level_of_user(),
            )


def level_of_user() -> int:
    """How many frames, counted from the one that asks, are the SDK's own: the level of a warning about the user's."""
    level, frame = 0, currentframe()
    while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _PACKAGES:
        level, frame = level + 1, frame.f_back
    return level


def one_of(value: T | None, other: T | None, name: str, other_name: str) -> T | None:
    """An argument that has two names.

    Raises:
        ValueError: Both were given.
    """
    if value is not None and other is not None:
        raise ValueError(f"{name} and {other_name} mean the same: give one of them")
    return value if value is not None else other
