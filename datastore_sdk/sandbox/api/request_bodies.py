"""Parsers of request bodies that report errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import orjson

from datastore_sdk.sandbox.api.errors import RequestError, build_bad_request
from datastore_sdk.sandbox.simulation.field_catalog import FIELDS
from datastore_sdk.sandbox.simulation.parameters import (
    AGGREGATIONS,
    OPERATORS,
    Condition,
    ParameterConfig,
    default_units,
)
from datastore_sdk.sandbox.simulation.units import UNITS

_NAME: Final = re.compile(r"[A-Za-z_]+")
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_UNIT_KEYS: Final = ("si_unit", "base_unit", "imperial_unit")
_REQUIRED: Final = "This field is required."

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterDraft:
    """Parameter as a user wants it; only what the request has is set.

    Attributes:
        definition: The parsed configuration.
        config: The configuration as written, with units filled in.
        si_unit: Symbol of the SI unit.
        passed: The values of `description`, `label` and `color` that the request has.
    """

    definition: ParameterConfig | None
    config: dict[str, object] | None
    si_unit: str | None
    values: Mapping[str, str | None]

    def changes(self) -> dict[str, Any]:
        """Attributes of a parameter to set."""
        changes: dict[str, Any] = dict(self.values)
        if self.definition is not None:
            changes |= {"definition": self.definition, "config": self.config, "si_unit": self.si_unit}
        return changes


def parse(body: bytes) -> object:
    """Parse JSON.

    Raises:
        RequestError: 400 if it is invalid.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, {"detail": f"JSON parse error - {error}"}) from None


def parse_form(body: bytes) -> dict[str, str]:
    """Parse a form; of a repeated key, the last value counts."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def parse_acknowledged_ids(body: object) -> list[int]:
    """Parse the ids of the data changes that a client has received.

    Raises:
        RequestError: 400 if the body is anything else.
    """
    log = _object(body, "non_field_errors").get("change_log")
    if not isinstance(log, list):
        raise build_bad_request(change_log=_REQUIRED if log is None else "Expected a list of items.")
    ids: list[int] = []
    for item in cast("list[object]", log):
        change = _object(item, "change_log")
        number = change.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise build_bad_request(change_log="Each item needs an integer id.")
        if change.get("update_received") is not True:
            raise build_bad_request(change_log="Each item needs update_received, and it must be true.")
        ids.append(number)
    return ids


def parse_new_parameters(body: object) -> list[tuple[str, ParameterDraft]]:
    """Parse names and drafts of parameters to create.

    Raises:
        RequestError: 400 if one of them is invalid.
    """
    if not isinstance(body, list):
        raise build_bad_request(non_field_errors="Expected a list of items.")
    drafts: list[tuple[str, ParameterDraft]] = []
    for item in cast("list[object]", body):
        wanted = _object(item, "non_field_errors")
        name = wanted.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise build_bad_request(name=_REQUIRED if name is None else "A name is made of letters and underscores.")
        _refuse_unknown(wanted, {"name", "config", "description"})
        drafts.append((name, _draft(wanted, config_required=True)))
    return drafts


def parse_parameter_change(body: object, *, partial: bool) -> ParameterDraft:
    """Parse changes of a parameter.

    Raises:
        RequestError: 400 if they are invalid.
    """
    wanted = _object(body, "non_field_errors")
    _refuse_unknown(wanted, {"config", "description", "label", "color"})
    return _draft(wanted, config_required=not partial)


def _object(value: object, key: str) -> Object:
    if not isinstance(value, dict):
        raise build_bad_request(**{key: "Expected an object."})
    return cast("Object", value)


def _refuse_unknown(wanted: Object, known: set[str]) -> None:
    for key in wanted:
        if key not in known:
            raise RequestError(400, {key: ["Unknown or unchangeable key."]})


def _draft(wanted: Object, *, config_required: bool) -> ParameterDraft:
    passed: dict[str, str | None] = {}
    for key in ("description", "label", "color"):
        if key in wanted:
            passed[key] = _text(wanted[key], key, nullable=key == "color")
    color = passed.get("color")
    if color and not _COLOR.fullmatch(color):
        raise build_bad_request(color="A color is written as #RRGGBB.")
    if "config" not in wanted:
        if config_required:
            raise build_bad_request(config=_REQUIRED)
        return ParameterDraft(None, None, None, passed)
    config = _object(wanted["config"], "config")
    _refuse_unknown(config, {"field", "aggregation", "conditions", *_UNIT_KEYS})
    field, aggregation = _member(config, "field", FIELDS), _member(config, "aggregation", AGGREGATIONS)
    imperial, si = default_units(field, aggregation)
    units = _units(config, imperial, si)
    conditions = config.get("conditions", [])
    if not isinstance(conditions, list):
        raise build_bad_request(config="conditions: expected a list of items.")
    read = [_condition(_object(item, "config")) for item in cast("list[object]", conditions)]
    definition = ParameterConfig(
        field, cast("Any", aggregation), units.get("imperial_unit"), tuple(each for each, _ in read)
    )
    written: dict[str, object] = {"field": field, "aggregation": aggregation, **units}
    if read:
        written["conditions"] = [condition for _, condition in read]
    return ParameterDraft(definition, written, units.get("si_unit"), passed)


def _condition(wanted: Object) -> tuple[Condition, dict[str, object]]:
    _refuse_unknown(wanted, {"field", "operator", "value", *_UNIT_KEYS})
    field, operator = _member(wanted, "field", FIELDS), _member(wanted, "operator", OPERATORS)
    value = wanted.get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise build_bad_request(config="conditions: value must be a number.")
    info = FIELDS[field]
    units = _units(wanted, info.imperial, info.si)
    imperial, base = UNITS.get(info.imperial or ""), UNITS.get(units.get("base_unit", ""))
    compared = base.convert(value, imperial) if base and imperial and base.dimension == imperial.dimension else value
    return Condition(field, cast("Any", operator), compared), {
        "field": field,
        "operator": operator,
        "value": value,
        **units,
    }


def _member(wanted: Object, key: str, known: Mapping[str, object] | frozenset[str]) -> str:
    value = wanted.get(key)
    if value is None:
        raise build_bad_request(config=f"{key}: {_REQUIRED.lower()}")
    if not isinstance(value, str) or value not in known:
        raise build_bad_request(config=f'{key}: "{value}" is not known.')
    return value


def _units(wanted: Object, imperial: str | None, si: str | None) -> dict[str, str]:
    """Return the units as written, or else those of the field. An unknown one is kept, without conversion."""
    written = {
        key: _text(wanted.get(key, default), "config", nullable=True)
        for key, default in zip(_UNIT_KEYS, (si, imperial, imperial), strict=True)
    }
    return {key: symbol for key, symbol in written.items() if symbol is not None}


def _text(value: object, key: str, *, nullable: bool = False) -> str | None:
    if value is None and nullable:
        return None
    if not isinstance(value, str):
        raise build_bad_request(**{key: "Not a valid string."})
    return value
