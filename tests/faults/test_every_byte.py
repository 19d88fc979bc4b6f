"""Records that are damaged at any byte: the whole comes after all, or an error, and never a wrong record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
import pytest

from datastore_sdk import Client, Pad, RetryPolicy
from datastore_sdk.data.streaming.json_spans import find_records
from datastore_sdk.exceptions import CorruptBodyError
from datastore_sdk.sandbox import Sandbox, faults
from datastore_sdk.sandbox.faults import CallFault
from tests.faults.conftest import ClientOf
from tests.faults.leak_checks import assert_no_leaks, time_limit
from tests.faults.public_calls import END, PAD, START
from tests.support.exhaustive import Selection, first

PLACES = (*range(6), *range(6, 29_000, 977 if Selection.run_all else 3908))
"""Bytes of a body of 29 kB."""
BROKEN: dict[str, Callable[[int], CallFault]] = {
    "reset": lambda at: faults.Reset("body", at),
    "cut in chunks": faults.Truncate,
    "cut below its length": lambda at: faults.Truncate(at, "full_length"),
    "cut with a length that fits": lambda at: faults.Truncate(at, "short_length"),
    "gzip cut": lambda at: faults.CutGzip(at + 1),
    "gzip reset": lambda at: faults.Reset("body", at // 5, compressed=True),
    "gzip cut in chunks": lambda at: faults.Truncate(at // 5, compressed=True),
}
"""Made for a byte."""


def read(client: Client) -> list[dict[str, Any]]:
    return list(Pad(PAD, client=client).get_data(START, END, is_routed=True))


async def aread(client: Client) -> list[dict[str, Any]]:
    data = await Pad(PAD, client=client).aget_data(START, END, is_routed=True)
    return [record async for record in data]


@pytest.mark.parametrize("kind", first(4, BROKEN))
def test_stream_broken_at_any_byte_is_complete(service: Sandbox, client_of: ClientOf, kind: str) -> None:
    with time_limit(), assert_no_leaks(), closing(client_of()) as client:
        expected = read(client)
        for at in PLACES:
            with service.faults.during(BROKEN[kind](at)):
                assert read(client) == expected, at
                assert not list(service.faults), at
            with service.faults.during(BROKEN[kind](at)):
                assert asyncio.run(aread(client)) == expected, at


def test_stream_broken_many_times_is_complete(service: Sandbox, client_of: ClientOf) -> None:
    patient = RetryPolicy(max_attempts=len(PLACES) * len(BROKEN))
    with time_limit(), assert_no_leaks(), closing(client_of(retries=patient)) as client:
        expected = read(client)
        endless = [make(at) for at in PLACES[6:] for make in BROKEN.values()]
        with service.faults.during(*endless[::7]):
            assert read(client) == expected
        with service.faults.during(*endless[::5]):
            assert asyncio.run(aread(client)) == expected


def test_stream_corrupt_byte_raises(service: Sandbox, client_of: ClientOf) -> None:
    with time_limit(), assert_no_leaks(), closing(client_of()) as client:
        expected = read(client)
        ends = [end for _, end in find_records(fetch_body(service))]
        assert len(ends) == len(expected)
        for at in PLACES:
            come: list[dict[str, Any]] = []
            with service.faults.during(faults.Corrupt(at)), pytest.raises(CorruptBodyError) as caught:
                come.extend(Pad(PAD, client=client).get_data(START, END, is_routed=True))
            whole = [end for end in ends if end <= at]
            assert come == expected[: len(whole)], at
            assert caught.value.offset == (whole[-1] if whole else 0), at


def fetch_body(service: Sandbox) -> bytes:
    """Return the body of the last request, as the service sends it without a fault."""
    request = service.requests[-1]
    headers = {"Authorization": f"Bearer {service.token}", "Prefer": "streaming", "Accept-Encoding": "identity"}
    response = httpx.get(f"{service.url}{request.path}", params=request.query, headers=headers)
    return response.raise_for_status().content


def test_stream_corrupt_gzip_raises(service: Sandbox, client_of: ClientOf) -> None:
    with time_limit(), assert_no_leaks(), closing(client_of()) as client:
        assert read(client)
        for at in PLACES[7:]:  # behind the header of gzip, most of which nobody needs
            fault = faults.Corrupt(at // 6, path="/data/", compressed=True)
            with service.faults.during(fault), pytest.raises(CorruptBodyError):
                read(client)
