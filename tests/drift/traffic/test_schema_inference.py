"""Inference of schemas from values."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from datastore_sdk.drift.traffic.schema_inference import (
    SCHEMAS_POINTER,
    TO_DO,
    SchemaInference,
    ValueShape,
    infer_shape,
)

TIMESTAMP = "2025-09-17T00:00:00Z"


def infer_schema(*values: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the schema of values without description, and the named schemas it refers to."""
    schemas = SchemaInference(["PadTaken"])
    schema = schemas.infer(reduce(ValueShape.__or__, map(infer_shape, values)), "Pad_rig", described=False)
    return schema, schemas.named_schemas


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        (["a"], {"type": "string"}),
        ([TIMESTAMP], {"type": "string", "format": "date-time"}),
        ([TIMESTAMP, None], {"type": ["string", "null"], "format": "date-time"}),
        ([TIMESTAMP, "a"], {"type": "string"}),
        ([1, 1.5], {"type": ["integer", "number"]}),
        ([True, "a", None], {"type": ["string", "boolean", "null"]}),
        ([[1], [], ["a"]], {"type": "array", "items": {"type": ["string", "integer"], "description": TO_DO}}),
        (
            [[1], None],
            {"anyOf": [{"type": "array", "items": {"type": "integer", "description": TO_DO}}, {"type": "null"}]},
        ),
        ([None], {"description": TO_DO}),
        ([{"a": 1}], {"$ref": f"#{SCHEMAS_POINTER}/PadRig"}),
        (
            [{"a": 1}, None, "x"],
            {"anyOf": [{"type": "string"}, {"$ref": f"#{SCHEMAS_POINTER}/PadRig"}, {"type": "null"}]},
        ),
    ],
)
def test_schema_is_inferred_from_values(values: list[Any], schema: dict[str, Any]) -> None:
    assert infer_schema(*values)[0] == schema


def test_keys_of_all_objects_are_required() -> None:
    _, named = infer_schema({"id": 1, "crew": "A"}, {"id": 2, "since": None})
    assert named["PadRig"]["required"] == ["id"]
    assert named["PadRig"]["properties"].keys() == {"id", "crew", "since"}


def test_schema_names_are_unique() -> None:
    schemas = SchemaInference(["PadRig"])
    shape = infer_shape({"a": 1})
    first, second = (schemas.infer(shape, "Pad_rig", described=False) for _ in range(2))
    assert first == {"$ref": f"#{SCHEMAS_POINTER}/PadRigValue"}
    assert second == {"$ref": f"#{SCHEMAS_POINTER}/PadRigValueValue"}
