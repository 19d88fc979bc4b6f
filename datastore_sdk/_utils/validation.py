"""Validation of arguments.

Each function returns the plain Python value. Scalars of numpy and pandas, and Decimal numbers, are converted here only,
without importing those libraries. Error messages contain the value and what to pass instead.
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
"""Names of the arguments for the first and the last timestamp."""
OTHER_RANGE_NAMES = ("start", "end")
"""The other names of these arguments."""
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
LAST_SECOND = _LAST.replace(microsecond=0)
"""The last second that a datetime can have."""
_PACKAGES = ("datastore_sdk", "restream_api")
_MAX_DIGITS = 20
"""Maximum number of digits of an integer. Decimal("1e999999") would take all memory as an int."""


def unwrap_scalar(value: object) -> object:
    """Return the Python value of a scalar, such as a numpy.int64; return anything else as it is."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def validate_id(value: object, what: str = "id", kind: type | None = None) -> int:
    """Return an id of the service: a positive int.

    Args:
        value: The id, or an object of `kind`, which stands for its id.
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
    converted = unwrap_scalar(getattr(value, "id", None) if kind is not None and isinstance(value, kind) else value)
    if (
        isinstance(converted, Decimal)
        and converted.is_finite()
        and converted.adjusted() < _MAX_DIGITS
        and converted == int(converted)
    ):
        converted = int(converted)
    if not isinstance(converted, bool):
        with suppress(TypeError):
            return index(cast("SupportsIndex", converted))
    raise TypeError(f"{what} must be an int, not {type(value).__name__}: {value!r}{_suggest_int(value, kind)}")


def _suggest_int(value: object, kind: type | None) -> str:
    """Return what to pass instead of a value that is not an int."""
    if isinstance(value, str) and value.strip().isdecimal():
        return f"; pass int({value!r})"
    if kind is not None and hasattr(value, "id"):
        return f"; pass a {kind.__name__} or its id"
    return ""


def validate_number(value: object, what: str, minimum: float, maximum: float) -> float:
    """Return a number in a range, both ends included.

    Raises:
        TypeError: The value is not a number.
        ValueError: The number is out of the range, or not comparable (NaN).
    """
    converted = unwrap_scalar(value)
    if isinstance(converted, Decimal) and not converted.is_snan():
        converted = float(converted)
    if isinstance(converted, bool) or not isinstance(converted, int | float):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}: {value!r}")
    if not minimum <= converted <= maximum:
        raise ValueError(f"{what} must be from {minimum} to {maximum}, not {value}")
    return converted


def validate_text(value: object, what: str) -> str:
    """Return a string that is not blank.

    Raises:
        TypeError: The value is not a str.
        ValueError: The text is empty or blank.
    """
    converted = unwrap_scalar(value)
    if not isinstance(converted, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}: {value!r}")
    if not converted.strip():
        raise ValueError(f"{what} is empty: {value!r}; omit it, or pass None, for all")
    return str(converted)


def validate_not_empty(value: object, what: str) -> None:
    """Refuse an empty string or collection, which the service could treat as no filter.

    Raises:
        ValueError: The value is an empty string or collection.
    """
    if isinstance(value, Sized) and getattr(value, "shape", None) != () and len(value) == 0:
        raise ValueError(f"{what} is empty: {value!r}; omit it, or pass None, for all")


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
    passed, value = value, unwrap_scalar(value)
    if value is None:  # numpy.datetime64("NaT")
        raise ValueError(f"{what} is {passed!r}, which is not a time; omit it, or pass None, for no limit")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"{what} must be a datetime or ISO 8601 text, such as '2025-09-17T06:00:00Z', not {passed!r}"
            ) from None
    if not isinstance(value, datetime):
        raise TypeError(f"{what} must be a datetime, not {type(passed).__name__}: {passed!r}")
    if value != value:  # noqa: PLR0124 - pandas.NaT, which is a datetime to Python
        raise ValueError(f"{what} is {value!r}, which is not a time; omit it, or pass None, for no limit")
    if value.utcoffset() is None:
        raise ValueError(
            f"{what} has no time zone, so it is ambiguous; write it like datetime(2025, 9, 17, tzinfo=timezone.utc)"
        )
    converted = getattr(value, "to_pydatetime", None)  # pandas.Timestamp, whose nanoseconds the service does not know
    return converted(warn=False) if converted else value


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
    converted = unwrap_scalar(value)
    if not isinstance(converted, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}: {value!r}")
    return converted


def round_to_second(value: datetime | None, *, up: bool) -> datetime | None:
    """Return a datetime in UTC, rounded up or down to a whole second, the resolution of the service."""
    if value is None:
        return None
    rounded = to_utc(value).replace(microsecond=0)
    return rounded + timedelta(seconds=1) if up and value.microsecond and rounded < LAST_SECOND else rounded


def to_utc(value: datetime) -> datetime:
    """Return a datetime in UTC, limited to the years that a datetime can have."""
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
    """Return the member of an enumeration for a member or its value. None stays None.

    Raises:
        ValueError: No member has this value.
    """
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(f"{kind.__name__}.{member.name} ({member.value!r})" for member in kind)
        raise ValueError(f"{what} is {value!r}; it must be one of {choices}") from None


def parse_names(value: str | Sequence[str] | None, what: str) -> tuple[str, ...] | None:
    """Return names from a sequence, or from one string with commas. None stays None.

    Raises:
        TypeError: A name is not a string.
        ValueError: There are no names, or one is empty or holds a comma.
    """
    if value is None:
        return None
    converted = unwrap_scalar(value)
    names: list[object] = [*converted.split(",")] if isinstance(converted, str) else _list_items(converted, what)
    strings = [name.strip() if isinstance(converted, str) else str(name) for name in names if isinstance(name, str)]
    if len(strings) < len(names):
        raise TypeError(f"{what} must hold strings only, not {value!r}")
    if not strings or any(not name.strip() or "," in name for name in strings):
        raise ValueError(f"{what} must be one name or more, none of them empty, not {value!r}")
    return tuple(strings)


def parse_ids(value: Sequence[int] | str | None, what: str) -> list[int] | None:
    """Return positive integers. None stays None.

    Raises:
        TypeError: The value is not a sequence, or an item is not an int.
        ValueError: There are no numbers, or one is not positive.
    """
    if value is None:
        return None
    if isinstance(value, str):
        raise ValueError(f"{what} must be a list of numbers, such as [1, 2], not the string {value!r}")  # noqa: TRY004 - the text is wrong, not the type
    numbers = [validate_id(item, f"an item of {what}") for item in _list_items(value, what)]
    if not numbers:
        raise ValueError(f"{what} must be one number or more; omit it for all")
    return numbers


def _list_items(value: object, what: str) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{what} must hold strings only or numbers only, in a list, not {value!r}")
    return [*cast("Iterable[object]", value)]


def validate_known(names: Iterable[str], known: Iterable[str], what: str, way_out: str = "") -> None:
    """Refuse unknown names: the service would ignore them, and return everything.

    Args:
        names: The names to check.
        known: The valid names.
        what: Description of a valid name, such as "a filter of pads".
        way_out: How to pass other names.

    Raises:
        TypeError: A name is unknown.
    """
    known = [*known]
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            listing = f"{hint} There are: " if hint else "; there are: "
            raise TypeError(f"{name!r} is not {what}{listing}{', '.join(known)}{way_out}")


def user_stack_level() -> int:
    """Return the `stacklevel` of a warning that should point to the user's code."""
    level, frame = 0, currentframe()
    while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _PACKAGES:
        level, frame = level + 1, frame.f_back
    return level


def resolve_alias(value: T | None, other: T | None, name: str, other_name: str) -> T | None:
    """Return the value of an argument that has two names.

    Raises:
        ValueError: Both are set.
    """
    if value is not None and other is not None:
        raise ValueError(f"{name} and {other_name} mean the same: pass one of them")
    return value if value is not None else other


def resolve_range(
    start: object, end: object, other_start: object, other_end: object, names: tuple[str, str], others: tuple[str, str]
) -> tuple[datetime | None, datetime | None]:
    """Return the two datetimes of a range whose arguments have two names each; see `validate_range`.

    Raises:
        TypeError: One is not a datetime.
        ValueError: Both names are set, one has no time zone, or the end is before the start.
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
    """Refuse a range that contains no whole second, and so no record.

    Raises:
        ValueError: The range contains no whole second.
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
