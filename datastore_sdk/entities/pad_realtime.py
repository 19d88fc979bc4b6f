"""What a pad tells by itself, beside what pads and sites have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack, cast

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.entities.list_queries import build_state_query
from datastore_sdk.entities.realtime_base import INTERVAL, Live
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.entities.state import State
from datastore_sdk.realtime import Gap, LiveData, LiveDataAsync, LiveOptions, PadMeasurements
from datastore_sdk.transport.executor.executor import Flow


class LivePad(Live):
    """A pad, as far as it tells something by itself."""

    @complete_signature(PadMeasurements)
    def get_realtime_measurements_data(
        self,
        session_key: str | None = None,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        *,
        fill_gaps: bool = True,
        on_gap: Callable[[Gap], object] | None = None,
        **options: Unpack[PadMeasurements],
    ) -> tuple[LiveData[Record], str]:
        """The records as they are measured. With `start_datetime`, the history that the filters match comes first.

        Records come once each, those of each site in order of time. What the service sends again after a
        break is left out. Those that were lost with a connection are fetched over `get_data`, through the same
        filters, and come before the records after them. A record that comes later than its successor is handed over as
        it comes: none is held back for it.

        What could not be had is in `gaps`, of sources that had told something in each interval of the resolution.
        With `fill_data_method`, where a record depends on its neighbours, nothing is fetched.

        `end_datetime` bounds the history only: live records come after it all the same. What the service itself sends
        late comes late (`statistics.late`).

        Records that had come, but were not yet read when a process ended, do not come again under its session key: pass
        the time of the last one read as `start_datetime`. A few may then come twice.

        Args:
            session_key: The key of the service's queue, handed back by an earlier call, to go on reading from it after
                a restart: 32 hexadecimal digits. Default: a new one.
            restart_on_error: Whether to come back after an error, such as a lost connection.
            restart_on_close: Whether to come back after the service closed the connection normally, as it may.
            fill_gaps: Whether to fetch what was lost with a connection.
            on_gap: Called with each gap that could not be filled, from the thread that listens; `gaps` lists them too.
            **options: Which records, and how to listen (`PadMeasurements`).

        Returns:
            The records, lazily: nothing is listened to until they are iterated over or saved; and the session key.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such option, or it is of the wrong type.
            ValueError: An option cannot be used, or filters do not go together.
        """
        plan, key = self._measurements(
            PadMeasurements, session_key, options, restart_on_error, restart_on_close, fill_gaps, on_gap
        )
        return LiveData(plan), key

    @complete_signature(PadMeasurements)
    async def aget_realtime_measurements_data(
        self,
        session_key: str | None = None,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        *,
        fill_gaps: bool = True,
        on_gap: Callable[[Gap], object] | None = None,
        **options: Unpack[PadMeasurements],
    ) -> tuple[LiveDataAsync[Record], str]:
        """Async form of `get_realtime_measurements_data`."""
        plan, key = self._measurements(
            PadMeasurements, session_key, options, restart_on_error, restart_on_close, fill_gaps, on_gap
        )
        return LiveDataAsync(plan), key

    @complete_signature(LiveOptions)
    def monitor_states(self, *, interval: float = INTERVAL, **options: Unpack[LiveOptions]) -> LiveData[State]:
        """The states of the pad's sites, at once and then whenever one changes: what is done, or the stage's number.

        Nothing is polled: the service tells when something has changed. Only while it cannot be listened to (no
        WebSocket gets through, or this program listens to the room already), it is asked now and then.
        Reading the states of a pad that is not there raises `NotFoundError`.

        Args:
            interval: Seconds after which it is asked where it tells nothing.
            **options: How to listen (`LiveOptions`).

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such option, or it is of the wrong type.
            ValueError: An option cannot be used.
        """
        return LiveData(self._watch(self._look, interval, options))

    @complete_signature(LiveOptions)
    async def amonitor_states(
        self, *, interval: float = INTERVAL, **options: Unpack[LiveOptions]
    ) -> LiveDataAsync[State]:
        """Async form of `monitor_states`."""
        return LiveDataAsync(self._watch(self._look, interval, options))

    def _look(self, client: Client) -> Flow[list[State]]:
        states = yield from fetch_list(State, client, build_state_query({}, pad_id=self.id), as_dict=False)
        return cast("list[State]", states)
