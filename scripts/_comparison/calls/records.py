"""Time-series data: streamed, and saved to files."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import CSV_AS_SENT, INSIDE_RANGE
from _comparison.verdicts import Call

_MINUTE: Final = 'at("2025-09-18 08:30"), at("2025-09-18 08:31")'
_MINUTES: Final = 'at("2025-09-18 08:25"), at("2025-09-18 08:30")'
_HOURS: Final = 'at("2025-09-18 07:00"), at("2025-09-18 10:00")'

_OF_SITES: Final = (
    Call('Site(id=981).get_data(start_datetime=at("2025-09-18 08:30"), end_datetime=at("2025-09-18 08:31"))'),
    Call(f"records(Site(id=981).get_data({_MINUTE}))"),
    Call(f'records(Site(id=981, auth_token="token").get_data({_MINUTE}))'),
    Call('records(Site(id=981).get_data(at("2025-09-18 03:30-05:00"), at("2025-09-18 03:31-05:00")))'),
    Call(
        'records(Site(id=981).get_data(at("2025-09-18 08:30:00.5"), at("2025-09-18 08:31:00.5")))',
        (INSIDE_RANGE,),
    ),
    Call('records(Site(id=981).get_data(start_datetime=at("2025-09-18 11:59")))'),
    Call('records(Site(id=981).get_data(end_datetime=at("2025-09-16 00:01")))'),
    Call('records(Site(id=981).get_data(at("2025-01-01 00:00"), at("2025-01-01 00:01")))', empty=True),
    Call(f'records(Site(id=981).get_data({_MINUTE}, fields=["slurry_rate", "surface_treating_pressure"]))'),
    Call(f'records(Site(id=981).get_data({_MINUTE}, fields="slurry_rate,proppant_conc"))'),
    Call(f"records(Site(id=981).get_data({_MINUTE}, si_units=True))"),
    Call(f"records(Site(id=981).get_data({_MINUTES}, resolution=DataResolutions.TEN_SECOND))"),
    Call(
        f"records(Site(id=981).get_data({_MINUTES}, resolution=DataResolutions.MINUTE,"
        " aggregation=DataAggregations.MIN))"
    ),
    Call(
        f'records(Site(id=981).get_data({_HOURS}, fields="slurry_rate", resolution=DataResolutions.TEN_MINUTE,'
        " aggregation=DataAggregations.MAX))"
    ),
    Call(
        f'records(Site(id=981).get_data({_HOURS}, fields="slurry_rate", resolution=DataResolutions.HOUR,'
        " aggregation=DataAggregations.MEAN))"
    ),
    Call(
        "records(Site(id=981).get_data(stage_number=14, stage_name_filter=StageNameFilters.FRAC,"
        " resolution=DataResolutions.MINUTE))"
    ),
    Call(
        'records(Site(id=981).get_data(at("2025-09-18 09:56"), at("2025-09-18 10:01"),'
        " stage_name_filter=StageNameFilters.WIRELINE))"
    ),
    Call(
        f"records(Site(id=981).get_data({_MINUTE}, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=20))"
    ),
    Call(
        f"records(Site(id=981).get_data({_MINUTE}, fill_data_method=DataFillMethods.BACKWARD_FILL,"
        " fill_data_limit=5, inside_area_only=False))"
    ),
    # "Infinity" stands for a missing number in there.
    Call('records(Site(id=941).get_data(at("2025-09-18 07:11:50"), at("2025-09-18 07:12:10")))'),
    # Each access of the generator starts afresh.
    Call(f"data = Site(id=981).get_data({_MINUTE}); [records(data), records(data)]"),
)

_OF_PADS: Final = (
    Call(f"records(Pad(id=681).get_data({_MINUTE}))"),
    Call(f"records(Pad(id=681).get_data({_MINUTE}, is_routed=True))"),
    Call(f"records(Pad(id=703).get_data({_MINUTE}))"),
    Call(f"records(Pad(id=681).get_data({_MINUTE}, is_routed=True, stage_name_filter=StageNameFilters.FRAC))"),
    Call(
        "records(Pad(id=681).get_data(stage_number=14, stage_name_filter=StageNameFilters.FRAC, is_routed=True,"
        " resolution=DataResolutions.TEN_MINUTE))"
    ),
    Call(f'records(Pad(id=681).get_data({_MINUTE}, measurement_sources_names="M1"))'),
    Call(f'records(Pad(id=668).get_data({_MINUTE}, measurement_sources_names=["M2", "W2"]))'),
    Call(
        f'records(Pad(id=681).get_data({_MINUTES}, fields=["slurry_rate"], si_units=True, is_routed=True,'
        " resolution=DataResolutions.TEN_SECOND, aggregation=DataAggregations.MAX))"
    ),
    Call(
        f"records(Pad(id=681).get_data({_MINUTE}, is_routed=True, fill_data_method=DataFillMethods.FORWARD_FILL,"
        " fill_data_limit=20, inside_area_only=True))"
    ),
)

_SAVED: Final = (
    Call(f'Site(id=981).get_data({_MINUTES}).save("a.json"); contents("a.json")'),
    Call(
        f'Pad(id=681).get_data({_MINUTES}, is_routed=True).save("deep/down/a.json"); contents("deep/down/a.json")',
    ),
    Call(f'Site(id=981).get_data({_MINUTES}).save("a.csv"); contents("a.csv")', (CSV_AS_SENT,)),
    Call(
        f'Pad(id=668).get_data({_MINUTES}, is_routed=True).save("deep/a.csv"); contents("deep/a.csv")',
        (CSV_AS_SENT,),
    ),
    Call(f'Pad(id=681).get_data({_MINUTES}).save("a.csv"); contents("a.csv")', (CSV_AS_SENT,)),
    Call(
        'data = Site(id=981).get_data(at("2025-01-01 00:00"), at("2025-01-01 00:01"));'
        ' data.save("a.json"); contents("a.json")',
        empty=True,
    ),
    Call(
        'data = Site(id=981).get_data(at("2025-01-01 00:00"), at("2025-01-01 00:01"));'
        ' data.save("a.csv"); contents("a.csv")',
        empty=True,
    ),
    Call(
        f'data = Site(id=981).get_data({_MINUTE}); data.save("a.json"); data.save("a.json", overwrite=True);'
        ' contents("a.json")',
    ),
    Call(
        f'data = Site(id=981).get_data({_MINUTE}); data.save("a.json"); data.save("a.json")',
        error="FileExistsError",
    ),
    Call(f'Site(id=981).get_data({_MINUTE}).save("a.xml")', error="ValueError"),
)

RECORDS: Final = (*_OF_SITES, *_OF_PADS, *_SAVED)
