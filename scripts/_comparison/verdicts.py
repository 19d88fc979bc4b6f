"""Whether what two clients did comes to the same: the requests that they made, and what they gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from math import isclose
from typing import Any, NamedTuple, TypeAlias, cast

Json: TypeAlias = Any
"""A result as the driver writes it."""

ERROR = "$error"
"""The one key of a result that stands for an exception."""

NAMES_OF_ERRORS = {
    "AuthError": {"AuthenticationError"},
    "CredentialsError": {"AuthenticationError", "MissingCredentialsError"},
}
"""The vendor's exceptions that have another name here."""

TOLERANCE = 1e-12
"""How far numbers may be apart that are only said to be about the same: absolutely, and in proportion to their size."""

SHOWN = 90
"""How many characters of a value are shown."""


class Request(NamedTuple):
    """A request as the service saw it, and the status that it answered with.

    Its query is in alphabetical order: in which order the parameters came means nothing to the service.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}{'?' if query else ''}{query} {self.status}"


@dataclass(frozen=True)
class Observation:
    """What one client did when a call was made: what it asked for, and what it gave."""

    requests: tuple[Request, ...]
    result: Json


def _unchanged(observation: Observation) -> Observation:
    return observation


@dataclass(frozen=True)
class Deviation:
    """A difference that is meant: with both changes made, the observations must be the same, and without them not.

    Attributes:
        reason: In what our client differs, and why.
        vendor: What our client does, told from what the vendor's does.
        ours: Our client's observation without what cannot be told from the vendor's.
    """

    reason: str
    vendor: Callable[[Observation], Observation] = _unchanged
    ours: Callable[[Observation], Observation] = _unchanged


@dataclass(frozen=True)
class Call:
    """A call to make.

    Attributes:
        text: What is called, as `calls` explains.
        deviations: In what the clients differ on purpose.
        empty: Whether nothing is to be found; else there must be something to compare.
        error: The exception that our client is to raise.
        environment: Environment variables to set for it.
        passes: How many seconds of the field's time go by once a WebSocket room was entered.
    """

    text: str
    deviations: tuple[Deviation, ...] = ()
    empty: bool = False
    error: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    passes: float = 0

    def __str__(self) -> str:
        settings = "".join(f"{name}={value!r} " for name, value in self.environment.items())
        return f"{settings}{self.text}"


def finding(call: Call, vendor: Observation, ours: Observation) -> str | None:
    """What is not as it should be: a difference that is not meant, or one that is meant and not there; else None."""
    for deviation in call.deviations:
        others = [other for other in call.deviations if other is not deviation]
        if _compared(others, vendor, ours) is None:
            return f"not different any more: {deviation.reason}"
    return _compared(call.deviations, vendor, ours) or _unexpected(call, ours.result)


def failure(call: Call, vendor: Observation, ours: Observation) -> str | None:
    """What our client fails with at a call that the vendor's does not fail at; None where it does not."""
    errors = [
        cast("list[str]", each[ERROR]) if isinstance(each := seen.result, dict) and ERROR in each else []
        for seen in (vendor, ours)
    ]
    if errors[0] or not errors[1] or call.error in errors[1]:
        return None
    return f"ours raises {errors[1][0]}; the vendor's gives {_shown(vendor.result)}"


def _compared(deviations: Sequence[Deviation], vendor: Observation, ours: Observation) -> str | None:
    for deviation in deviations:
        vendor, ours = deviation.vendor(vendor), deviation.ours(ours)
    for number, (theirs, own) in enumerate(zip_longest(vendor.requests, ours.requests), 1):
        if theirs != own:
            return f"request {number}: vendor's {theirs or 'none'}; ours {own or 'none'}"
    return difference(vendor.result, ours.result)


def _unexpected(call: Call, result: Json) -> str | None:
    """What is wrong with a result, whether or not the clients agree on it: two that both fail prove nothing."""
    errors = cast("list[str]", result[ERROR]) if isinstance(result, dict) and ERROR in result else []
    expected = call.error in errors if call.error else not errors
    if not expected:
        return f"expected {call.error or 'no exception'}, but {errors[0] if errors else 'there is no exception'}"
    if not errors and (result in (None, [], {})) is not call.empty:
        return "the result is not empty" if call.empty else "the result is empty"
    return None


def difference(vendor: Json, ours: Json, place: str = "result") -> str | None:
    """The first place where two results are not the same, with what stands there; None where there is none.

    Types count: 5, 5.0, "5" and true are all different. A moment in an attribute is the same as its text in a dict, or
    as its unix seconds, an exception the same as its counterpart.
    """
    match vendor, ours:
        case {"$error": [str(name), *_]}, {"$error": [*names]}:
            same = not NAMES_OF_ERRORS.get(name, {name}).isdisjoint(cast("list[str]", names))
        case {"$about": float(number)}, {"$about": float(exact)}:
            same = isclose(number, exact, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        case {"$moment": str(one)}, {"$moment": str(other)} | str(other):
            same = _same_moment(one, other)
        case str(one), {"$moment": str(other)}:
            same = _same_moment(one, other)
        case int(second), {"$moment": str(other)}:
            same = datetime.fromisoformat(other).timestamp() == second
        case dict(), dict():
            return _difference_of_dicts(cast("dict[str, Json]", vendor), cast("dict[str, Json]", ours), place)
        case list(), list():
            return _difference_of_lists(cast("list[Json]", vendor), cast("list[Json]", ours), place)
        case _:
            same = type(vendor) is type(ours) and vendor == ours
    return None if same else f"{place}: vendor's {_shown(vendor)}; ours {_shown(ours)}"


def _difference_of_dicts(vendor: dict[str, Json], ours: dict[str, Json], place: str) -> str | None:
    if vendor.keys() != ours.keys():
        only_vendor, only_ours = sorted(vendor.keys() - ours.keys()), sorted(ours.keys() - vendor.keys())
        return f"{place}: keys of the vendor's only {only_vendor}; of ours only {only_ours}"
    found = (difference(vendor[key], ours[key], f"{place}[{key!r}]") for key in vendor)
    return next(filter(None, found), None)


def _difference_of_lists(vendor: list[Json], ours: list[Json], place: str) -> str | None:
    if len(vendor) != len(ours):
        return f"{place}: vendor's has {len(vendor)} items; ours {len(ours)}"
    pairs = enumerate(zip(vendor, ours, strict=True))
    found = (difference(*pair, f"{place}[{index}]") for index, pair in pairs)
    return next(filter(None, found), None)


def _same_moment(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except ValueError:
        return False


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
