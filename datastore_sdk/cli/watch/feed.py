"""Data of the live view: records and states over the rooms of the SDK, read by a thread each.

The threads put what arrives into a queue. `update` applies it to the model, so that only one thread uses the model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from io import IOBase
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from datastore_sdk import Gap, LiveData, Pad, Record, Site, State
from datastore_sdk._io.json_body import parse_id
from datastore_sdk.cli.console import printable
from datastore_sdk.cli.times import current_time
from datastore_sdk.cli.watch.model import SHOWN_SECONDS, WatchedField, WatchModel
from datastore_sdk.entities.matching import get_value
from datastore_sdk.exceptions import RestreamError

Event = Callable[[WatchModel], None]
"""Change of the model."""

_CLOSE_SECONDS = 5.0
"""Time in seconds to wait for the threads at the end. They are daemons, so a blocked one does not keep the program."""
_LOGGERS = ("datastore_sdk", "py.warnings")


class Feed:
    """Context manager that receives the records and states of a pad or site.

    The records of the shown time come first. After a broken connection the SDK fetches missed records.

    Args:
        asset: The pad or site.
        fields: The fields to request.
        si: Whether to request SI units.
    """

    def __init__(self, asset: Pad | Site, fields: list[WatchedField], *, si: bool) -> None:
        start = current_time() - timedelta(seconds=SHOWN_SECONDS)
        options: dict[str, Any] = {
            "start_datetime": start,
            "fields": [field.name for field in fields],
            "si_units": si,
            "on_gap": self._report_gap,
        }
        self._live: LiveData[Record]
        self._states: LiveData[State]
        if isinstance(asset, Pad):
            self._live, _ = asset.get_realtime_measurements_data(**options, is_routed=True)
            self._states = asset.monitor_states()
        else:
            self._live, _ = asset.get_realtime_measurements_data(**options)
            self._states = asset.monitor_state()
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._error: Exception | None = None
        self._messages = MessageHandler(self._show_message)
        self._threads = [Thread(target=read, daemon=True) for read in (self._read_records, self._read_states)]

    def update(self, model: WatchModel) -> None:
        """Apply what has arrived to the model.

        Raises:
            RestreamError: The service refuses the records.
        """
        with suppress(Empty):
            while True:
                self._events.get_nowait()(model)
        if self._error is not None:
            raise self._error
        statistics = self._live.statistics
        model.set_connection(
            is_open=statistics.connected,
            reconnections=statistics.reconnections,
            backfilled=statistics.backfilled,
            now=current_time().timestamp(),
        )

    def __enter__(self) -> Self:
        self._messages.start()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.close()
        self._states.close()
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS)
        self._messages.stop()

    def _read_records(self) -> None:
        try:
            for records in self._live.batches():
                self._add(WatchModel.add_records, records=records, arrived=current_time().timestamp())
        except Exception as error:  # noqa: BLE001 - raised by `update`
            self._error = error

    def _read_states(self) -> None:
        """Read states. An error costs the states only."""
        try:
            for state in self._states:
                site = parse_id(get_value(state, "site.id") or get_value(state, "site"))
                if site is not None:
                    self._add(WatchModel.set_state, **_describe_state(state), site=site)
        except (RestreamError, ValueError) as error:
            self._show_message(f"no states: {error}")

    def _report_gap(self, gap: Gap) -> None:
        self._add(WatchModel.add_gap, gap=gap)

    def _show_message(self, text: str) -> None:
        self._add(WatchModel.set_message, text=" ".join(printable(text).split()))

    def _add(self, change: Callable[..., None], **values: Any) -> None:
        self._events.put(partial(change, **values))


def _describe_state(state: State) -> dict[str, Any]:
    """Return the values of a state that the view shows. The service may leave out any of them."""
    name, operation, since = (get_value(state, key) for key in ("site_name", "current_state", "last_state_update"))
    return {
        "name": printable(name) if isinstance(name, str) else None,
        "state": printable(operation) if isinstance(operation, str) else "",
        "stage": parse_id(get_value(state, "calculated_stage_number")),
        "since": since if isinstance(since, datetime) else None,
    }


class MessageHandler(logging.Handler):
    """Handler that shows warnings of the log in the view, instead of on the terminal that the view fills.

    Args:
        show: Shows a message.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._show = show
        self._removed: list[tuple[logging.Logger, logging.Handler]] = []

    def start(self) -> None:
        """Show messages from now on. Handlers that write to the terminal are removed until `stop()`."""
        logging.captureWarnings(capture=True)
        for logger in map(logging.getLogger, _LOGGERS):
            self._removed += [(logger, each) for each in logger.handlers if _writes_to_terminal(each)]
            logger.addHandler(self)
        for logger, handler in self._removed:
            logger.removeHandler(handler)

    def stop(self) -> None:
        """Show no more messages, and restore the other handlers."""
        logging.captureWarnings(capture=False)
        for logger in map(logging.getLogger, _LOGGERS):
            logger.removeHandler(self)
        for logger, handler in self._removed:
            logger.addHandler(handler)
        self._removed.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Show the message of a record."""
        self._show(record.getMessage())


def _writes_to_terminal(handler: logging.Handler) -> bool:
    stream: object = getattr(handler, "stream", None)
    return isinstance(stream, IOBase) and not stream.closed and stream.isatty()
