"""Programs that end while something is under way: at once, and without a word."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import pytest

from tests.support.exhaustive import spread
from tests.support.fake_server import ClientConnection
from tests.support.fixtures import Serve
from tests.support.http_responses import chunk, head, send_then

INCOMPLETE = head(transfer_encoding="chunked") + chunk(b'[{"timestamp": 1758196800, "site_id": 981}')

PREAMBLE = """
import asyncio, sys, threading, time
from datetime import UTC, datetime
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.client import Client

client = Client("t0ken", base_url=sys.argv[1])
start, end = datetime(2025, 9, 18, 12, tzinfo=UTC), datetime(2025, 9, 19, 12, tzinfo=UTC)
site = DataQuery(source="site", id=981, start=start, end=end)
parts = DataQuery(source="site", id=981, start=start, end=end, parallel=3)

async def drain():
    async for _ in DataAsync(client, [site]):
        pass
"""

PROGRAMS = {
    "a stream at rest": """
        records = Data(client, [site]).data_fetcher
        next(records)
    """,
    "parts at rest": """
        records = Data(client, [parts]).data_fetcher
        next(records)
    """,
    "an awaited stream at rest": """
        async def main():
            global records
            records = DataAsync(client, [site]).data_fetcher
            await anext(records)
        asyncio.run(main())
    """,
    "a task that is waiting": """
        async def main():
            task = asyncio.create_task(drain())
            await asyncio.sleep(0.1)
        asyncio.run(main())
    """,
    "a time that is up": """
        async def main():
            try:
                async with asyncio.timeout(0.1):
                    await drain()
            except TimeoutError:
                pass
        asyncio.run(main())
    """,
    "awaited parts at rest": """
        async def main():
            records = DataAsync(client, [parts]).data_fetcher
            await anext(records)
        asyncio.run(main())
    """,
    "a daemon thread that is waiting": """
        threading.Thread(target=lambda: list(Data(client, [site])), daemon=True).start()
        time.sleep(0.1)
    """,
    "an exception": """
        for record in Data(client, [site]):
            sys.exit(0)
    """,
}


@pytest.mark.parametrize("name", spread(3, [*PROGRAMS]))
def test_a_program_that_ends(name: str, serve: Serve) -> None:
    server = serve(send_then(INCOMPLETE, ClientConnection.stall))
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PREAMBLE + textwrap.dedent(PROGRAMS[name]), server.url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=15,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - started < 8
