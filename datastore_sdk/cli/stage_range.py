"""The time range of the stage that `--stage` chooses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from datastore_sdk import Pad, Site, Stage
from datastore_sdk.cli.assets import describe, kind_of
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.data.query import widen_to_whole_second
from datastore_sdk.enums import StageNameFilters

Range = tuple[datetime | None, datetime | None]


def find_stage_range(asset: Pad | Site, number: int, state: StageNameFilters, limits: Range) -> Range:
    """Return start and end of a stage within limits. The current stage ends where the limits end, or is open.

    Raises:
        CommandError: There is no such stage.
    """
    return cover_stages(find_stages(asset, number, state, limits), limits)


def find_stages(asset: Pad | Site, number: int, state: StageNameFilters, limits: Range) -> Sequence[Stage]:
    """Return the stages of a number within limits: more than one if the stage was interrupted.

    Raises:
        CommandError: There is no such stage.
    """
    start, end = limits
    found = asset.get_stages_metadata(start, end, number, state)
    if not found:
        others = asset.get_stages_metadata(stage_name_filter=state)
        numbers = sorted({each for stage in others if isinstance(each := stage.get("stage_number"), int)})
        known = f"it has {numbers[0]} to {numbers[-1]}" if numbers else f"it has no {state} stages"
        raise CommandError(
            f"{describe(asset)} has no {state} stage {number}{' in this range' if start or end else ''}; {known}; list "
            f"them with: datastore stages --{kind_of(asset)} {asset.id}",
            ExitStatus.NOT_FOUND,
        )
    return found


def cover_stages(stages: Sequence[Stage], limits: Range) -> Range:
    """Return the start of the first and the end of the last stage, within limits."""
    start, end = limits
    starts = [each for stage in stages if isinstance(each := stage.get("start"), datetime)]
    ends = [each for stage in stages if isinstance(each := stage.get("end"), datetime)]
    first = max(filter(None, (min(starts), start))) if len(starts) == len(stages) else start
    last = min(filter(None, (max(ends), end))) if len(ends) == len(stages) else end
    return widen_to_whole_second(first, last)
