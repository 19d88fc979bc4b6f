"""What pads, sites, states and data changes share: an id, attributes that may not be loaded yet, a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, create_model

from datastore_sdk.checks import checked_id
from datastore_sdk.entities.connected import Connected
from datastore_sdk.exceptions import NotLoadedError
from datastore_sdk.transport import Client, client_for
from restream_api.types import Model


class Entity(Connected):
    """An object of the service, told apart by its id.

    Made from an id alone it knows nothing else; reading another attribute then raises `NotLoadedError`, and `update()`
    loads them all. Made from a dict (`Site(**site_as_dict)`) it has the attributes that the dict has, converted to
    their types; unknown keys become attributes too. A dict knows nothing of the client that fetched it: pass `client=`
    or `auth_token=` along with it (`Site(**site_as_dict, client=client)`), or the object calls as the environment says.
    Two objects are equal when what is loaded of them is. The token that it was made with is kept, and never shown,
    copied into a dump, compared or pickled.

    Args:
        id: Id of the object.
        auth_token: The token from Tally. Default: the credentials of the environment.
        client: The client to call with, instead of a token.
        **attributes: Attributes as the service writes them.

    Raises:
        TypeError: The id is not an int.
        ValueError: The id is not positive, an attribute is of the wrong type, or both a token and a client were given.
    """

    _contract: ClassVar[type[Model]]
    """The model of the API contract."""
    _shown: ClassVar[tuple[str, ...]] = ("id",)
    """The attributes that `repr` shows, where loaded."""

    _ids: ClassVar[Mapping[str, type[Model]]] = {}
    """The attributes, besides its own id, that go into URLs and so must be ids; the model that each is the id of."""

    id: int
    """Id of the object."""
    _way_to_load: ClassVar[str] = "call update() or await aupdate() first"

    def __init__(
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        values = {"id": id, **attributes}
        for name, value in values.items():
            if (kind := self._kind_of_id(name)) is not None:
                values[name] = checked_id(value, name, kind)
        own = client_for(auth_token, client) if auth_token is not None or client is not None else None
        del auth_token
        if not attributes:  # nothing to validate, for which pydantic would first have to build its validators
            model: Model = self._contract.model_construct({"id"}, **values)
            known = values
        elif _required(self._contract).issubset(values):
            model = self._contract.model_validate(values)
            known = {**model.__dict__}
        else:
            model = _partial(self._contract).model_validate(values)
            known = {name: value for name, value in model.__dict__.items() if name in model.model_fields_set}
        self._become(model, known, self._private(own))

    def _become(self, model: BaseModel, values: dict[str, Any], private: dict[str, Any] | None) -> None:
        """Takes over what was validated elsewhere; validating again would cost four times as much on lists."""
        object.__setattr__(self, "__dict__", values)
        object.__setattr__(self, "__pydantic_fields_set__", model.__pydantic_fields_set__)
        object.__setattr__(self, "__pydantic_extra__", model.__pydantic_extra__)
        object.__setattr__(self, "__pydantic_private__", private)

    @classmethod
    def _private(cls, client: Client | None) -> dict[str, Any]:
        defaults = {name: attribute.get_default() for name, attribute in cls.__private_attributes__.items()}
        return {**defaults, "_client": client}

    @classmethod
    def adopt(cls, model: BaseModel, client: Client | None = None) -> Self:
        """The object for a model of the generated client, which keeps the client that fetched it."""
        entity = cls.__new__(cls)
        entity._become(model, {**model.__dict__}, cls._private(client))  # noqa: SLF001 - its own class
        return entity

    def _refresh(self, model: BaseModel) -> None:
        """Takes over newer values in place."""
        self._become(model, {**model.__dict__}, self.__pydantic_private__)

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kind_of_id(name)
        super().__setattr__(name, value if kind is None else checked_id(value, name, kind))

    @classmethod
    def _kind_of_id(cls, name: str) -> type[Model] | None:
        """What an attribute is the id of; None for one that is no id."""
        return cls._contract if name == "id" else cls._ids.get(name)

    if not TYPE_CHECKING:  # so that type checkers still refuse a name that does not exist

        def __getattr__(self, name: str) -> Any:
            if name in type(self).__pydantic_fields__:
                what = f"{type(self).__name__}(id={self.__dict__.get('id')}).{name}"
                raise NotLoadedError(f"{what} is not loaded: only part of the object is known; {self._way_to_load}")
            return super().__getattr__(name)

    def __hash__(self) -> int:
        return hash((type(self), self.__dict__["id"]))

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ((name, self.__dict__[name]) for name in self._shown if name in self.__dict__)


@cache
def _required(contract: type[Model]) -> frozenset[str]:
    """The attributes without which an object is not all there."""
    return frozenset(name for name, field in contract.__pydantic_fields__.items() if field.is_required())


@cache
def _partial(contract: type[Model]) -> type[Model]:
    """The contract's model with every attribute optional."""
    optional: dict[str, Any] = {}
    for name, field in contract.__pydantic_fields__.items():
        optional[name] = (field.annotation, copy(field))
        optional[name][1].default = None
    return create_model(f"Partial{contract.__name__}", __base__=contract, **optional)
