"""Random downloads from a service that keeps no promise about its records, compared with an oracle.

A case is made of a seed: the records (several sites, gaps, copies, several a second), the form of their timestamps, the
order in which the service sends them (and in which it sends them the next time), where each response is cut, and what
is done with the records. Each logical record has a number `n`, so that records can be counted in every format.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.streaming import delivered_texts, parallel
from datastore_sdk.data.streaming import json_splitter as cutter
from datastore_sdk.exceptions import DataChangedError, RestreamError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, datetime_at
from tests.support.fake_server import ClientConnection, HttpRequest, Server
from tests.support.http_responses import END, chunk, head, http_response
from tests.support.jumping_clock import JumpingClock

Record = dict[str, Any]
Order = Callable[[list[Record], random.Random], list[Record]]

ENOUGH_RUNS = 60
"""How often a save is retried before a case counts as hopeless."""
SEED_OF_FIRST_ORDER = 0


def _second(record: Record) -> float:
    return float(record["second"])


def by_time(records: list[Record], _: random.Random) -> list[Record]:
    return sorted(records, key=_second)


def by_site(records: list[Record], _: random.Random) -> list[Record]:
    return sorted(records, key=lambda record: (record["site_id"], _second(record)))


def newest_first(records: list[Record], _: random.Random) -> list[Record]:
    return sorted(records, key=_second, reverse=True)


def with_late_ones(records: list[Record], chance: random.Random) -> list[Record]:
    ordered = by_time(records, chance)
    for _ in range(chance.randint(1, 3)):
        if ordered:
            late = ordered.pop(chance.randrange(len(ordered)))
            ordered.insert(chance.randint(0, len(ordered)), late)
    return ordered


def by_source(records: list[Record], _: random.Random) -> list[Record]:
    """First the records with one set of fields, then those with another."""
    return sorted(records, key=lambda record: ("valve" in record, _second(record)))


def shuffle(records: list[Record], chance: random.Random) -> list[Record]:
    return chance.sample(records, len(records))


ORDERS: tuple[Order, ...] = (by_time, by_site, newest_first, with_late_ones, by_source, shuffle)


def _iso(second: float, *, zone: bool) -> str:
    text = datetime.fromtimestamp(second, tz=UTC).isoformat()
    return text if zone else text.removesuffix("+00:00")


STAMPS: dict[str, Callable[[float], Any]] = {
    "int": int,
    "float": float,
    "ms": lambda second: int(second * 1000),
    "text": lambda second: str(int(second)),
    "ISO": lambda second: _iso(second, zone=True),
    "ISO without zone": lambda second: _iso(second, zone=False),
    "missing": lambda second: None,  # noqa: ARG005 - as the others
}
FRACTIONS = ("float", "ms", "ISO", "ISO without zone")
"""The forms in which a timestamp can lie between two seconds."""
OUTPUTS = ("iterate", "batches", "json", "csv", "ndjson", "json.gz", "parquet", "arrow", "to_arrow")


@dataclass
class Case:
    """The conditions of one download. See the module."""

    seed: int
    parquet: bool = True
    """Whether the formats of pyarrow are among the ways."""
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        chance = self.chance = random.Random(self.seed)
        self.stamp = chance.choices([*STAMPS], [6, 1, 1, 1, 1, 1, 1])[0]
        self.sites = chance.sample(range(900, 1000), chance.choice([1, 1, 2, 3]))
        self.order = chance.choice(ORDERS)
        self.reorders = chance.random() < 0.2
        """Whether the order changes from response to response."""
        self.shuffles_keys = chance.random() < 0.3
        self.packed = chance.random() < 0.2
        self.divided = chance.random() < 0.9
        """Whether start and end are given."""
        self.of_pad = len(self.sites) > 1 or chance.random() < 0.5
        self.resume = chance.random() < 0.35
        self.parallel = chance.choice([1, 1, 1, 2, 3]) if self.divided else 1
        self.output = chance.choice(OUTPUTS if self.parquet else OUTPUTS[:6])
        self.is_async = chance.random() < 0.3
        self.memory, self.window = chance.choice([(1500, 100), (4000, 300), (1 << 22, 1 << 16)])
        """How many bytes of delivered text stay in memory, and how many bytes are parsed at a time."""
        self.slice = chance.choice([7, 30])
        self.max_bytes = chance.choice([None, None, None, 2500])
        """How many bytes each response has at most, if a proxy cuts it."""
        self.cuts = [chance.random() for _ in range(chance.randint(1, 6))]
        self.records = [*self._records()]

    def __str__(self) -> str:
        facts = {
            name: getattr(self, name)
            for name in ("stamp", "sites", "reorders", "parallel", "output", "resume", "max_bytes")
        }
        return f"case {self.seed}: {self.order.__name__}, {facts}, memory {self.memory}, window {self.window}"

    @property
    def query(self) -> DataQuery:
        source: dict[str, Any] = {"source": "site", "id": self.sites[0]}
        if self.of_pad:
            source = {"source": "pad", "id": 7, "is_routed": True}
        bounds: dict[str, Any] = {"start": datetime_at(0), "end": datetime_at(99)} if self.divided else {}
        return DataQuery(**source, **bounds, parallel=self.parallel)

    def _records(self) -> Iterator[Record]:
        chance, number = self.chance, 0
        gaps = chance.random() < 0.4
        several = chance.choice([0.0, 0.0, 0.3])
        for second in range(chance.choice([1, 5, 40, 100])):
            for site in self.sites:
                if gaps and chance.random() < 0.3:
                    continue
                while True:
                    number += 1
                    fraction = chance.choice([0, 0, 0.25, 0.5]) if self.stamp in FRACTIONS and second < 99 else 0
                    record: Record = {"second": START + second + fraction, "site_id": site, "n": number}
                    record["valve" if chance.random() < 0.5 else "slurry_rate"] = chance.choice(
                        ["O}],[{", 'a "b"', 1.5]
                    )
                    yield record
                    if chance.random() < several / 3:
                        yield record  # a copy: the service's own repetition
                    if chance.random() >= several:
                        break


class Service:
    """Sends the records of a case."""

    def __init__(self, case: Case, pace: float = 0) -> None:
        self.case = case
        self._pace = pace
        """Seconds from chunk to chunk."""
        self.cuts = [*case.cuts]
        self.requests = 0

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        if not request.path.endswith("/data/"):
            line.send(http_response(200, b"[]"))
            return
        self.requests += 1
        chance = random.Random(self.requests if self.case.reorders else SEED_OF_FIRST_ORDER)
        order = chance.choice(ORDERS) if self.case.reorders else self.case.order
        first = _bound(request, "start_datetime", 0)
        last = _bound(request, "end_datetime", 1 << 40)
        rows = order([record for record in self.case.records if first <= record["second"] <= last], chance)
        body = f"[{', '.join(json.dumps(self._to_wire(row)) for row in rows)}]".encode()
        whole = gzip.compress(body, 1) if self.case.packed else body
        sent = whole[: int(len(whole) * self.cuts.pop(0))] if self.cuts else whole
        sent = sent[: self.case.max_bytes]
        encoding = "gzip" if self.case.packed else "identity"
        pieces = [sent[start : start + 700] for start in range(0, len(sent), 700)]
        line.send(head(transfer_encoding="chunked", content_encoding=encoding))
        for piece in pieces:
            line.send(chunk(piece))
            if self._pace:
                time.sleep(self._pace)
        if len(sent) == len(whole):
            line.send(END)
        else:
            line.close()

    def _to_wire(self, record: Record) -> Record:
        stamp = STAMPS[self.case.stamp](record["second"])
        sent = {"timestamp": stamp, **{name: value for name, value in record.items() if name != "second"}}
        if stamp is None:
            del sent["timestamp"]
        if self.case.shuffles_keys:
            return dict(random.sample([*sent.items()], len(sent)))
        return sent


def _bound(request: HttpRequest, name: str, default: int) -> int:
    text = request.query.get(name)
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) if text else default


@dataclass
class Outcome:
    """The outcome of a case."""

    case: Case
    error: RestreamError | None
    lost: int
    doubled: int
    requests: int

    @property
    def sound(self) -> bool:
        """Whether every record came once, or an error said that it could not."""
        return self.error is not None or not (self.lost or self.doubled)


def run(case: Case) -> Outcome:
    """Run a case."""
    service = Service(case)
    with (
        tempfile.TemporaryDirectory() as folder,
        apply_limits(case),
        Server(service) as server,
        Client(
            "t0ken-0123456789",
            base_url=server.url,
            clock=JumpingClock(),
            retries=RetryPolicy(
                max_attempts=1 if case.resume and case.output in _READERS and not case.max_bytes else 6
            ),
        ) as client,
    ):
        error: RestreamError | None = None
        received: Counter[int] = Counter()
        try:
            received.update(_numbers(case, client, Path(folder)))
        except RestreamError as raised:
            error = raised
    wanted = Counter(record["n"] for record in case.records)
    return Outcome(case, error, (wanted - received).total(), (received - wanted).total(), service.requests)


@contextmanager
def apply_limits(case: Case) -> Generator[None]:
    """Make buffers and slices as small as the case has them."""
    length = datetime_at(case.slice) - datetime_at(0)
    with (
        patch.object(delivered_texts, "MAX_MEMORY_BYTES", case.memory),
        patch.object(cutter, "WINDOW_BYTES", case.window),
        patch.object(parallel, "MAX_SLICE", length),
        patch.object(parallel, "MIN_SLICE", length),
    ):
        yield


def _numbers(case: Case, client: Client, folder: Path) -> list[int]:
    data: Any = (DataAsync if case.is_async else Data)(client, [case.query])
    if case.output == "iterate":
        return [record["n"] for record in _collect(data, data)]
    if case.output == "batches":
        return [record["n"] for record in chain.from_iterable(_collect(data, data.batches(7)))]
    if case.output == "to_arrow":
        table = asyncio.run(data.ato_arrow()) if case.is_async else data.to_arrow()
        return _of_table(table)
    path = folder / f"records.{case.output}"
    for left in reversed(range(ENOUGH_RUNS if case.resume else 1)):
        try:
            save(case, client, path)
            break
        except RestreamError as error:
            if not left or isinstance(error, DataChangedError):
                raise
    return read_numbers(case, path)


def save(case: Case, client: Client, path: Path) -> None:
    """Save the records of a case."""
    if case.is_async:
        asyncio.run(DataAsync(client, [case.query]).asave(path, resume=case.resume))
    else:
        Data(client, [case.query]).save(path, resume=case.resume)


def read_numbers(case: Case, path: Path) -> list[int]:
    """Return the numbers of the records in a file."""
    return _READERS[case.output](path)


def _collect(data: Any, items: Any) -> list[Any]:
    if isinstance(data, Data):
        return [*items]

    async def main() -> list[Any]:
        return [item async for item in items]

    return asyncio.run(main())


def _of_json(path: Path) -> list[int]:
    return [record["n"] for record in json.loads(path.read_bytes())]


def _of_csv(path: Path) -> list[int]:
    with path.open(newline="") as file:
        return [int(row["n"]) for row in csv.DictReader(file) if row.get("n")]


def _of_parquet(path: Path) -> list[int]:
    import pyarrow.parquet as pq

    table: Any = pq.read_table(path)  # pyright: ignore[reportUnknownMemberType]
    return _of_table(table)


def _of_arrow(path: Path) -> list[int]:
    import pyarrow as pa

    with pa.ipc.open_file(str(path)) as file:
        return _of_table(file.read_all())


def _of_table(table: Any) -> list[int]:
    return table["n"].to_pylist() if "n" in table.column_names else []


_READERS: dict[str, Callable[[Path], list[int]]] = {
    "json": _of_json,
    "json.gz": lambda path: [record["n"] for record in json.loads(gzip.decompress(path.read_bytes()))],
    "csv": _of_csv,
    "ndjson": lambda path: [json.loads(line)["n"] for line in path.read_bytes().splitlines()],
    "parquet": _of_parquet,
    "arrow": _of_arrow,
}
