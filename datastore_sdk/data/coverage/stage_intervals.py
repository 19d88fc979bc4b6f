"""Stages and sites of a download, which say what records to expect. A failed request costs a warning, no more."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.pads import list_pad_stages
from restream_api.api.sites import list_site_stages, list_sites
from restream_api.models import Stage
from restream_api.types import Operation

log = logging.getLogger("datastore_sdk")

T = TypeVar("T")


class StageInterval(Struct, frozen=True):
    """Time range of one stage of a site."""

    site: int
    """Id of the site."""
    seconds: range
    """The seconds of the stage."""
    stage_number: int | None
    state: str


def fetch_filtered_stages(executor: RequestExecutor, query: DataQuery) -> EffectGen[list[StageInterval] | None]:
    """Request the stages that match the stage filter of a query; None if the request fails."""
    stages = yield from _fetch_stages(
        executor, query.source, query.id, query.start, query.end, query.stage_number, query.stage_name_filter
    )
    if stages is None:
        return None
    number, name = query.stage_number, query.stage_name_filter
    return [
        stage
        for stage in stages
        if number in {None, stage.stage_number} and (name is None or stage.state.lower().startswith(name))
    ]


def fetch_stages_between(
    executor: RequestExecutor, queries: Iterable[DataQuery], sites: Collection[int | None], first: int, last: int
) -> EffectGen[list[StageInterval]]:
    """Request the stages of sites within a time range, without those whose request fails."""
    found: list[StageInterval] = []
    for source, id_ in dict.fromkeys((query.source, query.id) for query in queries):
        if source == "pad" or id_ in sites:
            start, end = (datetime.fromtimestamp(second, tz=UTC) for second in (first, last))
            found += (yield from _fetch_stages(executor, source, id_, start, end)) or []
    return found


def fetch_sites_of_pads(executor: RequestExecutor, queries: Iterable[DataQuery]) -> EffectGen[list[int]]:
    """Request the ids of the sites of routed pads; an empty list if the request fails."""
    found: list[int] = []
    for pad in dict.fromkeys(query.id for query in queries if query.source == "pad" and query.is_routed):
        sites = yield from _fetch_or_none(executor, list_sites(pad_id=pad), f"the sites of pad {pad}")
        ids = [site.get("id") for site in sites or () if site.get("pad_id") == pad]  # the service may ignore the filter
        found += [id_ for id_ in ids if isinstance(id_, int)]
    return found


def _fetch_stages(
    executor: RequestExecutor,
    source: str,
    id_: int,
    start: datetime | None,
    end: datetime | None,
    number: int | None = None,
    state: str | None = None,
) -> EffectGen[list[StageInterval] | None]:
    list_stages = list_site_stages if source == "site" else list_pad_stages
    operation = list_stages(id_, start=start, end=end, stage_number=number, state=state)
    stages = yield from _fetch_or_none(executor, operation, f"the stages of {source} {id_}")
    if stages is None:
        return None
    now = executor.clock.now()
    intervals = [_parse_interval(stage, now) for stage in stages]
    return [each for each in intervals if each is not None and (source == "pad" or each.site == id_)]


def _parse_interval(stage: Stage, now: float) -> StageInterval | None:
    """Return a stage's interval; None if the stage has no site or start."""
    site, start, end = (stage.get(name) for name in ("site", "start", "end"))
    number, state = stage.get("stage_number"), stage.get("state")
    if not (isinstance(site, int) and isinstance(start, datetime)):
        return None
    last = end.timestamp() if isinstance(end, datetime) else now
    return StageInterval(
        site,
        range(int(start.timestamp()), int(last) + 1),
        number if isinstance(number, int) else None,
        state if isinstance(state, str) else "",
    )


def _fetch_or_none(executor: RequestExecutor, operation: Operation[T], what: str) -> EffectGen[T | None]:
    """Send a request and return its result; log a warning and return None if it fails."""
    try:
        return (yield from executor.fetch(operation))
    except RestreamError as error:
        log.warning("Continuing without %s: %s", what, error)
        return None
