"""Comparison of request bodies, responses and response headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from datastore_sdk.drift.diff.change import Change, pair_by_key
from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.diff.schemas import SchemaChangeCache, SchemaLocation, compare_schemas
from datastore_sdk.drift.node import SpecNode


def compare_request_bodies(old: SpecNode | None, new: SpecNode | None, cache: SchemaChangeCache) -> Iterator[Change]:
    """Return the changes of a request body."""
    if old and new:
        required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
        if required != required_now:
            yield Change(rule=f"request-body-became-{'required' if required_now else 'optional'}", node=new)
        location = SchemaLocation(
            direction=Direction.REQUEST, prefix="request-body", subject="the request body", cache=cache
        )
        yield from _compare_descriptions(old, new, location)
        yield from compare_content(old, new, location, new)
    elif old:
        yield Change(rule="request-body-removed", node=old)
    elif new:
        yield Change(rule=f"request-body-added{'-required' if new.mapping.get('required') else ''}", node=new)


def compare_responses(
    old: Mapping[str, SpecNode], new: Mapping[str, SpecNode], cache: SchemaChangeCache
) -> Iterator[Change]:
    """Return the changes of responses."""
    for status, was, now in pair_by_key({**old}, {**new}):
        kind = "success" if status.startswith("2") else "other"
        if was and now:
            yield from _compare_response(status, was, now, cache)
        elif was:
            yield Change(rule=f"response-{kind}-status-removed", node=was, old=f"`{status}`")
        elif now:
            yield Change(rule=f"response-{kind}-status-added", node=now, new=f"`{status}`")


def compare_content(old: SpecNode, new: SpecNode, location: SchemaLocation, node: SpecNode) -> Iterator[Change]:
    """Return the changes of media types, and of the schema of each."""
    prefix = "response" if location.direction is Direction.RESPONSE else location.prefix
    for media_type, was, now in pair_by_key(old.get_children("content"), new.get_children("content")):
        change = Change(
            rule=f"{prefix}-media-type-removed", node=node, subject=location.subject, parameter=location.parameter
        )
        if was and now:
            schema, schema_now = was.get("schema"), now.get("schema")
            if schema and schema_now:
                yield from compare_schemas(schema, schema_now, location)
        elif was:
            yield replace(change, old=f"`{media_type}`")
        else:
            yield replace(change, rule=f"{prefix}-media-type-added", new=f"`{media_type}`")


def _compare_response(status: str, old: SpecNode, new: SpecNode, cache: SchemaChangeCache) -> Iterator[Change]:
    subject = "the default response" if status == "default" else f"the response `{status}`"
    location = SchemaLocation(
        direction=Direction.RESPONSE, prefix="response-body", subject=f"the body of {subject}", cache=cache
    )
    yield from _compare_descriptions(old, new, replace(location, subject=subject))
    content, content_now = old.get_children("content"), new.get_children("content")
    if bool(content) != bool(content_now):
        how = "added" if content_now else "removed"
        yield Change(rule=f"response-body-{how}", node=new, subject=subject)
    else:
        yield from compare_content(old, new, location, new)
    for name, was, now in pair_by_key(old.get_children("headers"), new.get_children("headers")):
        at = SchemaLocation(
            direction=Direction.RESPONSE, prefix="response-header", subject=f"the header `{name}` of {subject}"
        )
        yield from _compare_header(was, now, at)


def _compare_header(old: SpecNode | None, new: SpecNode | None, location: SchemaLocation) -> Iterator[Change]:
    if old and new:
        required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
        if required != required_now:
            how = "required" if required_now else "optional"
            yield Change(rule=f"response-header-became-{how}", node=new, subject=location.subject)
        yield from _compare_descriptions(old, new, location)
        schema, schema_now = old.get("schema"), new.get("schema")
        if schema and schema_now:
            yield from compare_schemas(schema, schema_now, location)
    elif old:
        how = "required-header" if old.mapping.get("required") else "header"
        yield Change(rule=f"response-{how}-removed", node=old, subject=location.subject)
    elif new:
        yield Change(rule="response-header-added", node=new, subject=location.subject)


def _compare_descriptions(old: SpecNode, new: SpecNode, location: SchemaLocation) -> Iterator[Change]:
    if old.mapping.get("description") != new.mapping.get("description"):
        yield Change(rule=f"{location.prefix}-description-changed", node=new, subject=location.subject)
