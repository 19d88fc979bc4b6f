"""Records of a sandbox, read without the SDK and counted, to compare a mirror with them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import httpx

from datastore_sdk.data.schema import Schema
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.stores.base import Store
from datastore_sdk.mirror.verification import Canonical, count_records
from datastore_sdk.sandbox import Sandbox

DATA = "/external/thirdparty/v1/sites/{}/data/"


@dataclass
class Comparison:
    """Differences between a store and the service."""

    records: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0

    @property
    def is_equal(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def __iadd__(self, other: Comparison) -> Self:
        self.records += other.records
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        return self


def fetch_records(sandbox: Sandbox, site: int, span: Span) -> Counter[Canonical]:
    """Return the records that the service has now."""
    query = {
        "start_datetime": f"{span.start_datetime:%Y-%m-%d %H:%M:%S}",
        "end_datetime": f"{span.last_datetime:%Y-%m-%d %H:%M:%S}",
        "si_units": "false",
        "resolution": "raw",
    }
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    response = httpx.get(sandbox.url + DATA.format(site), params=query, headers=headers, timeout=60)
    response.raise_for_status()
    records: list[dict[str, Any]] = json.loads(response.content)
    return Counter(map(canonical, records))


def canonical(record: dict[str, Any]) -> Canonical:
    """Return a record in the form of `count_records`."""
    values = {
        name: float(value) if isinstance(value, bool | int | float) else value
        for name, value in record.items()
        if name not in {"timestamp", "site_id"} and value is not None and value != "Infinity"
    }
    return (("timestamp", float(record["timestamp"])), *sorted(values.items()))


def read_stored_records(store: Store, schema: Schema, site: int, span: Span) -> Counter[Canonical]:
    """Return the records in an open store."""
    return count_records(store.read_records(site, span), schema)


def compare(expected: Counter[Canonical], stored: Counter[Canonical]) -> Comparison:
    """Return how many records are lost, doubled or wrong."""
    result = Comparison(records=expected.total())
    missing, surplus = by_second(expected - stored), by_second(stored - expected)
    for second in missing.keys() | surplus.keys():
        lacking, extra = missing[second], surplus[second]
        result.wrong += min(lacking, extra)
        result.lost += max(lacking - extra, 0)
        result.doubled += max(extra - lacking, 0)
    return result


def by_second(records: Counter[Canonical]) -> Counter[object]:
    """Count records by timestamp."""
    counted: Counter[object] = Counter()
    for record, number in records.items():
        counted[record[0][1]] += number
    return counted
