"""One change between two contracts, and the findings that changes make together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from datastore_sdk.drift import touched
from datastore_sdk.drift.contract import Endpoint
from datastore_sdk.drift.findings import Finding, Severity
from datastore_sdk.drift.places import Place
from datastore_sdk.drift.spec.rules import RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that changed in a call."""

    rule: str
    place: Place
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
        name = touched.attribute(self.schema, self.key) if self.key else touched.model(self.schema)
        return [name] if name else []


def shown(value: Any) -> str:
    """A value of a contract in a sentence."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def findings(changes: Iterable[tuple[Endpoint | None, Change]]) -> list[Finding]:
    """Changes as findings, of which one stands for all the calls that it concerns. What breaks comes first."""
    found: dict[tuple[str, str, str], Finding] = {}
    for endpoint, change in changes:
        key = (change.rule, change.place.pointer, change.message)
        known = found.get(key) or _finding(change)
        found[key] = known if endpoint is None else _concerning(known, endpoint, change)
    order = list(Severity)
    return sorted(
        found.values(), key=lambda finding: (order.index(finding.severity), finding.endpoints, finding.pointer)
    )


def _finding(change: Change) -> Finding:
    document = change.place.document
    return Finding(
        rule=change.rule,
        severity=RULES[change.rule].severity,
        message=change.message,
        touches=tuple(change.touches),
        document=document.name,
        pointer=change.place.pointer,
        line=document.line(change.place.pointer),
    )


def _concerning(finding: Finding, endpoint: Endpoint, change: Change) -> Finding:
    methods = (
        touched.arguments(endpoint.operation_id, change.parameter)
        if change.parameter
        else touched.methods(endpoint.operation_id)
    )
    return replace(
        finding,
        endpoints=tuple(dict.fromkeys((*finding.endpoints, endpoint.name))),
        touches=tuple(dict.fromkeys((*finding.touches, *methods))),
    )


def both(old: dict[Any, Place], new: dict[Any, Place]) -> Iterator[tuple[Any, Place | None, Place | None]]:
    """What is under the same key in the old and in the new document, in the old one's order."""
    for key in dict.fromkeys((*old, *new)):
        yield key, old.get(key), new.get(key)
