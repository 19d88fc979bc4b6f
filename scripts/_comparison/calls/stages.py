"""Stages and their aggregations."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import REQUESTED_BY_IDS, STAGE_IDS
from _comparison.verdicts import Call

_HISTORY: Final = (
    Call("Pad(id=681).get_stages_metadata()"),
    Call("Site(id=981).get_stages_metadata()"),
    Call('Site(id=981).get_stages_metadata(start=at("2025-09-17 00:00"), end=at("2025-09-18 00:00"))'),
    Call('Site(id=981).get_stages_metadata(at("2025-09-16 19:00-05:00"), at("2025-09-17 04:00-05:00"))'),
    Call('Pad(id=681).get_stages_metadata(start=at("2025-09-17 10:00:00.75"), end=at("2025-09-17 12:00:00.25"))'),
    Call("Site(id=981).get_stages_metadata(stage_number=3, stage_name_filter=StageNameFilters.WIRELINE)"),
    Call("Site(id=981).get_stages_metadata(stage_numbers=[2, 3])"),
    Call("Pad(id=681).get_stages_metadata(stage_numbers=[4], stage_name_filter=StageNameFilters.FRAC)"),
    Call("Site(id=981).get_stages_metadata(stage_number=500, add_aggregations=True)", empty=True),
)

_WITH_AGGREGATIONS: Final = (
    Call(
        'Site(id=981).get_stages_metadata(start=at("2025-09-18 08:00"), add_aggregations=True)',
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
    Call(
        "Pad(id=681).get_stages_metadata(stage_numbers=[4], stage_name_filter=StageNameFilters.FRAC,"
        " add_aggregations=True)",
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
    Call(
        "Site(id=981).get_stages_metadata(stage_number=3, stage_name_filter=StageNameFilters.FRAC,"
        ' add_aggregations=True, aggregations_filter="avg_slurry_rate,total_proppant")',
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
    Call(  # the aggregations of one of the two sites fail
        'Pad(id=703).get_stages_metadata(start=at("2025-09-18 09:00"), end=at("2025-09-18 11:00"),'
        " stage_name_filter=StageNameFilters.FRAC, add_aggregations=True)",
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
    Call(  # more stages than go into one of our calls
        "Pad(id=668).get_stages_metadata(stage_name_filter=StageNameFilters.STANDBY,"
        ' add_aggregations=True, aggregations_filter="total_duration")',
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
)

_SITE: Final = "Site(id=981)"
_PAD: Final = "Pad(id=681)"


def _new(name: str, aggregation: str = "maximum") -> str:
    """Return a definition, as a list with one item."""
    return (
        f'[{{"name": "{name}", "description": "Slurry rate with proppant", "config": {{"field": "slurry_rate",'
        f' "aggregation": "{aggregation}",'
        ' "conditions": [{"field": "proppant_conc", "operator": "greater_than", "value": 0.1}]}}]'
    )


def _create(parent: str, name: str) -> str:
    """Return the start of a call that needs its own definition."""
    return f"new = {parent}.create_stages_aggregations({_new(name)})[0]; "


_CHANGED: Final = '{"label": "Rate", "config": {"field": "slurry_rate", "aggregation": "minimum"}}'

_DEFINITIONS: Final = (
    Call(f"{_PAD}.get_stages_aggregations()"),
    Call(f"{_SITE}.get_stages_aggregations()"),
    Call(f"{_PAD}.get_stages_aggregation(3)"),
    Call(f"{_SITE}.get_stages_aggregation(aggregation_id=3)"),
    Call(f"{_PAD}.create_stages_aggregations({_new('never_made')}, validate_only=True)"),
    Call(f"{_SITE}.create_stages_aggregations({_new('never_made')}, validate_only=True)"),
    Call(f"{_PAD}.create_stages_aggregations({_new('highest_rate')})"),
    Call(f'{_create(_SITE, "found_again")}[new, {_SITE}.get_stages_aggregation(new["id"])]'),
    Call(  # the service computes the new aggregation
        f"{_create(_SITE, 'computed')}{_SITE}.get_stages_metadata(stage_number=14, add_aggregations=True,"
        ' stage_name_filter=StageNameFilters.FRAC, aggregations_filter="max_slurry_rate,computed")',
        (REQUESTED_BY_IDS, STAGE_IDS),
    ),
    Call(f'{_create(_PAD, "coloured")}{_PAD}.update_stages_aggregation(new["id"], {{"color": "#00AAFF"}})'),
    Call(
        f'{_create(_SITE, "colourless")}{_SITE}.update_stages_aggregation(new["id"], {{"color": None}}, partial=True)'
    ),
    Call(f'{_create(_PAD, "replaced")}{_PAD}.update_stages_aggregation(new["id"], {_CHANGED}, partial=False)'),
    Call(f'{_create(_SITE, "replaced_too")}{_SITE}.update_stages_aggregation(new["id"], {_CHANGED}, partial=False)'),
    Call(f'{_create(_PAD, "deleted")}{_PAD}.delete_stages_aggregation(new["id"])', empty=True),
    Call(
        f'{_create(_SITE, "deleted_too")}{_SITE}.delete_stages_aggregation(aggregation_id=new["id"]);'
        f" {_SITE}.get_stages_aggregations()"
    ),
)

STAGES: Final = (*_HISTORY, *_WITH_AGGREGATIONS, *_DEFINITIONS)
