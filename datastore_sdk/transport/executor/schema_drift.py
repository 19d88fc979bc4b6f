"""Schema drift at run time: reports of how responses deviate from the API contract, once per kind of deviation.

Responses that deviate are parsed too (`_io/tolerant_parser.py`). The environment variable RESTREAM_DRIFT says
how deviations are reported:

    log    (default) a line at level WARNING for what does not fit the contract
    warn   a `DriftWarning`, also for additions: fields and values that the contract does not have
    error  a `DriftFoundError` in each call that meets a deviation, also for additions
    off    nothing

The hook `on_drift` receives additions too. They break nothing, and finding them takes time, so the other modes do not
look for them. For the same reason, data that is returned as it was sent (`as_dict=True`) is compared with the contract
only with `warn`, `error` or the hook. Time-series records are never compared: they can have any field.
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
"""Maximum number of characters of a value in a message."""

_ADDITION_MODES = (WARN, ERROR)
"""The modes that report additions."""
_KNOWN_ERRORS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Error statuses of the contract, besides 5xx."""

_warned: set[tuple[object, ...]] = set()
_logged: set[tuple[object, ...]] = set()
_seen_by_hook: dict[int, tuple[object, set[tuple[object, ...]]]] = {}
"""Deviations that each hook has received, by the id of the hook, since hooks need not be hashable. The reference to the
hook keeps its id from being used again."""


def report_deviations(call: Call, parsed: ParsedResponse[Any], hooks: Hooks) -> None:
    """Report how a response deviates from the contract.

    Raises:
        DriftFoundError: It deviates, and RESTREAM_DRIFT=error.
    """
    mode = _get_mode()
    if _wants_additions(mode, hooks):
        parse = call.operation.parse
        read: object = parse.read if is_checked(parse) else parse
        if isinstance(read, RawJson):
            type_ = get_contract_type(read.contract_parser)
            parsed = ParsedResponse(None) if type_ is None else parse_value(type_, parsed.value, call.operation.name)
        _report_call(_all_deviations(parsed), call, mode, hooks)
    elif parsed.deviations:
        _report_call(parsed.deviations, call, mode, hooks)


class MessageSource(Protocol):
    """Settings of the client that received an object over a WebSocket."""

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


def parse_message(contract: type[M], item: dict[str, Any], operation: Operation[Any], source: MessageSource) -> M:
    """Parse an object from a WebSocket by the contract, and report how it deviates.

    Raises:
        DriftFoundError: It deviates, and RESTREAM_DRIFT=error.
        ValidationError: It does not fit the contract, and the client is strict.
    """
    mode = _get_mode()
    parsed = parse_object(contract, item, strict=source.strict)
    thorough = _wants_additions(mode, source.hooks)
    if thorough or parsed.deviations:
        found = _all_deviations(parsed) if thorough else parsed.deviations
        _report_all(found, event_fields(operation, source.base_url + operation.target), mode, source.hooks)
    return parsed.value


def check_messages(
    contract: type[Model], items: Iterable[dict[str, Any]], operation: Operation[Any], source: MessageSource
) -> None:
    """Report how objects that are returned as they were sent deviate from the contract, if additions are reported.

    Raises:
        DriftFoundError: One deviates, and RESTREAM_DRIFT=error.
    """
    mode = _get_mode()
    if _wants_additions(mode, source.hooks):
        found = [each for item in items for each in _all_deviations(parse_object(contract, item))]
        _report_all(found, event_fields(operation, source.base_url + operation.target), mode, source.hooks)


def report_object(deviations: list[Deviation], kind: str) -> None:
    """Report how a dict that the program passed to a constructor deviates from the contract."""
    _report(deviations, {"operation": kind}, _get_mode(), Hooks())


def report_status(call: Call, status: int, hooks: Hooks) -> None:
    """Report an error status that the contract does not have, if additions are reported. The call fails in any case."""
    if status in _KNOWN_ERRORS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return
    mode = _get_mode()
    if _wants_additions(mode, hooks):
        _report([Deviation("status", call.operation.name, str(status))], call.event_fields(), mode, hooks)


