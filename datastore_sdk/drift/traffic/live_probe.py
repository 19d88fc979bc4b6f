"""Live probe: one or two requests to each read-only endpoint of the service, one at a time."""

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
"""Length of the requested time-series data."""
MAX_STAGES = 3
"""Maximum number of stages whose aggregations are requested."""
READABLE_STATUSES = frozenset(range(200, 500)) - {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses whose bodies are read completely. The others make the client retry."""
MISSING_PAD_ID = 999_999_999
"""Id of a pad that does not exist, to check an error response too."""
_REFUSAL_MESSAGES: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "denies these credentials access to {}",
    HTTPStatus.NOT_FOUND: "has no {}",
}


class _RawBody(RawJson):
    """Returns the body and the headers as received."""

    def read(self, content: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ParsedResponse[Any]:
        """Return the body and the headers."""
        return ParsedResponse((content, headers))


class LiveProbe:
    """Requests everything about one pad and one of its sites.

    Args:
        client: The client.
        pad_id: Id of the pad. Default: the first pad.
        site_id: Id of the site. Default: the first site of the pad.
    """

    def __init__(self, client: Client, *, pad_id: int | None = None, site_id: int | None = None) -> None:
        self._client = client.with_options(hooks=Hooks(on_response=self._set_status))
        self._status = 0
        self._pad_id = pad_id
        self._site_id = site_id
        self._requested_ids = {("pad", pad_id), ("site", site_id)}
        self._target_exists = False
        self.calls: list[tuple[str, RecordedCall]] = []
        """The calls so far, each with its `operationId`."""

    def run(self) -> None:
        """Send the requests.

        Raises:
            DriftError: The requested pad or site does not exist, or access is denied.
            RestreamError: The service cannot be reached, or refuses the credentials.
        """
        self._send(pads.get_pad(MISSING_PAD_ID))
        self._target_exists = True
        for pad in self._list_objects(pads.list_pads())[:1]:
            self._pad_id = pad["id"] if self._pad_id is None else self._pad_id
        if self._pad_id is not None:
            self._probe_pad(self._pad_id)
        for site in self._list_objects(sites.list_sites(pad_id=self._pad_id))[:1]:
            self._site_id = site["id"] if self._site_id is None else self._site_id
        if self._site_id is not None:
            self._probe_site(self._site_id)

    def _probe_pad(self, pad_id: int) -> None:
        self._probe_object("pad", pad_id, pads.get_pad(pad_id))
        self._send(pads.list_pad_fields(pad_id))
        stages = self._list_objects(pads.list_pad_stages(pad_id))
        if ids := _stage_ids(stages):  # without ids, the service would compute all stages
            self._send(pads.list_pad_stage_aggregations(pad_id, histories=ids))
        for change in self._list_changes(pads.list_pad_data_changes(pad_id))[:1]:
            self._send(pads.get_pad_data_change(pad_id, change["id"]))
        for parameter in self._list_objects(pads.list_pad_parameters(pad_id))[:1]:
            self._send(pads.get_pad_parameter(pad_id, parameter["id"]))
        for start in _stage_starts(stages):
            for routed in (True, False):
                query = DataQuery(source="pad", id=pad_id, start=start, end=start + WINDOW, is_routed=routed)
                self._send(query.operation())

    def _probe_site(self, site_id: int) -> None:
        self._probe_object("site", site_id, sites.get_site(site_id))
        for state in self._list_objects(states.list_states(site_id=site_id))[:1]:
            self._send(states.get_state(state["id"]))
        self._send(sites.list_site_fields(site_id))
        stages = self._list_objects(sites.list_site_stages(site_id))
        if ids := _stage_ids(stages):  # without ids, the service would compute all stages
            self._send(sites.list_site_stage_aggregations(site_id, histories=ids))
        for change in self._list_changes(sites.list_site_data_changes(site_id))[:1]:
            self._send(sites.get_site_data_change(site_id, change["id"]))
        for parameter in self._list_objects(sites.list_site_parameters(site_id))[:1]:
            self._send(sites.get_site_parameter(site_id, parameter["id"]))
        for start in _stage_starts(stages):
            self._send(DataQuery(source="site", id=site_id, start=start, end=start + WINDOW).operation())

    def _probe_object(self, what: str, id: int, operation: Operation[Any]) -> None:
        """Request a pad or site. If it is not accessible, a 404 for its parts says nothing.

        Raises:
            DriftError: The user chose the pad or site, and it is not accessible. No findings would look like no drift.
        """
        is_requested = (what, id) in self._requested_ids
        self._target_exists = not is_requested
        self._send(operation)
        if is_requested and self._status in _REFUSAL_MESSAGES:
            refusal = _REFUSAL_MESSAGES[self._status].format(f"{what} {id}")
            raise DriftError(f"{self._client.base_url} {refusal} ({self._status})")
        self._target_exists = self._status == HTTPStatus.OK

    def _send(self, operation: Operation[Any]) -> Any:
        """Send a request and record it. Return the JSON body; None unless it succeeded."""
        headers: Mapping[str, str] = {}
        try:
            content, headers = self._client._run(
                replace(operation.with_parse(_RawBody(bytes)), success=READABLE_STATUSES)
            )
        except AuthenticationError:
            raise
        except APIStatusError as error:
            content, self._status = error.body.encode(), error.status
            if len(error.body) >= MAX_EXCERPT_CHARACTERS:  # the body may be truncated, and cannot be compared
                return None
        call = RecordedCall(
            method=operation.method,
            url=operation.target,
            status=self._status,
            media_type="",
            content=content,
            source=urlsplit(self._client.base_url).netloc,
            headers=headers,
            target_exists=self._target_exists,
        )
        self.calls.append((operation.name, call))
        return _parse_json(content) if call.is_success else None

    def _set_status(self, event: ResponseEvent) -> None:
        self._status = event.status

    def _list_objects(self, operation: Operation[Any]) -> list[dict[str, Any]]:
        return _objects_with_id(self._send(operation))

    def _list_changes(self, operation: Operation[Any]) -> list[dict[str, Any]]:
        body = self._send(operation)
        return _objects_with_id(body.get("change_log", body) if is_object(body) else body)


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _objects_with_id(value: Any) -> list[dict[str, Any]]:
    """Return the objects with an id in a list, or in the `results` or `data` of an object."""
    if is_object(value):
        value = value.get("results", value.get("data"))
    items = value if is_array(value) else []
    objects = [{**item, "id": _parse_id(item.get("id"))} for item in items if is_object(item)]
    return [item for item in objects if isinstance(item["id"], int)]


def _parse_id(id: object) -> object:
    """Convert an id that was sent as text."""
    return int(id) if isinstance(id, str) and id.isascii() and id.isdecimal() else id


def _stage_ids(stages: list[dict[str, Any]]) -> list[int]:
    return [stage["id"] for stage in stages[:MAX_STAGES]]


def _stage_starts(stages: list[dict[str, Any]]) -> Iterator[datetime]:
    """Return the start of the newest stage that has ended, if any."""
    for stage in stages:
        try:
            if stage["end"]:
                start = datetime.fromisoformat(stage["start"])
                yield start if start.tzinfo else start.replace(tzinfo=UTC)
                return
        except (KeyError, TypeError, ValueError):
            continue
