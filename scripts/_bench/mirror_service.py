"""A service with one pad of four sites, for the bench of mirrors. Its records are made while they are sent.

    python -m _bench.mirror_service DAYS

prints its port and serves until its standard input ends. `POST /correct/` lists a data change of one hour.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from _bench.body import FAST, LATE, SLOW, build_templates
from _bench.mirror_client import PAD, SITES

CHANGE = 7
HOUR = 3600
_RECORDS_AT_A_TIME = 500
_OWN_SITE = b'"site_id": 1111'


class MirrorService(ThreadingHTTPServer):
    """The service.

    Args:
        days: Number of days of records.
    """

    daemon_threads = True

    def __init__(self, days: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.last = int(time.time())
        self.first = self.last - days * 86_400 + 1
        self.changes: list[dict[str, Any]] = []
        self._templates = {
            site: [text.replace(_OWN_SITE, b'"site_id": %d' % site) for text in build_templates()] for site in SITES
        }

    def correct_an_hour(self) -> None:
        """List a data change of one hour, in the middle of the records of the first site."""
        start = datetime.fromtimestamp((self.first + self.last) // 2, UTC)
        self.changes = [
            {
                "id": CHANGE,
                "site": SITES[0],
                "created_at": start.isoformat(),
                "modification_type": "transaction",
                "modification_subtype": "override",
                "start_date": start.isoformat(),
                "end_date": (start + timedelta(seconds=HOUR - 1)).isoformat(),
            }
        ]

    def stream_records(self, site: int, first: int, last: int) -> Iterator[bytes]:
        """Yield the JSON array of the records of a site between two seconds, both included."""
        templates = self._templates[site]
        seconds = range(max(first, self.first), min(last, self.last) + 1)
        separator = b"["
        for start in range(0, len(seconds), _RECORDS_AT_A_TIME):
            some = seconds[start : start + _RECORDS_AT_A_TIME]
            yield separator + b", ".join([templates[second % len(templates)] % second for second in some])
            separator = b", "
        yield b"]" if seconds else b"[]"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def _service(self) -> MirrorService:
        return cast("MirrorService", self.server)

    def do_GET(self) -> None:
        """Respond to a request of the SDK."""
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")[3:]
        match parts:
            case ["sites", site, "data"]:
                self._send_records(int(site), parse_qs(url.query))
            case [_, _, "data_changes"]:
                self._send({"change_log": self._service.changes})
            case ["pads", number]:
                self._send({"id": int(number), "name": "Pad"})
            case ["sites"]:
                self._send([{"id": site, "name": f"Site {site}", "pad_id": PAD} for site in SITES])
            case [_, _, "fields"]:
                self._send([{"name": name} for name in (*FAST, *SLOW, LATE)])
            case _:  # states, history, aggregations
                self._send([])

    def do_POST(self) -> None:
        """Take an acknowledgement, or begin to list a data change."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/correct/":
            self._service.correct_an_hour()
        else:
            self._service.changes = []
        self._send({"change_log": self._service.changes})

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def _send_records(self, site: int, query: dict[str, list[str]]) -> None:
        first, last = (_second(query[name][0]) for name in ("start_datetime", "end_datetime"))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in self._service.stream_records(site, first, last):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _second(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


def main() -> None:
    """Serve until standard input ends, so that it never outlives its parent."""
    service = MirrorService(int(sys.argv[1]))
    Thread(target=service.serve_forever, daemon=True).start()
    print(service.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
