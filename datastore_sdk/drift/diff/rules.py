"""Rules of the comparison: kinds of changes, and their severity for programs that use the SDK.

The severity of a schema change follows from its effect on the set of allowed values and from the direction: narrowing
breaks requests, widening breaks responses. Ids follow oasdiff: the changed part, then the kind of change
(`response-property-type-changed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from datastore_sdk.drift.report import Severity

BREAKING, COMPATIBLE, DOCUMENTATION = Severity


class Direction(StrEnum):
    """Direction of a body or parameter."""

    REQUEST = "request"
    RESPONSE = "response"


SeverityPair: TypeAlias = tuple[Severity, Severity]
"""Severity in a request, and in a response."""
NARROWER: SeverityPair = (BREAKING, COMPATIBLE)
WIDER: SeverityPair = (COMPATIBLE, BREAKING)
OTHER: SeverityPair = (BREAKING, BREAKING)
HARMLESS: SeverityPair = (COMPATIBLE, COMPATIBLE)
DESCRIPTIVE: SeverityPair = (DOCUMENTATION, DOCUMENTATION)

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
"""Keywords that allow less if they increase."""
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
"""Keywords that allow more if they increase."""
CONSTRAINTS = ("pattern", "multipleOf")
"""Keywords that restrict values and have no order."""


def to_kebab_case(keyword: str) -> str:
    """Return a keyword of JSON Schema as part of a rule id."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in keyword)


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """A kind of change."""

    id: str
    severity: Severity
    message: str
    """Template of the message, with `{subject}`, `{old}` and `{new}`."""


