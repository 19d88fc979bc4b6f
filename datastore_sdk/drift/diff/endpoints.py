"""What changed in a call: where it is, what it is called, who may make it."""

from __future__ import annotations

from collections.abc import Iterator

from datastore_sdk.drift.diff.bodies import changes_of_request, changes_of_responses
from datastore_sdk.drift.diff.change import Change
from datastore_sdk.drift.diff.parameters import changes_of_parameters
from datastore_sdk.drift.diff.schemas import SchemaChangeCache
from datastore_sdk.drift.diff.security import changes_of_security
from datastore_sdk.drift.spec import Endpoint


def changes_of_endpoint(old: Endpoint, new: Endpoint, known: SchemaChangeCache) -> Iterator[Change]:
    """Everything that changed in a call. What is known of schemas by then need not be found out again."""
    yield from _identity(old, new)
    yield from _words(old, new)
    yield from changes_of_security(old, new)
    yield from changes_of_parameters(old, new)
    yield from changes_of_request(old.node.get("requestBody"), new.node.get("requestBody"), known)
    yield from changes_of_responses(old.responses, new.responses, known)


def _identity(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    if old.shape != new.shape:
        yield Change(rule="endpoint-moved", place=new.node, old=old.name, new=new.name)
    elif old.path != new.path:
        yield Change(rule="path-parameter-renamed", place=new.item, old=old.path, new=new.path)
    if old.operation_id != new.operation_id:
        yield Change(rule="operation-id-changed", place=new.node, old=old.operation_id, new=new.operation_id)
    tags, tags_now = (each.node.names("tags") for each in (old, new))
    if tags != tags_now:
        yield Change(rule="operation-tag-changed", place=new.node, old=", ".join(tags), new=", ".join(tags_now))
    was, now = bool(old.node.mapping.get("deprecated")), bool(new.node.mapping.get("deprecated"))
    if was != now:
        yield Change(rule=f"endpoint-{'deprecated' if now else 'reactivated'}", place=new.node)
    for key in dict.fromkeys((*old.node.mapping, *new.node.mapping)):
        before, after = old.node.mapping.get(key), new.node.mapping.get(key)
        if key.startswith("x-") and before != after:
            yield Change(rule="operation-extension-changed", place=new.node, subject=key, old=before, new=after)


def _words(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    before, after = (
        [each.node.mapping.get(key) for key in ("summary", "description", "externalDocs")]
        + [each.item.mapping.get(key) for key in ("summary", "description")]
        for each in (old, new)
    )
    if before != after:
        yield Change(rule="summary-changed", place=new.node)
