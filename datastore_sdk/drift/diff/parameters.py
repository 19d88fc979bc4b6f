"""Comparison of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from datastore_sdk.drift.diff.bodies import compare_content
from datastore_sdk.drift.diff.change import Change
from datastore_sdk.drift.diff.properties import match_names
from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.diff.schemas import SchemaLocation, compare_schemas
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.spec import Endpoint

Parameters: TypeAlias = dict[str, SpecNode]

_DEFAULT_STYLES = {"path": "simple", "header": "simple"}
"""Default serialization styles by location; `form` for the others."""
_DESCRIPTION_KEYS = ("description", "example", "examples")


def compare_parameters(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Return the changes of parameters. Path parameters are matched by position, others by location and name."""
    before, after = _other_parameters(old), _other_parameters(new)
    moved = {name for location, name in before if (location, name) not in after and name in {name for _, name in after}}
    for name in sorted(moved):
        was, now = (
            next(each for each in parameters.values() if each.get_text("name") == name)
            for parameters in (before, after)
        )
        yield _build_change("moved", now, was=was.get_text("in"), now=now.get_text("in"))
    for kind in dict.fromkeys(location for location, _ in (*before, *after)):
        yield from _compare_by_name(
            *(
                {name: each for (location, name), each in some.items() if location == kind and name not in moved}
                for some in (before, after)
            )
        )
    for was, now in zip(_path_parameters(old), _path_parameters(new), strict=False):
        yield from _compare_parameter(was, now)


def _other_parameters(endpoint: Endpoint) -> dict[tuple[str, str], SpecNode]:
    return {key: node for key, node in endpoint.parameters.items() if key[0] != "path"}


def _path_parameters(endpoint: Endpoint) -> list[SpecNode]:
    found = [node for (kind, _), node in endpoint.parameters.items() if kind == "path"]
    return sorted(found, key=lambda node: endpoint.path.find("{" + node.get_text("name") + "}"))


def _compare_by_name(old: Parameters, new: Parameters) -> Iterator[Change]:
    for name, name_now in match_names(
        *({name: _without_name(each) for name, each in some.items()} for some in (old, new))
    ):
        was, now = old.get(name), new.get(name_now)
        if was and now:
            if name != name_now:
                yield _build_change("renamed", was, now=name_now)
            yield from _compare_parameter(was, now)
        elif was:
            yield _build_change("removed", was)
        elif now:
            yield _build_change("added-required" if now.mapping.get("required") else "added", now)


def _without_name(node: SpecNode) -> SpecNode:
    return replace(node, value={key: value for key, value in node.mapping.items() if key != "name"})


def _compare_parameter(old: SpecNode, new: SpecNode) -> Iterator[Change]:
    required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
    if required != required_now:
        yield _build_change(f"became-{'required' if required_now else 'optional'}", new)
    written, written_now = _serialization(old), _serialization(new)
    if written != written_now:
        yield _build_change("serialization-changed", new, was=written, now=written_now)
    deprecated, deprecated_now = bool(old.mapping.get("deprecated")), bool(new.mapping.get("deprecated"))
    if deprecated != deprecated_now:
        yield _build_change("deprecated" if deprecated_now else "reactivated", new)
    if any(old.mapping.get(key) != new.mapping.get(key) for key in _DESCRIPTION_KEYS):
        yield _build_change("description-changed", new)
    location = SchemaLocation(
        direction=Direction.REQUEST,
        prefix="request-parameter",
        subject=_subject(old),
        parameter=old.get_text("name"),
    )
    schema, schema_now = old.get("schema"), new.get("schema")
    if schema and schema_now:
        yield from compare_schemas(schema, schema_now, location)
    yield from compare_content(old, new, location, new)


def _serialization(node: SpecNode) -> str:
    style = node.get_text("style") or _DEFAULT_STYLES.get(node.get_text("in"), "form")
    explode = node.mapping.get("explode", style == "form")
    return f"`{style}`, {'exploded' if explode else 'not exploded'}"


def _subject(node: SpecNode) -> str:
    return f"the {node.get_text('in')} parameter `{node.get_text('name')}`"


def _build_change(how: str, node: SpecNode, *, was: str | None = None, now: str | None = None) -> Change:
    return Change(
        rule=f"request-parameter-{how}",
        node=node,
        subject=_subject(node),
        old=was,
        new=now,
        parameter=node.get_text("name"),
    )
