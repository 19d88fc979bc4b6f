"""Rows of the bench: runs, references and targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from _bench.body import Body, Framing
from _bench.client import SMALL_CALLS
from _bench.kinds import ESCAPED_KINDS, Kind

SDK = "datastore_sdk"
VENDOR = "restreamsolutions"
MAX_ASYNC_RECORDS = 100_000
MAX_ASYNC_KIND_RECORDS = 25_000
"""The same for bodies of other kinds."""
MAX_COST = 2
"""Maximum cost per MB of a body of any kind, as a multiple of the clean body."""
MAX_CSV_COST_WITH_ESCAPES = 3


class Clock(StrEnum):
    """The time that a row compares."""

    PROCESS = "process"
    """Duration of the whole process."""
    TASK = "task"
    """Without start and import."""
    IMPORT = "import"
    """The import alone. Memory is then that of the whole process, otherwise the increase after the import."""
    CPU = "cpu"
    """CPU time of the whole process, which a busy machine changes little."""


@dataclass(frozen=True)
class Run:
    """A task in a process of its own.

    Attributes:
        package: The package that is measured.
        task: One of the tasks of `client.py`.
        body: The body that the service sends.
        suffix: Suffix of the file that is saved.
    """

    package: str
    task: str
    body: Body
    suffix: str = ""


@dataclass(frozen=True)
class Row:
    """Two runs, measured in turns.

    Attributes:
        name: Name in the table.
        sdk: The run of the SDK.
        reference: The run that it is compared with.
        min_ratio: Minimum speed as a multiple of the reference; None if the row has no target.
        peak_mb: Maximum memory in MB.
        clock: The time that is compared.
        work: Work of the SDK as a multiple of that of the reference.
    """

    name: str
    sdk: Run
    reference: Run
    min_ratio: float | None = None
    peak_mb: float | None = None
    clock: Clock = Clock.PROCESS
    work: int = 1


def rows(records: int) -> list[Row]:
    """Return the whole table.

    Args:
        records: Number of records of most rows. Async rows have at most `MAX_ASYNC_RECORDS`, since the vendor's package
            is slow.
    """
    chunks, each, gzip, capped, _, newest, broken, _ = (Body(records, framing) for framing in Framing)
    few = Body(min(records, MAX_ASYNC_RECORDS))
    live = Body(records, Framing.MESSAGES)
    return [
        _against_vendor("iterate", "iterate", chunks, 5.5, 30),
        _against_vendor("save JSON", "save", chunks, 12, 30, ".json"),
        _against_vendor("save CSV", "save", chunks, 10, 40, ".csv"),
        Row(
            f"save Parquet, {chunks.framing}",
            Run(SDK, "save", chunks, ".parquet"),
            Run(VENDOR, "save_frame", chunks, ".parquet"),
            min_ratio=4,
            peak_mb=200,
        ),
        Row(f"batches of dicts, {chunks.framing}", Run(SDK, "batches", chunks), Run(VENDOR, "iterate", chunks)),
        Row(f"Arrow table, {chunks.framing}", Run(SDK, "table", chunks), Run(VENDOR, "frame", chunks)),
        _against_vendor("iterate", "iterate", each, 4, 30),
        _against_vendor("save JSON", "save", each, 8, 30, ".json"),
        _against_vendor("save CSV", "save", each, 10, 40, ".csv"),
        _against_vendor("iterate", "iterate", gzip, None, 30),
        _against_vendor("save JSON", "save", gzip, None, 30, ".json"),
        _against_vendor("save CSV", "save", gzip, None, 40, ".csv"),
        _against_vendor("asave JSON", "asave", few, 100, 40, ".json"),
        _against_vendor("asave CSV", "asave", few, 100, 40, ".csv"),
        _against_vendor("listen", "listen", live, 3, 30),
        _against_vendor("alisten", "alisten", live, 3, 30),
        Row(
            f"three ranges at a time, {capped.framing}",
            Run(SDK, "save_parallel", capped, ".json"),
            Run(SDK, "save", capped, ".json"),
            min_ratio=2.3,
            peak_mb=50,
        ),
        Row(f"{SMALL_CALLS} small GETs", Run(SDK, "calls", few), Run(VENDOR, "calls", few), min_ratio=3),
        Row(
            "import",
            Run(SDK, "nothing", few),
            Run(VENDOR, "nothing", few),
            min_ratio=3,
            peak_mb=40,
            clock=Clock.IMPORT,
        ),
        _against_itself("iterate", "iterate", newest, chunks),
        _against_itself("save JSON", "save", newest, chunks, ".json"),
        _against_itself("iterate", "iterate", broken, newest),
        _against_itself("save JSON", "save", broken, newest, ".json"),
        _growth("iterate", "iterate", chunks, 30),
        _growth("save JSON", "save", chunks, 30, ".json"),
        _growth("save CSV", "save", chunks, 40, ".csv"),
        *kind_rows(records),
    ]


def kind_rows(records: int) -> list[Row]:
    """Return the rows for the kinds of bodies.

    Args:
        records: Number of records of the other rows.
    """
    return [
        *(row for kind in Kind for row in _kind_rows(Body(records, kind=kind))),
        *(row for kind in Kind for row in _async_kind_rows(Body(min(records, MAX_ASYNC_KIND_RECORDS), kind=kind))),
    ]


def _kind_rows(body: Body) -> list[Row]:
    iterate = 4 if body.kind is Kind.INFINITY_EACH else 5
    return [
        _kind_row("iterate", body, Run(SDK, "iterate", body), Run(VENDOR, "iterate", body), iterate, 30),
        _kind_row("save JSON", body, Run(SDK, "save", body, ".json"), Run(VENDOR, "save", body, ".json"), 8, 30),
        _kind_row("save NDJSON", body, Run(SDK, "save", body, ".ndjson"), Run(VENDOR, "save", body, ".json"), 8, 30),
        _kind_row("save CSV", body, Run(SDK, "save", body, ".csv"), Run(VENDOR, "save", body, ".csv"), 6, 40),
        _parquet_row("save Parquet", body, "save"),
        _parquet_row("save Parquet with schema", body, "save_schema"),
    ]


def _parquet_row(name: str, body: Body, task: str) -> Row:
    sdk, reference = Run(SDK, task, body, ".parquet"), Run(VENDOR, "save_frame", body, ".parquet")
    return _kind_row(name, body, sdk, reference, 3.5, 200)


def _async_kind_rows(body: Body) -> list[Row]:
    return [
        _kind_row("asave JSON", body, Run(SDK, "asave", body, ".json"), Run(VENDOR, "asave", body, ".json"), 8, 40),
        _kind_row("asave CSV", body, Run(SDK, "asave", body, ".csv"), Run(VENDOR, "asave", body, ".csv"), 6, 40),
    ]


def _kind_row(task: str, body: Body, sdk: Run, reference: Run, min_ratio: float, peak_mb: float) -> Row:
    return Row(f"{task}, {body.kind}", sdk, reference, min_ratio=min_ratio, peak_mb=peak_mb)


def max_cost(run: Run) -> float:
    """Return the maximum cost per MB of a run, as a multiple of the clean body."""
    return MAX_CSV_COST_WITH_ESCAPES if run.suffix == ".csv" and run.body.kind in ESCAPED_KINDS else MAX_COST


def _against_vendor(name: str, task: str, body: Body, min_ratio: float | None, peak_mb: float, suffix: str = "") -> Row:
    return Row(
        f"{name}, {body.framing}",
        Run(SDK, task, body, suffix),
        Run(VENDOR, task, body, suffix),
        min_ratio=min_ratio,
        peak_mb=peak_mb,
    )


def _against_itself(name: str, task: str, body: Body, other: Body, suffix: str = "") -> Row:
    return Row(f"{name}, {body.framing}", Run(SDK, task, body, suffix), Run(SDK, task, other, suffix), clock=Clock.TASK)


def _growth(name: str, task: str, body: Body, peak_mb: float, suffix: str = "", times: int = 5) -> Row:
    """Return a row that compares the SDK with itself on a longer body: a tenth more per record is noise."""
    return Row(
        f"{name}, {times} times the records",
        Run(SDK, task, Body(body.records * times, body.framing), suffix),
        Run(SDK, task, body, suffix),
        min_ratio=0.9,
        peak_mb=peak_mb,
        clock=Clock.TASK,
        work=times,
    )
