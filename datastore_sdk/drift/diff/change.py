"""A change between two OpenAPI documents, and the findings made of changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datastore_sdk.drift import api_index
from datastore_sdk.drift.diff.rules import RULES
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.report import Finding, Severity
from datastore_sdk.drift.spec import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an endpoint or of the document."""

    rule: str
    node: SpecNode
    """The changed node in the new document; in the old one if it was removed."""
    subject: str = ""
    """The changed part, for the message."""
    old: Any = None
    new: Any = None
    parameter: str = ""
    """The parameter that changed, if any."""
    schema: str = ""
    """The named schema of the old document that changed, if any."""
    key: str = ""
    """The property of the schema."""

    @property
    def message(self) -> str:
        """The change as a sentence."""
        text = RULES[self.rule].message.format(
            subject=self.subject, old=format_value(self.old), new=format_value(self.new)
        )
        return text[0].upper() + text[1:] + "."

    @property
    def affects(self) -> list[str]:
        """The public names of the SDK for the schema or property; methods are added for each endpoint."""
        if not self.schema:
            return []
        name = api_index.attribute_of(self.schema, self.key) if self.key else api_index.model_of(self.schema)
        return [name] if name else []


def format_value(value: Any) -> str:
    """Format a value of a document for a message."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def build_findings(changes: Iterable[tuple[Endpoint | None, Change]]) -> list[Finding]:
    """Return one finding for each change, with all its endpoints. Breaking findings come first."""
    found: dict[tuple[str, str, str], _FindingBuilder] = {}
    for endpoint, change in changes:
        key = (change.rule, change.node.pointer, change.message)
        builder = found.setdefault(key, _FindingBuilder(change))
        if endpoint:
            builder.add(endpoint, change)
    order = list(Severity)
    return sorted(
        (builder.build() for builder in found.values()),
        key=lambda finding: (order.index(finding.severity), finding.endpoints, finding.pointer),
    )


class _FindingBuilder:
    """Collects the endpoints and public names that a change affects.

    Args:
        change: The first occurrence of the change.
    """

    def __init__(self, change: Change) -> None:
        self._change = change
        self._endpoints: dict[str, None] = {}
        self._touches = dict.fromkeys(change.affects)

    def add(self, endpoint: Endpoint, change: Change) -> None:
        """Add an occurrence of the change."""
        self._endpoints[endpoint.name] = None
        if change.parameter:
            self._touches |= dict.fromkeys(api_index.arguments_of(endpoint.operation_id, change.parameter))
        else:
            self._touches |= dict.fromkeys(api_index.methods_of(endpoint.operation_id))

    def build(self) -> Finding:
        """Return the finding."""
        change, document = self._change, self._change.node.document
        return Finding(
            rule=change.rule,
            severity=RULES[change.rule].severity,
            message=change.message,
            endpoints=tuple(self._endpoints),
            affects=tuple(self._touches),
            document=document.name,
            pointer=change.node.pointer,
            line=document.line(change.node.pointer),
        )


def pair_by_key(
    old: dict[Any, SpecNode], new: dict[Any, SpecNode]
) -> Iterator[tuple[Any, SpecNode | None, SpecNode | None]]:
    """Return the old and the new node of each key, in the order of the old document."""
    for key in dict.fromkeys((*old, *new)):
        yield key, old.get(key), new.get(key)
