"""A service with records, whose streams break as a test says."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.http_responses import END, chunk, head

Record = dict[str, Any]
End = Callable[[ClientConnection], object]

START = 1_758_196_800
"""2025-09-18 12:00:00 UTC."""


def datetime_at(second: int) -> datetime:
    """So many seconds after the first record."""
    return datetime.fromtimestamp(START + second, tz=UTC)


def records_of(seconds: int, sites: Sequence[int] = (981,)) -> list[Record]:
    """Return a record for each second and site, in order of time."""
    return [
        {
            "timestamp": START + second,
            "site_id": site,
            "slurry_rate": second + site / 10_000,
            "valve": "O}],["[second % 5],
        }
        for second in range(seconds)
        for site in sites
    ]


@dataclass(frozen=True)
class Break:
    """Where a stream ends too early, and how."""

    share: float
    """How much of the body is sent before, from 0 to 1."""
    end: End = ClientConnection.close
    """The fate of the connection."""
    chunked: bool = False
    """Whether the framing says that the body is whole: the chunks end well, the array does not."""


class RecordService:
    """Responds to calls for records; each of the first ones breaks as specified, the others do not.

    Args:
        records: All records.
        breaks: What happens to each call: a break, or bytes to send instead.
        piece: The length of the chunks that a body is sent in.
        packed: Whether bodies are compressed.
    """

    def __init__(
        self, records: list[Record], breaks: Sequence[Break | bytes] = (), *, piece: int = 100, packed: bool = False
    ) -> None:
        self.records = records
        self.starts: list[str | None] = []
        """The start of each request for records."""
        self._breaks = [*breaks]
        self._piece = piece
        self._packed = packed
        self._lock = threading.Lock()

    @property
    def request_count(self) -> int:
        """The number of requests for records."""
        return len(self.starts)

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        assert request.headers["prefer"] == "streaming"
        with self._lock:
            self.starts.append(request.query.get("start_datetime"))
            fault = self._breaks.pop(0) if self._breaks else None
        if isinstance(fault, bytes):
            line.send(fault)
            return
        self._send(line, self._body(request), fault)

    def _body(self, request: HttpRequest) -> bytes:
        first = _seconds(request.query.get("start_datetime"))
        last = _seconds(request.query.get("end_datetime"))
        rows = [
            json.dumps(record)
            for record in self.records
            if (first is None or record["timestamp"] >= first) and (last is None or record["timestamp"] <= last)
        ]
        body = f"[{','.join(rows)}]".encode()
        return gzip.compress(body, 1) if self._packed else body

    def _send(self, line: ClientConnection, body: bytes, fault: Break | None) -> None:
        encoding = "gzip" if self._packed else "identity"
        sent = body if fault is None else body[: int(fault.share * len(body))]
        pieces = [sent[start : start + self._piece] for start in range(0, len(sent), self._piece)]
        line.send(head(transfer_encoding="chunked", content_encoding=encoding) + b"".join(map(chunk, pieces)))
        if fault is None or fault.chunked:
            line.send(END)
        if fault is not None:
            fault.end(line)


def _seconds(text: str | None) -> int | None:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) if text else None
