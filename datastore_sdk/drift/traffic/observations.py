"""Observations: kinds of deviations in traffic, each with a count and an example."""

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
from datastore_sdk.drift.traffic.schema_inference import ValueShape, infer_shape
from datastore_sdk.drift.traffic.validator import SchemaDeviation, find_deviations


@dataclass(frozen=True, slots=True)
class Observation:
    """A kind of deviation in the responses of an endpoint."""

    deviation: SchemaDeviation
    """The first occurrence."""
    endpoint: Endpoint | None
    method: str
    path: str
    """The path template; for an unknown path, the path without ids."""
    status: int
    shape: ValueShape
    """The merged shape of all values."""
    count: int

    @property
    def key(self) -> tuple[str, ...]:
        """Identifies the kind of deviation."""
        one = self.deviation
        value = json.dumps(one.value) if one.rule.endswith("-value-new") else ""
        return one.rule, self.method, self.path, str(self.status), one.path, value

    def merge(self, other: Observation) -> Observation:
        """Return the sum of both."""
        return replace(self, shape=self.shape | other.shape, count=self.count + other.count)


class Observations:
    """Deviations of calls from an OpenAPI document.

    Args:
        spec: The document.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._statuses = {status for endpoint in spec.endpoints.values() for status in endpoint.responses}
        self._found: dict[tuple[str, ...], Observation] = {}
        self.calls = 0
        """Number of calls."""
        self.known_calls = 0
        """Number of calls with a path of the document."""
        self.foreign_calls = Counter[str]()
        """Number of skipped calls to other APIs, by host."""
        self.server_errors = 0
        """Number of server errors (5xx) that the document does not describe."""

    def add(self, call: RecordedCall) -> None:
        """Compare a call with the document.

        Raises:
            DriftError: The response body is nested too deeply.
        """
        self.calls += 1
        path = self._spec.match_path(call.path)
        self.known_calls += path is not None
        endpoint = self._spec.find_endpoint(call.method, path) if path else None
        try:
            self._record(call, path, endpoint)
        except RecursionError:
            raise DriftError(
                f"{call.source}: {call.method} {call.path} returned a body that is nested too deeply"
            ) from None

    def _record(self, call: RecordedCall, path: str | None, endpoint: Endpoint | None) -> None:
        for one in self._find_deviations(call, path, endpoint):
            shape = infer_shape(one.value)
            observation = Observation(
                one, endpoint, call.method, path or _without_ids(call.path), call.status, shape, 1
            )
            known = self._found.get(observation.key)
            self._found[observation.key] = known.merge(observation) if known else observation

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._found.values())

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings. Breaking findings come first."""
        order = list(Severity)
        return tuple(
            sorted(
                map(_build_finding, self), key=lambda found: (order.index(found.severity), found.endpoints, found.path)
            )
        )

    def _find_deviations(
        self, call: RecordedCall, path: str | None, endpoint: Endpoint | None
    ) -> Iterable[SchemaDeviation]:
        whole = self._spec.root
        if path is None:
            return [SchemaDeviation(rule="path-unknown", node=whole, path="")]
        if endpoint is None:
            return [SchemaDeviation(rule="method-unknown", node=whole, path="")]
        if _is_removed(call, endpoint):
            return [SchemaDeviation(rule="endpoint-gone", node=endpoint.operation, path="")]
        response = self._find_response(endpoint, call.status)
        if response is None and call.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "default" in endpoint.responses:
            self.server_errors += 1  # whose bodies may come from a proxy, and follow no schema
            return []
        if response is None:
            rule = "success-status-unknown" if call.is_success else "status-unknown"
            value, like = _parse_body(call)[0], _similar_status(call, endpoint)
            return [SchemaDeviation(rule=rule, node=endpoint.operation, path="", value=value, expected=like)]
        return _body_deviations(call, response)

    def _find_response(self, endpoint: Endpoint, status: int) -> SpecNode | None:
        """Return the response of a status; None if the document does not describe it.

        `default` covers errors that other operations name: documents omit unlikely ones. It covers no status that no
        operation names, and no success, which the SDK would refuse.
        """
        responses, names = endpoint.responses, _status_names(status)
        named = next((responses[name] for name in names if name in responses), None)
        is_known = status >= HTTPStatus.BAD_REQUEST and not self._statuses.isdisjoint(names)
        return named or (responses.get("default") if is_known else None)


