"""Comparison of recorded or live traffic with an OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.cassettes import record_calls
from datastore_sdk.drift.traffic.live_probe import LiveProbe
from datastore_sdk.drift.traffic.observations import Observation, Observations
from datastore_sdk.drift.traffic.patch import SpecPatch, suggest_patch
from datastore_sdk.drift.traffic.rules import RULES, TrafficRule

__all__ = [
    "RULES",
    "LiveProbe",
    "Observation",
    "Observations",
    "SpecPatch",
    "TrafficRule",
    "observe",
    "record_calls",
    "suggest_patch",
]


def observe(spec: Spec, paths: Sequence[str]) -> Observations:
    """Compare the calls in cassettes with an OpenAPI document.

    Calls to a host without any path of the document belong to another API, and are skipped.

    Raises:
        DriftError: A cassette cannot be read, is empty, or records another API.
    """
    observations = Observations(spec)
    for path in paths:
        calls = cassettes.read_cassette(path)
        hosts = {call.host for call in calls if spec.match_path(call.path)}
        for call in calls:
            if call.host in hosts:
                observations.add(call)
            else:
                observations.foreign_calls[call.host] += 1
        if not calls:
            raise DriftError(f"{path} has no calls")
        if not hosts:
            raise DriftError(
                f"{path}: none of its {len(calls)} calls has a path of {spec.document.name}; "
                "does it record another API?"
            )
    return observations