SCHEMA_RULES: dict[str, tuple[SeverityPair, str]] = {
    "type-widened": (WIDER, "the type of {subject} was widened from {old} to {new}"),
    "type-narrowed": (NARROWER, "the type of {subject} was narrowed from {old} to {new}"),
    "type-changed": (OTHER, "the type of {subject} changed from {old} to {new}"),
    "became-nullable": (WIDER, "{subject} can now be null"),
    "became-not-nullable": (NARROWER, "{subject} can no longer be null"),
    "format-added": (NARROWER, "{subject} now has the format {new}"),
    "format-removed": (WIDER, "{subject} no longer has the format {old}"),
    "format-changed": (OTHER, "the format of {subject} changed from {old} to {new}"),
    "became-enum": (NARROWER, "{subject} is now limited to the values {new}"),
    "became-not-enum": (WIDER, "{subject} is no longer limited to the values {old}"),
    "enum-value-added": (WIDER, "{subject} can now be {new}"),
    "enum-value-removed": (NARROWER, "{subject} can no longer be {old}"),
    "known-values-listed": (HARMLESS, "the known values of {subject} are now listed: {new}"),
    "known-values-not-listed": (HARMLESS, "the known values of {subject} are no longer listed"),
    "known-value-added": (HARMLESS, "{new} is a new known value of {subject}"),
    "known-value-removed": (NARROWER, "{old} is no longer a known value of {subject}"),
    **{
        f"{to_kebab_case(keyword)}-{how}": (meaning, f"`{keyword}` of {{subject}} {text}")
        for keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS)
        for how, meaning, text in (
            ("set", NARROWER, "was set to {new}"),
            ("unset", WIDER, "({old}) was removed"),
            ("increased", NARROWER if keyword in LOWER_BOUNDS else WIDER, "was raised from {old} to {new}"),
            ("decreased", WIDER if keyword in LOWER_BOUNDS else NARROWER, "was lowered from {old} to {new}"),
        )
    },
    **{
        f"{to_kebab_case(keyword)}-{how}": (meaning, f"`{keyword}` of {{subject}} {text}")
        for keyword in CONSTRAINTS
        for how, meaning, text in (
            ("added", NARROWER, "was set to {new}"),
            ("removed", WIDER, "({old}) was removed"),
            ("changed", OTHER, "changed from {old} to {new}"),
        )
    },
    "unique-items-set": (NARROWER, "the items of {subject} must now be unique"),
    "unique-items-unset": (WIDER, "the items of {subject} no longer have to be unique"),
    "alternative-added": (WIDER, "{subject} can now be {new}"),
    "alternative-removed": (NARROWER, "{subject} can no longer be {old}"),
    "discriminator-changed": (OTHER, "the discriminator of {subject} changed"),
    "became-closed": (NARROWER, "{subject} no longer allows other keys"),
    "became-open": (HARMLESS, "{subject} now allows other keys"),
    "default-changed": (HARMLESS, "the default of {subject} changed from {old} to {new}"),
    "deprecated": (HARMLESS, "{subject} is now deprecated"),
    "reactivated": (HARMLESS, "{subject} is no longer deprecated"),
    "reading-changed": (HARMLESS, "the extensions of {subject} for the generated client changed from {old} to {new}"),
    "description-changed": (DESCRIPTIVE, "the description of {subject} changed"),
    "examples-changed": (DESCRIPTIVE, "the examples of {subject} changed"),
}
_PROPERTY_RULES: dict[str, tuple[SeverityPair, str]] = {
    "added": (HARMLESS, "{subject} is new"),
    "added-required": (NARROWER, "{subject} is new and required"),
    "removed": (OTHER, "{subject} was removed"),
    "renamed": (OTHER, "{subject} was renamed to `{new}`"),
    "became-required": (NARROWER, "{subject} is now required"),
    "became-optional": (WIDER, "{subject} can now be absent"),
}
_PARAMETER_RULES: dict[str, tuple[Severity, str]] = {
    "added": (COMPATIBLE, "{subject} is new"),
    "added-required": (BREAKING, "{subject} is new and required"),
    "removed": (BREAKING, "{subject} was removed"),
    "renamed": (BREAKING, "{subject} was renamed to `{new}`"),
    "moved": (BREAKING, "{subject} moved from the {old} to the {new}"),
    "became-required": (BREAKING, "{subject} is now required"),
    "became-optional": (COMPATIBLE, "{subject} is now optional"),
    "serialization-changed": (BREAKING, "the serialization of {subject} changed from {old} to {new}"),
    "media-type-added": (COMPATIBLE, "{subject} can now be sent as {new}"),
    "media-type-removed": (BREAKING, "{subject} can no longer be sent as {old}"),
}
_BODY_RULES: dict[str, tuple[Severity, str]] = {
    "request-body-added": (COMPATIBLE, "the operation now accepts a request body"),
    "request-body-added-required": (BREAKING, "the operation now requires a request body"),
    "request-body-removed": (BREAKING, "the operation no longer accepts a request body"),
    "request-body-became-required": (BREAKING, "the request body is now required"),
    "request-body-became-optional": (COMPATIBLE, "the request body is now optional"),
    "request-body-media-type-added": (COMPATIBLE, "the request body can now be {new}"),
    "request-body-media-type-removed": (BREAKING, "the request body can no longer be {old}"),
    "response-success-status-added": (
        BREAKING,
        "the operation can now respond with {new}, which the SDK refuses until it is updated",
    ),
    "response-success-status-removed": (BREAKING, "the operation no longer responds with {old}"),
    "response-other-status-added": (COMPATIBLE, "the operation can now respond with {new}"),
    "response-other-status-removed": (COMPATIBLE, "the operation no longer responds with {old}"),
    "response-body-added": (COMPATIBLE, "{subject} now has a body"),
    "response-body-removed": (BREAKING, "{subject} no longer has a body"),
    "response-media-type-added": (COMPATIBLE, "{subject} can now be {new}"),
    "response-media-type-removed": (BREAKING, "{subject} can no longer be {old}"),
    "response-header-added": (COMPATIBLE, "{subject} is new"),
    "response-header-removed": (COMPATIBLE, "{subject}, which was optional, was removed"),
    "response-required-header-removed": (BREAKING, "{subject}, which was required, was removed"),
    "response-header-became-optional": (BREAKING, "{subject} can now be absent"),
    "response-header-became-required": (COMPATIBLE, "{subject} is now always sent"),
}
_OPERATION_RULES: dict[str, tuple[Severity, str]] = {
    "endpoint-added": (COMPATIBLE, "the operation is new"),
    "endpoint-removed": (BREAKING, "the operation was removed"),
    "endpoint-moved": (BREAKING, "the operation moved from {old} to {new}"),
    "endpoint-deprecated": (COMPATIBLE, "the operation is now deprecated"),
    "endpoint-reactivated": (COMPATIBLE, "the operation is no longer deprecated"),
    "path-parameter-renamed": (COMPATIBLE, "the path template changed from {old} to {new}"),
    "operation-id-changed": (
        BREAKING,
        "the operationId changed from `{old}` to `{new}`, and so does the name of the generated function",
    ),
    "operation-tag-changed": (COMPATIBLE, "the tags changed from {old} to {new}"),
    "operation-extension-changed": (COMPATIBLE, "`{subject}` changed from {old} to {new}"),
    "security-alternative-added": (COMPATIBLE, "the operation now accepts {new}"),
    "security-alternative-removed": (BREAKING, "the operation no longer accepts {old}"),
    "security-scope-added": (BREAKING, "{subject} now requires the scope {new}"),
    "security-scope-removed": (COMPATIBLE, "{subject} no longer requires the scope {old}"),
    "security-scheme-changed": (BREAKING, "`{subject}` of the security scheme changed from {old} to {new}"),
    "server-added": (COMPATIBLE, "the server {new} was added"),
    "server-removed": (BREAKING, "the server {old} was removed"),
    "summary-changed": (DOCUMENTATION, "the summary or description of the operation changed"),
    "information-changed": (DOCUMENTATION, "`{subject}` of the document changed"),
    "unused-part-changed": (COMPATIBLE, "the document changed in a part that no operation uses or no rule checks"),
}


def _build_rules() -> dict[str, ChangeRule]:
    table: dict[str, tuple[Severity, str]] = {**_BODY_RULES, **_OPERATION_RULES}
    table |= {f"request-parameter-{how}": rule for how, rule in _PARAMETER_RULES.items()}
    for index, direction in enumerate(Direction):
        schemas = {how: (pair[index], message) for how, (pair, message) in SCHEMA_RULES.items()}
        properties = {how: (pair[index], message) for how, (pair, message) in _PROPERTY_RULES.items()}
        table |= {f"{direction}-property-{how}": rule for how, rule in (schemas | properties).items()}
        table |= {f"{direction}-body-{how}": rule for how, rule in schemas.items()}
        header = "request-parameter" if direction is Direction.REQUEST else "response-header"
        table |= {f"{header}-{how}": rule for how, rule in schemas.items()}
    return {rule: ChangeRule(rule, severity, message) for rule, (severity, message) in table.items()}


RULES = _build_rules()
"""All rules, by id."""
