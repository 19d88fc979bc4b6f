"""What traffic showed: each kind of deviation once, with how often it was met and a value that was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from datastore_sdk._utils.redaction import format_example
from datastore_sdk.drift import api_index
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.loader import split_pointer
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.report import Finding, Severity
from datastore_sdk.drift.spec import Endpoint, Spec
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from datastore_sdk.drift.traffic.rules import RULES
from datastore_sdk.drift.traffic.shapes import ValueShape, shape_of
from datastore_sdk.drift.traffic.validator import SchemaDeviation, deviations


@dataclass(frozen=True, slots=True)
class Observation:
    """One kind of deviation in the answers of one call."""

    deviation: SchemaDeviation
    """The first one."""
    endpoint: Endpoint | None
    method: str
    path: str
    """The path of the call, as the contract writes it if it does."""
    status: int
    shape: ValueShape
    """What all the values had in common."""
    count: int

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two deviations one kind."""
        one = self.deviation
        value = json.dumps(one.value) if one.rule.endswith("-value-new") else ""
        return one.rule, self.method, self.path, str(self.status), one.path, value

    def plus(self, other: Observation) -> Observation:
        """Both together."""
        return replace(self, shape=self.shape | other.shape, count=self.count + other.count)


class Observations:
    """What calls showed.

    Args:
        contract: The contract that they are held against.
    """

    def __init__(self, contract: Spec) -> None:
        self._contract = contract
        self._statuses = {status for endpoint in contract.endpoints.values() for status in endpoint.responses}
        self._found: dict[tuple[str, ...], Observation] = {}
        self.calls = 0
        """How many calls were looked at."""
        self.known = 0
        """How many of them were to a path of the contract."""
        self.elsewhere = Counter[str]()
        """How many calls, by host, were left out as another API's."""
        self.failed = 0
        """How many were answered with a failure of the service (5xx) of which the contract says no more."""

    def add(self, call: RecordedCall) -> None:
        """Looks at a call.

        Raises:
            DriftError: Its answer is nested too deeply, or a reference of the contract leads nowhere.
        """
        self.calls += 1
        path = self._contract.path_of(call.path)
        self.known += path is not None
        endpoint = self._contract.endpoint(call.method, path) if path else None
        try:
            self._note(call, path, endpoint)
        except RecursionError:
            raise DriftError(f"{call.source}: {call.method} {call.path} answered values nested too deeply") from None

    def _note(self, call: RecordedCall, path: str | None, endpoint: Endpoint | None) -> None:
        for one in self._deviations(call, path, endpoint):
            shape = shape_of(one.value)
            observation = Observation(one, endpoint, call.method, path or _folded(call.path), call.status, shape, 1)
            known = self._found.get(observation.key)
            self._found[observation.key] = known.plus(observation) if known else observation

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._found.values())

    def findings(self) -> tuple[Finding, ...]:
        """What was found. What breaks comes first."""
        order = list(Severity)
        return tuple(
            sorted(map(_finding, self), key=lambda found: (order.index(found.severity), found.endpoints, found.path))
        )

    def _deviations(self, call: RecordedCall, path: str | None, endpoint: Endpoint | None) -> Iterable[SchemaDeviation]:
        whole = self._contract.top
        if path is None:
            return [SchemaDeviation(rule="path-unknown", place=whole, path="")]
        if endpoint is None:
            return [SchemaDeviation(rule="method-unknown", place=whole, path="")]
        if _is_gone(call, endpoint):
            return [SchemaDeviation(rule="endpoint-gone", place=endpoint.node, path="")]
        response = self._response(endpoint, call.status)
        if response is None and call.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "default" in endpoint.responses:
            self.failed += 1  # and what something that fails says, or what stands before it, keeps to no contract
            return []
        if response is None:
            rule = "success-status-unknown" if call.succeeded else "status-unknown"
            value, like = _value(call)[0], _like(call, endpoint)
            return [SchemaDeviation(rule=rule, place=endpoint.node, path="", value=value, expected=like)]
        return _of_body(call, response)

    def _response(self, endpoint: Endpoint, status: int) -> SpecNode | None:
        """What the contract says of a status.

        `default` stands for what other calls name: every contract leaves out what is unlikely. It does not for what no
        call names, for then nobody has thought of it; nor for a success, which the SDK would not take.
        """
        responses, names = endpoint.responses, _names(status)
        named = next((responses[name] for name in names if name in responses), None)
        is_known = status >= HTTPStatus.BAD_REQUEST and not self._statuses.isdisjoint(names)
        return named or (responses.get("default") if is_known else None)


