"""Validation of OpenAPI documents: against the official JSON Schemas, then references and cycles.

openapi-spec-validator provides the schemas. Strict about types and enumerations: a value in the wrong place would
read as something that was removed. Lenient about missing and unknown keys: everything else can still be compared.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import Any

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.json_types import is_array, is_object, json_type
from datastore_sdk.drift.loader import SpecDocument, join_pointer
from datastore_sdk.drift.node import REFERENCE, resolve_reference

COMPOSITIONS = ("allOf", "anyOf", "oneOf")
"""Keywords whose subschemas describe the same value as the schema around them."""

_DATA_KEYS = frozenset({"default", "example", "const", "enum", "value", "x-extensible-enum"})
"""Keys whose values are data: a `$ref` in them is not a reference."""
_EXTENSIBLE_MAPS = frozenset({"paths", "responses"})
"""Maps whose `x-` keys are extensions."""
_MAPS = _EXTENSIBLE_MAPS | {
    *("properties", "patternProperties", "dependentSchemas", "dependentRequired", "$defs", "definitions"),
    *("schemas", "parameters", "examples", "requestBodies", "headers", "securitySchemes", "links", "callbacks"),
    *("pathItems", "webhooks", "content", "encoding", "variables", "mapping", "scopes"),
}
"""Objects whose keys are names chosen by the author, not keywords."""
_ARTICLES = {
    "string": "a string",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


def validate_document(document: SpecDocument) -> None:
    """Validate a document against the JSON Schema of its OpenAPI version.

    Raises:
        DriftError: The document is invalid. The message names the first problem with its file, line and pointer.
    """
    try:
        problems = [each for error in _validator(document).iter_errors(document.content) for each in _problems(error)]
    except RecursionError:
        raise DriftError(f"{document.name} cannot be read: it is nested too deeply") from None
    if problems:
        first = min(problems, key=lambda problem: len(problem.path))
        others = len({problem.path for problem in problems} - {first.path})
        more = f" (and {others} more problem{'s' * (others != 1)})" if others else ""
        raise _invalid(document, join_pointer("", *first.path), first.message + more)


def validate_references(document: SpecDocument) -> None:
    """Check that every reference can be followed, and that no schema is composed of itself.

    Raises:
        DriftError: A reference is invalid, or schemas form a cycle.
    """
    work: deque[tuple[str, Any, bool]] = deque([("", document.content, False)])
    visited = {""}
    composition: dict[str, list[str]] = {}
    while work:
        pointer, value, is_map = work.popleft()
        steps = [*_children(pointer, value, is_map=is_map)]
        if is_object(value) and not is_map:
            parts = [*_find_subschemas(pointer, value)]
            if REFERENCE in value:
                target, found = _target(document, pointer, value[REFERENCE])
                steps.append((target, found, False))
                parts.append(target)
            composition[pointer] = parts
        for step in steps:
            if step[0] not in visited:
                visited.add(step[0])
                work.append(step)
    try:
        TopologicalSorter(composition).prepare()
    except CycleError as error:
        raise _invalid(document, min(error.args[1]), "is composed of itself") from None


def validate_json_values(document: SpecDocument) -> None:
    """Check that the document has JSON values only; YAML tags can make others.

    Raises:
        DriftError: A value is of another type.
    """
    work: deque[tuple[str, Any]] = deque([("", document.content)])
    while work:
        pointer, value = work.popleft()
        try:
            json_type(value)
        except KeyError:
            raise _invalid(document, pointer, f"is a {type(value).__name__}, which is not a JSON value") from None
        items = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
        work.extend((join_pointer(pointer, key), item) for key, item in items)


@dataclass(frozen=True, slots=True)
class _Problem:
    """A value that the schema does not allow."""

    path: tuple[str | int, ...]
    value: Any = None
    types: tuple[str, ...] = ()
    """The allowed types."""
    values: tuple[Any, ...] = ()
    """The allowed values."""
    text: str = ""
    """The message, if it is not about types or values."""
    is_other_branch: bool = False
    """Whether the schema is the one for references, and the value is not a reference."""

    @property
    def message(self) -> str:
        """The problem, to follow the pointer in a sentence."""
        if self.text:
            return self.text
        expected = [f"one of {', '.join(map(str, self.values))}"] if self.values else []
        expected += [_ARTICLES[name] for name in self.types if not (name == "integer" and "number" in self.types)]
        actual = f'"{self.value}"' if self.values and isinstance(self.value, str) else _ARTICLES[json_type(self.value)]
        quotes = " without quotes" if self.value is None and "null" in self.values else ""
        return f"must be {' or '.join(expected)}, not {actual}{quotes}"


@cache
def _validators() -> dict[str, Any]:
    # Imported here: it takes about half a second, and only documents of users need it.
    require_extra("jsonschema", "openapi_spec_validator", extra="cli")
    jsonschema, schemas = map(import_module, ("jsonschema", "openapi_spec_validator.schemas"))  # which have no types
    openapi, dialect = dict(schemas.schema_v31), jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    # The schema of OpenAPI 3.1 leaves Schema Objects open; this root has them validated by the dialect's meta-schema.
    root: dict[str, Any] = {
        "$id": "https://spec.openapis.org/oas/3.1/schema-base",
        "$schema": dialect,
        "$ref": openapi["$id"],
        "$defs": {
            "openapi": openapi,
            "schema": {"$dynamicAnchor": "meta", "$ref": dialect},
        },
    }
    return {
        "3.0": jsonschema.Draft4Validator(dict(schemas.schema_v30)),
        "3.1": jsonschema.Draft202012Validator(root),
    }


def _validator(document: SpecDocument) -> Any:
    version = str(document.content.get("openapi", ""))
    return _validators()["3.0" if version.startswith("3.0") else "3.1"]


def _problems(error: Any) -> list[_Problem]:
    """Return what an error means for the comparison; nothing for missing and unknown keys."""
    if error.validator in {"anyOf", "oneOf"}:
        return _branch_problems(error)
    path: tuple[str | int, ...] = tuple(error.absolute_path)
    expected: Any = error.validator_value
    match error.validator:
        case "type":
            problem = _Problem(path, error.instance, types=(expected,) if isinstance(expected, str) else (*expected,))
        case "enum":
            problem = _Problem(path, error.instance, values=(*expected,))
        case "minItems":
            problem = _Problem(path, text="must not be empty")
        case "required" if expected == [REFERENCE]:
            problem = _Problem(path, is_other_branch=True)
        case "required" if "in" in expected:  # without name and place a parameter cannot be identified
            key = next(key for key in expected if key not in error.instance)
            problem = _Problem(path, text=f"has no key `{key}`")
        case _:
            return []
    return [problem]


def _branch_problems(error: Any) -> list[_Problem]:
    """Return the problems of the branch that fits best, or of all branches if they are about the same value."""
    by_branch: defaultdict[object, list[_Problem]] = defaultdict(list)
    for inner in error.context or ():
        by_branch[inner.relative_schema_path[0]] += _problems(inner)
    branches = [each for each in by_branch.values() if not any(problem.is_other_branch for problem in each)]
    if not branches or not all(branches):
        return []  # a branch fits, apart from missing and unknown keys
    firsts = [branch[0] for branch in branches]
    if len({first.path for first in firsts}) == 1 and not any(first.text for first in firsts):
        types = dict.fromkeys(name for first in firsts for name in first.types)
        values = dict.fromkeys(value for first in firsts for value in first.values)
        return [replace(firsts[0], types=tuple(types), values=tuple(values))]
    # A wrong enumeration value means another branch, such as the type of a security scheme; else the deepest problem
    # counts.
    return max(branches, key=lambda branch: (not branch[0].values, len(branch[0].path), -len(branch)))


def _children(pointer: str, value: Any, *, is_map: bool) -> Iterator[tuple[str, Any, bool]]:
    """Return the values inside one that can hold references: pointer, value, and whether its keys are names."""
    key_of_value = pointer.rpartition("/")[2]
    if is_array(value):
        yield from ((join_pointer(pointer, index), item, False) for index, item in enumerate(value))
    elif is_object(value):
        for key, item in value.items():
            is_extension = key.startswith("x-") and (not is_map or key_of_value in _EXTENSIBLE_MAPS)
            is_data = not is_map and (key in _DATA_KEYS or (key == "examples" and is_array(item)))
            if not (is_extension or is_data or (key == REFERENCE and not is_map)):
                yield join_pointer(pointer, key), item, not is_map and key in _MAPS and is_object(item)


def _find_subschemas(pointer: str, value: dict[str, Any]) -> Iterator[str]:
    """Return the pointers of the subschemas that describe the same value."""
    for key in COMPOSITIONS:
        parts = value.get(key)
        yield from (join_pointer(pointer, key, index) for index in range(len(parts) if is_array(parts) else 0))


def _target(document: SpecDocument, pointer: str, reference: Any) -> tuple[str, Any]:
    """Return the pointer and the value that a reference leads to."""
    at = join_pointer(pointer, REFERENCE)
    if not isinstance(reference, str):
        raise _invalid(document, at, f"must be a string, not {_ARTICLES[json_type(reference)]}")
    if not reference.startswith("#"):
        raise _invalid(document, at, f"refers to another document, {reference!r}: bundle both into one file first")
    try:
        target, value = resolve_reference(document, reference)
    except LookupError:
        raise _invalid(document, at, f"refers to nothing in this document: {reference!r}") from None
    if not is_object(value) and not isinstance(value, bool):
        raise _invalid(document, at, f"refers to {_ARTICLES[json_type(value)]}, not to an object: {reference!r}")
    return target, value


def _invalid(document: SpecDocument, pointer: str, problem: str) -> DriftError:
    line = document.line(pointer)
    place = f"{document.name}, line {line}" if line else document.name
    return DriftError(f"{place}: {pointer or 'the document'} {problem}")
