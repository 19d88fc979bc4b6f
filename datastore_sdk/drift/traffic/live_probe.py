"""A walk over the service's read-only calls: each kind once or twice, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from datastore_sdk._io.responses import MAX_EXCERPT_CHARACTERS
from datastore_sdk._io.tolerant_parser import NO_HEADERS, ParsedResponse, RawJson
from datastore_sdk.client import Client
from datastore_sdk.data.query import DataQuery
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from datastore_sdk.exceptions import APIStatusError, AuthenticationError
from datastore_sdk.instrumentation.events import Hooks, ResponseEvent
from restream_api.api import pads, sites, states
from restream_api.types import Operation

WINDOW = timedelta(seconds=30)
"""How much time-series data is asked for."""
STAGES = 3
"""Of how many stages the aggregations are asked for."""
READ = frozenset(range(200, 500)) - {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses whose answers are read whole, whatever the contract says of them. After the others a call is made again."""
NO_PAD = 999_999_999
"""The id of no pad: what an error looks like belongs to the contract too."""
_REFUSALS: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "lets these credentials see nothing of {}",
    HTTPStatus.NOT_FOUND: "has no {}",
}


class _AsTheyCame(RawJson):
    """Reads an answer as the bytes and the headers that came."""

    def read(self, content: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ParsedResponse[Any]:
        """Reads it."""
        return ParsedResponse((content, headers))


class LiveProbe:
    """Reads what there is of one pad and one site of it.

    Args:
        client: The client to call with.
        pad_id: The pad. Default: the first one listed.
        site_id: The site. Default: the first one of the pad.
    """

    def __init__(self, client: Client, *, pad_id: int | None = None, site_id: int | None = None) -> None:
        self._client = client.with_options(hooks=Hooks(on_response=self._note))
        self._status = 0
        self._pad_id = pad_id
        self._site_id = site_id
        self._named = {("pad", pad_id), ("site", site_id)}
        self._is_there = False
        self.calls: list[tuple[str, RecordedCall]] = []
        """The calls that were made, with the ids of their operations."""

    def go(self) -> None:
        """Makes the calls.

        Raises:
            DriftError: The pad or site that was named is not there, or may not be seen.
            RestreamError: The service was not reached, or does not take the credentials.
        """
        self._ask(pads.get_pad(NO_PAD))
        self._is_there = True
        for pad in self._list(pads.list_pads())[:1]:
            self._pad_id = pad["id"] if self._pad_id is None else self._pad_id
        if self._pad_id is not None:
            self._see_pad(self._pad_id)
        for site in self._list(sites.list_sites(pad_id=self._pad_id))[:1]:
            self._site_id = site["id"] if self._site_id is None else self._site_id
        if self._site_id is not None:
            self._see_site(self._site_id)

    def _see_pad(self, pad_id: int) -> None:
        self._see("pad", pad_id, pads.get_pad(pad_id))
        self._ask(pads.list_pad_fields(pad_id))
        stages = self._list(pads.list_pad_stages(pad_id))
        if ids := _ids(stages):  # without any, all stages would be worked out
            self._ask(pads.list_pad_stage_aggregations(pad_id, histories=ids))
        for change in self._log(pads.list_pad_data_changes(pad_id))[:1]:
            self._ask(pads.get_pad_data_change(pad_id, change["id"]))
        for parameter in self._list(pads.list_pad_parameters(pad_id))[:1]:
            self._ask(pads.get_pad_parameter(pad_id, parameter["id"]))
        for start in _starts(stages):
            for routed in (True, False):
                query = DataQuery(source="pad", id=pad_id, start=start, end=start + WINDOW, is_routed=routed)
                self._ask(query.operation())

    def _see_site(self, site_id: int) -> None:
        self._see("site", site_id, sites.get_site(site_id))
        for state in self._list(states.list_states(site_id=site_id))[:1]:
            self._ask(states.get_state(state["id"]))
        self._ask(sites.list_site_fields(site_id))
        stages = self._list(sites.list_site_stages(site_id))
        if ids := _ids(stages):  # without any, all stages would be worked out
            self._ask(sites.list_site_stage_aggregations(site_id, histories=ids))
        for change in self._log(sites.list_site_data_changes(site_id))[:1]:
            self._ask(sites.get_site_data_change(site_id, change["id"]))
        for parameter in self._list(sites.list_site_parameters(site_id))[:1]:
            self._ask(sites.get_site_parameter(site_id, parameter["id"]))
        for start in _starts(stages):
            self._ask(DataQuery(source="site", id=site_id, start=start, end=start + WINDOW).operation())

    def _see(self, what: str, id: int, operation: Operation[Any]) -> None:
        """Asks for a pad or site. Where it is not seen, neither need be what belongs to it.

        Raises:
            DriftError: It was named, and is refused: looking at nothing would pass for no drift.
        """
        is_named = (what, id) in self._named
        self._is_there = not is_named
        self._ask(operation)
        if is_named and self._status in _REFUSALS:
            refusal = _REFUSALS[self._status].format(f"{what} {id}")
            raise DriftError(f"{self._client.base_url} {refusal} ({self._status})")
        self._is_there = self._status == HTTPStatus.OK

    def _ask(self, operation: Operation[Any]) -> Any:
        """Makes a call and keeps it; comes back with the answer, or None where it is no success."""
        headers: Mapping[str, str] = {}
        try:
            content, headers = self._client._run(replace(operation.with_parse(_AsTheyCame(bytes)), success=READ))
        except AuthenticationError:
            raise
        except APIStatusError as error:
            content, self._status = error.body.encode(), error.status
            if len(error.body) >= MAX_EXCERPT_CHARACTERS:  # the rest is not known, so nothing can be said of it
                return None
        call = RecordedCall(
            method=operation.method,
            url=operation.target,
            status=self._status,
            media_type="",
            content=content,
            source=urlsplit(self._client.base_url).netloc,
            headers=headers,
            is_there=self._is_there,
        )
        self.calls.append((operation.name, call))
        return _json(content) if call.succeeded else None

    def _note(self, event: ResponseEvent) -> None:
        self._status = event.status

    def _list(self, operation: Operation[Any]) -> list[dict[str, Any]]:
        return _objects(self._ask(operation))

    def _log(self, operation: Operation[Any]) -> list[dict[str, Any]]:
        answer = self._ask(operation)
        return _objects(answer.get("change_log", answer) if is_object(answer) else answer)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list that have an id, whatever the service answered."""
    if is_object(value):
        value = value.get("results", value.get("data"))
    items = value if is_array(value) else []
    objects = [{**item, "id": _number(item.get("id"))} for item in items if is_object(item)]
    return [item for item in objects if isinstance(item["id"], int)]


def _number(id: object) -> object:
    """An id that came as text, as the number that it is."""
    return int(id) if isinstance(id, str) and id.isascii() and id.isdecimal() else id


def _ids(stages: list[dict[str, Any]]) -> list[int]:
    return [stage["id"] for stage in stages[:STAGES]]


def _starts(stages: list[dict[str, Any]]) -> Iterator[datetime]:
    """The beginning of the newest stage that has ended, if there is one."""
    for stage in stages:
        try:
            if stage["end"]:
                start = datetime.fromisoformat(stage["start"])
                yield start if start.tzinfo else start.replace(tzinfo=UTC)
                return
        except (KeyError, TypeError, ValueError):
            continue
