"""Drift at run time: how answers differ from the contract, reported once for each kind of deviation.

Such an answer is read all the same (`transport/lenient.py`). By default, and with RESTREAM_DRIFT=log, what does not
fit the contract is logged at WARNING. `warn` makes it a `DriftWarning`, `error` a `DriftFoundError` for each call that
meets it, `off` nothing. Only those two, and the hook `on_drift`, also report what the contract does not know: new
fields and new values, which break nothing. Looking for these takes time.

What is handed over as it was sent (`as_dict=True`) is read by the contract only where `warn`, `error` or the hook asks
for it. Time-series records are not looked at: they can have any field.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, cast, get_args

from datastore_sdk._io.tolerant_parser import (
    Deviation,
    ParsedResponse,
    RawJson,
    get_contract_type,
    is_checked,
    parse_object,
    parse_value,
)
from datastore_sdk._utils.validation import user_stack_level
from datastore_sdk.exceptions import DriftFoundError, DriftWarning
from datastore_sdk.instrumentation.events import DriftEvent, Hooks, call_hook
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.transport.executor.call import Call, event_fields
from restream_api.types import Model, Operation

log = get_logger("drift")

M = TypeVar("M", bound=Model)
T = TypeVar("T")

VARIABLE = "RESTREAM_DRIFT"
OFF, LOG, WARN, ERROR = _MODES = ("off", "log", "warn", "error")
MAX_VALUE_CHARACTERS = 60
"""How many characters of a value are shown."""

_THOROUGH = (WARN, ERROR)
"""The modes in which what the contract does not know is looked for."""
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
_logged: set[tuple[object, ...]] = set()
_heard: dict[int, tuple[object, set[tuple[object, ...]]]] = {}
"""What each hook was told, by its identity: it need not be hashable. That it is kept keeps its identity its own."""


def report_deviations(call: Call, parsed: ParsedResponse[Any], hooks: Hooks) -> None:
    """Reports how an answer differs from the contract.

    Raises:
        DriftFoundError: It differs, and RESTREAM_DRIFT=error.
    """
    mode = _mode()
    if _is_thorough(mode, hooks):
        parse = call.operation.parse
        read: object = parse.read if is_checked(parse) else parse
        if isinstance(read, RawJson):
            type_ = get_contract_type(read.contract_parser)
            parsed = ParsedResponse(None) if type_ is None else parse_value(type_, parsed.value, call.operation.name)
        _look(_all_deviations(parsed), call, mode, hooks)
    elif parsed.deviations:
        _look(parsed.deviations, call, mode, hooks)


class MessageSource(Protocol):
    """What the objects of a WebSocket are checked with: the settings of its client."""

    @property
    def strict(self) -> bool:
        """Whether objects that do not fit the API contract are errors."""
        ...

    @property
    def hooks(self) -> Hooks:
        """The event hooks."""
        ...

    @property
    def base_url(self) -> str:
        """Scheme and host of the service."""
        ...


def parse_message(contract: type[M], item: dict[str, Any], room: Operation[Any], exchange: MessageSource) -> M:
    """An object that was told in a room, read by the contract; reports how it differs.

    Raises:
        DriftFoundError: It differs, and RESTREAM_DRIFT=error.
        ValidationError: It does not fit the contract, and the client is strict.
    """
    mode = _mode()
    parsed = parse_object(contract, item, strict=exchange.strict)
    thorough = _is_thorough(mode, exchange.hooks)
    if thorough or parsed.deviations:
        found = _all_deviations(parsed) if thorough else parsed.deviations
        _report_all(found, event_fields(room, exchange.base_url + room.target), mode, exchange.hooks)
    return parsed.value


def check_messages(
    contract: type[Model], items: Iterable[dict[str, Any]], room: Operation[Any], exchange: MessageSource
) -> None:
    """Reports how objects that are handed over as they were told differ from the contract, if anybody asks for it.

    Raises:
        DriftFoundError: One differs, and RESTREAM_DRIFT=error.
    """
    mode = _mode()
    if _is_thorough(mode, exchange.hooks):
        found = [each for item in items for each in _all_deviations(parse_object(contract, item))]
        _report_all(found, event_fields(room, exchange.base_url + room.target), mode, exchange.hooks)


def report_object(deviations: list[Deviation], kind: str) -> None:
    """Reports how an object that a program makes of a dict differs from the contract."""
    _report(deviations, {"operation": kind}, _mode(), Hooks())


def report_status(call: Call, status: int, hooks: Hooks) -> None:
    """Reports a status that the contract does not know, if anybody wants to know. The call fails by it anyway."""
    if status in _REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return
    mode = _mode()
    if _is_thorough(mode, hooks):
        _report([Deviation("status", call.operation.name, str(status))], call.event_fields(), mode, hooks)


def _is_thorough(mode: str, hooks: Hooks) -> bool:
    """Whether anybody asks for what the contract does not know."""
    return mode in _THOROUGH or hooks.on_drift is not None


def _all_deviations(parsed: ParsedResponse[Any]) -> list[Deviation]:
    return [*parsed.deviations, *dict.fromkeys(_in_value(parsed.value))]


def _look(found: list[Deviation], call: Call, mode: str, hooks: Hooks) -> None:
    _report_all(found, call.event_fields(), mode, hooks)


def _report_all(found: list[Deviation], met_in: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    found = [*dict.fromkeys(found)]
    _report(found, met_in, mode, hooks)
    if found and mode == ERROR:
        problems, method, url = tuple(map(str, found)), met_in["method"], met_in["url"]
        message = f"{method} {url}: {'; '.join(problems)} (RESTREAM_DRIFT=error)"
        raise DriftFoundError(message, method=method, url=url, problems=problems)


def _mode() -> str:
    text = os.environ.get(VARIABLE, "")
    if not text:  # most programs
        return LOG
    mode = text.strip().lower()
    if mode not in _MODES:
        _warn_once((VARIABLE, text), f"{VARIABLE} is {text!r}; it can be {', '.join(_MODES)}. It counts as {LOG}.")
        return LOG
    return mode


def _report(found: list[Deviation], met_in: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    for deviation in found:
        if hooks.on_drift and _is_new(deviation, _heard.setdefault(id(hooks.on_drift), (hooks.on_drift, set()))[1]):
            call_hook(hooks.on_drift, partial(_event, met_in, deviation))
        message = f"{deviation} (met in {met_in['operation']})"
        if mode == WARN:
            _warn_once(deviation, message)
        elif mode == LOG and not deviation.is_addition and _is_new(deviation, _logged):
            log.warning("%s", message)


def _event(met_in: Mapping[str, Any], deviation: Deviation) -> DriftEvent:
    return DriftEvent(**met_in, kind=deviation.kind, place=deviation.place, message=str(deviation))


def _is_new(key: tuple[object, ...], known: set[tuple[object, ...]]) -> bool:
    if key in known:
        return False
    known.add(key)
    return True


def _warn_once(key: tuple[object, ...], message: str) -> None:
    if _is_new(key, _warned):
        warnings.warn(message, DriftWarning, stacklevel=user_stack_level())


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
        if known and isinstance(item, str | int | float) and item not in known:
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
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[:MAX_VALUE_CHARACTERS]}..."
