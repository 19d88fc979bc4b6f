"""What changed in the parameters of a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from datastore_sdk.drift.diff.bodies import changes_of_content
from datastore_sdk.drift.diff.change import Change
from datastore_sdk.drift.diff.properties import matched
from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.diff.schemas import SchemaLocation, changes_of_schemas
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.spec import Endpoint

Parameters: TypeAlias = dict[str, SpecNode]

_STYLES = {"path": "simple", "header": "simple"}
"""How parameters are written where the document does not say; the others are `form`."""
_WORDS = ("description", "example", "examples")


def changes_of_parameters(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Those of the path are told apart by their order, the others by where they stand and their names."""
    before, after = _others(old), _others(new)
    moved = {name for place, name in before if (place, name) not in after and name in {name for _, name in after}}
    for name in sorted(moved):
        was, now = (
            next(each for each in parameters.values() if each.text("name") == name) for parameters in (before, after)
        )
        yield _change("moved", now, was=was.text("in"), now=now.text("in"))
    for kind in dict.fromkeys(place for place, _ in (*before, *after)):
        yield from _of_kind(
            *(
                {name: each for (place, name), each in some.items() if place == kind and name not in moved}
                for some in (before, after)
            )
        )
    for was, now in zip(_of_path(old), _of_path(new), strict=False):
        yield from _compared(was, now)


def _others(endpoint: Endpoint) -> dict[tuple[str, str], SpecNode]:
    return {key: place for key, place in endpoint.parameters.items() if key[0] != "path"}


def _of_path(endpoint: Endpoint) -> list[SpecNode]:
    found = [place for (kind, _), place in endpoint.parameters.items() if kind == "path"]
    return sorted(found, key=lambda place: endpoint.path.find("{" + place.text("name") + "}"))


def _of_kind(old: Parameters, new: Parameters) -> Iterator[Change]:
    for name, name_now in matched(*({name: _without_name(each) for name, each in some.items()} for some in (old, new))):
        was, now = old.get(name), new.get(name_now)
        if was and now:
            if name != name_now:
                yield _change("renamed", was, now=name_now)
            yield from _compared(was, now)
        elif was:
            yield _change("removed", was)
        elif now:
            yield _change("added-required" if now.mapping.get("required") else "added", now)


def _without_name(place: SpecNode) -> SpecNode:
    return replace(place, value={key: value for key, value in place.mapping.items() if key != "name"})


def _compared(old: SpecNode, new: SpecNode) -> Iterator[Change]:
    required, required_now = bool(old.mapping.get("required")), bool(new.mapping.get("required"))
    if required != required_now:
        yield _change(f"became-{'required' if required_now else 'optional'}", new)
    written, written_now = _written(old), _written(new)
    if written != written_now:
        yield _change("serialization-changed", new, was=written, now=written_now)
    deprecated, deprecated_now = bool(old.mapping.get("deprecated")), bool(new.mapping.get("deprecated"))
    if deprecated != deprecated_now:
        yield _change("deprecated" if deprecated_now else "reactivated", new)
    if any(old.mapping.get(key) != new.mapping.get(key) for key in _WORDS):
        yield _change("description-changed", new)
    where = SchemaLocation(
        direction=Direction.REQUEST,
        prefix="request-parameter",
        subject=_subject(old),
        parameter=old.text("name"),
    )
    schema, schema_now = old.get("schema"), new.get("schema")
    if schema and schema_now:
        yield from changes_of_schemas(schema, schema_now, where)
    yield from changes_of_content(old, new, where, new)


def _written(place: SpecNode) -> str:
    style = place.text("style") or _STYLES.get(place.text("in"), "form")
    explode = place.mapping.get("explode", style == "form")
    return f"`{style}`, {'exploded' if explode else 'not exploded'}"


def _subject(place: SpecNode) -> str:
    return f"the {place.text('in')} parameter `{place.text('name')}`"


def _change(how: str, place: SpecNode, *, was: str | None = None, now: str | None = None) -> Change:
    return Change(
        rule=f"request-parameter-{how}",
        place=place,
        subject=_subject(place),
        old=was,
        new=now,
        parameter=place.text("name"),
    )
