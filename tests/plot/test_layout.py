"""Layout: axes, ranges, labels, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from datastore_sdk import PlotMark, PlotSpan, TreatmentPlot
from datastore_sdk.plot.content import MarkKind, SpanKind
from datastore_sdk.plot.layout import build_axes, choose_mark_labels, choose_span_labels, count_decimals
from tests.plot.synthetic_trace import build_trace

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def build_plot(**options: Any) -> TreatmentPlot:
    known: dict[str, Any] = {"title": "W", "traces": (), "marks": (), "spans": (), "timezone": "UTC"}
    known |= {"start": START, "end": START + HOUR, **options}
    return TreatmentPlot(**known)


def test_fields_of_one_unit_and_similar_range_share_an_axis() -> None:
    traces = [
        build_trace([1.0]),
        build_trace([1.0], range=(0, 20)),
        build_trace([1.0], range=(0, 120), label="Q"),
        build_trace([1.0], unit="m^3"),
        build_trace([1.0], unit=None),
        build_trace([1.0], unit=None),
    ]
    axes = build_axes(traces)
    assert [axis.title for axis in axes] == ["P, Q (psi)", "P (psi)", "P (m³)", "P", "P"]
    assert axes[0].range == (0.0, 120.0)
    assert [axis.unit_title for axis in axes][2:4] == ["m³", "P"]


def test_ranges_cover_the_values_but_not_single_wrong_ones() -> None:
    def limits(values: list[float], **options: Any) -> tuple[float, float] | None:
        return build_axes([build_trace(values, **options)])[0].range

    usual = [50.0] * 5000
    assert limits([*usual, 1e9]) == (0, 100)
    assert limits([*usual, *[150.0] * 100]) == (0, 153)
    assert limits([*usual, *[-1.0] * 100]) == (0, 100)  # a gauge's zero
    assert limits([*usual, *[-50.0] * 100]) == (-53, 100)
    assert limits([0.0, 100.0], range=None) == (-3, 103)
    assert limits([5.0], range=None) is None
    assert limits([]) == (0, 100)


def test_labels_do_not_overlap() -> None:
    def mark(minute: float, kind: MarkKind) -> PlotMark:
        return PlotMark(at=START + timedelta(minutes=minute), label=kind, kind=kind)

    shut_in, flush, drop = mark(50, "shut-in"), mark(49.5, "flush"), mark(49.8, "rate drop")
    steps = [mark(10, "step"), mark(20, "step"), mark(49.9, "step")]
    plot = build_plot(marks=(*steps, flush, drop, shut_in))
    assert choose_mark_labels(plot) == [shut_in, drop, steps[0], steps[1]]
    close = tuple(mark(tenth / 10, "step") for tenth in range(600))
    assert choose_mark_labels(build_plot(marks=close)) == []  # rather than a few of them

    def span(minutes: float, label: str, kind: SpanKind = "frac") -> PlotSpan:
        return PlotSpan(start=START, end=START + timedelta(minutes=minutes), label=label, kind=kind)

    spans = (span(0.1, "Stage 7"), span(1, "Stage 8"), span(30, "Stage 9"), span(1, "Wireline 8", "operation"))
    assert [each.label for each in choose_span_labels(build_plot(spans=spans))] == ["8", "Stage 9"]
    assert choose_mark_labels(build_plot(marks=(shut_in,), end=START)) == [shut_in]


def test_times_have_one_offset_when_clocks_change() -> None:
    change = datetime(2025, 11, 2, 6, tzinfo=UTC)  # clocks go back at 07:00 UTC
    plot = build_plot(start=change, end=change + 3 * HOUR, timezone="US/Central")
    assert plot.time_title == "time (UTC-05:00)"
    assert plot.subtitle == "2025-11-02 01:00 to 04:00, 3 h 00 min"
    usual = build_plot(timezone="US/Central", end=START + 24 * HOUR)
    assert usual.time_title == "time (US/Central)"
    assert usual.subtitle == "2025-09-17 01:00 to 2025-09-18 01:00, 24 h 00 min"


def test_values_are_shown_with_four_digits() -> None:
    assert [count_decimals(build_trace([1.0], range=(0, top))) for top in (14_000, 120, 5)] == [0, 1, 3]
    assert [count_decimals(build_trace(values, range=None)) for values in ([0.004], [-2e9], [])] == [3, 0, 3]
