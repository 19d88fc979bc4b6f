"""What changed in the bodies of a call's request and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from datastore_sdk.drift.diff.change import Change, both
from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.diff.schemas import SchemaChangeCache, SchemaLocation, changes_of_schemas
from datastore_sdk.drift.node import SpecNode


def changes_of_request(old: SpecNode | None, new: SpecNode | None, known: SchemaChangeCache) -> Iterator[Change]:
    """What changed in what is sent."""
    if old and new:
        required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
        if required != required_now:
            yield Change(rule=f"request-body-became-{'required' if required_now else 'optional'}", place=new)
        where = SchemaLocation(
            direction=Direction.REQUEST, prefix="request-body", subject="the body of the request", known=known
        )
        yield from _description(old, new, where)
        yield from changes_of_content(old, new, where, new)
    elif old:
        yield Change(rule="request-body-removed", place=old)
    elif new:
        yield Change(rule=f"request-body-added{'-required' if new.mapping.get('required') else ''}", place=new)


def changes_of_responses(
    old: Mapping[str, SpecNode], new: Mapping[str, SpecNode], known: SchemaChangeCache
) -> Iterator[Change]:
    """What changed in what is answered."""
    for status, was, now in both({**old}, {**new}):
        kind = "success" if status.startswith("2") else "other"
        if was and now:
            yield from _response(status, was, now, known)
        elif was:
            yield Change(rule=f"response-{kind}-status-removed", place=was, old=f"`{status}`")
        elif now:
            yield Change(rule=f"response-{kind}-status-added", place=now, new=f"`{status}`")


def changes_of_content(old: SpecNode, new: SpecNode, where: SchemaLocation, place: SpecNode) -> Iterator[Change]:
    """What changed in the media types of a body, and in the schema of each."""
    begun = "response" if where.direction is Direction.RESPONSE else where.prefix
    for media_type, was, now in both(old.children("content"), new.children("content")):
        change = Change(
            rule=f"{begun}-media-type-removed", place=place, subject=where.subject, parameter=where.parameter
        )
        if was and now:
            schema, schema_now = was.get("schema"), now.get("schema")
            if schema and schema_now:
                yield from changes_of_schemas(schema, schema_now, where)
        elif was:
            yield replace(change, old=f"`{media_type}`")
        else:
            yield replace(change, rule=f"{begun}-media-type-added", new=f"`{media_type}`")


def _response(status: str, old: SpecNode, new: SpecNode, known: SchemaChangeCache) -> Iterator[Change]:
    subject = "any other answer" if status == "default" else f"the answer `{status}`"
    where = SchemaLocation(
        direction=Direction.RESPONSE, prefix="response-body", subject=f"the body of {subject}", known=known
    )
    yield from _description(old, new, replace(where, subject=subject))
    content, content_now = old.children("content"), new.children("content")
    if bool(content) != bool(content_now):
        how = "added" if content_now else "removed"
        yield Change(rule=f"response-body-{how}", place=new, subject=subject)
    else:
        yield from changes_of_content(old, new, where, new)
    for name, was, now in both(old.children("headers"), new.children("headers")):
        at = SchemaLocation(
            direction=Direction.RESPONSE, prefix="response-header", subject=f"the header `{name}` of {subject}"
        )
        yield from _header(was, now, at)


def _header(old: SpecNode | None, new: SpecNode | None, where: SchemaLocation) -> Iterator[Change]:
    if old and new:
        required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
        if required != required_now:
            how = "required" if required_now else "optional"
            yield Change(rule=f"response-header-became-{how}", place=new, subject=where.subject)
        yield from _description(old, new, where)
        schema, schema_now = old.get("schema"), new.get("schema")
        if schema and schema_now:
            yield from changes_of_schemas(schema, schema_now, where)
    elif old:
        how = "required-header" if old.mapping.get("required") else "header"
        yield Change(rule=f"response-{how}-removed", place=old, subject=where.subject)
    elif new:
        yield Change(rule="response-header-added", place=new, subject=where.subject)


def _description(old: SpecNode, new: SpecNode, where: SchemaLocation) -> Iterator[Change]:
    if old.mapping.get("description") != new.mapping.get("description"):
        yield Change(rule=f"{where.prefix}-description-changed", place=new, subject=where.subject)
