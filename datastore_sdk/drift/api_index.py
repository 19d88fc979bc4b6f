"""Which public names of the SDK a part of the contract stands behind. Read off the code itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from inspect import signature, unwrap
from types import CodeType, FunctionType
from typing import Any

from pydantic import BaseModel

import datastore_sdk
import restream_api.models
from datastore_sdk.entities.endpoints import Endpoints

_OPERATIONS = "restream_api.api."
"""The modules of the functions that describe calls; each is called like its `operationId`."""


def methods(operation_id: str) -> list[str]:
    """The public methods that make a call, such as `Pad.get_models()`; their async forms are meant too."""
    return list(_methods().get(operation_id, ()))


def arguments(operation_id: str, parameter: str) -> list[str]:
    """The public arguments that become a parameter of a call; the methods, where none is called like it."""
    names = [
        f"{method[:-1]}{parameter}=)" for method, accepted in _accepted(operation_id).items() if parameter in accepted
    ]
    return names or methods(operation_id)


def attribute(schema: str, key: str) -> str | None:
    """The public attribute for a property of a schema, such as `Pad.name`; None where the SDK has none."""
    model: Any = getattr(restream_api.models, schema, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    named = {field.serialization_alias or name: name for name, field in model.model_fields.items()}
    return f"{schema}.{named[key]}" if key in named else None


def model(schema: str) -> str | None:
    """The public class for a schema; None where the SDK has none."""
    return schema if hasattr(restream_api.models, schema) else None


def _accepted(operation_id: str) -> dict[str, frozenset[str]]:
    return {
        method: frozenset(signature(getattr(getattr(datastore_sdk, owner), name)).parameters)
        for method in methods(operation_id)
        for owner, name in [method.removesuffix("()").split(".")]
    }


@cache
def _methods() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for owner in map(datastore_sdk.__dict__.get, datastore_sdk.__all__):
        if not isinstance(owner, type):
            continue
        for name in dir(owner):
            if name.startswith("_") or _is_twin(owner, name):
                continue
            for operation in _Search(owner).operations(_function(getattr(owner, name))):
                found.setdefault(operation, {})[f"{owner.__name__}.{name}()"] = None
    return {operation: tuple(names) for operation, names in found.items()}


def _is_twin(owner: type, name: str) -> bool:
    return name.startswith("a") and hasattr(owner, name[1:])


class _Search:
    """Looks for the calls that a method leads to, by the names that its code uses.

    Args:
        owner: The public class of the method.
    """

    def __init__(self, owner: type) -> None:
        self._owner = owner
        self._seen: set[Any] = set()

    def operations(self, function: FunctionType | None) -> Iterator[str]:
        """The ids of the operations."""
        if function is None or function in self._seen:
            return
        self._seen.add(function)
        if function.__module__.startswith(_OPERATIONS):
            yield function.__name__
            return
        names, constants = _used(function.__code__)
        for name in names:
            for used in self._meant(name, function):
                yield from self._through(used, constants)

    def _through(self, used: Any, constants: frozenset[str]) -> Iterator[str]:
        if is_dataclass(used) and isinstance(used, type):
            # Such a class asks for a pad or a site, as whoever makes one says with a constant.
            for value in vars(used).values():
                for operation in self.operations(_function(value)):
                    if not constants & {"pad", "site"} or constants & set(operation.split("_")):
                        yield operation
        else:
            yield from self.operations(_function(used))

    def _meant(self, name: str, function: FunctionType) -> Iterator[Any]:
        """What a name can mean: what the function imports, a global, an attribute of the class, a call of its kind."""
        for module in filter(_is_ours, function.__code__.co_names):
            with suppress(ImportError, AttributeError):  # an extra that is missing; a name of something else
                yield getattr(import_module(module), name)
        if name in function.__globals__:
            yield function.__globals__[name]
        endpoints = getattr(self._owner, "_endpoints", None)
        if isinstance(endpoints, Endpoints) and name in Endpoints.__struct_fields__:
            yield getattr(endpoints, name)
        elif hasattr(self._owner, name):
            yield getattr(self._owner, name)


def _is_ours(module: str) -> bool:
    return module.startswith("datastore_sdk.")


def _function(value: Any) -> FunctionType | None:
    """The SDK's function behind a method, property or decorator."""
    value = getattr(value, "__func__", value)
    value = getattr(value, "fget", value)
    value = unwrap(value) if callable(value) else value
    ours = isinstance(value, FunctionType) and value.__module__.startswith(("datastore_sdk.", _OPERATIONS))
    return value if ours else None


def _used(code: CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names and the text constants in a function, and in the functions inside it."""
    names, constants = set(code.co_names), {value for value in code.co_consts if isinstance(value, str)}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            more, further = _used(inner)
            names |= more
            constants |= further
    return frozenset(names), frozenset(constants)
