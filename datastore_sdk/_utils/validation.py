"""Checks of arguments that several calls share. Each says what was passed and what to pass instead.

Each returns the plain Python value: scalars of numpy and pandas, and Decimal numbers, are converted here and nowhere
else. Neither library is imported for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from inspect import currentframe
from operator import index
from typing import SupportsIndex, TypeVar, cast, overload

from datastore_sdk._utils.suggestions import suggest

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

RANGE_NAMES = ("start_datetime", "end_datetime")
"""The arguments that bound a range of records."""
OTHER_RANGE_NAMES = ("start", "end")
"""Their other names."""
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
LAST_SECOND = _LAST.replace(microsecond=0)
"""The last second that a datetime can have."""
_PACKAGES = ("datastore_sdk", "restream_api")
_MAX_DIGITS = 20
"""More digits than an int of the service has. Decimal("1e999999") would take all memory as an int."""


def unwrap_scalar(value: object) -> object:
    """Return the Python value of a scalar, such as a numpy.int64; return anything else as it is."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def validate_id(value: object, what: str = "id", kind: type | None = None) -> int:
    """Return an id of the service: a positive int.

    Args:
        value: The id, or an object of the given kind, whose id is then meant.
        what: The name of the argument.
        kind: The class whose objects stand for their ids.

    Raises:
        TypeError: The value is neither an int nor of the kind.
        ValueError: The id is not positive.
    """
    if (number := validate_int(value, what, kind)) < 1:
        raise ValueError(f"{what} must be positive, not {number}")
    return number


def validate_int(value: object, what: str, kind: type | None = None) -> int:
    """Return an int. True and False are not ints; whole Decimal numbers are, floats and text are not.

    Raises:
        TypeError: The value is neither an int nor of the kind (see `validate_id`).
    """
    plain = unwrap_scalar(getattr(value, "id", None) if kind is not None and isinstance(value, kind) else value)
    if isinstance(plain, Decimal) and plain.is_finite() and plain.adjusted() < _MAX_DIGITS and plain == int(plain):
        plain = int(plain)
    if not isinstance(plain, bool):
        with suppress(TypeError):
            return index(cast("SupportsIndex", plain))
    raise TypeError(f"{what} must be an int, not {type(value).__name__}: {value!r}{_suggest_int(value, kind)}")


def _suggest_int(value: object, kind: type | None) -> str:
    """What to pass instead of a value that is no int."""
    if isinstance(value, str) and value.strip().isdecimal():
        return f"; pass int({value!r})"
    if kind is not None and hasattr(value, "id"):
        return f"; pass a {kind.__name__} or its id"
    return ""


def validate_number(value: object, what: str, least: float, most: float) -> float:
    """Return a number in a range, both ends included.

    Raises:
        TypeError: The value is not a number.
        ValueError: The number is out of the range, or not comparable (NaN).
    """
    plain = unwrap_scalar(value)
    if isinstance(plain, Decimal) and not plain.is_snan():
        plain = float(plain)
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}: {value!r}")
    if not least <= plain <= most:
        raise ValueError(f"{what} must be from {least} to {most}, not {value}")
    return plain


def validate_text(value: object, what: str) -> str:
    """Return a text that is not blank.

    Raises:
        TypeError: The value is not a str.
        ValueError: The text is empty or blank.
    """
    plain = unwrap_scalar(value)
    if not isinstance(plain, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}: {value!r}")
    if not plain.strip():
        raise ValueError(f"{what} is empty: {value!r}; leave it out, or pass None, for all")
    return str(plain)


def validate_not_empty(value: object, what: str) -> None:
    """Refuse what holds nothing, which the service could take for everything.

    Raises:
        ValueError: The value is an empty string or collection.
    """
    if isinstance(value, Sized) and getattr(value, "shape", None) != () and len(value) == 0:
        raise ValueError(f"{what} is empty: {value!r}; leave it out, or pass None, for all")


def validate_datetime(value: object, what: str) -> datetime | None:
    """Return a datetime with a time zone, or None.

    Args:
        value: A datetime, or ISO 8601 text such as "2025-09-17T06:00:00Z".
        what: The name of the argument.

    Raises:
        TypeError: The value is neither a datetime nor text.
        ValueError: The text is not ISO 8601, the datetime has no time zone, or is NaT.
    """
    if value is None:
        return None
    given, value = value, unwrap_scalar(value)
    if value is None:  # numpy.datetime64("NaT")
        raise ValueError(f"{what} is {given!r}, which is no time; leave it out, or pass None, for no limit")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"{what} must be a datetime or ISO 8601 text, such as '2025-09-17T06:00:00Z', not {given!r}"
            ) from None
    if not isinstance(value, datetime):
        raise TypeError(f"{what} must be a datetime, not {type(given).__name__}: {given!r}")
    if value != value:  # noqa: PLR0124 - pandas.NaT, which is a datetime to Python
        raise ValueError(f"{what} is {value!r}, which is no time; leave it out, or pass None, for no limit")
    if value.utcoffset() is None:
        raise ValueError(
            f"{what} has no time zone, so it names no moment; write it like datetime(2025, 9, 17, tzinfo=timezone.utc)"
        )
    plain = getattr(value, "to_pydatetime", None)  # pandas.Timestamp, whose nanoseconds the service does not know
    return plain(warn=False) if plain else value


