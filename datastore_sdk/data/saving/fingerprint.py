"""Fingerprint of a save: the requested data, as JSON that a later run compares with its own. It holds no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datastore_sdk.data.query import DataQuery
from datastore_sdk.transport.executor.executor import RequestExecutor

Fingerprint = Mapping[str, Any]
"""The service and the queries, as JSON values."""


def build_fingerprint(executor: RequestExecutor, queries: Sequence[DataQuery]) -> Fingerprint:
    """Return the fingerprint of queries."""
    return {"service": executor.base_url, "queries": [query.arguments() for query in queries]}


def describe_differences(current: Fingerprint, previous: Fingerprint) -> str:
    """Return how a save differs from an earlier one, for an error message."""
    if current["service"] != previous["service"]:
        return _describe("the service", current["service"], previous["service"])
    queries: list[Fingerprint] = current["queries"]
    previous_queries: list[Fingerprint] = previous["queries"]
    if len(queries) != len(previous_queries):
        return _describe("the number of intervals", len(queries), len(previous_queries))
    for number, (query, previous_query) in enumerate(zip(queries, previous_queries, strict=True), 1):
        if query != previous_query:
            interval = f" (in interval {number})" if len(queries) > 1 else ""
            return ", ".join(_describe_arguments(query, previous_query)) + interval
    return "the file has entries that this version does not know"


def _describe_arguments(current: Fingerprint, previous: Fingerprint) -> Iterator[str]:
    for name in {**current, **previous}:
        if current.get(name) != previous.get(name):
            yield _describe(name, current.get(name), previous.get(name))


def _describe(name: str, current: object, previous: object) -> str:
    return f"{name} is {_format(current)} and was {_format(previous)}"


def _format(value: object) -> str:
    return "not given" if value is None else str(value)
