"""Tolerant parser of responses: values that fit the contract are typed, other values are kept as the service sent them.

Responses are first validated strictly, in one step. This module parses those that failed, object by object and field by
field. Missing fields stay missing. An item of a list of objects is left out if it is not an object, or has no key of
the contract. Each difference is recorded as a `Deviation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Generic,
    Literal,
    NamedTuple,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Struct
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from datastore_sdk._io.json_body import is_array, is_object, parse_json
from restream_api.types import Json, Model

M = TypeVar("M", bound=Model)
T = TypeVar("T")

NO_HEADERS: Mapping[str, str] = {}
_ZONE = re.compile(r"\s*(utc|gmt|z)$", re.IGNORECASE)
_ENVELOPE_KEYS = ("results", "data")
"""Keys of envelopes that contain the requested data."""
_TYPES: dict[type, str] = {
    NoneType: "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}


class Deviation(NamedTuple):
    """Difference of a response from the API contract."""

    kind: Literal["field", "value", "status", "missing", "type"]
    place: str
    """The field, such as `Pad.color`; for a status, the operation."""
    value: str = ""
    """The unknown value or status; for a type, the received and the expected type. Never a value of the wrong type."""

    @property
    def is_addition(self) -> bool:
        """Whether the contract does not mention it. Otherwise the response contradicts the contract."""
        return self.kind in {"field", "value", "status"}

    def __str__(self) -> str:
        match self.kind:
            case "field":
                return f"{self.place} is not in the API contract"
            case "value":
                return f"{self.place} is {self.value}, which is not a value of the API contract"
            case "status":
                return f"{self.place} returned {self.value}, which is not in the API contract"
            case "missing":
                return f"{self.place} is missing, which the API contract requires"
            case "type":
                return f"{self.place} {self.value}"


class UnexpectedShapeError(ValueError):
    """The whole response has another shape than the requested data."""


class ParsedResponse(Struct, Generic[T]):
    """Parsed response."""

    value: T
    deviations: list[Deviation] = []
    """How it differs from the contract."""
    next_page: object = None
    """The link to the next page of a list, as the service sent it."""
    size: int = 0
    """Size of the body in bytes."""

    def __repr__(self) -> str:
        return "ParsedResponse(...)"  # it may contain a token


class RawJson:
    """Parser that returns the JSON of a response as it was sent.

    Args:
        contract_parser: The parser of the contract for the same response.
    """

    __slots__ = ("contract_parser",)

    def __init__(self, by_contract: Callable[[bytes], object]) -> None:
        self.contract_parser = by_contract

    def __call__(self, content: bytes) -> Any:
        """Return the JSON of a body."""
        return self.read(content).value

    def read(self, content: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ParsedResponse[Any]:
        """Parse a body; a list is taken out of its envelope."""
        data = parse_json(content, headers.get("content-type", ""))
        type_ = get_contract_type(self.contract_parser)
        return ParsedResponse(data) if type_ is None else _unwrap(type_, data)


def get_contract_type(parser: object) -> Any:
    """Return the type that the contract has for the result of a parser; None if it has none."""
    return parser.type if _is_json(parser) else None


def _is_json(parser: object) -> TypeGuard[Json[Any]]:
    return isinstance(parser, Json)


def is_checked(parse: object) -> TypeGuard[CheckedType[Any]]:
    """Return whether a parser also checks its result."""
    return isinstance(parse, CheckedType)


class CheckedType(Generic[T]):
    """Parser that also checks what the contract cannot express.

    Args:
        read: The parser.
        check: Raises ValueError if the result is invalid.
    """

    __slots__ = ("check", "read")

    def __init__(self, read: Json[T] | RawJson, check: Callable[[T], object]) -> None:
        self.read = read
        self.check = check

    def __call__(self, content: bytes) -> T:
        """Parse a body strictly."""
        value: T = self.read(content)
        self.check(value)
        return value


def parse_tolerantly(
    type_: Any, content: bytes, name: str, headers: Mapping[str, str] = NO_HEADERS
) -> ParsedResponse[Any]:
    """Parse a response that does not fit the contract.

    Args:
        type_: The type in the contract.
        content: The body.
        name: The operation, for deviations.
        headers: The headers, which may have the charset.

    Raises:
        UnexpectedShapeError: The whole response has another shape.
        ValueError: It is not JSON.
    """
    page = _unwrap(type_, parse_json(content, headers.get("content-type", "")))
    if not _is_shaped(type_, page.value):
        kind = _describe_value(page.value)
        raise UnexpectedShapeError(f"it is {kind}, where the API contract has {_describe_type(type_)}")
    return ParsedResponse(*_parse_and_note(type_, page.value, name), next_page=page.next_page)


def parse_value(type_: Any, value: Any, name: str) -> ParsedResponse[Any]:
    """Parse a JSON value that may not fit the contract."""
    return ParsedResponse(*_parse_and_note(type_, value, name))


def parse_object(model: type[M], value: dict[str, Any], *, strict: bool = False) -> ParsedResponse[M]:
    """Parse an object that may not fit the contract.

    Raises:
        ValidationError: It does not fit and `strict` is true, or it has no key of the contract.
    """
    try:
        return ParsedResponse(model.model_validate(value))
    except ValidationError:
        if strict or not _declares(model, value):
            raise
    notes: dict[Deviation, None] = {}
    return ParsedResponse(_build_object(model, value, notes), [*notes])


def _parse_and_note(type_: Any, value: Any, name: str) -> tuple[Any, list[Deviation]]:
    notes: dict[Deviation, None] = {}
    read = _parse(type_, value, name, notes)
    return read, [*notes]


def build_empty_value(type_: Any) -> Any:
    """Return the value for an empty response: an empty list or object."""
    if get_origin(type_) is list:
        return []
    if isinstance(type_, type) and issubclass(type_, Model):
        return _build_object(type_, {}, {})
    return {}


def _unwrap(type_: Any, data: Any) -> ParsedResponse[Any]:
    """Take the requested data out of its envelope, if it has one."""
    next_page: object = None
    if is_object(data):
        envelope = data
        for key in _ENVELOPE_KEYS:
            if key in envelope and not _declares(type_, envelope) and _can_be(type_, envelope[key]):
                data, next_page = envelope[key], envelope.get("next")
                break
    if is_array(data):
        items = data
        if name := _only_list(type_):
            return ParsedResponse({name: items}, next_page=next_page)
        if get_origin(type_) is list:
            return ParsedResponse(items, next_page=next_page)
        if _is_model(type_) and len(items) == 1:
            return ParsedResponse(items[0])
    elif is_object(data) and get_origin(type_) is list and _declares(get_args(type_)[0], data):
        return ParsedResponse([data])
    return ParsedResponse(data)


def _declares(type_: Any, data: dict[str, Any]) -> bool:
    """Return whether an object has a key of the contract."""
    if get_origin(type_) is dict:  # its keys are ids
        return any(key.isdecimal() for key in data)
    return _is_model(type_) and any(key in data for key, _, _ in _fields(type_))


def _can_be(type_: Any, data: Any) -> bool:
    return _is_shaped(type_, data) or (is_array(data) and _only_list(type_) is not None)


def _only_list(type_: Any) -> str | None:
    """Return the key of the only field of a model if that field is a list."""
    fields = _fields(type_) if _is_model(type_) else ()
    return fields[0][0] if len(fields) == 1 and get_origin(fields[0][2]) is list else None


def _is_shaped(type_: Any, data: Any) -> bool:
    if get_origin(type_) is list:
        return is_array(data)
    if not is_object(data):
        return False
    return get_origin(type_) is dict or _declares(type_, data)


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Model)


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


@cache
def _fields(model: type[Model]) -> tuple[tuple[str, str, Any], ...]:
    """Return the key, attribute name and type of each field."""
    fields = model.__pydantic_fields__.items()
    return tuple((field.serialization_alias or name, name, field.annotation) for name, field in fields)


@cache
def _extra_type(model: type[Model]) -> Any:
    """Return the type of the fields that a model does not declare."""
    hint = get_type_hints(model).get("__pydantic_extra__")
    return get_args(hint)[1] if get_origin(hint) is dict else Any


def _parse(type_: Any, value: Any, place: str, notes: dict[Deviation, None]) -> Any:
    if type_ is Any:
        return value
    with suppress(ValidationError):
        return _adapter(type_).validate_python(value)
    if get_origin(type_) in {Union, UnionType}:
        type_ = _match_member(get_args(type_), value) or type_
    if (parse := _get_parser(type_, value)) is not None:
        return parse(type_, value, place, notes)
    if type_ is AwareDatetime and (timestamp := _parse_timestamp(value)):
        _note("type", place, "is not ISO 8601 with a time zone; parsed as UTC", notes)
        return timestamp
    _note(
        "type",
        place,
        f"is {_describe_value(value)}, where the API contract has {_describe_type(type_)}; kept as sent",
        notes,
    )
    return value


def _get_parser(type_: Any, value: Any) -> Callable[[Any, Any, str, dict[Deviation, None]], Any] | None:
    """Return the parser of the parts of a value; None if the value has no parts, or not those of the type."""
    if is_array(value):
        return _parse_items if get_origin(type_) is list else None
    if is_object(value):
        if _is_model(type_):
            return _parse_model
        return _parse_values if get_origin(type_) is dict else None
    return None


def _match_member(members: tuple[Any, ...], value: Any) -> Any:
    """Return the member of a union that fits the kind of a value best; None if no member fits."""
    for member in members:
        if is_object(value) and (_is_model(member) or get_origin(member) is dict):
            return member
        if is_array(value) and get_origin(member) is list:
            return member
        if isinstance(value, str) and member is AwareDatetime and str not in members:
            return member
    return None


def _parse_items(type_: Any, values: list[object], place: str, notes: dict[Deviation, None]) -> list[Any]:
    of = get_args(type_)[0]
    items: list[Any] = []
    for value in values:
        if not _is_model(of) or _is_shaped(of, value):
            items.append(_parse(of, value, f"{place}[]", notes))
        else:
            _note("type", f"{place}[]", f"is {_describe_value(value)} that is not a {of.__name__}; left out", notes)
    return items


def _parse_values(type_: Any, values: dict[str, Any], place: str, notes: dict[Deviation, None]) -> dict[str, Any]:
    of = get_args(type_)[1]
    return {key: _parse(of, value, f"{place}.*", notes) for key, value in values.items()}


def _parse_model(type_: Any, value: dict[str, Any], _: str, notes: dict[Deviation, None]) -> Any:
    return _build_object(type_, value, notes)


def _build_object(model: type[Model], value: dict[str, Any], notes: dict[Deviation, None]) -> Any:
    known: dict[str, Any] = {}
    sent: set[str] = set()
    others = dict(value)
    for key, name, type_ in _fields(model):
        place = f"{model.__name__}.{key}"
        if key in others or name in others:
            known[name] = _parse(type_, others.pop(key if key in others else name), place, notes)
            sent.add(name)
        elif (field := model.__pydantic_fields__[name]).is_required():
            _note("missing", place, "", notes)
        else:
            known[name] = field.get_default(call_default_factory=True)
    extra_type = _extra_type(model)
    extra = {key: _parse(extra_type, item, f"{model.__name__}.*", notes) for key, item in others.items()}
    return _build_model(model, known, sent, extra)


def _build_model(model: type[Model], known: dict[str, Any], sent: set[str], extra: dict[str, Any]) -> Any:
    """Return a model as pydantic's `model_construct` does, which does not accept keys of any name."""
    instance = model.__new__(model)
    object.__setattr__(instance, "__dict__", known)
    object.__setattr__(instance, "__pydantic_fields_set__", sent)
    object.__setattr__(instance, "__pydantic_extra__", extra if model.model_config.get("extra") == "allow" else None)
    object.__setattr__(instance, "__pydantic_private__", None)
    if model.__pydantic_post_init__:
        instance.model_post_init(None)
    return instance


def _note(kind: Literal["missing", "type"], place: str, value: str, notes: dict[Deviation, None]) -> None:
    notes[Deviation(kind, place, value)] = None


def _parse_timestamp(value: Any) -> datetime | None:
    """Return a timestamp in any form of ISO 8601, in UTC if it has no time zone; None if it is not one."""
    if not isinstance(value, str):
        return None
    text = _ZONE.sub("+00:00", value.strip())
    with suppress(ValueError):
        timestamp = datetime.fromisoformat(text)
        return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    return None


def _describe_value(value: Any) -> str:
    return _TYPES.get(value.__class__, "something else")


def _describe_type(type_: Any) -> str:
    """Return a type of the contract in words."""
    if type_ is AwareDatetime:
        return "a date and time"
    origin = get_origin(type_)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_describe_type(member) for member in get_args(type_)))
    if origin is Literal:
        return "text"
    return _TYPES.get(origin or type_) or "an object"