def validate_range(
    start: object, end: object, start_name: str, end_name: str
) -> tuple[datetime | None, datetime | None]:
    """Return two datetimes in order; each may be None.

    Raises:
        TypeError: One is not a datetime.
        ValueError: One has no time zone, or the end is before the start.
    """
    first, last = validate_datetime(start, start_name), validate_datetime(end, end_name)
    # Python compares datetimes of one time zone by their wall clock, which shows an hour twice in autumn.
    if first and last and to_utc(last) < to_utc(first):
        raise ValueError(f"{end_name} ({last.isoformat()}) is before {start_name} ({first.isoformat()})")
    return first, last


def validate_flag(value: object, what: str) -> bool:
    """Return True or False; nothing that only counts as one of them is accepted.

    Raises:
        TypeError: The value is not a bool.
    """
    plain = unwrap_scalar(value)
    if not isinstance(plain, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}: {value!r}")
    return plain


def round_to_second(value: datetime | None, *, up: bool) -> datetime | None:
    """A moment in UTC, rounded up or down to a whole second, as the service counts them."""
    if value is None:
        return None
    rounded = to_utc(value).replace(microsecond=0)
    return rounded + timedelta(seconds=1) if up and value.microsecond and rounded < LAST_SECOND else rounded


def to_utc(value: datetime) -> datetime:
    """A datetime in UTC; what lies beyond the years of a datetime there is the first or last one."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _FIRST if value.year == _FIRST.year else _LAST


@overload
def validate_choice(kind: type[E], value: None, what: str) -> None: ...
@overload
def validate_choice(kind: type[E], value: E | str, what: str) -> E: ...
@overload
def validate_choice(kind: type[E], value: E | str | None, what: str) -> E | None: ...
def validate_choice(kind: type[E], value: E | str | None, what: str) -> E | None:
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


def parse_names(value: str | Sequence[str] | None, what: str) -> tuple[str, ...] | None:
    """Names, given as a sequence or as one string with commas in between; None stays None.

    Raises:
        TypeError: A name is not a string.
        ValueError: There are no names, or one is empty or holds a comma.
    """
    if value is None:
        return None
    given = unwrap_scalar(value)
    names: list[object] = [*given.split(",")] if isinstance(given, str) else _list_items(given, what)
    strings = [name.strip() if isinstance(given, str) else str(name) for name in names if isinstance(name, str)]
    if len(strings) < len(names):
        raise TypeError(f"{what} must hold strings only, not {value!r}")
    if not strings or any(not name.strip() or "," in name for name in strings):
        raise ValueError(f"{what} must be one name or more, none of them empty, not {value!r}")
    return tuple(strings)


def parse_ids(value: Sequence[int] | str | None, what: str) -> list[int] | None:
    """Positive whole numbers; None stays None.

    Raises:
        TypeError: It is no sequence, or an item is not an int.
        ValueError: There are no numbers, or one is not positive.
    """
    if value is None:
        return None
    if isinstance(value, str):
        raise ValueError(f"{what} must be a list of numbers, such as [1, 2], not the string {value!r}")  # noqa: TRY004 - its text is what is wrong
    numbers = [validate_id(item, f"an item of {what}") for item in _list_items(value, what)]
    if not numbers:
        raise ValueError(f"{what} must be one number or more; leave it out for all")
    return numbers


def _list_items(value: object, what: str) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{what} must hold strings only or numbers only, in a list, not {value!r}")
    return [*cast("Iterable[object]", value)]


def validate_known(names: Iterable[str], known: Iterable[str], what: str, way_out: str = "") -> None:
    """Refuse names that do not exist: a service would ignore them, and return everything.

    Args:
        names: The names given.
        known: The names that there are.
        what: What they are names of, such as "a filter of pads".
        way_out: How to use another name all the same.

    Raises:
        TypeError: A name does not exist.
    """
    known = [*known]
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            listing = f"{hint} There are: " if hint else "; there are: "
            raise TypeError(f"{name!r} is not {what}{listing}{', '.join(known)}{way_out}")


def user_stack_level() -> int:
    """How many frames, counted from the one that asks, are the SDK's own: the level of a warning about the user's."""
    level, frame = 0, currentframe()
    while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _PACKAGES:
        level, frame = level + 1, frame.f_back
    return level


def resolve_alias(value: T | None, other: T | None, name: str, other_name: str) -> T | None:
    """An argument that has two names.

    Raises:
        ValueError: Both were given.
    """
    if value is not None and other is not None:
        raise ValueError(f"{name} and {other_name} mean the same: give one of them")
    return value if value is not None else other


def resolve_range(
    start: object, end: object, other_start: object, other_end: object, names: tuple[str, str], others: tuple[str, str]
) -> tuple[datetime | None, datetime | None]:
    """Return the two datetimes of a range whose arguments have two names each; see `validate_range`.

    Raises:
        TypeError: One is not a datetime.
        ValueError: Both names were given, one has no time zone, or the end is before the start.
    """
    first, last = (
        resolve_alias(start, other_start, names[0], others[0]),
        resolve_alias(end, other_end, names[1], others[1]),
    )
    return validate_range(
        first,
        last,
        others[0] if start is None and other_start is not None else names[0],
        others[1] if end is None and other_end is not None else names[1],
    )


def validate_contains_second(start: datetime | None, end: datetime | None, start_name: str, end_name: str) -> None:
    """Refuse a range without a whole second in it, which records have.

    Raises:
        ValueError: There is none.
    """
    if start is None:
        return
    if to_utc(start) > LAST_SECOND:
        raise ValueError(f"{start_name} ({start.isoformat()}) is later than any record can be")
    first, last = round_to_second(start, up=True), round_to_second(end, up=False)
    if first and last and last < first:
        raise ValueError(
            f"there is no whole second between {start_name} ({start.isoformat()}) and {end_name} "
            f"({end and end.isoformat()}), and records have whole seconds; widen the range to at least one"
        )