def _names(status: int) -> tuple[str, str]:
    """How a contract can name a status."""
    return str(status), f"{status // 100}XX"


def _is_gone(call: RecordedCall, endpoint: Endpoint) -> bool:
    """Whether nothing was found where something must be: a path without ids is always there."""
    if call.status != HTTPStatus.NOT_FOUND:
        return False
    return call.is_there or ("{" not in endpoint.path and endpoint.responses.keys().isdisjoint(_names(call.status)))


def _of_body(call: RecordedCall, response: SpecNode) -> Iterable[SchemaDeviation]:
    content = response.children("content")
    if not content:
        return [SchemaDeviation(rule="body-unexpected", place=response, path="")] if call.content.strip() else []
    if call.media_type and call.media_type not in content:
        told = ", ".join(content)
        return [
            SchemaDeviation(rule="media-type-unknown", place=response, path="", value=call.media_type, expected=told)
        ]
    schema = next(iter(content.values())).get("schema")
    value, is_json = _value(call)
    if not is_json:
        return [SchemaDeviation(rule="body-not-json", place=response, path="")]
    return deviations(value, schema) if schema else []


def _like(call: RecordedCall, endpoint: Endpoint) -> str:
    """The status whose answers look like this one; empty where there is none."""
    likely = (status for status in endpoint.responses if status.startswith(str(call.status)[0]))
    return next((status for status in likely if not [*_of_body(call, endpoint.responses[status])]), "")


def _value(call: RecordedCall) -> tuple[Any, bool]:
    """The body as JSON, and whether it is."""
    try:
        return json.loads(call.content), True
    except (ValueError, RecursionError):
        return None, False


def _folded(path: str) -> str:
    """A path of which the ids are taken out."""
    return "/".join("{}" if part.isdecimal() else part for part in path.split("/"))


def _finding(observation: Observation) -> Finding:
    one, endpoint = observation.deviation, observation.endpoint
    rule = RULES[one.rule]
    subject = f"`{one.key or _last(one.path) or 'the answer'}`"
    severity = rule.severity
    if severity is Severity.BREAKING and observation.status >= HTTPStatus.BAD_REQUEST and one.rule != "endpoint-gone":
        severity = Severity.COMPATIBLE
    schema, _ = one.place.named
    owner = f"`{schema}`" if schema else "the contract"
    shown = format_example(one.value, one.key or _last(one.path))
    message = rule.message.format(
        subject=subject, owner=owner, expected=one.expected, value=shown, status=observation.status
    )
    return Finding(
        rule=one.rule,
        severity=severity,
        message=f"{message[0].upper()}{message[1:]}.",
        endpoints=(f"{observation.method} {observation.path}",),
        touches=tuple(_touches(one, endpoint)),
        document=one.place.document.name,
        pointer=one.place.pointer,
        line=one.place.document.line(one.place.pointer),
        path=one.path,
        example=None if rule.has_no_value else shown,
        count=observation.count,
    )


def _touches(one: SchemaDeviation, endpoint: Endpoint | None) -> list[str]:
    schema, property_ = one.place.named if one.key else one.place.owner
    key = one.key or property_
    name = (api_index.attribute_of(schema, key) if key else api_index.model_of(schema)) if schema else None
    methods = api_index.methods_of(endpoint.operation_id) if endpoint else []
    return [*([name] if name else []), *methods]


def _last(path: str) -> str:
    return next((part for part in reversed(split_pointer(path)) if part not in ("[]", "*")), "")
