# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import TypeAlias

from .stage_aggregations import StageAggregations

AggregationsBySite: TypeAlias = dict[str, list[StageAggregations] | str]
"""Aggregations of stages, by site id. A string is the error that was met for the site."""
