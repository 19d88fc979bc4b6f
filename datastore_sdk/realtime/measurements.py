"""Rooms of measurements: records of a pad or site, as they are measured."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, resolve_range
from datastore_sdk.client import Client
from datastore_sdk.data.field_metadata import fetch_field_metadata
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.realtime.backfill import Backfiller
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.field_check import FieldCheck
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.history_filter import HistoryFilter
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.websocket.handshake import build_room_operation

_SESSION_KEY = re.compile(r"[0-9a-fA-F]{32}")
_NON_FILTER_PARAMETERS = {"session_key", "si_units", "resolution", "routed"}
"""Query parameters that are always sent. They alone make the service replay nothing."""


def resolve_session_key(key: str | None) -> str:
    """Return the session key of the user, or a new one.

    Raises:
        TypeError: The key is not a string.
        ValueError: The key does not consist of 32 hexadecimal digits.
    """
    if key is None:
        return secrets.token_hex(16)
    if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"session_key must be a string, not {type(key).__name__}")
    if not _SESSION_KEY.fullmatch(key):
        raise ValueError(f"session_key must be 32 hexadecimal digits, as returned by an earlier call, not {key!r}")
    return key


def build_measurement_plan(
    client: Client,
    source: Literal["pad", "site"],
    id: int,
    session_key: str,
    filters: Mapping[str, Any],
    options: StreamOptions,
    *,
    resumed: bool = False,
) -> StreamPlan:
    """Return the plan of a stream of measurements.

    Args:
        client: Client that makes the requests.
        source: Kind of the asset.
        id: Id of the asset.
        session_key: Key of the service's queue.
        filters: The filters of `get_data`. With a start, matching history comes first.
        options: Options of the stream.
        resumed: Whether the session was used before, and continues where it was left.
    """
    first, last, other_first, other_last = (filters.get(name) for name in (*RANGE_NAMES, *OTHER_RANGE_NAMES))
    start, end = resolve_range(first, last, other_first, other_last, RANGE_NAMES, OTHER_RANGE_NAMES)
    other_filters = {name: value for name, value in filters.items() if name not in {*RANGE_NAMES, *OTHER_RANGE_NAMES}}
    query = DataQuery(source=source, id=id, start=start, end=end, **other_filters)
    path = f"/{source}s/{query.id:d}/data/"
    operation = build_room_operation(path, {"session_key": session_key, **dict(query.operation().query)})
    counters, gaps = Counters(), GapLog(options.on_gap)
    start_second = query.timestamps()[0] if query.start and not resumed else None
    tracker = SequenceTracker[Any](DICTS, query.resolution_seconds, start_second)
    replayed = (
        query.start is None and not resumed and not {name for name, _ in operation.query} <= _NON_FILTER_PARAMETERS
    )
    history_filter = HistoryFilter[Any](DICTS.position, query.resolution_seconds) if replayed else None
    backfill_query = query if options.fill_gaps and query.fill_data_method is None else None

    field_check = FieldCheck(query).add if query.fields else None

    def stream_records(codec: RecordCodec[Any], _: RoomClaim) -> EffectGen[None]:
        tracker.set_codec(codec)
        if history_filter is not None:
            history_filter.position = codec.position
        site_id = query.id if source == "site" else None
        handler = Backfiller(
            client._executor, tracker, codec, backfill_query, gaps, counters, site_id, history_filter, start_second
        )
        decoder = MessageDecoder(codec, counters, enveloped=True, on_records=field_check)
        return RoomSession(client._executor, operation, decoder, handler, options, counters).run()

    return StreamPlan(
        description=f"measurements of {source} {query.id}, session {session_key}",
        client=client,
        options=options,
        counters=counters,
        gaps=gaps,
        exclusive={
            f"the session key {session_key}": (client.base_url, session_key.lower()),
            f"the room {path}": client._executor.limits.get_room_semaphore(operation.path),
        },
        stream_records=stream_records,
        stream_items=lambda claim: stream_records(DICTS, claim),
        fetch_field_metadata=lambda: fetch_field_metadata(client._executor, [query]),
    )
