# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""What the generated modules share: an operation as a value, and how its request is encoded and its answer read.

Nothing in here does I/O except `send` and `asend`, which are for using this client by itself with a plain httpx client.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, TypeAdapter

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Other = TypeVar("Other")


class Model(BaseModel):
    """What all objects of the contract have in common.

    Keys that the contract does not know are kept. An object also reads like the dict that the service sent:
    `stage["id"]`, `stage.get("end")`, `"end" in stage`, `dict(stage)`; its keys are the ones that came. Of a key that
    the contract declares and that did not come, `stage["id"]` is None.
    """

    model_config = ConfigDict(
        extra="allow", validate_by_name=True, validate_by_alias=True, protected_namespaces=(), defer_build=True
    )

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        unset = type(self).__pydantic_fields__.keys() - self.__pydantic_fields_set__
        return ((name, value) for name, value in super().__repr_args__() if name not in unset)

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The object as a dict. Values that the service sent in another type are dumped without a warning."""
        options.setdefault("warnings", False)
        return super().model_dump(**options)

    def model_dump_json(self, **options: Any) -> str:
        """The object as JSON, likewise."""
        options.setdefault("warnings", False)
        return super().model_dump_json(**options)

    def _present(self) -> dict[str, Any]:
        set_ = ((key, name) for key, name in _names(type(self)).items() if name in self.__pydantic_fields_set__)
        known = {key: self.__dict__[name] for key, name in set_ if name in self.__dict__}
        return {**known, **(self.__pydantic_extra__ or {})}

    def _find(self, key: object, default: Any) -> Any:
        """The value of a key that came."""
        extra = cast("dict[object, Any]", self.__pydantic_extra__ or {})
        if key in extra:
            return extra[key]
        name = _names(type(self)).get(cast("str", key))
        return self.__dict__.get(name, default) if name in self.__pydantic_fields_set__ else default

    def __getitem__(self, key: str) -> Any:
        value = self._find(key, _ABSENT)
        if value is not _ABSENT:
            return value
        return self.__dict__.get(_names(type(self))[key])

    if not TYPE_CHECKING:  # so that type checkers still refuse a name that does not exist

        def __getattr__(self, name: str) -> Any:
            if name in type(self).__pydantic_fields__:
                what = f"{type(self).__name__}.{name}"
                raise AttributeError(f"{what} was not sent by the service; get({name!r}) returns None for it")
            return super().__getattr__(name)

    def __contains__(self, key: object) -> bool:
        return self._find(key, _ABSENT) is not _ABSENT

    def __len__(self) -> int:
        return len(self._present())

    # As of a dict; the pairs that pydantic gives here are `items`.
    def __iter__(self) -> Iterator[str]:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        return iter(self._present())

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default where it did not come."""
        return self._find(key, default)

    def keys(self) -> KeysView[str]:
        """The keys that came."""
        return self._present().keys()

    def values(self) -> ValuesView[Any]:
        """The values that came."""
        return self._present().values()

    def items(self) -> ItemsView[str, Any]:
        """The keys that came, with their values."""
        return self._present().items()


_ABSENT = object()


@cache
def _names(model: type[Model]) -> dict[str, str]:
    """The attributes of a model by the keys that stand for them in JSON."""
    return {field.serialization_alias or name: name for name, field in model.__pydantic_fields__.items()}


QueryValue = str | int | float | bool | datetime | Enum | Sequence[str] | Sequence[int] | None


# Libraries, such as pandas, make columns of mappings. As a base class it would bring another metaclass and `__eq__`.
Mapping.register(Model)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


class Json(Generic[T]):
    """Reads the bytes of an answer as the type the contract gives; the validator is built on first use."""

    def __init__(self, type_: Any) -> None:
        self.type = type_
        """The type that the contract gives."""

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self.type)

    def __call__(self, content: bytes) -> T:
        return self._adapter.validate_json(content)


