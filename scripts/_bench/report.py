"""Results as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from _bench.client import SHARES
from _bench.delays import Delay
from _bench.kinds import Kind
from _bench.limits import Limit
from _bench.plans import MAX_COST, MAX_GROWTH, PlanResult
from _bench.rows import VENDOR, Clock, max_cost
from _bench.runs import Result, Spread

_WIDTHS = (50, 21, 9, 11, 8, 11, 11, 9, 9, 9)
_TITLES = ("", "times as fast", "at least", "task alone", "CPU", "seconds", "against", "peak MB", "at most", "against")


def heading() -> str:
    """Return the line above the results."""
    return _line(*_TITLES, "met")


def line(result: Result) -> str:
    """Return a result as a line of the table."""
    row = result.row
    if result.failure is not None:
        return f"{row.name:{_WIDTHS[0]}}  {result.verdict}: {result.failure}"
    return _line(
        row.name,
        _with_spread(result.ratio()),
        _number(row.min_ratio),
        f"{result.ratio(Clock.TASK).median:.2f}" if row.clock is Clock.PROCESS else "",
        f"{result.ratio(Clock.CPU).median:.2f}" if row.clock is Clock.PROCESS else "",
        f"{result.seconds(result.sdk).median:.2f}",
        f"{result.seconds(result.reference).median:.2f}",
        f"{result.memory(result.sdk).median:.0f}",
        _number(row.peak_mb),
        f"{result.memory(result.reference).median:.0f}",
        result.verdict,
    )


def limit_lines(limits: Iterable[Limit]) -> Iterator[str]:
    """Yield the limits of the machine, a line each."""
    yield f"{'Limits of the machine':{_WIDTHS[0]}}{'MB/s':>10}  seconds"
    for limit in limits:
        yield f"{limit.name:{_WIDTHS[0]}}{limit.rate:>10.0f}  {_with_spread(limit.seconds)}"


def cost_lines(results: Iterable[Result]) -> Iterator[str]:
    """Yield the cost per MB of each kind of body for the SDK, as a multiple of the clean body, a line each."""
    done = {(result.row.sdk.task, result.row.sdk.suffix, result.row.sdk.body.kind): result for result in results}
    lines: list[str] = []
    for (task, suffix, kind), result in done.items():
        clean = done.get((task, suffix, Kind.CLEAN))
        if kind in {None, Kind.CLEAN} or clean is None or not (result.sdk and clean.sdk):
            continue
        cost = _task_seconds_per_byte(result) / _task_seconds_per_byte(clean)
        limit = max_cost(result.row.sdk)
        lines.append(f"{result.row.name:{_WIDTHS[0]}}{cost:>10.2f}{limit:>9g}  {'yes' if cost <= limit else 'NO'}")
    if lines:
        yield f"{'Cost per MB against the clean body':{_WIDTHS[0]}}{'times':>10}{'at most':>9}  met"
        yield from lines


def _task_seconds_per_byte(result: Result) -> float:
    return Spread.of(sample.task_seconds for sample in result.sdk).median / result.row.sdk.body.size


def delay_heading() -> str:
    """Return the line above the delays."""
    titles = "".join(f"{f'{share:.0%}':>9}" for share in SHARES)
    return f"{'Milliseconds from sending to delivery':{_WIDTHS[0]}}{titles}{'against':>11}{titles}"


def delay_line(delay: Delay) -> str:
    """Return the delays at one rate with one form as a line: the SDK, then the vendor's package."""
    if delay.failure is not None:
        return f"{delay.name:{_WIDTHS[0]}}  FAILED: {delay.failure}"
    sdk, reference = (
        "".join(f"{figures[share]:>9.2f}" for share in SHARES) for figures in (delay.sdk, delay.reference)
    )
    return f"{delay.name:{_WIDTHS[0]}}{sdk}{'':11}{reference}"


def plan_heading() -> str:
    """Return the line above the plans."""
    titles = ("records", "start s", "seconds", "us/record", "CPU us", "peak MB", "growth")
    return f"{'Plans: a small one, and ten times as much':{_WIDTHS[0]}}" + "".join(f"{title:>11}" for title in titles)


def plan_lines(result: PlanResult, reference: PlanResult | None) -> Iterator[str]:
    """Yield the figures of an engine: a line for the small plan, and one for the large plan with the verdict.

    Args:
        result: The engine.
        reference: The same records without a plan.
    """
    if result.small is None or result.large is None:
        yield f"{result.row.name:{_WIDTHS[0]}}  FAILED: {result.failure}"
        return
    for figures, last in ((result.small, ""), (result.large, f"{result.growth:>11.2f}")):
        numbers = (f"{figures.start_seconds:.1f}", f"{figures.seconds:.1f}", f"{figures.micros:.2f}")
        cpu, memory = f"{result.cpu_micros:.2f}" if last else "", f"{figures.peak_mb:.0f}"
        cells = "".join(f"{cell:>11}" for cell in (f"{figures.records:,}", *numbers, cpu, memory))
        yield f"{result.row.name if not last else '':{_WIDTHS[0]}}{cells}{last}"
    if reference is not None and result is not reference and result.row.engine == "pyarrow":
        cost = result.cpu_micros / reference.cpu_micros
        yield f"{'':{_WIDTHS[0]}}{cost:.2f} times the CPU of to_arrow (at most {MAX_COST}), growth at most {MAX_GROWTH}"


def as_json(
    results: Iterable[Result], limits: Iterable[Limit], delays: Iterable[Delay], plans: Iterable[PlanResult]
) -> dict[str, Any]:
    """Return all figures."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "rows": [_row_as_json(result) for result in results],
        "delays_ms": [asdict(delay) for delay in delays],
        "plans": [
            {**asdict(plan), "growth": plan.growth, "cpu_micros": plan.cpu_micros, "name": plan.row.name}
            for plan in plans
        ],
        "limits": [{**asdict(limit), "megabytes_per_second": limit.rate} for limit in limits],
    }


def _row_as_json(result: Result) -> dict[str, Any]:
    values = {**asdict(result), "verdict": result.verdict}
    if result.failure is None:
        values |= {
            "ratio": asdict(result.ratio()),
            "task_ratio": asdict(result.ratio(Clock.TASK)),
            "seconds": asdict(result.seconds(result.sdk)),
            "reference_seconds": asdict(result.seconds(result.reference)),
            "peak_mb": asdict(result.memory(result.sdk)),
            "reference_peak_mb": asdict(result.memory(result.reference)),
            "against": "the vendor's" if result.row.reference.package == VENDOR else "sdk",
        }
    return values


def _line(name: str, *cells: str) -> str:
    columns = "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS[1:], strict=False))
    return f"{name:{_WIDTHS[0]}}{columns}  {cells[-1]}"


def _with_spread(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.lowest:.2f}-{spread.highest:.2f})"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
