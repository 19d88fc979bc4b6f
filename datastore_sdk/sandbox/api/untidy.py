"""Untidy responses, as those of real services are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeGuard, cast
from urllib.parse import urlencode

from datastore_sdk.sandbox.api.context import HandlerResponse, StreamedRecords
from datastore_sdk.sandbox.simulation.readings import Record
from datastore_sdk.sandbox.untidiness import Untidiness

PAGE: Final = "page"
"""Query parameter of the later pages of a list."""
_REQUIRED_KEYS: Final = frozenset(
    {
        *("id", "name", "customer_name", "pad_id", "site", "site_name", "date_created", "current_state"),
        *("calculated_stage_number", "last_state_update", "state", "start", "end", "stage_number", "attached_sites"),
        *("modification_type", "modification_subtype", "start_date", "end_date", "measurement_sources", "change_log"),
        *("access_token", "expires_in", "valid", "simops_config", "frac", "wl", "si_unit", "imperial_unit", "label"),
    }
)
"""Keys that an object needs: they are neither missing nor null."""
_EXACT_KEYS: Final = frozenset(
    {"name", "access_token", "state", "current_state", "simops_config", "measurement_sources"}
)
"""Keys whose values the next requests need: they stay exact."""
_OPEN: Final = frozenset({"modification_subtype", "source_category", "type"})
"""Fields that may get new values without notice."""
_FILTERS: Final = frozenset(
    {
        *("complete", "name_search", "formation_name", "well_api", "fleet_id", "fleet_name"),
        *("site_pk", "pad__id"),
    }
)
"""Filters that are ignored."""
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_SELDOM: Final = 0.05
_OFTEN: Final = 0.3
_PAGE_LENGTH: Final = 3
_BLOCK: Final = 60
"""Seconds of one site that come before those of the next."""
_LATE: Final = 5
"""Number of records by which a late one is delayed."""
_LISTS: Final = ("/pads/", "/sites/", "/states/", "/fields/", "/history/", "/parameters/")
_READ: Final = (200, 203, 201)
_WRITTEN: Final = (200, 201, 202)


def _dates() -> tuple[Callable[[str], object], ...]:
    return (
        lambda text: text.removesuffix("Z"),
        lambda text: text.replace("T", " "),
        lambda text: text.replace("Z", "+0000"),
        lambda text: text.replace("-", "").replace(":", ""),
        lambda text: int(datetime.fromisoformat(text).timestamp()),
    )


class UntidyResponses:
    """Transformation of responses into untidy ones.

    Args:
        how: Which deviations.
    """

    def __init__(self, how: Untidiness) -> None:
        self._how = how
        self._dates = _dates()

    def query(self, path: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Transform a query."""
        ignored = _FILTERS if self._how.filters and path.endswith(("/pads/", "/sites/")) else frozenset[str]()
        seed = self._how.chance
        return [
            (name, value)
            for name, value in pairs
            if name != PAGE and not (name in ignored and seed("filter", path, name) < _OFTEN)
        ]

    def transform_response(self, method: str, path: str, query: Iterable[tuple[str, str]], result: object) -> object:
        """Transform a response.

        Args:
            method: Method of the call.
            path: Path of the call.
            query: Query of the call.
            result: The original response.
        """
        if isinstance(result, StreamedRecords):
            return replace(result, records=self.records(result.records))
        transform_response = result if isinstance(result, HandlerResponse) else HandlerResponse(200, result)
        content = self._value(transform_response.content, path)
        if method == "GET":
            status = self._pick(_READ, "status", path) if self._how.statuses else transform_response.status
            return HandlerResponse(status, self._wrap_list(path, [*query], content))
        return self._drop_write_response(method, path, transform_response.status, content)

    def records(self, records: Iterator[Record]) -> Iterator[Record]:
        """Reorder records: site by site, late, several of one second."""
        how = self._how
        if how.several:
            records = (part for record in records for part in self._parts(record))
        return self._reorder(records) if how.order else records

    def transform(self, value: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Transform an object: missing keys, odd values, and more."""
        of = f"{place} {value.get('id')}"
        found = {key: self._field(key, item, f"{of} {key}") for key, item in value.items() if not self._misses(of, key)}
        if self._how.unknown and "id" in value and self._how.chance("unknown", of) < _OFTEN:
            found["revision_note"] = {"text": "new", "numbers": [1, 2.5, None]}
        return found

    def _misses(self, of: str, key: str) -> bool:
        remaining = key in _REQUIRED_KEYS or key.isdecimal()
        return self._how.missing and not remaining and self._how.chance("missing", of, key) < _SELDOM

    def _field(self, key: str, value: object, place: str) -> object:
        how = self._how
        if isinstance(value, list) or isinstance(value, dict):  # noqa: SIM101 - for type checkers
            return self._value(cast("object", value), place)
        if key in _EXACT_KEYS or value is None or isinstance(value, bool):
            return value
        if how.nulls and key not in _REQUIRED_KEYS and how.chance("null", place) < _SELDOM:
            return None
        if isinstance(value, str) and _DATE.fullmatch(value):
            return self._pick(self._dates, "date", place)(value) if how.dates and self._is_odd(place) else value
        if how.unknown and key in _OPEN and how.chance("value", place) < _OFTEN:
            return f"{value}_again"
        return self._loose(key, value, place) if how.types and self._is_odd(place) else value

    @staticmethod
    def _loose(key: str, value: object, place: str) -> object:
        if isinstance(value, int | float):
            return str(value)
        return value if key in _REQUIRED_KEYS else [value, place]

    def _is_odd(self, place: str) -> bool:
        return self._how.chance("odd", place) < 2 * _SELDOM

    def _value(self, value: object, place: str) -> object:
        if isinstance(value, dict):
            return self.transform(cast("dict[str, Any]", value), place)
        if isinstance(value, list):
            return [self._value(item, place) for item in cast("list[object]", value)]
        return value

    def _wrap_list(self, path: str, query: list[tuple[str, str]], content: object) -> object:
        if not (_is_list(content) and path.endswith(_LISTS) and self._how.envelopes):
            return content
        items = content
        kind = self._pick(("bare", "data", "results"), "envelope", path)
        if kind != "results":
            return {"data": items} if kind == "data" else items
        following, count = None, len(items)
        if self._how.pages:
            page = int(dict(query).get(PAGE, "1"))
            others = [pair for pair in query if pair[0] != PAGE]
            if page * _PAGE_LENGTH < count:
                following = f"{path}?{urlencode([*others, (PAGE, str(page + 1))])}"
            items = items[(page - 1) * _PAGE_LENGTH : page * _PAGE_LENGTH]
        return {"count": count, "next": following, "previous": None, "results": items}

    def _drop_write_response(self, method: str, path: str, status: int, content: object) -> object:
        if path.startswith("/o/"):
            return HandlerResponse(status, content)
        if self._how.bodies:
            kinds = (
                ("said", "single") if method == "POST" and "parameters" in path else ("said", "said", "ok", "nothing")
            )
            match self._pick(kinds, "written", path):
                case "single" if isinstance(content, list):
                    items = cast("list[object]", content)
                    content = items[0] if len(items) == 1 else items
                case "ok":
                    content = {"status": "ok"}
                case "nothing":
                    content = None
                case _:
                    pass
        if content is None:
            return HandlerResponse(204)
        return HandlerResponse(self._pick(_WRITTEN, "status", path) if self._how.statuses else status, content)

    def _pick(self, choices: tuple[Any, ...], *place: object) -> Any:
        return choices[int(self._how.chance(*place) * len(choices))]

    def _parts(self, record: Record) -> Iterator[Record]:
        """Yield the record, or two of the same second, each with some of the fields."""
        timestamp, site_id = record.get("timestamp"), record.get("site_id")
        if self._how.chance("several", timestamp, site_id) >= _SELDOM or len(record) < _BLOCK // 10:
            yield record
            return
        keys = {"timestamp": timestamp, **({"site_id": site_id} if "site_id" in record else {})}
        fields = [name for name in record if name not in keys]
        for names in (fields[::2], fields[1::2]):
            yield {**keys, **{name: record[name] for name in names}}

    def _reorder(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield blocks of seconds, site by site; some records late."""
        waiting: list[tuple[int, Record]] = []
        for number, record in enumerate(self._by_site(records)):
            if self._how.chance("late", record.get("timestamp"), record.get("site_id")) < _SELDOM / 10:
                waiting.append((number + _LATE, record))
                continue
            yield record
            while waiting and waiting[0][0] <= number:
                yield waiting.pop(0)[1]
        yield from (record for _, record in waiting)

    def _by_site(self, records: Iterator[Record]) -> Iterator[Record]:
        block: list[Record] = []
        first: Any = None
        for record in records:
            second: Any = record["timestamp"]
            if block and second >= first + _BLOCK:
                yield from sorted(block, key=_site)
                block = []
            if not block:
                first = second
            block.append(record)
        yield from sorted(block, key=_site)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _site(record: Record) -> Any:
    return record.get("site_id") or 0
