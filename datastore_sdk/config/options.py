"""Declarations of options.

Each option of `Client` is declared once, in `ClientConfig` or `CREDENTIALS`. Arguments, environment variables,
profiles, `Client.describe()` and the documentation read the declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ARGUMENT = "argument"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting(Generic[T_co]):
    """Value of an option, and the source that it comes from."""

    value: T_co
    source: str = field(compare=False)


def to_plain_value(value: Any) -> Any:
    """Return a value that JSON can hold: a scalar as it is, a path as text, the type's name of anything else."""
    if isinstance(value, str | int | float | bool | None):
        return value
    return str(value) if isinstance(value, Path) else f"{type(value).__module__}.{type(value).__name__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Generic[T]):
    """One option of `Client`.

    Attributes:
        name: Name of the argument, of the key in a profile, and of the row in `Client.describe()`.
        doc: What the option does, for the docstring of `Client` and the table in `docs/clients.md`. The first sentence
            stands in the table. The default is added by itself.
        parse: Validates a value from any source and converts it. The second argument is the name, for messages.
        default: The value if no source sets the option.
        default_text: The default in the documentation, if `repr()` is not clear.
        variable: Environment variable that sets the option.
        merge: Combines the text of the variable with the value that the option has without it. None: the variable
            replaces that value.
        other_variables: Environment variables of other programs that set the option too; see `environment.py`.
        is_argument: Whether `Client` has an argument of this name.
        in_profile: Whether a profile can have a key of this name.
        is_secret: Whether a profile with this key must not be readable by other users.
        describe: Converts the value for `Client.describe()`: to a value that JSON can hold, without secrets.
    """

    name: str
    doc: str
    parse: Callable[[Any, str], T]
    default: T
    default_text: str = ""
    variable: str | None = None
    merge: Callable[[str, T], T] | None = None
    other_variables: tuple[str, ...] = ()
    is_argument: bool = True
    in_profile: bool = True
    is_secret: bool = False
    describe: Callable[[Any], Any] = to_plain_value


def option(
    doc: str,
    *,
    parse: Callable[[Any, str], T],
    default: T,
    default_text: str = "",
    variable: str | None = None,
    merge: Callable[[str, T], T] | None = None,
    other_variables: tuple[str, ...] = (),
    is_argument: bool = True,
    in_profile: bool = True,
    is_secret: bool = False,
    describe: Callable[[Any], Any] = to_plain_value,
) -> Setting[T]:
    """Declare a field of a dataclass as an option; the field's name is the option's name. See `Option`."""
    declared = Option(
        name="",
        doc=doc,
        parse=parse,
        default=default,
        default_text=default_text,
        variable=variable,
        merge=merge,
        other_variables=other_variables,
        is_argument=is_argument,
        in_profile=in_profile,
        is_secret=is_secret,
        describe=describe,
    )
    return cast("Setting[T]", field(metadata={"option": declared}))


def options_of(config: type) -> tuple[Option[Any], ...]:
    """Return the options that a dataclass declares, in its order."""
    declared = [(each.name, each.metadata.get("option")) for each in fields(config)]
    return tuple(replace(cast("Option[Any]", found), name=name) for name, found in declared if found is not None)
