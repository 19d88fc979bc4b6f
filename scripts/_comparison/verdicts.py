"""Comparison of two clients: the requests that they sent, and the results."""

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
"""The only key of a result that is an exception."""

NAMES_OF_ERRORS = {
    "AuthError": {"AuthenticationError"},
    "CredentialsError": {"AuthenticationError", "MissingCredentialsError"},
    "ForbiddenError": {"PermissionDeniedError"},
}
"""The vendor's exceptions that have another name here."""

TOLERANCE = 1e-12
"""Tolerance, absolute and relative, of numbers that only have to be about the same."""

SHOWN = 90
"""Maximum number of characters of a value in a message."""


class Request(NamedTuple):
    """A request as the service received it, and the status of the response.

    Its query is in alphabetical order: the order of parameters does not matter to the service.
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
    """The requests and the result of one call of one client."""

    requests: tuple[Request, ...]
    result: Json


def _identity(observation: Observation) -> Observation:
    return observation


@dataclass(frozen=True)
class Deviation:
    """An intended difference: with both changes the observations must be equal, without them they must not.

    Attributes:
        reason: How the SDK differs, and why.
        vendor: Converts an observation of the vendor's client to the expected one of the SDK.
        sdk: Removes from an observation of the SDK the parts that the vendor's client does not have.
    """

    reason: str
    vendor: Callable[[Observation], Observation] = _identity
    sdk: Callable[[Observation], Observation] = _identity


@dataclass(frozen=True)
class Call:
    """A call to make.

    Attributes:
        text: The source text of the call; see `calls`.
        deviations: The intended differences.
        empty: Whether the result is empty; otherwise it must not be empty.
        error: The exception that the SDK must raise.
        environment: Environment variables to set for it.
        passes: Seconds that the simulated clock advances once a WebSocket room was entered.
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


def finding(call: Call, vendor: Observation, sdk: Observation) -> str | None:
    """Return an unintended difference, or an intended one that does not occur; None if there is neither."""
    for deviation in call.deviations:
        others = [other for other in call.deviations if other is not deviation]
        if _compare(others, vendor, sdk) is None:
            return f"not different any more: {deviation.reason}"
    return _compare(call.deviations, vendor, sdk) or _find_unexpected(call, sdk.result)


def failure(call: Call, vendor: Observation, sdk: Observation) -> str | None:
    """Return the failure of the SDK at a call that works with the vendor's client; or None."""
    errors = [
        cast("list[str]", each[ERROR]) if isinstance(each := seen.result, dict) and ERROR in each else []
        for seen in (vendor, sdk)
    ]
    if errors[0] or not errors[1] or call.error in errors[1]:
        return None
    return f"SDK raises {errors[1][0]}; the vendor's client returns {_abbreviate(vendor.result)}"


def _compare(deviations: Sequence[Deviation], vendor: Observation, sdk: Observation) -> str | None:
    for deviation in deviations:
        vendor, sdk = deviation.vendor(vendor), deviation.sdk(sdk)
    for number, (theirs, own) in enumerate(zip_longest(vendor.requests, sdk.requests), 1):
        if theirs != own:
            return f"request {number}: vendor's {theirs or 'none'}; SDK's {own or 'none'}"
    return difference(vendor.result, sdk.result)


def _find_unexpected(call: Call, result: Json) -> str | None:
    """Return the fault of a result, even if both clients return it: two that both fail prove nothing."""
    errors = cast("list[str]", result[ERROR]) if isinstance(result, dict) and ERROR in result else []
    expected = call.error in errors if call.error else not errors
    if not expected:
        return f"expected {call.error or 'no exception'}, but {errors[0] if errors else 'there is no exception'}"
    if not errors and (result in (None, [], {})) is not call.empty:
        return "the result is not empty" if call.empty else "the result is empty"
    return None


def difference(vendor: Json, sdk: Json, place: str = "result") -> str | None:
    """Return the first place where two results differ, with both values; None if they are equal.

    Types count: 5, 5.0, "5" and true are all different. A datetime in an attribute equals its text in a dict, and its
    Unix time in seconds. An exception equals its counterpart.
    """
    match vendor, sdk:
        case {"$error": [str(name), *_]}, {"$error": [*names]}:
            same = not NAMES_OF_ERRORS.get(name, {name}).isdisjoint(cast("list[str]", names))
        case {"$about": float(number)}, {"$about": float(exact)}:
            same = isclose(number, exact, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        case {"$datetime": str(one)}, {"$datetime": str(other)} | str(other):
            same = _same_datetime(one, other)
        case str(one), {"$datetime": str(other)}:
            same = _same_datetime(one, other)
        case int(second), {"$datetime": str(other)}:
            same = datetime.fromisoformat(other).timestamp() == second
        case dict(), dict():
            return _difference_of_dicts(cast("dict[str, Json]", vendor), cast("dict[str, Json]", sdk), place)
        case list(), list():
            # mypy narrows these to list[Any], pyright to a list of unknown items.
            vendor_items = cast("list[Json]", vendor)  # type: ignore[redundant-cast]
            sdk_items = cast("list[Json]", sdk)  # type: ignore[redundant-cast]
            return _difference_of_lists(vendor_items, sdk_items, place)
        case _:
            same = type(vendor) is type(sdk) and vendor == sdk
    return None if same else f"{place}: vendor's {_abbreviate(vendor)}; SDK's {_abbreviate(sdk)}"


def _difference_of_dicts(vendor: dict[str, Json], sdk: dict[str, Json], place: str) -> str | None:
    if vendor.keys() != sdk.keys():
        only_vendor, only_sdk = sorted(vendor.keys() - sdk.keys()), sorted(sdk.keys() - vendor.keys())
        return f"{place}: keys of the vendor's only {only_vendor}; of the SDK only {only_sdk}"
    found = (difference(vendor[key], sdk[key], f"{place}[{key!r}]") for key in vendor)
    return next(filter(None, found), None)


def _difference_of_lists(vendor: list[Json], sdk: list[Json], place: str) -> str | None:
    if len(vendor) != len(sdk):
        return f"{place}: vendor's has {len(vendor)} items; SDK's {len(sdk)}"
    pairs = enumerate(zip(vendor, sdk, strict=True))
    found = (difference(*pair, f"{place}[{index}]") for index, pair in pairs)
    return next(filter(None, found), None)


def _same_datetime(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except ValueError:
        return False


def _abbreviate(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
