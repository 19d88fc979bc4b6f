"""`datastore stages`: the history of stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast

import typer

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import JsonOption, RangeOptions, take_options


@dataclass(frozen=True, slots=True, kw_only=True)
class StagesOptions(RangeOptions):
    """Options of `datastore stages`, as they were passed."""

    numbers: Annotated[
        bool, typer.Option("--numbers", help="Add the numbers that the service computed for each stage.")
    ] = False
    json: JsonOption = False


@take_options(StagesOptions)
def stages(options: StagesOptions) -> int:
    """List stages: fracs, wireline runs and standby, with their numbers on request. Default: all of them.

    The current stage has no end. `--json` prints one JSON array; with `--numbers`, each stage has `aggregations`.

    For example:

        datastore stages --site 981 --since 24h --tz site

        datastore stages --site 981 --since 24h --state frac --numbers > stages.tsv
    """
    from datastore_sdk.cli.assets import describe, display_zone, open_asset, resolve_zone
    from datastore_sdk.cli.ranges import resolve_range
    from datastore_sdk.cli.tables import Column, print_rows
    from datastore_sdk.cli.times import duration_seconds

    with open_asset(options.pad, options.site, options.profile) as (client, asset):
        zone = resolve_zone(options.tz, asset, client)
        start, end = resolve_range(options.since, options.from_, options.to, zone)
        found = asset.get_stages_metadata(
            start_date=start,
            end_date=end,
            stage_number=options.stage,
            stage_name_filter=options.state,
            add_aggregations=options.numbers,
            as_dict=True,
        )
    columns = [
        *([Column("site", "site")] if options.pad is not None else []),
        Column("id", "id"),
        Column("stage", "stage_number"),
        Column("state", "state"),
        Column("start", "start", is_time=True),
        Column("end", "end", is_time=True),
        Column("minutes", "minutes"),
    ]
    aggregations = [
        cast("dict[str, Any]", each["aggregations"]) for each in found if isinstance(each.get("aggregations"), dict)
    ]
    names = dict.fromkeys(name for each in aggregations for name in each if name != "id")
    columns += [Column(name, f"aggregations.{name}") for name in names]
    rows = (
        found
        if options.json
        else [{**each, "minutes": _minutes(duration_seconds(each.get("start"), each.get("end")))} for each in found]
    )
    print_rows(
        rows, columns, json=options.json, zone=display_zone(zone), nothing=f"{describe(asset)} has no such stages"
    )
    return ExitStatus.DONE


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)
