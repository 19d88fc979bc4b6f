"""One change between two contracts, and the findings that changes make together."""

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
    """Something that changed in a call."""

    rule: str
    place: SpecNode
    """Where it shows: in the new document, or in the old one where the new one has nothing to show."""
    subject: str = ""
    """What changed, in words."""
    old: Any = None
    new: Any = None
    parameter: str = ""
    """The parameter of the call that it belongs to."""
    schema: str = ""
    """The named schema of the old document that it belongs to, if it has a name."""
    key: str = ""
    """The property of that schema."""

    @property
    def message(self) -> str:
        """What changed, as a sentence."""
        text = RULES[self.rule].message.format(subject=self.subject, old=shown(self.old), new=shown(self.new))
        return text[0].upper() + text[1:] + "."

    @property
    def touches(self) -> list[str]:
        """The public names of the SDK for what changed, besides the methods that make the call."""
        if not self.schema:
            return []
        name = api_index.attribute_of(self.schema, self.key) if self.key else api_index.model_of(self.schema)
        return [name] if name else []


def shown(value: Any) -> str:
    """A value of a contract in a sentence."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def findings(changes: Iterable[tuple[Endpoint | None, Change]]) -> list[Finding]:
    """Changes as findings, of which one stands for all the calls that it concerns. What breaks comes first."""
    found: dict[tuple[str, str, str], _Concerned] = {}
    for endpoint, change in changes:
        key = (change.rule, change.place.pointer, change.message)
        concerned = found.setdefault(key, _Concerned(change))
        if endpoint:
            concerned.by(endpoint, change)
    order = list(Severity)
    return sorted(
        (concerned.finding() for concerned in found.values()),
        key=lambda finding: (order.index(finding.severity), finding.endpoints, finding.pointer),
    )


class _Concerned:
    """What one change concerns.

    Args:
        change: The change, as it was met first.
    """

    def __init__(self, change: Change) -> None:
        self._change = change
        self._endpoints: dict[str, None] = {}
        self._touches = dict.fromkeys(change.touches)

    def by(self, endpoint: Endpoint, change: Change) -> None:
        """It was met in this call too."""
        self._endpoints[endpoint.name] = None
        if change.parameter:
            self._touches |= dict.fromkeys(api_index.arguments_of(endpoint.operation_id, change.parameter))
        else:
            self._touches |= dict.fromkeys(api_index.methods_of(endpoint.operation_id))

    def finding(self) -> Finding:
        """What is to be told."""
        change, document = self._change, self._change.place.document
        return Finding(
            rule=change.rule,
            severity=RULES[change.rule].severity,
            message=change.message,
            endpoints=tuple(self._endpoints),
            touches=tuple(self._touches),
            document=document.name,
            pointer=change.place.pointer,
            line=document.line(change.place.pointer),
        )


def both(old: dict[Any, SpecNode], new: dict[Any, SpecNode]) -> Iterator[tuple[Any, SpecNode | None, SpecNode | None]]:
    """What is under the same key in the old and in the new document, in the old one's order."""
    for key in dict.fromkeys((*old, *new)):
        yield key, old.get(key), new.get(key)
