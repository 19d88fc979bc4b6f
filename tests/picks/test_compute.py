"""Picks from curves of known shape, with all that can be odd about them."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.picks.synthetic_stage import (
    ISIP,
    SHUT_IN,
    START,
    Shape,
    concentration,
    nothing,
    pick,
    pick_with_aggregations,
    pressure,
    rate,
)

ALL = {"breakdown_pressure", "isip", "decline_5_min", "decline_10_min", "decline_15_min", "time_to_rate"}


def at(second: int) -> datetime:
    return datetime.fromtimestamp(START + second, tz=UTC)


def test_a_plain_stage_has_all_picks() -> None:
    picks = pick()
    assert {each.name for each in picks.picks} == ALL
    assert picks.unavailable == {}
    isip = picks["isip"]
    assert isip.value == pytest.approx(ISIP, abs=0.5)
    assert isip.at == at(SHUT_IN)
    assert isip.window == (at(SHUT_IN + 15), at(SHUT_IN + 105))
    assert (isip.unit, isip.confidence, isip.note) == ("psi", "high", "")
    for minutes in (5, 10, 15):
        decline = picks[f"decline_{minutes}_min"]
        assert decline.value == pytest.approx(6 * minutes, abs=1)
        assert decline.at == at(SHUT_IN + 60 * minutes)
    breakdown = picks["breakdown_pressure"]
    assert breakdown.value == pytest.approx(8000, abs=10)
    assert abs(breakdown.at - at(180)) <= timedelta(seconds=3)
    assert (picks["time_to_rate"].value, picks["time_to_rate"].unit) == (240, "s")
    assert picks.screen_out_signs == ()


def test_water_hammer_delays_the_line() -> None:
    def add_hammer(second: int) -> float:
        still = second - SHUT_IN
        wave = 400 * math.exp(-still / 35) * math.sin(math.tau * still / 14) if still > 0 else 0
        return pressure(second) + wave

    isip = pick(pressure=add_hammer)["isip"]
    assert isip.value == pytest.approx(ISIP, abs=15)
    assert isip.window[0] > at(SHUT_IN + 15)


def test_water_hammer_that_stays_lowers_the_confidence() -> None:
    def add_hammer(second: int) -> float:
        return pressure(second) + (400 * math.sin(math.tau * second / 14) if second >= SHUT_IN else 0)

    isip = pick(pressure=add_hammer)["isip"]
    assert (isip.confidence, isip.note) == ("low", "the water hammer has not died away")


def test_rising_pressure_lowers_the_confidence() -> None:
    isip = pick(pressure=lambda s: pressure(s) if s < SHUT_IN else ISIP + 0.1 * (s - SHUT_IN))["isip"]
    assert (isip.confidence, isip.note) == ("low", "the pressure rises after the shut-in")
    isip = pick(pressure=lambda s: pressure(s) if s < SHUT_IN else 9500 - 0.1 * (s - SHUT_IN))["isip"]
    assert (isip.confidence, isip.note) == ("low", "the ISIP is above the pressure while pumping")


def test_gaps_make_picks_unavailable() -> None:
    until = SHUT_IN + 400
    picks = pick(pressure=lambda s: pressure(s) if s < until else None)
    assert picks["decline_5_min"].value == pytest.approx(30, abs=1)
    assert picks.unavailable == {
        "decline_10_min": "there is no pressure 10 minutes after the shut-in",
        "decline_15_min": "there is no pressure 15 minutes after the shut-in",
    }
    gap = pick(pressure=lambda s: None if SHUT_IN <= s < SHUT_IN + 40 else pressure(s))["isip"]
    assert gap.window[0] >= at(SHUT_IN + 40)
    assert gap.value == pytest.approx(ISIP, abs=0.5)
    picks = pick(pressure=lambda s: pressure(s) if s < SHUT_IN + 30 else None)
    assert picks.unavailable["isip"] == "there is no pressure for 90 s after the shut-in"
    assert picks.unavailable["decline_5_min"] == "there is no ISIP"


def test_rate_that_is_missing_after_the_stage_is_no_flow() -> None:
    picks = pick(rate=lambda s: rate(s) if s < SHUT_IN else None)
    assert picks["isip"].value == pytest.approx(ISIP, abs=0.5)


def no_flow(_: int) -> float:
    return 0.0


def cut(shape: Shape, end: int) -> Shape:
    return lambda second: shape(second) if second < end else None


def test_pumps_that_still_run_have_no_shut_in() -> None:
    picks = pick(pressure=cut(pressure, 3000), rate=cut(rate, 3000), concentration=cut(concentration, 3000))
    assert picks.unavailable["isip"] == "the data ends before the pumps rest"
    assert picks["breakdown_pressure"].value == pytest.approx(8000, abs=10)


def test_bleed_off_is_no_decline() -> None:
    picks = pick(pressure=lambda s: pressure(s) if s < SHUT_IN + 500 else 30.0)
    assert picks.unavailable["decline_10_min"] == "the pressure was bled off"
    leaking = pick(pressure=lambda s: pressure(s) if s < SHUT_IN + 500 else 3500.0)["decline_10_min"]
    assert leaking.confidence == "low"


def test_single_odd_values_change_nothing() -> None:
    picks = pick(rate=lambda s: 80.0 if s in {10, SHUT_IN + 700} else rate(s))
    assert picks["isip"].at == at(SHUT_IN)
    assert picks["time_to_rate"].value == 240


def test_a_stage_without_a_peak_has_no_breakdown() -> None:
    picks = pick(pressure=lambda s: pressure(s) if s >= 300 else 5000.0)
    reason = "the pressure has no peak after which it falls while the rate holds"
    assert picks.unavailable == {"breakdown_pressure": reason}
    slowing = pick(rate=lambda s: 4.0 if 180 < s < 300 else rate(s))  # the pressure falls with the rate
    assert slowing.unavailable["breakdown_pressure"] == reason
    hidden = pick(
        rate=lambda s: 40.0 if 250 <= s < 300 else rate(s), pressure=lambda s: 8500.0 if 260 <= s < 300 else pressure(s)
    )
    assert hidden["breakdown_pressure"].value == pytest.approx(8000, abs=10)  # not the friction after it
    small = pick(pressure=lambda s: 5000.0 + 0.1 * (pressure(s) - 5000) if 60 <= s < 300 else pressure(s))
    assert small["breakdown_pressure"].confidence == "medium"


def test_a_rate_that_never_holds_has_no_time() -> None:
    picks = pick(rate=lambda s: (rate(s) if s % 60 > 5 else 20.0) if s < SHUT_IN else 0.0)
    assert picks.unavailable["time_to_rate"] == "the rate does not hold for 60 s anywhere"


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ({"pressure": nothing}, "no record has a value of 'p'"),
        ({"rate": nothing}, "no record has a value of 'q'"),
        ({"rate": no_flow}, "no slurry was pumped"),
        (dict.fromkeys(("pressure", "rate", "concentration"), nothing), "no record has a value of 'p'"),
    ],
)
def test_curves_that_are_missing_are_named(shapes: dict[str, Shape], reason: str) -> None:
    picks = pick(**shapes)
    assert len(picks.picks) == len(picks.steps) == len(picks.screen_out_signs) == 0
    assert picks.unavailable == dict.fromkeys(ALL, reason)
    with pytest.raises(KeyError, match=reason):
        picks["isip"]


def test_fast_rise_at_constant_rate_is_a_sign_of_screen_out() -> None:
    def add_rise(second: int) -> float:
        return pressure(second) + (5 * (second - 2400) if 2400 <= second < 2520 else 0)

    (sign,) = pick(pressure=add_rise).screen_out_signs
    assert at(2300) <= sign.start <= at(2430)
    assert at(2490) <= sign.end <= at(2610)
    assert sign.rise_per_minute == pytest.approx(300, abs=5)
    assert pick(pressure=add_rise, rate=lambda s: rate(s) + (10 if 2450 < s < SHUT_IN else 0)).screen_out_signs == ()
    in_flush = pick(pressure=lambda s: pressure(s) + (5 * (s - 3310) if 3310 <= s < SHUT_IN else 0))
    assert in_flush.screen_out_signs == ()


def test_steps_of_constant_concentration() -> None:
    steps = pick().steps
    assert [step.maximum["c"] for step in steps] == [0, 1, 2, 3, 0]
    assert [step.number for step in steps] == [0, 1, 2, 3, 4]
    assert abs(steps[2].start - at(1500)) <= timedelta(seconds=10)
    assert abs(steps[2].end - at(2099)) <= timedelta(seconds=10)
    assert steps[2].average == pytest.approx({"p": 9000, "q": 90, "c": 2})
    assert {step.method for step in steps} == {"constant concentration"}


def test_reported_steps_last_until_the_next() -> None:
    """The number comes every ten seconds only."""
    steps = pick(step=lambda s: float(min(s // 900, 3)) if s % 10 == 0 else None).steps
    assert [(step.number, step.start, step.end) for step in steps] == [
        (0, at(60), at(899)),
        (1, at(900), at(1799)),
        (2, at(1800), at(2699)),
        (3, at(2700), at(SHUT_IN - 1)),
    ]
    assert {step.method for step in steps} == {"reported step"}


def test_numbers_of_the_service_are_taken_and_not_picked_again() -> None:
    known = {"isip": 4900.0, "time_to_rate": 200.0, "avg_slurry_rate": 80.0}
    picks = pick_with_aggregations(known, {})
    isip = picks["isip"]
    assert (isip.value, isip.unit, isip.method) == (4900, "psi", "aggregation of the service")
    assert isip.window == (at(0), at(SHUT_IN + 60))
    assert (picks["time_to_rate"].value, picks["time_to_rate"].unit) == (200, "s")
    assert picks["decline_5_min"].value == pytest.approx(-70, abs=1)  # below the ISIP of the service
    assert picks["breakdown_pressure"].method.startswith("first peak")
    assert {each.name for each in picks} == ALL
    without_curves = pick_with_aggregations(known, {"pressure": nothing, "rate": nothing})
    assert {each.name for each in without_curves} == {"isip", "time_to_rate"}
    assert {*without_curves.unavailable} == ALL - {"isip", "time_to_rate"}
    in_si = pick_with_aggregations(known, {}, is_in_si=True)  # the numbers of the service are in oilfield units
    assert in_si["isip"].value == pytest.approx(ISIP, abs=0.5)


def test_picks_as_text_and_tables() -> None:
    picks = pick(pressure=cut(pressure, SHUT_IN + 700))
    assert repr(picks) == "Picks(site=981, stage_number=7, picks=5, unavailable=1, steps=5, screen_out_signs=0)"
    text = str(picks)
    assert "isip: 5,000.0 psi at " in text
    assert "decline_15_min: not picked; there is no pressure 15 minutes after the shut-in" in text
    assert "<td>isip</td>" in picks._repr_html_()
    table = picks.to_pandas()
    assert [*table["name"]] == [each.name for each in picks.picks]
    assert [*table["value"]] == [each.value for each in picks.picks]
    assert str(table["at"].dtype).endswith("UTC]")
    steps = picks.to_pandas("steps")
    assert [*steps["p_max"]] == [step.maximum["p"] for step in picks.steps]
    assert [*picks.to_pandas("screen_out_signs").columns] == [
        "start",
        "end",
        "rise_per_minute",
        "method",
        "confidence",
    ]
    with pytest.raises(ValueError, match="table must be"):
        picks.to_pandas("other")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(KeyError, match="ispi: there is no such pick; did you mean 'isip'"):
        picks["ispi"]
    assert picks.get("decline_15_min") is None
    assert "isip" in picks
    assert "decline_15_min" not in picks
    assert [*picks] == [*picks.picks]


def test_pandas_is_named_if_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[pandas\]"):
        pick().to_pandas()
