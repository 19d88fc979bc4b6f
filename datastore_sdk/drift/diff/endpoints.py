"""Comparison of endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from datastore_sdk.drift.diff.bodies import compare_request_bodies, compare_responses
from datastore_sdk.drift.diff.change import Change
from datastore_sdk.drift.diff.parameters import compare_parameters
from datastore_sdk.drift.diff.schemas import SchemaChangeCache
from datastore_sdk.drift.diff.security import compare_security
from datastore_sdk.drift.spec import Endpoint


def compare_endpoints(old: Endpoint, new: Endpoint, cache: SchemaChangeCache) -> Iterator[Change]:
    """Return all changes of an endpoint. The cache holds changes of schemas that other endpoints use too."""
    yield from _compare_identity(old, new)
    yield from _compare_descriptions(old, new)
    yield from compare_security(old, new)
    yield from compare_parameters(old, new)
    yield from compare_request_bodies(old.operation.get("requestBody"), new.operation.get("requestBody"), cache)
    yield from compare_responses(old.responses, new.responses, cache)


def _compare_identity(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    if old.key != new.key:
        yield Change(rule="endpoint-moved", node=new.operation, old=old.name, new=new.name)
    elif old.path != new.path:
        yield Change(rule="path-parameter-renamed", node=new.path_item, old=old.path, new=new.path)
    if old.operation_id != new.operation_id:
        yield Change(rule="operation-id-changed", node=new.operation, old=old.operation_id, new=new.operation_id)
    tags, tags_now = (each.operation.get_names("tags") for each in (old, new))
    if tags != tags_now:
        yield Change(rule="operation-tag-changed", node=new.operation, old=", ".join(tags), new=", ".join(tags_now))
    was, now = bool(old.operation.mapping.get("deprecated")), bool(new.operation.mapping.get("deprecated"))
    if was != now:
        yield Change(rule=f"endpoint-{'deprecated' if now else 'reactivated'}", node=new.operation)
    for key in dict.fromkeys((*old.operation.mapping, *new.operation.mapping)):
        before, after = old.operation.mapping.get(key), new.operation.mapping.get(key)
        if key.startswith("x-") and before != after:
            yield Change(rule="operation-extension-changed", node=new.operation, subject=key, old=before, new=after)


def _compare_descriptions(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    before, after = (
        [each.operation.mapping.get(key) for key in ("summary", "description", "externalDocs")]
        + [each.path_item.mapping.get(key) for key in ("summary", "description")]
        for each in (old, new)
    )
    if before != after:
        yield Change(rule="summary-changed", node=new.operation)
