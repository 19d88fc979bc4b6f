"""Limits of the machine for the same bytes: network, parsers, disk."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import msgspec
import orjson

from _bench.body import Body, pieces, windows
from _bench.runs import Spread

_AT_A_TIME = 1 << 18
_END = b"\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Limit:
    """Duration of a step that no client can do without."""

    name: str
    seconds: Spread
    megabytes: float

    @property
    def rate(self) -> float:
        """MB/s."""
        return self.megabytes / self.seconds.median


def limits(body: Body, url: str, times: int) -> Iterator[Limit]:
    """Measure the limits for a body that is served at a URL."""
    megabytes = sum(map(len, pieces(body.records))) / 1e6
    arrays = [*windows(body.records)]
    raw = msgspec.json.Decoder(list[msgspec.Raw])
    measured: dict[str, Callable[[], object]] = {
        "curl to /dev/null" if shutil.which("curl") else "socket to nowhere": lambda: download(url),
        "orjson.loads, 64 KB windows": lambda: _all(orjson.loads, arrays),
        "msgspec list[Raw], 64 KB windows": lambda: _all(raw.decode, arrays),
        "write to disk and sync": lambda: _write(arrays),
    }
    for name, task in measured.items():
        yield Limit(name, Spread.of(_seconds(task) for _ in range(times)), megabytes)


def download(url: str) -> None:
    """Receive a chunked body without parsing it: with curl, or with a socket."""
    curl = shutil.which("curl")
    if curl:
        subprocess.run([curl, "--silent", "--fail", "--noproxy", "*", "--output", os.devnull, url], check=True)
        return
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        end = b""
        while end != _END:
            received = connection.recv(_AT_A_TIME)
            if not received:
                raise ConnectionError(f"{url}: the body broke off")
            end = (end + received)[-len(_END) :]


def _all(parse: Callable[[bytes], object], arrays: Iterable[bytes]) -> None:
    for array in arrays:
        parse(array)


def _write(arrays: Iterable[bytes]) -> None:
    with TemporaryFile() as file:
        for array in arrays:
            file.write(array)
        file.flush()
        os.fsync(file.fileno())


def _seconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start
