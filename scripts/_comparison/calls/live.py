"""Live data: the six WebSocket rooms."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import NO_FLAG, REFUSED_AT_ONCE
from _comparison.verdicts import Call

_HOURS: Final = 12 * 3600

_MEASUREMENTS: Final = (
    Call('Site(id=981).get_realtime_measurements_data(session_key="0123456789abcdef0123456789abcdef")[1]'),
    # Without filters: measurements from now on.
    Call(
        'first(Site(id=981).get_realtime_measurements_data("11111111111111111111111111111111")[0], 60)',
        passes=60,
    ),
    Call(
        'first(Pad(id=681).get_realtime_measurements_data("22222222222222222222222222222222")[0], 60)',
        passes=60,
    ),
    Call(
        'first(Pad(id=681).get_realtime_measurements_data("33333333333333333333333333333333",'
        " is_routed=True, si_units=True)[0], 60)",
        passes=60,
    ),
    # With them: the history that matches first.
    Call(
        'first(Site(id=981).get_realtime_measurements_data("44444444444444444444444444444444",'
        ' start_datetime=at("2025-09-18 11:00"), fields=["slurry_rate", "upper_master_valve"])[0], 3000)'
    ),
    Call(
        'first(Pad(id=681).get_realtime_measurements_data("55555555555555555555555555555555", is_routed=True,'
        ' start_datetime=at("2025-09-18 11:59"), stage_name_filter=StageNameFilters.FRAC)[0], 90)',
        passes=60,
    ),
    Call(
        'first(Site(id=982).get_realtime_measurements_data("66666666666666666666666666666666",'
        ' start_datetime=at("2025-09-18 10:00"), resolution=DataResolutions.TEN_MINUTE,'
        " aggregation=DataAggregations.MEAN)[0], 20)",
        passes=_HOURS,
    ),
)

_UPDATES: Final = (
    Call("first(Site(id=981).get_realtime_instance_updates(), 3)", passes=_HOURS),
    Call("first(Site(id=941).get_realtime_instance_updates(as_dict=True), 3)", passes=_HOURS),
    Call("first(Pad(id=681).get_realtime_instance_updates(), 3)", passes=_HOURS),
    Call("first(Pad(id=668).get_realtime_instance_updates(as_dict=True), 3)", passes=_HOURS),
)

_CHANGES: Final = (
    Call("first(Site(id=983).get_realtime_data_changes_updates(), 1)", (NO_FLAG,), passes=2 * _HOURS),
    Call("first(Site(id=941).get_realtime_data_changes_updates(as_dict=True), 1)"),
    Call("first(Pad(id=668).get_realtime_data_changes_updates(), 3)", (NO_FLAG,)),
    Call("first(Pad(id=668).get_realtime_data_changes_updates(as_dict=True), 3)"),
)

_ERRORS: Final = (
    Call("first(Site(id=999_999).get_realtime_instance_updates(), 1)", error="NotFoundError"),
    Call("Site(id=981).get_realtime_measurements_data(start_datetime=datetime(2025, 9, 18))", error="ValueError"),
    Call(
        'first(Site(id=981).get_realtime_measurements_data("not a key", restart_on_error=False)[0], 1)',
        (REFUSED_AT_ONCE,),
        error="ValueError",
    ),
)

LIVE: Final = (*_MEASUREMENTS, *_UPDATES, *_CHANGES, *_ERRORS)
