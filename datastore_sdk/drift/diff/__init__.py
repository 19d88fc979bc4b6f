"""Contract against contract: what changed from one to the other, and what that means to users of the SDK."""

from __future__ import annotations

from collections.abc import Iterator

from datastore_sdk.drift.diff.change import Change, findings
from datastore_sdk.drift.diff.endpoints import changes_of_endpoint
from datastore_sdk.drift.diff.rules import RULES, ChangeRule
from datastore_sdk.drift.diff.schemas import SchemaChangeCache
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.spec import Endpoint, Spec

__all__ = ["RULES", "ChangeRule", "compare"]

_ABOUT = ("info", "tags", "externalDocs")


def compare(old: Spec, new: Spec) -> Report:
    """What changed between two contracts.

    Args:
        old: The contract that the SDK was made from.
        new: The contract that the service keeps now.

    Raises:
        DriftError: A reference leads nowhere, or schemas are nested too deeply.
    """
    try:
        found = findings(_changes(old, new))
    except RecursionError:
        raise DriftError(f"{old.document.name} or {new.document.name} has schemas nested too deeply") from None
    if not found and old.document.content != new.document.content:
        found = findings([(None, Change(rule="unused-part-changed", place=new.top))])
    return Report(f"{old.document.name} against {new.document.name}", tuple(found))


def _changes(old: Spec, new: Spec) -> Iterator[tuple[Endpoint | None, Change]]:
    yield from ((None, change) for change in _whole(old.top, new.top))
    moved, known = _moved(old, new), SchemaChangeCache()
    for shape, endpoint in old.endpoints.items():
        now = new.endpoints.get(shape) or moved.get(endpoint.operation_id)
        if now:
            yield from ((endpoint, change) for change in changes_of_endpoint(endpoint, now, known))
        else:
            yield endpoint, Change(rule="endpoint-removed", place=endpoint.node)
    for shape, endpoint in new.endpoints.items():
        if shape not in old.endpoints and endpoint.operation_id not in moved:
            yield endpoint, Change(rule="endpoint-added", place=endpoint.node)


def _moved(old: Spec, new: Spec) -> dict[str, Endpoint]:
    """Calls that are elsewhere now, by their `operationId`."""
    gone = {endpoint.operation_id for shape, endpoint in old.endpoints.items() if shape not in new.endpoints}
    come = (endpoint for shape, endpoint in new.endpoints.items() if shape not in old.endpoints)
    return {endpoint.operation_id: endpoint for endpoint in come if endpoint.operation_id in gone - {""}}


def _whole(old: SpecNode, new: SpecNode) -> Iterator[Change]:
    for key in _ABOUT:
        if old.mapping.get(key) != new.mapping.get(key):
            yield Change(rule="information-changed", place=new.get(key) or new, subject=key)
    servers, servers_now = ({each.text("url"): each for each in whole.each("servers")} for whole in (old, new))
    for url in dict.fromkeys((*servers, *servers_now)):
        if url not in servers_now:
            yield Change(rule="server-removed", place=servers[url], old=url)
        elif url not in servers:
            yield Change(rule="server-added", place=servers_now[url], new=url)
