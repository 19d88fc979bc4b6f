"""The rooms of measurements: the records of a pad or site, as they are measured."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import OTHER_RANGE_NAMES, RANGE_NAMES, resolve_range
from datastore_sdk.client import Client
from datastore_sdk.data.field_metadata import descriptions
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.realtime.backfill import Backfiller
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.history_filter import HistoryFilter
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.websocket.handshake import build_room_operation

_KEY = re.compile(r"[0-9a-fA-F]{32}")
_NO_FILTERS = {"session_key", "si_units", "resolution", "routed"}
"""What is sent in any case, and has the service replay nothing."""


def session_key_from(given: str | None) -> str:
    """A session key: the one given, or a new one.

    Raises:
        TypeError: It is no string.
        ValueError: It does not consist of 32 hexadecimal digits.
    """
    if given is None:
        return secrets.token_hex(16)
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"session_key must be a string, not {type(given).__name__}")
    if not _KEY.fullmatch(given):
        raise ValueError(f"session_key must be 32 hexadecimal digits, as handed back before, not {given!r}")
    return given


def measurements(
    client: Client,
    source: Literal["pad", "site"],
    id: int,
    session_key: str,
    filters: Mapping[str, Any],
    manners: StreamOptions,
    *,
    resumed: bool = False,
) -> StreamPlan:
    """How to listen to measurements.

    Args:
        client: Whose credentials to use.
        source: Of what.
        id: Of which.
        session_key: The key of the service's queue.
        filters: The filters of `get_data`. With a start, what matches of the history comes first.
        manners: How to listen.
        resumed: Whether the session was listened to before, and goes on where it was left.
    """
    first, last, other_first, other_last = (filters.get(name) for name in (*RANGE_NAMES, *OTHER_RANGE_NAMES))
    start, end = resolve_range(first, last, other_first, other_last, RANGE_NAMES, OTHER_RANGE_NAMES)
    rest = {name: value for name, value in filters.items() if name not in {*RANGE_NAMES, *OTHER_RANGE_NAMES}}
    query = DataQuery(source=source, id=id, start=start, end=end, **rest)
    path = f"/{source}s/{query.id:d}/data/"
    operation = build_room_operation(path, {"session_key": session_key, **dict(query.operation().query)})
    counts, gaps = Counters(), GapLog(manners.on_gap)
    begin = query.seconds()[0] if query.start and not resumed else None
    sources = SequenceTracker[Any](DICTS, query.step, begin)
    replayed = query.start is None and not resumed and not {name for name, _ in operation.query} <= _NO_FILTERS
    history = HistoryFilter[Any](DICTS.position, query.step) if replayed else None
    filled = query if manners.fill_gaps and query.fill_data_method is None else None

    def listen(form: RecordCodec[Any], _: RoomClaim) -> EffectGen[None]:
        sources.take_form(form)
        if history is not None:
            history.position = form.position
        site_id = query.id if source == "site" else None
        filling = Backfiller(client._executor, sources, form, filled, gaps, counts, site_id, history, begin)
        messages = MessageDecoder(form, counts, enveloped=True)
        return RoomSession(client._executor, operation, messages, filling, manners, counts).steps()

    return StreamPlan(
        what=f"measurements of {source} {query.id}, session {session_key}",
        client=client,
        manners=manners,
        counts=counts,
        gaps=gaps,
        alone={
            f"the session key {session_key}": (client.base_url, session_key.lower()),
            f"the room {path}": client._executor.limits.get_room_semaphore(operation.path),
        },
        listen=listen,
        listen_for_items=lambda hold: listen(DICTS, hold),
        descriptions=lambda: descriptions(client._executor, [query]),
    )
