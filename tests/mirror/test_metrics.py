"""OpenTelemetry metrics of a mirror, read with the SDK of OpenTelemetry."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint

from datastore_sdk import APIConnectionError
from datastore_sdk.mirror import metrics as mirror_metrics
from datastore_sdk.sandbox import faults
from tests.conftest import NOW
from tests.mirror.conftest import FollowedField, at

pytestmark = pytest.mark.parametrize("followed", ["duckdb"], indirect=True)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """The measured values, in memory."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    mirror_metrics._instruments.cache_clear()
    yield reader
    provider.shutdown()
    mirror_metrics._instruments.cache_clear()


def read(reader: InMemoryMetricReader) -> dict[str, dict[Any, float]]:
    """Return for each metric of the mirror its values: by site, by kind of error, or by None."""
    data = reader.get_metrics_data()
    assert data is not None
    found: dict[str, dict[Any, float]] = {}
    for scope in data.resource_metrics[0].scope_metrics:
        for metric in scope.metrics:
            if not metric.name.startswith("restream.mirror."):
                continue
            for point in metric.data.data_points:
                assert isinstance(point, HistogramDataPoint | NumberDataPoint)
                attributes = dict(point.attributes or {})
                assert attributes.pop("restream.mirror.store")
                key = attributes.get("restream.site", attributes.get("error.type"))
                value = point.count if isinstance(point, HistogramDataPoint) else point.value
                found.setdefault(metric.name.removeprefix("restream.mirror."), {})[key] = value
    return found


def test_cycle_is_measured(followed: FollowedField, reader: InMemoryMetricReader) -> None:
    first, second = (site.id for site in followed.sites)
    followed.run(overlap=timedelta())
    change = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    followed.sites[1].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    followed.sandbox.faults.add(faults.Status(500, path=f"/sites/{second}/data/", times=2))
    followed.sandbox.advance(30)
    followed.clock.ahead = 5
    report = followed.run(overlap=timedelta())
    assert (report.changes, len(report.problems), change.id) == (1, 1, change.id)
    found = read(reader)
    assert found["records.received"] == {first: 301 + 41 + 31, second: 301 + 31}
    assert found["records.stored"] == found["records.received"]
    assert found["changes.applied"] == {first: 1, second: 0}
    assert found["changes.acknowledged"] == {None: 1}
    assert found["changes.waiting"] == {first: 0, second: 1}
    assert found["lag"] == {first: 4, second: 4}
    assert found["cycle.duration"] == {None: 2}
    assert found["failures"] == {"problem": 1}


def test_cycle_that_fails_is_measured(followed: FollowedField, reader: InMemoryMetricReader) -> None:
    followed.run()
    followed.sandbox.stop()
    followed.clock.ahead = 600
    with pytest.raises(APIConnectionError):
        followed.run()
    found = read(reader)
    assert found["failures"] == {"APIConnectionError": 1}
    assert found["cycle.duration"] == {None: 1, "APIConnectionError": 1}
    assert [*found["lag"].values()] == [600, 600]


def test_without_opentelemetry_nothing_is_measured(
    followed: FollowedField, reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.metrics")
    followed.run()
    assert reader.get_metrics_data() is None
