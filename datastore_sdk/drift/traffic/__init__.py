"""Contract against traffic: what recorded or live answers show that the contract does not say."""

from __future__ import annotations

from collections.abc import Sequence

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.live_probe import LiveProbe
from datastore_sdk.drift.traffic.observations import Observation, Observations
from datastore_sdk.drift.traffic.patch import SpecPatch, suggest
from datastore_sdk.drift.traffic.recording import record
from datastore_sdk.drift.traffic.rules import RULES, TrafficRule

__all__ = [
    "RULES",
    "LiveProbe",
    "Observation",
    "Observations",
    "SpecPatch",
    "TrafficRule",
    "observe",
    "record",
    "suggest",
]


def observe(contract: Spec, paths: Sequence[str]) -> Observations:
    """Holds the calls in cassettes against a contract.

    Calls to a host none of whose calls is to a path of the contract are another API's, and left out.

    Raises:
        DriftError: A cassette cannot be read, is empty, or is of another API.
    """
    observations = Observations(contract)
    for path in paths:
        calls = cassettes.read(path)
        hosts = {call.host for call in calls if contract.path_of(call.path)}
        for call in calls:
            if call.host in hosts:
                observations.add(call)
            else:
                observations.elsewhere[call.host] += 1
        if not calls:
            raise DriftError(f"{path} holds no calls")
        if not hosts:
            raise DriftError(
                f"{path}: none of its {len(calls)} calls is to a path of {contract.document.name}; "
                "is it a cassette of another API?"
            )
    return observations
