"""What traffic can show that the contract does not say, and what that means to programs that use the SDK."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.drift.report import Severity

BREAKING, COMPATIBLE, DOCUMENTATION = Severity


@dataclass(frozen=True, slots=True)
class TrafficRule:
    """One kind of deviation."""

    id: str
    severity: Severity
    """In an answer that is a success. In the bodies of errors nothing breaks: the SDK shows them as they are."""
    message: str
    """A sentence, in which `{subject}`, `{owner}`, `{expected}`, `{value}` and `{status}` are filled in."""
    has_no_value: bool = False
    """Whether there is nothing to show as an example."""


RULES = {
    rule.id: rule
    for rule in (
        TrafficRule("path-unknown", COMPATIBLE, "the contract has no such path", has_no_value=True),
        TrafficRule(
            "method-unknown", COMPATIBLE, "the contract has the path, but not with this method", has_no_value=True
        ),
        TrafficRule(
            "endpoint-gone",
            BREAKING,
            "the call answered {status}, although there is something to be found: the service no longer has it",
            has_no_value=True,
        ),
        TrafficRule("success-status-unknown", BREAKING, "the call answered {status}, which the SDK refuses"),
        TrafficRule("status-unknown", COMPATIBLE, "the call answered {status}, which the contract does not know"),
        TrafficRule("media-type-unknown", BREAKING, "the answer is {value}, not {expected}"),
        TrafficRule("body-not-json", BREAKING, "the body of the answer is no JSON", has_no_value=True),
        TrafficRule("body-unexpected", COMPATIBLE, "the answer {status} has a body", has_no_value=True),
        TrafficRule("field-unknown", COMPATIBLE, "{subject} is new: {owner} has no such field"),
        TrafficRule("field-missing", BREAKING, "{subject} is missing, which {owner} always has", has_no_value=True),
        TrafficRule("type-differs", BREAKING, "{subject} is {value}, not {expected}"),
        TrafficRule("null-unexpected", BREAKING, "{subject} is null, not {expected}", has_no_value=True),
        TrafficRule("format-differs", BREAKING, "{subject} is {value}, which is no {expected}"),
        TrafficRule("enum-value-new", BREAKING, "{subject} is {value}, none of {expected}"),
        TrafficRule("known-value-new", COMPATIBLE, "{subject} is {value}, none of the known {expected}"),
    )
}
"""All rules, by id."""
