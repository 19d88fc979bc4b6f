"""Errors without traceback, for engines that put the traceback of a worker into the message of their own error."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from datastore_sdk.exceptions import RestreamError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_EXPECTED = (RestreamError, ImportError, TypeError, ValueError)
"""Errors whose message says all that users need."""


def shorten_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function whose errors lose their traceback and their cause."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except _EXPECTED as error:
            raise error.with_traceback(None) from None

    return call


def iterate_with_short_errors(function: Callable[[], Iterable[T]]) -> Generator[T, None, None]:
    """Call a function, and return a generator of its items. Errors of both lose their traceback and their cause."""
    return _iterate(shorten_errors(function)())


def _iterate(items: Iterable[T]) -> Generator[T, None, None]:
    try:
        yield from items
    except _EXPECTED as error:
        raise error.with_traceback(None) from None
