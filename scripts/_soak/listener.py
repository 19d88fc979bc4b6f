"""Listener to the live data of a pad, in one of the two forms, which remembers each record."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self

from datastore_sdk import Client, DataResolutions, Pad
from datastore_sdk.realtime import Gap, LiveData, LiveDataAsync, LiveStatistics

Form = Literal["sync", "async"]
RecordKey = tuple[int, int, Any]
"""Second, site and the one field of a record."""
FIELD = "slurry_rate"


class SoakListener:
    """Listens in a thread.

    Args:
        client: Client that makes the requests.
        pad_id: Id of the pad.
        start: First requested second.
        form: Sync or async.
        stale_after: Seconds of silence after which the SDK reconnects.
        resolution: Resolution of the records.
    """

    def __init__(
        self,
        client: Client,
        pad_id: int,
        start: datetime,
        form: Form,
        stale_after: float,
        resolution: DataResolutions = DataResolutions.SECOND,
    ) -> None:
        pad = Pad(id=pad_id, client=client)
        options: dict[str, Any] = {"start_datetime": start, "is_routed": True, "fields": FIELD}
        options |= {"stale_after": stale_after, "resolution": resolution}
        self.records: list[RecordKey] = []
        self.last = 0
        """Second of the latest record."""
        self._live: LiveData[Any] | LiveDataAsync[Any]
        self._thread = ThreadPoolExecutor(1)
        if form == "sync":
            self._live, _ = pad.get_realtime_measurements_data(**options)
            self._listening = self._thread.submit(self._listen, self._live)
        else:
            self._live, _ = asyncio.run(pad.aget_realtime_measurements_data(**options))
            self._listening = self._thread.submit(asyncio.run, self._alisten(self._live))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.close()
        self._thread.shutdown()

    @property
    def statistics(self) -> LiveStatistics:
        """Current statistics."""
        return self._live.statistics

    @property
    def gaps(self) -> list[Gap]:
        """Known gaps."""
        return self._live.gaps

    def has_reached(self, second: int) -> bool:
        """Return whether a record of this second or a later one arrived; raise the error that ended the stream."""
        if self._listening.done():
            self._listening.result()
        return self.last >= second

    def _listen(self, live: LiveData[Any]) -> None:
        for record in live:
            self._add(record)

    async def _alisten(self, live: LiveDataAsync[Any]) -> None:
        async for record in live:
            self._add(record)

    def _add(self, record: dict[str, Any]) -> None:
        self.records.append(record_key(record))
        self.last = max(self.last, record["timestamp"])


def record_key(record: dict[str, Any]) -> RecordKey:
    """Return second, site and field of a record."""
    return record["timestamp"], record["site_id"], record.get(FIELD)
