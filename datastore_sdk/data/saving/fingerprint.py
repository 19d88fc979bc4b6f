"""What a save asks for, in words that can be kept and compared. Secrets are no part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datastore_sdk.data.query import DataQuery
from datastore_sdk.transport.executor.executor import RequestExecutor

Asked = Mapping[str, Any]
"""What is asked for: JSON."""


def asked(exchange: RequestExecutor, queries: Sequence[DataQuery]) -> Asked:
    """What the queries ask of which service."""
    return {"service": exchange.base_url, "queries": [query.arguments() for query in queries]}


def differences(now: Asked, then: Asked) -> str:
    """In what one save differs from an earlier one."""
    if now["service"] != then["service"]:
        return _difference("the service", now["service"], then["service"])
    questions: list[Asked] = now["queries"]
    others: list[Asked] = then["queries"]
    if len(questions) != len(others):
        return _difference("the number of intervals", len(questions), len(others))
    for number, (question, other) in enumerate(zip(questions, others, strict=True), 1):
        if question != other:
            where = f" (in interval {number})" if len(questions) > 1 else ""
            return ", ".join(_differing(question, other)) + where
    return "the file holds more than this version knows of"


def _differing(now: Asked, then: Asked) -> Iterator[str]:
    for name in {**now, **then}:
        if now.get(name) != then.get(name):
            yield _difference(name, now.get(name), then.get(name))


def _difference(name: str, now: object, then: object) -> str:
    return f"{name} is {_shown(now)} and was {_shown(then)}"


def _shown(value: object) -> str:
    return "not given" if value is None else str(value)
