"""Which property of a schema is which in a newer one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema

ALIKE = 0.6
"""From which likeness on two names may be the same thing renamed."""
_HIDDEN = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


def visible(schema: NormalSchema, direction: Direction) -> dict[str, SpecNode]:
    """The properties that are there in this direction."""
    hidden = _HIDDEN[direction]
    return {key: place for key, place in schema.properties.items() if not place.mapping.get(hidden)}


def matched(old: Mapping[str, SpecNode], new: Mapping[str, SpecNode]) -> Iterator[tuple[str, str]]:
    """The names of the old and the new document that mean the same, one of them empty where there is nothing.

    What is gone and what is new mean the same where they say the same and their names, or descriptions, are alike.
    """
    gone = [key for key in old if key not in new]
    come = [key for key in new if key not in old]
    pairs = [(key, other) for key in gone for other in come if _is_renamed(key, old[key], other, new[other])]
    times = Counter(name for pair in pairs for name in pair)
    certain = {key: other for key, other in pairs if times[key] == times[other] == 1}
    for key in old:
        yield key, key if key in new else certain.get(key, "")
    yield from (("", key) for key in come if key not in certain.values())


def _is_renamed(key: str, old: SpecNode, other: str, new: SpecNode) -> bool:
    told, told_now = old.text("description"), new.text("description")
    if _without_words(old) != _without_words(new):
        return False
    alike = SequenceMatcher(None, key, other).ratio() >= ALIKE
    return (alike and bool(told) == bool(told_now)) or bool(told and told == told_now)


def _without_words(place: SpecNode) -> dict[str, object]:
    return {key: value for key, value in place.mapping.items() if key not in ("description", "title")}
