"""Live data of a pad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack, cast

from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.entities.list_queries import build_state_query
from datastore_sdk.entities.realtime_base import POLL_SECONDS, RealtimeBase
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.entities.state import State
from datastore_sdk.realtime import Gap, LiveData, LiveDataAsync, LiveOptions, PadMeasurements
from datastore_sdk.transport.executor.executor import Flow


class PadRealtime(RealtimeBase):
    """Live data methods of a pad."""

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
        """Return the records as they are measured. With `start_datetime`, the matching history comes first.

        Each record is delivered once, and those of each site in order of time. If the connection breaks, the SDK
        reconnects and leaves out what the service repeats. It fetches lost records over `get_data`, with the same
        filters, and delivers them before later records. A record that the service sends late is delivered as it arrives
        (`statistics.late`).

        Records that could not be fetched are listed in `gaps`, for sources that had sent a record in each interval.
        With `fill_data_method` nothing is fetched, because each record depends on its neighbours.

        `end_datetime` limits the history only. Live records follow in any case.

        To restart without a gap, save the session key and the timestamp of the last record that you processed. Pass
        both, the timestamp as `start_datetime`. A few records may be delivered twice then.

        Args:
            session_key: Key of the service's queue, as returned by an earlier call: 32 hexadecimal digits. Pass it to
                continue after a restart. Default: a new key.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            fill_gaps: Whether to fetch records that were lost with a connection.
            on_gap: Called with each gap that could not be filled, from the thread that listens.
            **options: Filters of the records and options of the stream (`PadMeasurements`).

        Returns:
            The records, and the session key. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value, or filters exclude each other.
        """
        plan, key = self._build_measurement_plan(
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
        """Return the records as they are measured. With `start_datetime`, the matching history comes first.

        Each record is delivered once, and those of each site in order of time. If the connection breaks, the SDK
        reconnects and leaves out what the service repeats. It fetches lost records over `aget_data`, with the same
        filters, and delivers them before later records. A record that the service sends late is delivered as it arrives
        (`statistics.late`).

        Records that could not be fetched are listed in `gaps`, for sources that had sent a record in each interval.
        With `fill_data_method` nothing is fetched, because each record depends on its neighbours.

        `end_datetime` limits the history only. Live records follow in any case.

        To restart without a gap, save the session key and the timestamp of the last record that you processed. Pass
        both, the timestamp as `start_datetime`. A few records may be delivered twice then.

        Args:
            session_key: Key of the service's queue, as returned by an earlier call: 32 hexadecimal digits. Pass it to
                continue after a restart. Default: a new key.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            fill_gaps: Whether to fetch records that were lost with a connection.
            on_gap: Called with each gap that could not be filled, from the thread that listens.
            **options: Filters of the records and options of the stream (`PadMeasurements`).

        Returns:
            The records, and the session key. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value, or filters exclude each other.
        """
        plan, key = self._build_measurement_plan(
            PadMeasurements, session_key, options, restart_on_error, restart_on_close, fill_gaps, on_gap
        )
        return LiveDataAsync(plan), key

    @complete_signature(LiveOptions)
    def monitor_states(self, *, interval: float = POLL_SECONDS, **options: Unpack[LiveOptions]) -> LiveData[State]:
        """Return the states of the pad's sites: the current ones, then each change of operation or stage number.

        The SDK does not poll: the service reports changes. Only while the room cannot be entered (WebSockets are
        blocked, or this program already listens to the room) states are requested at intervals. Iterating raises
        `NotFoundError` if the pad does not exist.

        Args:
            interval: Seconds between requests while no changes are reported.
            **options: Options of the stream (`LiveOptions`).

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveData(self._build_monitor_plan(self._fetch_states, interval, options))

    @complete_signature(LiveOptions)
    async def amonitor_states(
        self, *, interval: float = POLL_SECONDS, **options: Unpack[LiveOptions]
    ) -> LiveDataAsync[State]:
        """Return the states of the pad's sites: the current ones, then each change of operation or stage number.

        The SDK does not poll: the service reports changes. Only while the room cannot be entered (WebSockets are
        blocked, or this program already listens to the room) states are requested at intervals. Iterating raises
        `NotFoundError` if the pad does not exist.

        Args:
            interval: Seconds between requests while no changes are reported.
            **options: Options of the stream (`LiveOptions`).

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveDataAsync(self._build_monitor_plan(self._fetch_states, interval, options))

    def _fetch_states(self, client: Client) -> Flow[list[State]]:
        states = yield from fetch_list(State, client, build_state_query({}, pad_id=self.id), as_dict=False)
        return cast("list[State]", states)
