"""The rules by which two contracts are compared: what can change, and what that means to programs that use the SDK.

What a change of a schema means follows from what it does to the set of allowed values, and from which way the values
travel: a request must not be narrowed, an answer must not be widened. The ids are those of oasdiff, in spirit: what
changed, then how (`response-property-type-changed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from datastore_sdk.drift.report import Severity

BREAKING, COMPATIBLE, DOCUMENTATION = Severity


class Direction(StrEnum):
    """Which way values travel."""

    REQUEST = "request"
    RESPONSE = "response"


Pair: TypeAlias = tuple[Severity, Severity]
"""What a change means in a request, and in a response."""
NARROWER: Pair = (BREAKING, COMPATIBLE)
WIDER: Pair = (COMPATIBLE, BREAKING)
OTHER: Pair = (BREAKING, BREAKING)
HARMLESS: Pair = (COMPATIBLE, COMPATIBLE)
WORDS: Pair = (DOCUMENTATION, DOCUMENTATION)

LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
"""Keywords of which a greater value allows less."""
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
"""Keywords of which a greater value allows more."""
PLAIN = ("pattern", "multipleOf")
"""Keywords that narrow, and of which two values cannot be compared."""


def kebab(keyword: str) -> str:
    """A keyword of JSON Schema as part of an id."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in keyword)


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """One kind of change."""

    id: str
    severity: Severity
    message: str
    """A sentence, in which `{subject}`, `{old}` and `{new}` are filled in."""