def _wants_additions(mode: str, hooks: Hooks) -> bool:
    """Return whether additions are reported."""
    return mode in _ADDITION_MODES or hooks.on_drift is not None


def _all_deviations(parsed: ParsedResponse[Any]) -> list[Deviation]:
    return [*parsed.deviations, *dict.fromkeys(_find_additions(parsed.value))]


def _report_call(found: list[Deviation], call: Call, mode: str, hooks: Hooks) -> None:
    _report_all(found, call.event_fields(), mode, hooks)


def _report_all(found: list[Deviation], fields: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    found = [*dict.fromkeys(found)]
    _report(found, fields, mode, hooks)
    if found and mode == ERROR:
        problems, method, url = tuple(map(str, found)), fields["method"], fields["url"]
        message = f"{method} {url}: {'; '.join(problems)} (RESTREAM_DRIFT=error)"
        raise DriftFoundError(message, method=method, url=url, problems=problems)


def _get_mode() -> str:
    text = os.environ.get(VARIABLE, "")
    if not text:  # the usual case
        return LOG
    mode = text.strip().lower()
    if mode not in _MODES:
        _warn_once((VARIABLE, text), f"{VARIABLE} is {text!r}; valid values are {', '.join(_MODES)}. Using {LOG}.")
        return LOG
    return mode


def _report(found: list[Deviation], fields: Mapping[str, Any], mode: str, hooks: Hooks) -> None:
    for deviation in found:
        if hooks.on_drift and _is_new(
            deviation, _seen_by_hook.setdefault(id(hooks.on_drift), (hooks.on_drift, set()))[1]
        ):
            call_hook(hooks.on_drift, partial(_event, fields, deviation))
        message = f"{deviation} (met in {fields['operation']})"
        if mode == WARN:
            _warn_once(deviation, message)
        elif mode == LOG and not deviation.is_addition and _is_new(deviation, _logged):
            log.warning("%s", message)


def _event(fields: Mapping[str, Any], deviation: Deviation) -> DriftEvent:
    return DriftEvent(**fields, kind=deviation.kind, place=deviation.place, message=str(deviation))


def _is_new(key: tuple[object, ...], known: set[tuple[object, ...]]) -> bool:
    if key in known:
        return False
    known.add(key)
    return True


def _warn_once(key: tuple[object, ...], message: str) -> None:
    if _is_new(key, _warned):
        warnings.warn(message, DriftWarning, stacklevel=user_stack_level())


def _find_additions(value: object) -> Iterator[Deviation]:
    """Yield the additions in a parsed value. Plain JSON has no contract to deviate from."""
    if isinstance(value, Model):
        yield from _find_in_model(value)
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from _find_additions(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from _find_additions(item)


def _find_in_model(model: Model) -> Iterator[Deviation]:
    kind = _get_object_type(type(model))
    if not kind.is_open:
        for name in model.model_extra or ():
            yield Deviation("field", f"{kind.name}.{name}")
    for name, item in model.__dict__.items():
        known = kind.known_values.get(name)
        if known and isinstance(item, str | int | float) and item not in known:
            yield Deviation("value", f"{kind.name}.{name}", _shorten(item))
        else:
            yield from _find_additions(item)


class _ObjectType(NamedTuple):
    """Object type of the contract."""

    name: str
    is_open: bool
    """Whether it may have any field."""
    known_values: dict[str, frozenset[object]]
    """The known values of fields that may have other values too."""


@cache
def _get_object_type(kind: type[Model]) -> _ObjectType:
    fields = {name: _get_known_values(field.annotation) for name, field in kind.model_fields.items()}
    below = kind.__mro__[: kind.__mro__.index(Model)]
    return _ObjectType(
        name=kind.__name__,
        is_open=any("__pydantic_extra__" in vars(each).get("__annotations__", {}) for each in below),
        known_values={name: values for name, values in fields.items() if values},
    )


def _get_known_values(annotation: Any) -> frozenset[object]:
    """Return the values of the literals in `Literal["a", "b"] | str`."""
    members = (annotation, *get_args(annotation))
    return frozenset(value for member in members if _is_literal(member) for value in get_args(member))


def _is_literal(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is Literal


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[:MAX_VALUE_CHARACTERS]}..."
