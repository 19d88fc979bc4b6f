"""Drift at run time: what the service answers and the contract does not know, told once, to whoever asks for it.

Such an answer is read all the same: fields that are not known are kept, and so are values. RESTREAM_DRIFT asks for
more: `warn` has a `DriftWarning` for each kind of deviation, once per process; `error` has a `DriftFoundError` for each
call that meets one. The hook `on_drift` is told in either case, and also where neither was asked for.

What is handed over as it was sent (`as_dict=True`) is read by the contract as well, only to be looked at. Time-series
records are not looked at: they can have any field.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast, get_args

import orjson

from datastore_sdk.checks import level_of_user
from datastore_sdk.exceptions import DriftFoundError, DriftWarning
from datastore_sdk.transport.calls.attempt import facts, facts_of
from datastore_sdk.transport.telling.hooks import DriftEvent, Hooks, tell
from restream_api.types import Model, Operation

if TYPE_CHECKING:
    from datastore_sdk.transport.calls.call import Call
    from datastore_sdk.transport.calls.exchange import Exchange

A = TypeVar("A")
T = TypeVar("T")

VARIABLE = "RESTREAM_DRIFT"
WARN, ERROR = "warn", "error"
SHOWN = 60
"""How many characters of a value are shown."""

_OFF = ("", "off")
_REFUSALS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""The errors that the contract knows, besides those of the service itself (5xx)."""

_warned: set[tuple[object, ...]] = set()
_heard: dict[int, tuple[object, set[tuple[object, ...]]]] = {}
"""What each hook was told, by its identity: it need not be hashable. That it is kept keeps its identity its own."""


class Deviation(NamedTuple):
    """One kind of difference from the contract."""

    kind: Literal["field", "value", "status"]
    place: str
    """Where: `Pad.color`, or the operation of a status."""
    value: str = ""
    """The value or the status; a field's is not told."""

    def __str__(self) -> str:
        match self.kind:
            case "field":
                return f"{self.place} is not in the API contract"
            case "value":
                return f"{self.place} is {self.value}, which is none of the values in the API contract"
            case "status":
                return f"{self.place} answered {self.value}, which is not in the API contract"


class Untouched:
    """Reads an answer as the JSON that it is.

    Args:
        by_contract: How the contract has it read.
    """

    __slots__ = ("by_contract",)

    def __init__(self, by_contract: Callable[[bytes], object]) -> None:
        self.by_contract = by_contract

    def __call__(self, content: bytes) -> Any:
        """Reads it."""
        return orjson.loads(content)


def checked(call: Call, answer: T, hooks: Hooks) -> T:
    """The answer; reports where it differs from the contract, if anybody wants to know.

    Raises:
        DriftFoundError: It differs, and RESTREAM_DRIFT=error.
    """
    mode = _mode()
    if mode or hooks.on_drift:
        parse = call.operation.parse
        value = _by_contract(parse.by_contract, orjson.dumps(answer)) if isinstance(parse, Untouched) else answer
        _look(value, facts_of(call), mode, hooks)
    return answer


def check_items(items: Iterable[A], read: Callable[[A], object], room: Operation[Any], exchange: Exchange) -> None:
    """Reports where what a room tells differs from the contract, if anybody wants to know.

    Args:
        items: What was told.
        read: Reads one as the contract says; a ValueError where it does not fit, which others report.
        room: The room.
        exchange: Through which it was entered.

    Raises:
        DriftFoundError: It differs, and RESTREAM_DRIFT=error.
    """
    mode = _mode()
    if mode or exchange.hooks.on_drift:
        values = [_by_contract(read, item) for item in items]
        _look(values, facts(room, exchange.base_url + room.target), mode, exchange.hooks)


def check_status(call: Call, status: int, hooks: Hooks) -> None:
    """Reports a status that the contract does not know, if anybody wants to know. The call fails by it anyway."""
    if status in _REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return
    mode = _mode()
    if mode or hooks.on_drift:
        _report([Deviation("status", call.operation.name, str(status))], facts_of(call), mode, hooks)


def _by_contract(read: Callable[[A], object], content: A) -> object:
    """What was sent, read as the contract says; None where it cannot be."""
    try:
        return read(content)
    except ValueError:  # as those of pydantic are
        return None


def _look(value: object, met_in: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    found = [*dict.fromkeys(_in_value(value))]
    _report(found, met_in, mode, hooks)
    if found and mode == ERROR:
        problems, method, url = tuple(map(str, found)), met_in["method"], met_in["url"]
        message = f"{method} {url}: {'; '.join(problems)} (RESTREAM_DRIFT=error)"
        raise DriftFoundError(message, method=method, url=url, problems=problems)


def _mode() -> str:
    text = os.environ.get(VARIABLE, "")
    if not text:  # most programs
        return text
    mode = text.strip().lower()
    if mode in _OFF:
        return ""
    if mode not in {WARN, ERROR}:
        _warn_once(
            (VARIABLE, text), f"{VARIABLE} is {text!r}; it can be {WARN}, {ERROR} or off. Nothing is looked for."
        )
        return ""
    return mode


def _report(found: list[Deviation], met_in: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    for deviation in found:
        if hooks.on_drift and _is_new(deviation, _heard.setdefault(id(hooks.on_drift), (hooks.on_drift, set()))[1]):
            tell(hooks.on_drift, partial(_event, met_in, deviation))
        if mode == WARN:
            _warn_once(deviation, f"{deviation} (met in {met_in['operation']})")


def _event(met_in: Mapping[str, Any], deviation: Deviation) -> DriftEvent:
    return DriftEvent(**met_in, kind=deviation.kind, place=deviation.place, message=str(deviation))


def _is_new(key: tuple[object, ...], known: set[tuple[object, ...]]) -> bool:
    if key in known:
        return False
    known.add(key)
    return True


def _warn_once(key: tuple[object, ...], message: str) -> None:
    if _is_new(key, _warned):
        warnings.warn(message, DriftWarning, stacklevel=level_of_user())


def _in_value(value: object) -> Iterator[Deviation]:
    """The deviations in what was read of an answer. Objects read as plain JSON have no contract to deviate from."""
    if isinstance(value, Model):
        yield from _in_model(value)
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from _in_value(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from _in_value(item)


def _in_model(model: Model) -> Iterator[Deviation]:
    kind = _shape_of(type(model))
    if not kind.is_open:
        for name in model.model_extra or ():
            yield Deviation("field", f"{kind.name}.{name}")
    for name, item in model.__dict__.items():
        known = kind.known_values.get(name)
        if known and item is not None and item not in known:
            yield Deviation("value", f"{kind.name}.{name}", _shown(item))
        else:
            yield from _in_value(item)


class _Shape(NamedTuple):
    """What the contract says of an object."""

    name: str
    is_open: bool
    """Whether it can have any fields."""
    known_values: dict[str, frozenset[object]]
    """By field, the values that the contract names, where it leaves room for others."""


@cache
def _shape_of(kind: type[Model]) -> _Shape:
    fields = {name: _known_values(field.annotation) for name, field in kind.model_fields.items()}
    below = kind.__mro__[: kind.__mro__.index(Model)]
    return _Shape(
        name=kind.__name__,
        is_open=any("__pydantic_extra__" in vars(each).get("__annotations__", {}) for each in below),
        known_values={name: values for name, values in fields.items() if values},
    )


def _known_values(annotation: Any) -> frozenset[object]:
    """The values of the literals in `Literal["a", "b"] | str`."""
    members = (annotation, *get_args(annotation))
    return frozenset(value for member in members if _is_literal(member) for value in get_args(member))


def _is_literal(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is Literal


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