def nothing(content: bytes) -> None:
    """Reads the answer of an operation that has none (204)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """One call of the API as a value: the request, and how to read the answer into `T`.

    `yield from` on it, in a generator that an executor drives, gives the answer as `T`.
    """

    name: str
    """The contract's operationId."""
    method: str
    endpoint: str
    """The path as the contract writes it, ids not filled in: `/external/thirdparty/v1/pads/{pad_id}/`."""
    path: str
    """The path with its ids filled in."""
    parse: Callable[[bytes], T]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = field(default=None, repr=False)
    success: frozenset[int] = frozenset({200})
    authenticated: bool = True
    """Whether the contract asks for the bearer token."""
    idempotent: bool = True
    """Whether making the call twice does no more than making it once (all but POST; `x-idempotent` in the contract)."""
    streamed: bool = False
    """Whether the answer may be too large to be read whole (`x-streamed` in the contract)."""

    def __iter__(self) -> Generator[Operation[Any], Any, T]:
        answer: T = yield self
        return answer

    @property
    def target(self) -> str:
        """Path and query, ready to be put behind the base URL."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def with_query(self, more: Mapping[str, QueryValue]) -> Operation[T]:
        """The same call with further query parameters, which the contract need not know."""
        return replace(self, query=self.query + encode_query(more))

    def with_parse(self, parse: Callable[[bytes], Other]) -> Operation[Other]:
        """The same call with its answer read in another way."""
        return cast("Operation[Other]", replace(cast("Operation[Any]", self), parse=parse))


def encode_value(value: QueryValue) -> str:
    """One value as the service writes it in a query: `true`, `2025-09-17T00:00:00Z`, `1,2,3`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (str, int, float)):
        return str(value)
    if not isinstance(value, Sequence):
        raise TypeError(f"a value of a query cannot be {type(value).__name__}: {value!r}")
    if not value:
        raise ValueError("a list in a query must not be empty: the service could take it for everything")
    return ",".join(str(item) for item in value)


def encode_query(
    values: Mapping[str, QueryValue], *, repeated: frozenset[str] = frozenset()
) -> tuple[tuple[str, str], ...]:
    """Query parameters in order; None is left out, sequences are joined by commas unless named in `repeated`."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        if name in repeated and isinstance(value, Sequence) and not isinstance(value, str):
            pairs.extend((name, str(item)) for item in value)
        else:
            pairs.append((name, encode_value(value)))
    return tuple(pairs)


def build_serializers(value: Any) -> None:
    """Build the serializers of a model, or of the models in a list.

    They are built on first use only, and pydantic before 2.14 fails instead where a model is inside of a value.
    """
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else (value,)
    for item in items:
        if isinstance(item, BaseModel):
            type(item).model_rebuild()


def encode_json(body: Any) -> bytes:
    """A JSON body. What was not set stays absent, what was set to None is sent as null."""
    build_serializers(body)
    return TypeAdapter[Any](Any).dump_json(body, exclude_unset=True, by_alias=True)


def encode_form(body: BaseModel) -> bytes:
    """A form-encoded body."""
    return urlencode(body.model_dump(mode="json", exclude_unset=True, by_alias=True)).encode()


class UnexpectedStatus(Exception):
    """The answer's status is none that the contract calls a success. Raised by `send` and `asend` only."""

    def __init__(self, operation: Operation[Any], response: httpx.Response) -> None:
        super().__init__(f"{operation.method} {operation.path} returned {response.status_code}")
        self.operation = operation
        self.response = response


def request_of(operation: Operation[Any]) -> dict[str, Any]:
    """The keyword arguments of `httpx.Client.request` for this operation."""
    return {
        "method": operation.method,
        "url": operation.target,
        "headers": dict(operation.headers),
        "content": operation.content,
    }


def _answer(operation: Operation[T], response: httpx.Response) -> T:
    if response.status_code not in operation.success:
        raise UnexpectedStatus(operation, response)
    return operation.parse(response.content)


def send(client: httpx.Client, operation: Operation[T]) -> T:
    """Sends one operation with a plain httpx client, whose `base_url` and `Authorization` header are the caller's."""
    return _answer(operation, client.request(**request_of(operation)))


async def asend(client: httpx.AsyncClient, operation: Operation[T]) -> T:
    """Async form of `send`."""
    return _answer(operation, await client.request(**request_of(operation)))
