"""Runtime signatures of functions that take `**keywords: Unpack[SomeTypedDict]`."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def complete_signature(keywords: type) -> Callable[[F], F]:
    """Add the keys of a TypedDict to the signature of a function that takes them as `**keywords`.

    Type checkers expand `Unpack` by themselves. IPython and `help()` read `__signature__`, which this decorator fills.

    Args:
        keywords: The TypedDict.
    """

    def decorate(function: F) -> F:
        own = signature(function)
        positional = [each for each in own.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        variadic = [each for each in own.parameters.values() if each.kind is Parameter.VAR_KEYWORD]
        keys = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=_default_of(annotation), annotation=annotation)
            for name, annotation in _annotations(keywords)
        ]
        completed = own.replace(parameters=[*positional, *keys, *variadic])
        function.__signature__ = completed  # type: ignore[attr-defined] # pyright: ignore[reportFunctionMemberAccess] - every function may have one
        return function

    return decorate


def _annotations(keywords: type) -> list[tuple[str, str]]:
    """Return names and annotations as source text; a TypedDict wraps them in ForwardRef."""
    return [(name, str(getattr(hint, "__forward_arg__", hint))) for name, hint in keywords.__annotations__.items()]


def _default_of(annotation: str) -> Any:
    """Return the default to show for a key: None if the key accepts None, else `...` as in stubs."""
    return None if "None" in annotation.split(" | ") else ...
