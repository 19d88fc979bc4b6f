"""Patches that adapt an OpenAPI document to observed traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.loader import SpecDocument, join_pointer
from datastore_sdk.drift.node import SpecNode, root_node
from datastore_sdk.drift.reports.paths import relative_path
from datastore_sdk.drift.schema import KNOWN_VALUES_KEYWORD, normalize_schema, supports_null_type
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic.observations import Observation
from datastore_sdk.drift.traffic.schema_inference import SCHEMAS_POINTER, TO_DO, SchemaInference, sort_types
from datastore_sdk.drift.traffic.yaml_edits import YamlEditor


@dataclass(frozen=True, slots=True)
class SpecPatch:
    """A patch, and the observations that it does not cover."""

    patch: str
    """A unified diff for `git apply` or `patch -p1`; empty if there is nothing to change."""
    unresolved: tuple[Observation, ...]
    """Observations that need a decision, such as unknown endpoints and bodies that are not JSON."""


def suggest_patch(spec: Spec, observations: Iterable[Observation]) -> SpecPatch:
    """Return the patch that adapts a YAML document to the observations.

    Raises:
        DriftError: The document is not YAML.
    """
    document = spec.document
    if document.text.lstrip().startswith("{"):
        raise DriftError(f"{document.name}: only documents in YAML can be patched")
    writer = _PatchWriter(document)
    left = tuple(one for one in _merge_observations(observations) if not writer.apply(one))
    return SpecPatch(_build_diff(document, writer.result()), left)


def _merge_observations(observations: Iterable[Observation]) -> list[Observation]:
    """Merge observations of the same schema in different endpoints."""
    found: dict[tuple[str, ...], Observation] = {}
    for one in observations:
        deviation = one.deviation
        rule = "type-differs" if deviation.rule == "null-unexpected" else deviation.rule
        value = repr(deviation.value) if rule.endswith("-value-new") else ""
        status = str(one.status) if rule.endswith("status-unknown") else ""
        key = (rule, deviation.node.origin, deviation.node.pointer, deviation.key, value, status)
        found[key] = found[key].merge(one) if key in found else one
    return list(found.values())


class _PatchWriter:
    """Edits a document for one observation at a time."""

    def __init__(self, document: SpecDocument) -> None:
        self._edits = YamlEditor(document)
        self._has_null_type = supports_null_type(document)
        self._inferred = SchemaInference(_schema_components(document), has_null_type=self._has_null_type)
        self._fixes: dict[str, Callable[[Observation], bool]] = {
            "field-unknown": self._add_field,
            "field-missing": self._make_optional,
            "type-differs": self._widen_type,
            "null-unexpected": self._widen_type,
            "format-differs": lambda one: self._edits.remove_pair(_own_pointer(one), "format"),
            "enum-value-new": lambda one: self._add_value(one, "enum"),
            "known-value-new": lambda one: self._add_value(one, KNOWN_VALUES_KEYWORD),
            "success-status-unknown": self._add_status,
            "status-unknown": self._add_status,
        }

    def apply(self, one: Observation) -> bool:
        """Edit the document for an observation; return False if that needs a decision."""
        fix = self._fixes.get(one.deviation.rule)
        return fix is not None and fix(one)

    def result(self) -> str:
        """Return the edited document."""
        for name, schema in self._inferred.named_schemas.items():
            self._edits.insert_pair(SCHEMAS_POINTER, name, schema)
        return self._edits.result()

    def _add_field(self, one: Observation) -> bool:
        node, key = one.deviation.node, one.deviation.key
        owner = node.component[0] or one.method.title()
        schema = self._inferred.infer(one.shape, f"{owner}_{key}")
        return self._edits.insert_pair(join_pointer(node.pointer, "properties"), key, schema)

    def _make_optional(self, one: Observation) -> bool:
        return self._edits.remove_item(join_pointer(one.deviation.node.pointer, "required"), one.deviation.key)

    def _add_value(self, one: Observation, keyword: str) -> bool:
        return self._edits.append_item(join_pointer(_own_pointer(one), keyword), one.deviation.value)

    def _add_status(self, one: Observation) -> bool:
        node, like = one.deviation.node, one.deviation.expected
        response: dict[str, Any] = {"description": TO_DO}
        if like:
            response = node.mapping["responses"][like]
        elif one.shape.types - {"null"}:
            name = f"{node.get_text('operationId')}_{one.status}"
            schema = self._inferred.infer(one.shape, name, described=False)
            response["content"] = {"application/json": {"schema": schema}}
        pointer = join_pointer(node.pointer, "responses")
        return self._edits.insert_pair(pointer, str(one.status), response, before="default")

    def _widen_type(self, one: Observation) -> bool:
        """Allow the observed types too."""
        node, seen = one.deviation.node, one.shape.types
        if seen & {"array", "object"}:
            return False
        if not self._has_null_type and "null" in seen:
            others = seen - {"null"}
            return self._allow_null(node) and (not others or self._allow_types(node, others))
        return self._allow_types(node, seen)

    def _allow_types(self, node: SpecNode, types: frozenset[str]) -> bool:
        choices = [{"type": name} for name in sort_types(types)]
        if node.origin != node.pointer:
            reference = {"$ref": f"#{node.pointer}"}
            return self._edits.replace_pair(node.origin, "$ref", "anyOf", [reference, *choices])
        for keyword in ("anyOf", "oneOf"):
            if keyword in node.mapping:
                pointer = join_pointer(node.pointer, keyword)
                return all(self._edits.append_item(pointer, choice) for choice in choices)
        if "type" not in node.mapping:
            return False
        current = node.mapping["type"]
        known: list[Any] = [*current] if is_array(current) else [current]
        known += [name for name in sort_types(types) if name not in known]
        if self._has_null_type:
            return self._edits.replace_value(join_pointer(node.pointer, "type"), known)
        return self._edits.replace_pair(node.pointer, "type", "anyOf", [{"type": name} for name in known])

    def _allow_null(self, node: SpecNode) -> bool:
        """Allow null in OpenAPI 3.0."""
        if "nullable" in node.mapping:
            return self._edits.replace_value(join_pointer(node.pointer, "nullable"), value=True)
        if node.origin != node.pointer:
            self._edits.replace_pair(node.origin, "$ref", "allOf", [{"$ref": f"#{node.pointer}"}])
        return self._edits.insert_pair(node.origin, "nullable", value=True)


def _own_pointer(one: Observation) -> str:
    """Return the pointer of the schema itself, for a schema with a single alternative."""
    return normalize_schema(one.deviation.node).node.pointer


def _schema_components(document: SpecDocument) -> Mapping[str, Any]:
    components = root_node(document).get("components")
    schemas = components.get("schemas") if components else None
    return schemas.mapping if schemas else {}


def _build_diff(document: SpecDocument, text: str) -> str:
    name = relative_path(Path.cwd(), document.name) or PurePosixPath(urlsplit(document.name).path).name
    lines = unified_diff(_split_lines(document.text), _split_lines(text), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _split_lines(text: str) -> list[str]:
    """Split lines as git does; `splitlines` splits at other characters too."""
    return StringIO(text, newline="\n").readlines()
