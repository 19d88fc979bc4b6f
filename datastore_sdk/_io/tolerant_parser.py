"""Tolerant reader of answers: what fits the contract is typed, what does not fit is kept as the service sent it.

Answers are validated strictly first, in one go. This reads those that failed: each object by itself, each field by
itself. What is missing stays missing. An item of a list of objects that is not an object, or has none of the keys of
the contract, is left out. Whatever differs is noted as a `Deviation`.
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
_PAGES = ("results", "data")
"""The keys under which envelopes hold what was asked for."""
_TYPES: dict[type, str] = {
    NoneType: "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "an array",
    dict: "an object",
}


class Deviation(NamedTuple):
    """One kind of difference from the contract."""

    kind: Literal["field", "value", "status", "missing", "type"]
    place: str
    """Where: `Pad.color`, or the operation of a status."""
    value: str = ""
    """The value or the status; of a type, what came and what the contract has; never a value that does not fit."""

    @property
    def is_addition(self) -> bool:
        """Whether the contract is only silent about it; else it says something else."""
        return self.kind in {"field", "value", "status"}

    def __str__(self) -> str:
        match self.kind:
            case "field":
                return f"{self.place} is not in the API contract"
            case "value":
                return f"{self.place} is {self.value}, which is none of the values in the API contract"
            case "status":
                return f"{self.place} returned {self.value}, which is not in the API contract"
            case "missing":
                return f"{self.place} is missing, which the API contract requires"
            case "type":
                return f"{self.place} {self.value}"


class UnexpectedShapeError(ValueError):
    """An answer as a whole is of another shape than what was asked for."""


class ParsedResponse(Struct, Generic[T]):
    """An answer that was read."""

    value: T
    deviations: list[Deviation] = []
    """How it differs from the contract."""
    next_page: object = None
    """Where the list goes on, in the service's words."""
    size: int = 0
    """Length of the body in bytes."""

    def __repr__(self) -> str:
        return "Parsed(...)"  # it may hold a token


