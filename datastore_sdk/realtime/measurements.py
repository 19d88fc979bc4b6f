"""Rooms of measurements: records of a pad or site, as they are measured."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, range_of
from datastore_sdk.client import Client
from datastore_sdk.data.field_metadata import descriptions
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.realtime.backfill import Backfiller
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.history_filter import HistoryFilter
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.websocket.handshake import room

_SESSION_KEY = re.compile(r"[0-9a-fA-F]{32}")
_NON_FILTER_PARAMETERS = {"session_key", "si_units", "resolution", "routed"}
"""Query parameters that are always sent. They alone make the service replay nothing."""


def resolve_session_key(given: str | None) -> str:
    """Return the session key of the user, or a new one.

    Raises:
        TypeError: The key is not a string.
        ValueError: The key does not consist of 32 hexadecimal digits.
    """
    if given is None:
        return secrets.token_hex(16)
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"session_key must be a string, not {type(given).__name__}")
    if not _SESSION_KEY.fullmatch(given):
        raise ValueError(f"session_key must be 32 hexadecimal digits, as handed back before, not {given!r}")
    return given


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
    start, end = range_of(first, last, other_first, other_last, RANGE_NAMES, OTHER_RANGE_NAMES)
    rest = {name: value for name, value in filters.items() if name not in {*RANGE_NAMES, *OTHER_RANGE_NAMES}}
    query = DataQuery(source=source, id=id, start=start, end=end, **rest)
    path = f"/{source}s/{query.id:d}/data/"
    operation = room(path, {"session_key": session_key, **dict(query.operation().query)})
    counts, gaps = Counters(), GapLog(options.on_gap)
    begin = query.seconds()[0] if query.start and not resumed else None
    sources = SequenceTracker[Any](DICTS, query.step, begin)
    replayed = (
        query.start is None and not resumed and not {name for name, _ in operation.query} <= _NON_FILTER_PARAMETERS
    )
    history = HistoryFilter[Any](DICTS.position, query.step) if replayed else None
    filled = query if options.fill_gaps and query.fill_data_method is None else None

    def listen(form: RecordCodec[Any], _: RoomClaim) -> EffectGen[None]:
        sources.set_codec(form)
        if history is not None:
            history.position = form.position
        site_id = query.id if source == "site" else None
        filling = Backfiller(client._executor, sources, form, filled, gaps, counts, site_id, history, begin)
        messages = MessageDecoder(form, counts, enveloped=True)
        return RoomSession(client._executor, operation, messages, filling, options, counts).run()

    return StreamPlan(
        description=f"measurements of {source} {query.id}, session {session_key}",
        client=client,
        options=options,
        counters=counts,
        gaps=gaps,
        exclusive={
            f"the session key {session_key}": (client.base_url, session_key.lower()),
            f"the room {path}": client._executor.limits.room(operation.path),
        },
        stream_records=listen,
        stream_items=lambda hold: listen(DICTS, hold),
        fetch_field_metadata=lambda: descriptions(client._executor, [query]),
    )
