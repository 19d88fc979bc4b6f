"""Live data that pads and sites share: their own changes, corrections of their data, and states."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import ClassVar, Literal, Self, Unpack, overload

from datastore_sdk._io.timeouts import validate_seconds
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.entities.data_change import DataChange
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.matching import has_id, json_matches
from datastore_sdk.entities.resource import Resource
from datastore_sdk.entities.state import State
from datastore_sdk.realtime import (
    Gap,
    LiveData,
    LiveDataAsync,
    LiveOptions,
    SiteMeasurements,
    StreamOptions,
    split_options,
)
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.executor import Flow
from restream_api.models import DataChange as DataChangeModel

_STATE_ASPECTS = (
    "current_state",
    "actual_stage_number",
    "completed_stage_number",
    "calculated_stage_number",
    "last_state_update",
)
"""Fields of a state whose change counts."""
POLL_SECONDS = 60.0
"""Default seconds between requests for states while no change is reported."""


class RealtimeBase(Resource):
    """Live data methods that pads and sites share."""

    _endpoints: ClassVar[Endpoints]

    @overload
    def get_realtime_instance_updates(
        self,
        as_dict: Literal[False] = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[Self]: ...
    @overload
    def get_realtime_instance_updates(
        self,
        as_dict: Literal[True],
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[Record]: ...
    @overload
    def get_realtime_instance_updates(
        self,
        as_dict: bool,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[Self] | LiveData[Record]: ...
    @complete_signature(LiveOptions)
    def get_realtime_instance_updates(
        self,
        as_dict: bool = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[Self] | LiveData[Record]:
        """Return the object itself, complete, each time it changes.

        Nothing arrives before the first change; `update()` loads the current state. A site also carries
        `current_stage_number`, `current_state` and `current_data_sources`.

        Args:
            as_dict: True: the service's JSON unchanged, as dicts.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            **options: Options of the stream (`LiveOptions`).

        Returns:
            The updates. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveData(self._build_instance_plan(as_dict, restart_on_error, restart_on_close, options))

    @overload
    async def aget_realtime_instance_updates(
        self,
        as_dict: Literal[False] = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[Self]: ...
    @overload
    async def aget_realtime_instance_updates(
        self,
        as_dict: Literal[True],
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[Record]: ...
    @overload
    async def aget_realtime_instance_updates(
        self,
        as_dict: bool,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[Self] | LiveDataAsync[Record]: ...
    @complete_signature(LiveOptions)
    async def aget_realtime_instance_updates(
        self,
        as_dict: bool = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[Self] | LiveDataAsync[Record]:
        """Return the object itself, complete, each time it changes.

        Nothing arrives before the first change; `aupdate()` loads the current state. A site also carries
        `current_stage_number`, `current_state` and `current_data_sources`.

        Args:
            as_dict: True: the service's JSON unchanged, as dicts.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            **options: Options of the stream (`LiveOptions`).

        Returns:
            The updates. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveDataAsync(self._build_instance_plan(as_dict, restart_on_error, restart_on_close, options))

    @overload
    def get_realtime_data_changes_updates(
        self,
        as_dict: Literal[False] = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[DataChange]: ...
    @overload
    def get_realtime_data_changes_updates(
        self,
        as_dict: Literal[True],
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[Record]: ...
    @overload
    def get_realtime_data_changes_updates(
        self,
        as_dict: bool,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[DataChange] | LiveData[Record]: ...
    @complete_signature(LiveOptions)
    def get_realtime_data_changes_updates(
        self,
        as_dict: bool = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveData[DataChange] | LiveData[Record]:
        """Return corrections of historical data: first those not yet acknowledged, then new ones as they happen.

        The service repeats unacknowledged corrections at each connection. The SDK delivers each once.

        Args:
            as_dict: True: the service's JSON unchanged, as dicts.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            **options: Options of the stream (`LiveOptions`).

        Returns:
            The corrections. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveData(self._build_data_change_plan(as_dict, restart_on_error, restart_on_close, options))

    @overload
    async def aget_realtime_data_changes_updates(
        self,
        as_dict: Literal[False] = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[DataChange]: ...
    @overload
    async def aget_realtime_data_changes_updates(
        self,
        as_dict: Literal[True],
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[Record]: ...
    @overload
    async def aget_realtime_data_changes_updates(
        self,
        as_dict: bool,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[DataChange] | LiveDataAsync[Record]: ...
    @complete_signature(LiveOptions)
    async def aget_realtime_data_changes_updates(
        self,
        as_dict: bool = False,
        restart_on_error: bool = True,
        restart_on_close: bool = True,
        **options: Unpack[LiveOptions],
    ) -> LiveDataAsync[DataChange] | LiveDataAsync[Record]:
        """Return corrections of historical data: first those not yet acknowledged, then new ones as they happen.

        The service repeats unacknowledged corrections at each connection. The SDK delivers each once.

        Args:
            as_dict: True: the service's JSON unchanged, as dicts.
            restart_on_error: Whether to reconnect after an error, such as a lost connection.
            restart_on_close: Whether to reconnect after the service closed the connection normally.
            **options: Options of the stream (`LiveOptions`).

        Returns:
            The corrections. Nothing is requested until you iterate or save.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: An option does not exist, or has the wrong type.
            ValueError: An option has an invalid value.
        """
        return LiveDataAsync(self._build_data_change_plan(as_dict, restart_on_error, restart_on_close, options))

    def _room_path(self, what: str = "") -> str:
        return f"/{self._endpoints.source}s/{self.id:d}/{what}"

    def _build_instance_plan(self, as_dict: bool, on_error: bool, on_close: bool, options: LiveOptions) -> StreamPlan:
        from datastore_sdk.realtime.updates import build_update_plan  # here and below, for fetch_list listen to nothing

        client = self._get_client()
        build = None if as_dict else partial(type(self).from_api_model, client=client)
        belongs = json_matches([has_id("id", self.id)], f"updates of the {self._endpoints.source}")
        stream_options = _stream_options(options, on_error, on_close)
        return build_update_plan(client, self._room_path(), stream_options, self._api_model, build, belongs=belongs)

    def _build_data_change_plan(
        self, as_dict: bool, on_error: bool, on_close: bool, options: LiveOptions
    ) -> StreamPlan:
        from datastore_sdk.realtime.updates import build_update_plan

        client, path = self._get_client(), self._room_path("data_changes/")
        build = None if as_dict else partial(DataChange.from_api_model, client=client)
        # A room of a pad has the changes of its sites, whose ids are not known here.
        rules = [has_id("site", self.id)] if self._endpoints.source == "site" else []
        belongs = json_matches(rules, f"data changes of the {self._endpoints.source}") if rules else None
        stream_options = _stream_options(options, on_error, on_close)
        return build_update_plan(
            client, path, stream_options, DataChangeModel, build, deduplicate=True, belongs=belongs
        )

    def _build_measurement_plan(
        self,
        kind: type,
        session_key: str | None,
        options: SiteMeasurements,
        on_error: bool,
        on_close: bool,
        fill_gaps: bool,
        on_gap: Callable[[Gap], object] | None,
    ) -> tuple[StreamPlan, str]:
        from datastore_sdk.realtime.measurements import build_measurement_plan, resolve_session_key

        stream, filters = split_options(options, kind)
        key = resolve_session_key(session_key)
        stream_options = StreamOptions(
            restart_on_error=on_error, restart_on_close=on_close, fill_gaps=fill_gaps, on_gap=on_gap, **stream
        )
        resumed = session_key is not None
        return build_measurement_plan(
            self._get_client(), self._endpoints.source, self.id, key, filters, stream_options, resumed=resumed
        ), key

    def _build_monitor_plan(
        self, fetch: Callable[[Client], Flow[list[State]]], interval: float, options: LiveOptions
    ) -> StreamPlan:
        from datastore_sdk.realtime.state_monitor import build_monitor_plan

        client = self._get_client()
        stream_options = _stream_options(options, on_error=True, on_close=True)
        seconds = validate_seconds(interval, "interval")
        return build_monitor_plan(
            client,
            self._room_path(),
            stream_options,
            partial(fetch, client),
            _state_key,
            _state_aspects,
            interval=seconds,
        )


def _stream_options(options: LiveOptions, on_error: bool, on_close: bool) -> StreamOptions:
    stream, _ = split_options(options, LiveOptions)
    return StreamOptions(restart_on_error=on_error, restart_on_close=on_close, **stream)


def _state_key(state: State) -> Hashable:
    return repr((state.get("id"), state.get("site_name")))  # either may be anything, or missing


def _state_aspects(state: State) -> Hashable:
    return tuple(repr(state.get(name)) for name in _STATE_ASPECTS)
