"""Rules for traffic: kinds of deviations, and their severity for programs that use the SDK."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.drift.report import Severity

BREAKING, COMPATIBLE, DOCUMENTATION = Severity


@dataclass(frozen=True, slots=True)
class TrafficRule:
    """A kind of deviation."""

    id: str
    severity: Severity
    """Severity in a successful response. Error bodies never break a program: the SDK does not parse them."""
    message: str
    """Template of the message, with `{subject}`, `{owner}`, `{expected}`, `{value}` and `{status}`."""
    has_no_value: bool = False
    """Whether there is no value for an example."""


RULES = {
    rule.id: rule
    for rule in (
        TrafficRule("path-unknown", COMPATIBLE, "the document has no such path", has_no_value=True),
        TrafficRule("method-unknown", COMPATIBLE, "the document has the path, but not this method", has_no_value=True),
        TrafficRule(
            "endpoint-gone",
            BREAKING,
            "the response is {status} although the object exists: the service no longer has the endpoint",
            has_no_value=True,
        ),
        TrafficRule("success-status-unknown", BREAKING, "the response is {status}, which the SDK refuses"),
        TrafficRule("status-unknown", COMPATIBLE, "the response is {status}, which the document does not describe"),
        TrafficRule("media-type-unknown", BREAKING, "the media type is {value}, not {expected}"),
        TrafficRule("body-not-json", BREAKING, "the response body is not JSON", has_no_value=True),
        TrafficRule("body-unexpected", COMPATIBLE, "the response {status} has a body", has_no_value=True),
        TrafficRule("field-unknown", COMPATIBLE, "{subject} is new: {owner} has no such property"),
        TrafficRule("field-missing", BREAKING, "{subject} is missing, which {owner} requires", has_no_value=True),
        TrafficRule("type-differs", BREAKING, "{subject} is {value}, not {expected}"),
        TrafficRule("null-unexpected", BREAKING, "{subject} is null, not {expected}", has_no_value=True),
        TrafficRule("format-differs", BREAKING, "{subject} is {value}, which is not a {expected}"),
        TrafficRule("enum-value-new", BREAKING, "{subject} is {value}, not one of {expected}"),
        TrafficRule("known-value-new", COMPATIBLE, "{subject} is {value}, not one of the known values {expected}"),
    )
}
"""All rules, by id."""