def _status_names(status: int) -> tuple[str, str]:
    """Return the keys that a document can use for a status."""
    return str(status), f"{status // 100}XX"


def _is_removed(call: RecordedCall, endpoint: Endpoint) -> bool:
    """Return whether a 404 means that the endpoint is gone: the target exists, or the path has no ids."""
    if call.status != HTTPStatus.NOT_FOUND:
        return False
    return call.target_exists or (
        "{" not in endpoint.path and endpoint.responses.keys().isdisjoint(_status_names(call.status))
    )


def _body_deviations(call: RecordedCall, response: SpecNode) -> Iterable[SchemaDeviation]:
    content = response.get_children("content")
    if not content:
        return [SchemaDeviation(rule="body-unexpected", node=response, path="")] if call.content.strip() else []
    if call.media_type and call.media_type not in content:
        expected = ", ".join(content)
        return [
            SchemaDeviation(rule="media-type-unknown", node=response, path="", value=call.media_type, expected=expected)
        ]
    schema = next(iter(content.values())).get("schema")
    value, is_json = _parse_body(call)
    if not is_json:
        return [SchemaDeviation(rule="body-not-json", node=response, path="")]
    return find_deviations(value, schema) if schema else []


def _similar_status(call: RecordedCall, endpoint: Endpoint) -> str:
    """Return the status whose schema the body fits; empty if it fits no schema."""
    likely = (status for status in endpoint.responses if status.startswith(str(call.status)[0]))
    return next((status for status in likely if not [*_body_deviations(call, endpoint.responses[status])]), "")


def _parse_body(call: RecordedCall) -> tuple[Any, bool]:
    """Return the body as JSON, and whether it is JSON."""
    try:
        return json.loads(call.content), True
    except (ValueError, RecursionError):
        return None, False


def _without_ids(path: str) -> str:
    """Return a path with `{}` in place of ids."""
    return "/".join("{}" if part.isdecimal() else part for part in path.split("/"))


def _build_finding(observation: Observation) -> Finding:
    one, endpoint = observation.deviation, observation.endpoint
    rule = RULES[one.rule]
    subject = f"`{one.key or _last_key(one.path) or 'the response'}`"
    severity = rule.severity
    if severity is Severity.BREAKING and observation.status >= HTTPStatus.BAD_REQUEST and one.rule != "endpoint-gone":
        severity = Severity.COMPATIBLE
    schema, _ = one.node.component
    owner = f"`{schema}`" if schema else "the document"
    value = format_example(one.value, one.key or _last_key(one.path))
    message = rule.message.format(
        subject=subject, owner=owner, expected=one.expected, value=value, status=observation.status
    )
    return Finding(
        rule=one.rule,
        severity=severity,
        message=f"{message[0].upper()}{message[1:]}.",
        endpoints=(f"{observation.method} {observation.path}",),
        affects=tuple(_find_affected_names(one, endpoint)),
        document=one.node.document.name,
        pointer=one.node.pointer,
        line=one.node.document.line(one.node.pointer),
        path=one.path,
        example=None if rule.has_no_value else value,
        count=observation.count,
    )


def _find_affected_names(one: SchemaDeviation, endpoint: Endpoint | None) -> list[str]:
    schema, property_ = one.node.component if one.key else one.node.owner
    key = one.key or property_
    name = (api_index.attribute_of(schema, key) if key else api_index.model_of(schema)) if schema else None
    methods = api_index.methods_of(endpoint.operation_id) if endpoint else []
    return [*([name] if name else []), *methods]


def _last_key(path: str) -> str:
    return next((part for part in reversed(split_pointer(path)) if part not in ("[]", "*")), "")