_OF_SCHEMAS: dict[str, tuple[Pair, str]] = {
    "type-widened": (WIDER, "the type of {subject} was widened from {old} to {new}"),
    "type-narrowed": (NARROWER, "the type of {subject} was narrowed from {old} to {new}"),
    "type-changed": (OTHER, "the type of {subject} changed from {old} to {new}"),
    "became-nullable": (WIDER, "{subject} can be null now"),
    "became-not-nullable": (NARROWER, "{subject} cannot be null any more"),
    "format-added": (NARROWER, "{subject} has the format {new} now"),
    "format-removed": (WIDER, "{subject} no longer has the format {old}"),
    "format-changed": (OTHER, "the format of {subject} changed from {old} to {new}"),
    "became-enum": (NARROWER, "{subject} is limited to the values {new} now"),
    "became-not-enum": (WIDER, "{subject} is no longer limited to the values {old}"),
    "enum-value-added": (WIDER, "{subject} can be {new} now"),
    "enum-value-removed": (NARROWER, "{subject} cannot be {old} any more"),
    "known-values-listed": (HARMLESS, "the known values of {subject} are listed now: {new}"),
    "known-values-not-listed": (HARMLESS, "the known values of {subject} are not listed any more"),
    "known-value-added": (HARMLESS, "{new} is a new known value of {subject}"),
    "known-value-removed": (NARROWER, "{old} is no longer a known value of {subject}"),
    **{
        f"{kebab(keyword)}-{how}": (meaning, f"`{keyword}` of {{subject}} {told}")
        for keyword in (*LEAST, *MOST)
        for how, meaning, told in (
            ("set", NARROWER, "was set to {new}"),
            ("unset", WIDER, "({old}) was removed"),
            ("increased", NARROWER if keyword in LEAST else WIDER, "was raised from {old} to {new}"),
            ("decreased", WIDER if keyword in LEAST else NARROWER, "was lowered from {old} to {new}"),
        )
    },
    **{
        f"{kebab(keyword)}-{how}": (meaning, f"`{keyword}` of {{subject}} {told}")
        for keyword in PLAIN
        for how, meaning, told in (
            ("added", NARROWER, "was set to {new}"),
            ("removed", WIDER, "({old}) was removed"),
            ("changed", OTHER, "changed from {old} to {new}"),
        )
    },
    "unique-items-set": (NARROWER, "the items of {subject} must differ from each other now"),
    "unique-items-unset": (WIDER, "items of {subject} can be alike now"),
    "alternative-added": (WIDER, "{subject} can be {new} now"),
    "alternative-removed": (NARROWER, "{subject} cannot be {old} any more"),
    "discriminator-changed": (OTHER, "the discriminator of {subject} changed"),
    "became-closed": (NARROWER, "{subject} can have no other keys any more"),
    "became-open": (HARMLESS, "{subject} can have other keys now"),
    "default-changed": (HARMLESS, "the default of {subject} changed from {old} to {new}"),
    "deprecated": (HARMLESS, "{subject} is deprecated now"),
    "reactivated": (HARMLESS, "{subject} is no longer deprecated"),
    "reading-changed": (HARMLESS, "{subject} is marked with {new} for the generated client, no longer with {old}"),
    "description-changed": (WORDS, "the description of {subject} changed"),
    "examples-changed": (WORDS, "the examples of {subject} changed"),
}
_OF_PROPERTIES: dict[str, tuple[Pair, str]] = {
    "added": (HARMLESS, "{subject} is new"),
    "added-required": (NARROWER, "{subject} is new and required"),
    "removed": (OTHER, "{subject} was removed"),
    "renamed": (OTHER, "{subject} was renamed to `{new}`"),
    "became-required": (NARROWER, "{subject} is required now"),
    "became-optional": (WIDER, "{subject} can be absent now"),
}
_OF_PARAMETERS: dict[str, tuple[Severity, str]] = {
    "added": (COMPATIBLE, "{subject} is new"),
    "added-required": (BREAKING, "{subject} is new and required"),
    "removed": (BREAKING, "{subject} was removed"),
    "renamed": (BREAKING, "{subject} was renamed to `{new}`"),
    "moved": (BREAKING, "{subject} stands in the {new} now, no longer in the {old}"),
    "became-required": (BREAKING, "{subject} is required now"),
    "became-optional": (COMPATIBLE, "{subject} is optional now"),
    "serialization-changed": (BREAKING, "{subject} is written in another way: {new}, no longer {old}"),
    "media-type-added": (COMPATIBLE, "{subject} can be written as {new} now"),
    "media-type-removed": (BREAKING, "{subject} cannot be written as {old} any more"),
}
_OF_BODIES: dict[str, tuple[Severity, str]] = {
    "request-body-added": (COMPATIBLE, "the call takes a body now"),
    "request-body-added-required": (BREAKING, "the call needs a body now"),
    "request-body-removed": (BREAKING, "the call takes no body any more"),
    "request-body-became-required": (BREAKING, "the body of the request is required now"),
    "request-body-became-optional": (COMPATIBLE, "the body of the request is optional now"),
    "request-body-media-type-added": (COMPATIBLE, "the body of the request can be {new} now"),
    "request-body-media-type-removed": (BREAKING, "the body of the request cannot be {old} any more"),
    "response-success-status-added": (
        BREAKING,
        "the call can answer {new} now, which the SDK refuses until it knows it",
    ),
    "response-success-status-removed": (BREAKING, "the call does not answer {old} any more"),
    "response-other-status-added": (COMPATIBLE, "the call can answer {new} now"),
    "response-other-status-removed": (COMPATIBLE, "the call does not answer {old} any more"),
    "response-body-added": (COMPATIBLE, "{subject} has a body now"),
    "response-body-removed": (BREAKING, "{subject} has no body any more"),
    "response-media-type-added": (COMPATIBLE, "{subject} can be {new} now"),
    "response-media-type-removed": (BREAKING, "{subject} cannot be {old} any more"),
    "response-header-added": (COMPATIBLE, "{subject} is new"),
    "response-header-removed": (COMPATIBLE, "{subject}, which was optional, was removed"),
    "response-required-header-removed": (BREAKING, "{subject}, which always came, was removed"),
    "response-header-became-optional": (BREAKING, "{subject} can be absent now"),
    "response-header-became-required": (COMPATIBLE, "{subject} always comes now"),
}
_OF_CALLS: dict[str, tuple[Severity, str]] = {
    "endpoint-added": (COMPATIBLE, "the call is new"),
    "endpoint-removed": (BREAKING, "the call was removed"),
    "endpoint-moved": (BREAKING, "the call is at {new} now, no longer at {old}"),
    "endpoint-deprecated": (COMPATIBLE, "the call is deprecated now"),
    "endpoint-reactivated": (COMPATIBLE, "the call is no longer deprecated"),
    "path-parameter-renamed": (COMPATIBLE, "the path is written {new} now, no longer {old}"),
    "operation-id-changed": (
        BREAKING,
        "the call is named `{new}` now, no longer `{old}`, and so is its generated function",
    ),
    "operation-tag-changed": (COMPATIBLE, "the call is listed under {new} now, no longer under {old}"),
    "operation-extension-changed": (COMPATIBLE, "`{subject}` changed from {old} to {new}"),
    "security-alternative-added": (COMPATIBLE, "the call can be made with {new} now"),
    "security-alternative-removed": (BREAKING, "the call cannot be made with {old} any more"),
    "security-scope-added": (BREAKING, "{subject} needs the scope {new} now"),
    "security-scope-removed": (COMPATIBLE, "{subject} no longer needs the scope {old}"),
    "security-scheme-changed": (BREAKING, "`{subject}` of the security scheme changed from {old} to {new}"),
    "server-added": (COMPATIBLE, "the service is also at {new}"),
    "server-removed": (BREAKING, "the service is no longer at {old}"),
    "summary-changed": (DOCUMENTATION, "the words about the call changed"),
    "information-changed": (DOCUMENTATION, "`{subject}` of the whole document changed"),
    "unused-part-changed": (COMPATIBLE, "the document changed in a part that no call uses, or that no rule looks at"),
}


def _all() -> dict[str, ChangeRule]:
    table: dict[str, tuple[Severity, str]] = {**_OF_BODIES, **_OF_CALLS}
    table |= {f"request-parameter-{how}": meant for how, meant in _OF_PARAMETERS.items()}
    for index, direction in enumerate(Direction):
        schemas = {how: (pair[index], message) for how, (pair, message) in _OF_SCHEMAS.items()}
        properties = {how: (pair[index], message) for how, (pair, message) in _OF_PROPERTIES.items()}
        table |= {f"{direction}-property-{how}": meant for how, meant in (schemas | properties).items()}
        table |= {f"{direction}-body-{how}": meant for how, meant in schemas.items()}
        header = "request-parameter" if direction is Direction.REQUEST else "response-header"
        table |= {f"{header}-{how}": meant for how, meant in schemas.items()}
    return {rule: ChangeRule(rule, severity, message) for rule, (severity, message) in table.items()}


RULES = _all()
"""All rules, by id."""
