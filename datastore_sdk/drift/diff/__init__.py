"""Comparison of two OpenAPI documents: changes, and their effect on users of the SDK."""

from __future__ import annotations

from collections.abc import Iterator

from datastore_sdk.drift.diff.change import Change, build_findings
from datastore_sdk.drift.diff.endpoints import compare_endpoints
from datastore_sdk.drift.diff.rules import RULES, ChangeRule
from datastore_sdk.drift.diff.schemas import SchemaChangeCache
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.spec import Endpoint, Spec

__all__ = ["RULES", "ChangeRule", "compare"]

_INFO_KEYS = ("info", "tags", "externalDocs")


def compare(old: Spec, new: Spec) -> Report:
    """Compare two OpenAPI documents.

    Args:
        old: The document that the SDK was generated from.
        new: The current document of the service.

    Raises:
        DriftError: Schemas are nested too deeply.
    """
    try:
        found = build_findings(_compare_specs(old, new))
    except RecursionError:
        raise DriftError(f"{old.document.name} or {new.document.name} has schemas nested too deeply") from None
    if not found and old.document.content != new.document.content:
        found = build_findings([(None, Change(rule="unused-part-changed", node=new.root))])
    return Report(f"{old.document.name} against {new.document.name}", tuple(found))


def _compare_specs(old: Spec, new: Spec) -> Iterator[tuple[Endpoint | None, Change]]:
    yield from ((None, change) for change in _compare_roots(old.root, new.root))
    moved, known = _find_moved_endpoints(old, new), SchemaChangeCache()
    for shape, endpoint in old.endpoints.items():
        now = new.endpoints.get(shape) or moved.get(endpoint.operation_id)
        if now:
            yield from ((endpoint, change) for change in compare_endpoints(endpoint, now, known))
        else:
            yield endpoint, Change(rule="endpoint-removed", node=endpoint.operation)
    for shape, endpoint in new.endpoints.items():
        if shape not in old.endpoints and endpoint.operation_id not in moved:
            yield endpoint, Change(rule="endpoint-added", node=endpoint.operation)


def _find_moved_endpoints(old: Spec, new: Spec) -> dict[str, Endpoint]:
    """Return endpoints with a new path or method, by their `operationId`."""
    removed = {endpoint.operation_id for shape, endpoint in old.endpoints.items() if shape not in new.endpoints}
    added = (endpoint for shape, endpoint in new.endpoints.items() if shape not in old.endpoints)
    return {endpoint.operation_id: endpoint for endpoint in added if endpoint.operation_id in removed - {""}}


def _compare_roots(old: SpecNode, new: SpecNode) -> Iterator[Change]:
    for key in _INFO_KEYS:
        if old.mapping.get(key) != new.mapping.get(key):
            yield Change(rule="information-changed", node=new.get(key) or new, subject=key)
    servers, servers_now = ({each.get_text("url"): each for each in whole.get_items("servers")} for whole in (old, new))
    for url in dict.fromkeys((*servers, *servers_now)):
        if url not in servers_now:
            yield Change(rule="server-removed", node=servers[url], old=url)
        elif url not in servers:
            yield Change(rule="server-added", node=servers_now[url], new=url)
