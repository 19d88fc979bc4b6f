"""Matching of properties and parameters between two documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from datastore_sdk.drift.diff.rules import Direction
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema

MIN_SIMILARITY = 0.6
"""Minimum similarity of names for a rename, from 0 to 1."""
_HIDDEN_KEYWORDS = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


def visible_properties(schema: NormalSchema, direction: Direction) -> dict[str, SpecNode]:
    """Return the properties that exist in a direction: requests have no `readOnly` ones, responses no `writeOnly`."""
    hidden = _HIDDEN_KEYWORDS[direction]
    return {key: node for key, node in schema.properties.items() if not node.mapping.get(hidden)}


def match_names(old: Mapping[str, SpecNode], new: Mapping[str, SpecNode]) -> Iterator[tuple[str, str]]:
    """Return pairs of old and new names for the same thing; one is empty for removed and added names.

    A removed and an added name are a rename if the rest is equal and their names are similar or descriptions equal.
    """
    removed = [key for key in old if key not in new]
    added = [key for key in new if key not in old]
    pairs = [(key, other) for key in removed for other in added if _is_renamed(key, old[key], other, new[other])]
    counts = Counter(name for pair in pairs for name in pair)
    certain = {key: other for key, other in pairs if counts[key] == counts[other] == 1}
    for key in old:
        yield key, key if key in new else certain.get(key, "")
    yield from (("", key) for key in added if key not in certain.values())


def _is_renamed(key: str, old: SpecNode, other: str, new: SpecNode) -> bool:
    description, new_description = old.get_text("description"), new.get_text("description")
    if _without_descriptions(old) != _without_descriptions(new):
        return False
    alike = SequenceMatcher(None, key, other).ratio() >= MIN_SIMILARITY
    return (alike and bool(description) == bool(new_description)) or bool(
        description and description == new_description
    )


def _without_descriptions(node: SpecNode) -> dict[str, object]:
    return {key: value for key, value in node.mapping.items() if key not in ("description", "title")}