class RawJson:
    """Reads an answer as the JSON that it is.

    Args:
        by_contract: How the contract has it read.
    """

    __slots__ = ("contract_parser",)

    def __init__(self, by_contract: Callable[[bytes], object]) -> None:
        self.contract_parser = by_contract

    def __call__(self, content: bytes) -> Any:
        """Reads it."""
        return self.read(content).value

    def read(self, content: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ParsedResponse[Any]:
        """Reads it; a list that comes in an envelope is taken out of it."""
        data = parse_json(content, headers.get("content-type", ""))
        type_ = get_contract_type(self.contract_parser)
        return ParsedResponse(data) if type_ is None else _unwrapped(type_, data)


def get_contract_type(read: object) -> Any:
    """The type that the contract gives to what reads an answer; None where it does not say."""
    return read.type if _is_json(read) else None


def _is_json(read: object) -> TypeGuard[Json[Any]]:
    return isinstance(read, Json)


def is_checked(parse: object) -> TypeGuard[CheckedType[Any]]:
    """Whether an answer is checked when it was read."""
    return isinstance(parse, CheckedType)


class CheckedType(Generic[T]):
    """Reads an answer as the contract says, or untouched, and checks what the contract cannot say.

    Args:
        read: Reads it.
        check: Raises a ValueError where something is wrong.
    """

    __slots__ = ("check", "read")

    def __init__(self, read: Json[T] | RawJson, check: Callable[[T], object]) -> None:
        self.read = read
        self.check = check

    def __call__(self, content: bytes) -> T:
        """Reads it strictly."""
        value: T = self.read(content)
        self.check(value)
        return value


def parse_tolerantly(
    type_: Any, content: bytes, name: str, headers: Mapping[str, str] = NO_HEADERS
) -> ParsedResponse[Any]:
    """An answer that does not fit the contract, as far as it does.

    Args:
        type_: The type that the contract gives.
        content: The body.
        name: The operation, which deviations are told by.
        headers: Of the answer; one says how the body is encoded.

    Raises:
        NotUnderstoodError: It is of another shape as a whole.
        ValueError: It is not JSON.
    """
    page = _unwrapped(type_, parse_json(content, headers.get("content-type", "")))
    if not _is_shaped(type_, page.value):
        raise UnexpectedShapeError(f"it is {_name(page.value)}, where the API contract has {_expected(type_)}")
    return ParsedResponse(*_noted(type_, page.value, name), next_page=page.next_page)


def parse_value(type_: Any, value: Any, name: str) -> ParsedResponse[Any]:
    """JSON that was read before, as far as it fits the contract."""
    return ParsedResponse(*_noted(type_, value, name))


def parse_object(model: type[M], value: dict[str, Any], *, strict: bool = False) -> ParsedResponse[M]:
    """An object by itself, as far as it fits the contract.

    Raises:
        ValidationError: It does not fit and must, or it has none of the keys of the contract.
    """
    try:
        return ParsedResponse(model.model_validate(value))
    except ValidationError:
        if strict or not _declares(model, value):
            raise
    notes: dict[Deviation, None] = {}
    return ParsedResponse(_object(model, value, notes), [*notes])


def _noted(type_: Any, value: Any, name: str) -> tuple[Any, list[Deviation]]:
    notes: dict[Deviation, None] = {}
    read = _read(type_, value, name, notes)
    return read, [*notes]


def build_empty_value(type_: Any) -> Any:
    """What stands for an answer in which nothing came."""
    if get_origin(type_) is list:
        return []
    if isinstance(type_, type) and issubclass(type_, Model):
        return _object(type_, {}, {})
    return {}


def _unwrapped(type_: Any, data: Any) -> ParsedResponse[Any]:
    """What was asked for, out of the envelope that it may have come in."""
    following: object = None
    if is_object(data):
        envelope = data
        for key in _PAGES:
            if key in envelope and not _declares(type_, envelope) and _can_be(type_, envelope[key]):
                data, following = envelope[key], envelope.get("next")
                break
    if is_array(data):
        items = data
        if name := _only_list(type_):
            return ParsedResponse({name: items}, next_page=following)
        if get_origin(type_) is list:
            return ParsedResponse(items, next_page=following)
        if _is_model(type_) and len(items) == 1:
            return ParsedResponse(items[0])
    elif is_object(data) and get_origin(type_) is list and _declares(get_args(type_)[0], data):
        return ParsedResponse([data])
    return ParsedResponse(data)


def _declares(type_: Any, data: dict[str, Any]) -> bool:
    """Whether an object has any of the keys that the contract declares."""
    if get_origin(type_) is dict:  # by ids
        return any(key.isdecimal() for key in data)
    return _is_model(type_) and any(key in data for key, _, _ in _fields(type_))


def _can_be(type_: Any, data: Any) -> bool:
    return _is_shaped(type_, data) or (is_array(data) and _only_list(type_) is not None)


def _only_list(type_: Any) -> str | None:
    """The key of a model that holds a list and nothing else."""
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
    """Of each field the key, the name of the attribute, and the type."""
    fields = model.__pydantic_fields__.items()
    return tuple((field.serialization_alias or name, name, field.annotation) for name, field in fields)


@cache
def _extra_type(model: type[Model]) -> Any:
    """The type of the fields that a model does not name."""
    hint = get_type_hints(model).get("__pydantic_extra__")
    return get_args(hint)[1] if get_origin(hint) is dict else Any


def _read(type_: Any, value: Any, place: str, notes: dict[Deviation, None]) -> Any:
    if type_ is Any:
        return value
    with suppress(ValidationError):
        return _adapter(type_).validate_python(value)
    if get_origin(type_) in {Union, UnionType}:
        type_ = _alike(get_args(type_), value) or type_
    if (read := _reader(type_, value)) is not None:
        return read(type_, value, place, notes)
    if type_ is AwareDatetime and (moment := _moment(value)):
        _note("type", place, "has no time zone or another form than ISO 8601 with one; read as UTC", notes)
        return moment
    _note("type", place, f"is {_name(value)}, where the API contract has {_expected(type_)}; kept as it came", notes)
    return value


def _reader(type_: Any, value: Any) -> Callable[[Any, Any, str, dict[Deviation, None]], Any] | None:
    """What reads the parts of a value; None where it has none, or not those of the type."""
    if is_array(value):
        return _items if get_origin(type_) is list else None
    if is_object(value):
        if _is_model(type_):
            return _fields_of
        return _values if get_origin(type_) is dict else None
    return None


def _alike(members: tuple[Any, ...], value: Any) -> Any:
    """The member of a union that a value is most like; None where it is like none."""
    for member in members:
        if is_object(value) and (_is_model(member) or get_origin(member) is dict):
            return member
        if is_array(value) and get_origin(member) is list:
            return member
        if isinstance(value, str) and member is AwareDatetime and str not in members:
            return member
    return None


def _items(type_: Any, values: list[object], place: str, notes: dict[Deviation, None]) -> list[Any]:
    of = get_args(type_)[0]
    items: list[Any] = []
    for value in values:
        if not _is_model(of) or _is_shaped(of, value):
            items.append(_read(of, value, f"{place}[]", notes))
        else:
            _note("type", f"{place}[]", f"is {_name(value)} that is not a {of.__name__}; left out", notes)
    return items


def _values(type_: Any, values: dict[str, Any], place: str, notes: dict[Deviation, None]) -> dict[str, Any]:
    of = get_args(type_)[1]
    return {key: _read(of, value, f"{place}.*", notes) for key, value in values.items()}


def _fields_of(type_: Any, value: dict[str, Any], _: str, notes: dict[Deviation, None]) -> Any:
    return _object(type_, value, notes)


def _object(model: type[Model], value: dict[str, Any], notes: dict[Deviation, None]) -> Any:
    known: dict[str, Any] = {}
    sent: set[str] = set()
    others = dict(value)
    for key, name, type_ in _fields(model):
        place = f"{model.__name__}.{key}"
        if key in others or name in others:
            known[name] = _read(type_, others.pop(key if key in others else name), place, notes)
            sent.add(name)
        elif (field := model.__pydantic_fields__[name]).is_required():
            _note("missing", place, "", notes)
        else:
            known[name] = field.get_default(call_default_factory=True)
    extra_type = _extra_type(model)
    extra = {key: _read(extra_type, item, f"{model.__name__}.*", notes) for key, item in others.items()}
    return _made(model, known, sent, extra)


def _made(model: type[Model], known: dict[str, Any], sent: set[str], extra: dict[str, Any]) -> Any:
    """An object of these values, as pydantic's `model_construct` makes it, which takes no key of any name."""
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", known)
    object.__setattr__(made, "__pydantic_fields_set__", sent)
    object.__setattr__(made, "__pydantic_extra__", extra if model.model_config.get("extra") == "allow" else None)
    object.__setattr__(made, "__pydantic_private__", None)
    if model.__pydantic_post_init__:
        made.model_post_init(None)
    return made


def _note(kind: Literal["missing", "type"], place: str, value: str, notes: dict[Deviation, None]) -> None:
    notes[Deviation(kind, place, value)] = None


def _moment(value: Any) -> datetime | None:
    """A moment in any form of ISO 8601; without a time zone, in UTC."""
    if not isinstance(value, str):
        return None
    text = _ZONE.sub("+00:00", value.strip())
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _name(value: Any) -> str:
    return _TYPES.get(value.__class__, "something else")


def _expected(type_: Any) -> str:
    """A type of the contract in words."""
    if type_ is AwareDatetime:
        return "a date and time"
    origin = get_origin(type_)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_expected(member) for member in get_args(type_)))
    if origin is Literal:
        return "a text"
    return _TYPES.get(origin or type_) or "an object"
