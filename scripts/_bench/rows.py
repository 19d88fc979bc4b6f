"""What is measured, against what, and what has to come out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from _bench.body import Body, Framing
from _bench.client import SMALL_CALLS
from _bench.kinds import ESCAPED_KINDS, Kind

OURS = "datastore_sdk"
VENDOR = "restreamsolutions"
MOST_ASYNC = 100_000
KIND_SHARE = 2
"""Bodies of other kinds have this fraction of the records."""
MAX_COST = 2
"""How many times the cost of the clean body, per MB, a body of any kind may have."""
MAX_CSV_COST_WITH_ESCAPES = 3


class Clock(StrEnum):
    """Which time counts."""

    PROCESS = "process"
    """From the start of the process to its end."""
    TASK = "task"
    """Without start and import."""
    IMPORT = "import"
    """The import alone. The memory that counts is then that of the whole process, else what is added to the import."""
    CPU = "cpu"
    """CPU time of the whole process, which a busy machine changes little."""


@dataclass(frozen=True)
class Run:
    """What one process does.

    Attributes:
        package: With what.
        task: One of the tasks of `client.py`.
        body: What it is sent.
        suffix: Of the file it saves to.
    """

    package: str
    task: str
    body: Body
    suffix: str = ""


@dataclass(frozen=True)
class Row:
    """Two runs, measured in turns.

    Attributes:
        name: What the table calls it.
        ours: The run that is judged.
        reference: The run that it is held against.
        at_least: How many times as fast it has to be; None where it is only of interest.
        peak_mb: The most memory it may take.
        clock: Which time counts.
        work: How many times as much work ours has to do as the reference.
    """

    name: str
    ours: Run
    reference: Run
    at_least: float | None = None
    peak_mb: float | None = None
    clock: Clock = Clock.PROCESS
    work: int = 1


def rows(records: int) -> list[Row]:
    """The whole table.

    Args:
        records: How many records most rows have. The async ones have no more than the vendor's can do in some time.
    """
    chunks, each, gzip, capped, _, newest, broken = (Body(records, framing) for framing in Framing)
    few = Body(min(records, MOST_ASYNC))
    live = Body(records, Framing.MESSAGES)
    return [
        _against_vendor("iterate", "iterate", chunks, 5.5, 30),
        _against_vendor("save JSON", "save", chunks, 12, 30, ".json"),
        _against_vendor("save CSV", "save", chunks, 10, 40, ".csv"),
        Row(
            f"save Parquet, {chunks.framing}",
            Run(OURS, "save", chunks, ".parquet"),
            Run(VENDOR, "save_frame", chunks, ".parquet"),
            at_least=4,
            peak_mb=200,
        ),
        Row(f"batches of dicts, {chunks.framing}", Run(OURS, "batches", chunks), Run(VENDOR, "iterate", chunks)),
        Row(f"Arrow table, {chunks.framing}", Run(OURS, "table", chunks), Run(VENDOR, "frame", chunks)),
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
            Run(OURS, "save_parallel", capped, ".json"),
            Run(OURS, "save", capped, ".json"),
            at_least=2.3,
            peak_mb=50,
        ),
        Row(f"{SMALL_CALLS} small GETs", Run(OURS, "calls", few), Run(VENDOR, "calls", few), at_least=3),
        Row(
            "import",
            Run(OURS, "nothing", few),
            Run(VENDOR, "nothing", few),
            at_least=3,
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
        *(row for kind in Kind for row in _kind_rows(Body(max(records // KIND_SHARE, 1), kind=kind))),
        *_async_kind_rows(Body(min(max(records // KIND_SHARE, 1), MOST_ASYNC), kind=Kind.FIELD_DAY)),
    ]


def _kind_rows(body: Body) -> list[Row]:
    iterate = 4 if body.kind is Kind.INFINITY_EACH else 5
    return [
        _kind_row("iterate", body, Run(OURS, "iterate", body), Run(VENDOR, "iterate", body), iterate, 30),
        _kind_row("save JSON", body, Run(OURS, "save", body, ".json"), Run(VENDOR, "save", body, ".json"), 8, 30),
        _kind_row("save NDJSON", body, Run(OURS, "save", body, ".ndjson"), Run(VENDOR, "save", body, ".json"), 8, 30),
        _kind_row("save CSV", body, Run(OURS, "save", body, ".csv"), Run(VENDOR, "save", body, ".csv"), 6, 40),
        _kind_row(
            "save Parquet",
            body,
            Run(OURS, "save", body, ".parquet"),
            Run(VENDOR, "save_frame", body, ".parquet"),
            3.5,
            200,
        ),
    ]


def _async_kind_rows(body: Body) -> list[Row]:
    return [
        _kind_row("asave JSON", body, Run(OURS, "asave", body, ".json"), Run(VENDOR, "asave", body, ".json"), 8, 40),
        _kind_row("asave CSV", body, Run(OURS, "asave", body, ".csv"), Run(VENDOR, "asave", body, ".csv"), 6, 40),
    ]


def _kind_row(task: str, body: Body, ours: Run, reference: Run, at_least: float, peak_mb: float) -> Row:
    return Row(f"{task}, {body.kind}", ours, reference, at_least=at_least, peak_mb=peak_mb)


def max_cost(run: Run) -> float:
    """Return how many times the cost of the clean body, per MB, a run may have."""
    return MAX_CSV_COST_WITH_ESCAPES if run.suffix == ".csv" and run.body.kind in ESCAPED_KINDS else MAX_COST


def _against_vendor(name: str, task: str, body: Body, at_least: float | None, peak_mb: float, suffix: str = "") -> Row:
    return Row(
        f"{name}, {body.framing}",
        Run(OURS, task, body, suffix),
        Run(VENDOR, task, body, suffix),
        at_least=at_least,
        peak_mb=peak_mb,
    )


def _against_itself(name: str, task: str, body: Body, other: Body, suffix: str = "") -> Row:
    return Row(
        f"{name}, {body.framing}", Run(OURS, task, body, suffix), Run(OURS, task, other, suffix), clock=Clock.TASK
    )


def _growth(name: str, task: str, body: Body, peak_mb: float, suffix: str = "", times: int = 5) -> Row:
    """Ours on a longer body against ours: per record it may take a tenth more, as runs differ by that much."""
    return Row(
        f"{name}, {times} times the records",
        Run(OURS, task, Body(body.records * times, body.framing), suffix),
        Run(OURS, task, body, suffix),
        at_least=0.9,
        peak_mb=peak_mb,
        clock=Clock.TASK,
        work=times,
    )
