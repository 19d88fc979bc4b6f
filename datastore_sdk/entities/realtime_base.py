"""What pads and sites tell by themselves, over WebSockets: measurements, their own changes, corrections, states."""

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
    parted,
)
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.executor import Flow
from restream_api.models import DataChange as DataChangeModel

_ASPECTS = (
    "current_state",
    "actual_stage_number",
    "completed_stage_number",
    "calculated_stage_number",
    "last_state_update",
)
"""What of a state makes a change."""
INTERVAL = 60.0
"""Seconds between looks at a state where no change is told."""


class Live(Resource):
    """A pad or a site, as far as it tells something by itself."""

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
        """The object itself, whole, each time it changes. Nothing comes before the first change: `update()` loads it.

        A site carries besides what it is doing: `current_stage_number`, `current_state`, `current_data_sources`.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.
            restart_on_error: Whether to come back after an error, such as a lost connection.
            restart_on_close: Whether to come back after the service closed the connection normally, as it may.
            **options: How to listen (`LiveOptions`).

        Returns:
            The updates, lazily: nothing is listened to until they are iterated over or saved.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such option, or it is of the wrong type.
            ValueError: An option cannot be used.
        """
        return LiveData(self._instance_updates(as_dict, restart_on_error, restart_on_close, options))

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
        """Async form of `get_realtime_instance_updates`."""
        return LiveDataAsync(self._instance_updates(as_dict, restart_on_error, restart_on_close, options))

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
        """The corrections of historical data: first those not yet acknowledged, then new ones as they happen.

        The service tells the former again each time it is listened to; here each comes once.

        Args:
            as_dict: True: the service's JSON untouched, as dicts.
            restart_on_error: Whether to come back after an error, such as a lost connection.
            restart_on_close: Whether to come back after the service closed the connection normally, as it may.
            **options: How to listen (`LiveOptions`).

        Returns:
            The corrections, lazily: nothing is listened to until they are iterated over or saved.

        Raises:
            MissingCredentialsError: There is no token.
            TypeError: There is no such option, or it is of the wrong type.
            ValueError: An option cannot be used.
        """
        return LiveData(self._data_changes_updates(as_dict, restart_on_error, restart_on_close, options))

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
        """Async form of `get_realtime_data_changes_updates`."""
        return LiveDataAsync(self._data_changes_updates(as_dict, restart_on_error, restart_on_close, options))

    def _path(self, what: str = "") -> str:
        return f"/{self._endpoints.source}s/{self.id:d}/{what}"

    def _instance_updates(self, as_dict: bool, on_error: bool, on_close: bool, options: LiveOptions) -> StreamPlan:
        from datastore_sdk.realtime.updates import updates  # here and below, for many listen to nothing

        client = self._get_client()
        adopt = None if as_dict else partial(type(self).from_api_model, client=client)
        belongs = json_matches([has_id("id", self.id)], f"updates of the {self._endpoints.source}")
        manners = _manners(options, on_error, on_close)
        return updates(client, self._path(), manners, self._api_model, adopt, belongs=belongs)

    def _data_changes_updates(self, as_dict: bool, on_error: bool, on_close: bool, options: LiveOptions) -> StreamPlan:
        from datastore_sdk.realtime.updates import updates

        client, path = self._get_client(), self._path("data_changes/")
        adopt = None if as_dict else partial(DataChange.from_api_model, client=client)
        # The changes of a pad are those of its sites, which the room does not name.
        rules = [has_id("site", self.id)] if self._endpoints.source == "site" else []
        belongs = json_matches(rules, f"data changes of the {self._endpoints.source}") if rules else None
        manners = _manners(options, on_error, on_close)
        return updates(client, path, manners, DataChangeModel, adopt, once=True, belongs=belongs)

    def _measurements(
        self,
        kind: type,
        session_key: str | None,
        options: SiteMeasurements,
        on_error: bool,
        on_close: bool,
        fill_gaps: bool,
        on_gap: Callable[[Gap], object] | None,
    ) -> tuple[StreamPlan, str]:
        from datastore_sdk.realtime.measurements import measurements, session_key_from

        listening, filters = parted(options, kind)
        key = session_key_from(session_key)
        manners = StreamOptions(
            restart_on_error=on_error, restart_on_close=on_close, fill_gaps=fill_gaps, on_gap=on_gap, **listening
        )
        resumed = session_key is not None
        return measurements(
            self._get_client(), self._endpoints.source, self.id, key, filters, manners, resumed=resumed
        ), key

    def _watch(self, look: Callable[[Client], Flow[list[State]]], interval: float, options: LiveOptions) -> StreamPlan:
        from datastore_sdk.realtime.state_monitor import watched

        client = self._get_client()
        manners = _manners(options, on_error=True, on_close=True)
        seconds = validate_seconds(interval, "interval")
        return watched(client, self._path(), manners, partial(look, client), _name, _aspects, interval=seconds)


def _manners(options: LiveOptions, on_error: bool, on_close: bool) -> StreamOptions:
    listening, _ = parted(options, LiveOptions)
    return StreamOptions(restart_on_error=on_error, restart_on_close=on_close, **listening)


def _name(state: State) -> Hashable:
    return repr((state.get("id"), state.get("site_name")))  # either may be anything, or missing


def _aspects(state: State) -> Hashable:
    return tuple(repr(state.get(name)) for name in _ASPECTS)
