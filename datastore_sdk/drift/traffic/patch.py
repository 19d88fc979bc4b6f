"""The patch to a contract that would make it fit what traffic showed."""

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
from datastore_sdk.drift.node import SpecNode, top
from datastore_sdk.drift.reports.paths import below
from datastore_sdk.drift.schema import KNOWN_VALUES, has_null_type, schema_of
from datastore_sdk.drift.spec import Spec
from datastore_sdk.drift.traffic.observations import Observation
from datastore_sdk.drift.traffic.schema_inference import SCHEMAS, TO_DO, SchemaInference, ordered
from datastore_sdk.drift.traffic.yaml_edits import YamlEditor


@dataclass(frozen=True, slots=True)
class SpecPatch:
    """A patch, and what it cannot mend."""

    patch: str
    """A unified diff for `git apply` or `patch -p1`; empty where there is nothing to change."""
    left: tuple[Observation, ...]
    """What somebody must think about: calls that the contract does not know, bodies that are no JSON."""


def suggest(contract: Spec, observations: Iterable[Observation]) -> SpecPatch:
    """The patch to a contract in YAML that would make it fit.

    Raises:
        DriftError: The contract is not in YAML.
    """
    document = contract.document
    if document.text.lstrip().startswith("{"):
        raise DriftError(f"{document.name}: a patch can be suggested only for a contract in YAML")
    writer = _Writer(document)
    left = tuple(one for one in _joined(observations) if not writer.mend(one))
    return SpecPatch(_diff(document, writer.result()), left)


def _joined(observations: Iterable[Observation]) -> list[Observation]:
    """One for each thing to change: the same schema stands behind many calls."""
    found: dict[tuple[str, ...], Observation] = {}
    for one in observations:
        deviation = one.deviation
        rule = "type-differs" if deviation.rule == "null-unexpected" else deviation.rule
        value = repr(deviation.value) if rule.endswith("-value-new") else ""
        status = str(one.status) if rule.endswith("status-unknown") else ""
        key = (rule, deviation.place.origin, deviation.place.pointer, deviation.key, value, status)
        found[key] = found[key].plus(one) if key in found else one
    return list(found.values())


class _Writer:
    """Mends a document, one observation after the other."""

    def __init__(self, document: SpecDocument) -> None:
        self._edits = YamlEditor(document)
        self._has_null_type = has_null_type(document)
        self._inferred = SchemaInference(_components(document), has_null_type=self._has_null_type)
        self._ways: dict[str, Callable[[Observation], bool]] = {
            "field-unknown": self._add_field,
            "field-missing": self._make_optional,
            "type-differs": self._widen,
            "null-unexpected": self._widen,
            "format-differs": lambda one: self._edits.remove_pair(_own(one), "format"),
            "enum-value-new": lambda one: self._add_value(one, "enum"),
            "known-value-new": lambda one: self._add_value(one, KNOWN_VALUES),
            "success-status-unknown": self._add_status,
            "status-unknown": self._add_status,
        }

    def mend(self, one: Observation) -> bool:
        """Makes the contract fit; False where that is nothing that can be written down by itself."""
        way = self._ways.get(one.deviation.rule)
        return way is not None and way(one)

    def result(self) -> str:
        """The mended document."""
        for name, schema in self._inferred.named.items():
            self._edits.insert_pair(SCHEMAS, name, schema)
        return self._edits.result()

    def _add_field(self, one: Observation) -> bool:
        place, key = one.deviation.place, one.deviation.key
        owner = place.named[0] or one.method.title()
        schema = self._inferred.schema(one.shape, f"{owner}_{key}")
        return self._edits.insert_pair(join_pointer(place.pointer, "properties"), key, schema)

    def _make_optional(self, one: Observation) -> bool:
        return self._edits.remove_item(join_pointer(one.deviation.place.pointer, "required"), one.deviation.key)

    def _add_value(self, one: Observation, keyword: str) -> bool:
        return self._edits.append_item(join_pointer(_own(one), keyword), one.deviation.value)

    def _add_status(self, one: Observation) -> bool:
        place, like = one.deviation.place, one.deviation.expected
        response: dict[str, Any] = {"description": TO_DO}
        if like:
            response = place.mapping["responses"][like]
        elif one.shape.types - {"null"}:
            name = f"{place.text('operationId')}_{one.status}"
            schema = self._inferred.schema(one.shape, name, described=False)
            response["content"] = {"application/json": {"schema": schema}}
        pointer = join_pointer(place.pointer, "responses")
        return self._edits.insert_pair(pointer, str(one.status), response, before="default")

    def _widen(self, one: Observation) -> bool:
        """Lets a value be of the types that were seen, too."""
        place, seen = one.deviation.place, one.shape.types
        if seen & {"array", "object"}:
            return False
        if not self._has_null_type and "null" in seen:
            others = seen - {"null"}
            return self._let_be_null(place) and (not others or self._let_be(place, others))
        return self._let_be(place, seen)

    def _let_be(self, place: SpecNode, types: frozenset[str]) -> bool:
        choices = [{"type": name} for name in ordered(types)]
        if place.origin != place.pointer:
            reference = {"$ref": f"#{place.pointer}"}
            return self._edits.replace_pair(place.origin, "$ref", "anyOf", [reference, *choices])
        for keyword in ("anyOf", "oneOf"):
            if keyword in place.mapping:
                pointer = join_pointer(place.pointer, keyword)
                return all(self._edits.append_item(pointer, choice) for choice in choices)
        if "type" not in place.mapping:
            return False
        given = place.mapping["type"]
        known: list[Any] = [*given] if is_array(given) else [given]
        known += [name for name in ordered(types) if name not in known]
        if self._has_null_type:
            return self._edits.replace_value(join_pointer(place.pointer, "type"), known)
        return self._edits.replace_pair(place.pointer, "type", "anyOf", [{"type": name} for name in known])

    def _let_be_null(self, place: SpecNode) -> bool:
        """As OpenAPI 3.0 writes it."""
        if "nullable" in place.mapping:
            return self._edits.replace_value(join_pointer(place.pointer, "nullable"), value=True)
        if place.origin != place.pointer:
            self._edits.replace_pair(place.origin, "$ref", "allOf", [{"$ref": f"#{place.pointer}"}])
        return self._edits.insert_pair(place.origin, "nullable", value=True)


def _own(one: Observation) -> str:
    """Where the schema stands itself whose values were seen."""
    return schema_of(one.deviation.place).place.pointer


def _components(document: SpecDocument) -> Mapping[str, Any]:
    components = top(document).get("components")
    schemas = components.get("schemas") if components else None
    return schemas.mapping if schemas else {}


def _diff(document: SpecDocument, text: str) -> str:
    name = below(Path.cwd(), document.name) or PurePosixPath(urlsplit(document.name).path).name
    lines = unified_diff(_lines(document.text), _lines(text), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines as git counts them; `splitlines` breaks them at other signs too."""
    return StringIO(text, newline="\n").readlines()
