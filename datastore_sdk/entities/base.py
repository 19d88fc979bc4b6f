"""What pads, sites, states and data changes share: an id, attributes that may not be loaded yet, a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import BaseModel, GetCoreSchemaHandler, PrivateAttr, create_model
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from datastore_sdk._io.json_body import id_of
from datastore_sdk._io.tolerant_parser import read_object
from datastore_sdk._utils.validation import checked_id
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.connected import ClientBound
from datastore_sdk.exceptions import NotLoadedError
from datastore_sdk.transport.executor.schema_drift import report_made
from restream_api.types import Model


class Entity(ClientBound):
    """An object of the service, told apart by its id.

    Made from an id alone it knows nothing else; reading another attribute then raises `NotLoadedError`, and `update()`
    loads them all. Made from a dict (`Site(**site_as_dict)`) it has the attributes that the dict has, converted to
    their types; unknown keys become attributes too, and values that do not fit are kept as they are.
    A dict knows nothing of the client that fetched it: pass `client=` or `auth_token=` along with it
    (`Site(**site_as_dict, client=client)`), or the object calls as the environment says.
    Two objects are equal when what is loaded of them is. The token that it was made with is kept, and never shown,
    copied into a dump, compared or pickled.

    Args:
        id: Id of the object.
        auth_token: The token from Tally. Default: the credentials of the environment.
        client: The client to call with, instead of a token.
        **attributes: Attributes as the service writes them.

    Raises:
        TypeError: The id is not an int.
        ValueError: The id is not positive, both a token and a client were given, or an attribute is of the wrong type
            and the client is strict.
    """

    _contract: ClassVar[type[Model]]
    """The model of the API contract."""
    _shown: ClassVar[tuple[str, ...]] = ("id",)
    """The attributes that `repr` shows, where loaded."""

    _ids: ClassVar[Mapping[str, type[Model]]] = {}
    """The attributes, besides its own id, that go into URLs and so must be ids; the model that each is the id of."""

    id: int
    """Id of the object."""
    _sent: bool = PrivateAttr(default=False)
    """Whether the attributes are all that the service sent; else it may have others."""
    _way_to_load: ClassVar[str] = "call update() or await aupdate() first"

    def __init__(
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        values = {"id": id, **attributes}
        as_sent = not attributes.keys() <= self._ids.keys()  # a dict of the service's, in which ids may be text
        self._check_ids(values, as_sent=as_sent)
        own = client_for(auth_token, client) if auth_token is not None or client is not None else None
        del auth_token
        if not attributes:  # nothing to validate, for which pydantic would first have to build its validators
            model: Model = self._contract.model_construct({"id"}, **values)
            known = values
        else:
            whole = _required(self._contract).issubset(values)
            strict = own is not None and own._executor.strict
            parsed = read_object(self._contract if whole else _partial(self._contract), values, strict=strict)
            report_made(parsed.deviations, f"{type(self).__name__}(...)")
            model = parsed.value
            known = {name: value for name, value in model.__dict__.items() if whole or name in model.model_fields_set}
        self._become(model, known, self._private(own))

    def _become(self, model: BaseModel, values: dict[str, Any], private: dict[str, Any] | None) -> None:
        """Takes over what was validated elsewhere; validating again would cost four times as much on lists."""
        sent, extra = model.__pydantic_fields_set__, model.__pydantic_extra__
        for name in ("id", *self._ids):
            if name in values and type(values[name]) is not int:  # it cannot be used as one; what came can be looked up
                sent, extra = sent - {name}, {**(extra or {}), name: values.pop(name)}
        object.__setattr__(self, "__dict__", values)
        object.__setattr__(self, "__pydantic_fields_set__", sent)
        object.__setattr__(self, "__pydantic_extra__", extra)
        object.__setattr__(self, "__pydantic_private__", private)

    @classmethod
    def _private(cls, client: Client | None, *, sent: bool = False) -> dict[str, Any]:
        private: dict[str, Any] = {"_client": client, "_sent": sent}
        for name, attribute in cls.__private_attributes__.items():
            if name not in private:
                private[name] = attribute.get_default()
        return private

    @classmethod
    def adopt(cls, model: BaseModel, client: Client | None = None) -> Self:
        """The object for a model of the generated client, which keeps the client that fetched it."""
        entity = cls.__new__(cls)
        entity._become(model, {**model.__dict__}, cls._private(client, sent=True))  # noqa: SLF001 - its own class
        return entity

    def _refresh(self, model: BaseModel) -> None:
        """Takes over newer values in place. The ids, by which it was asked for, stay where none came."""
        ids = {name: self.__dict__[name] for name in ("id", *self._ids) if name in self.__dict__}
        sent = {name: value for name, value in model.__dict__.items() if name not in ids or type(value) is int}
        self._become(model, {**ids, **sent}, {**(self.__pydantic_private__ or {}), "_sent": True})

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kind_of_id(name)
        super().__setattr__(name, value if kind is None else checked_id(value, name, kind))

    @classmethod
    def _kind_of_id(cls, name: str) -> type[Model] | None:
        """What an attribute is the id of; None for one that is no id."""
        return cls._contract if name == "id" else cls._ids.get(name)

    @classmethod
    def _check_ids(cls, values: dict[str, Any], *, as_sent: bool) -> None:
        """Checks the ids among attributes, in place; in what the service sent they may be text."""
        for name, value in values.items():
            if (kind := cls._kind_of_id(name)) is not None:
                number = id_of(value) if as_sent and isinstance(value, str) else None
                values[name] = checked_id(value if number is None else number, name, kind)

    def __getitem__(self, key: str) -> Any:
        if not self._sent and key in type(self).__pydantic_fields__ and key not in self:
            return getattr(self, key)  # it says that it is not loaded
        return super().__getitem__(key)

    if not TYPE_CHECKING:  # so that type checkers still refuse a name that does not exist

        def __getattr__(self, name: str) -> Any:
            if name not in type(self).__pydantic_fields__:
                return super().__getattr__(name)
            what = f"{type(self).__name__}(id={self.__dict__.get('id')}).{name}"
            if self._kind_of_id(name) and name in (self.__pydantic_extra__ or {}):
                raise NotLoadedError(f"{what} is not an id, as the service sent it; get({name!r}) returns what came")
            if (self.__pydantic_private__ or {}).get("_sent"):
                raise NotLoadedError(f"{what} was not sent by the service; get({name!r}) returns None for it")
            raise NotLoadedError(f"{what} is not loaded: only part of the object is known; {self._way_to_load}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(cls._checked_input, handler(source))

    @classmethod
    def _checked_input(cls, value: Any) -> Any:
        """What a model of the user's is given for one of its fields; whatever is wrong must be a ValidationError."""
        if not isinstance(value, Mapping):
            return value
        values = {"id": None, **cast("Mapping[str, Any]", value)}
        try:
            cls._check_ids(values, as_sent=True)
        except (TypeError, ValueError) as error:
            raise PydanticCustomError("id", "{problem}", {"problem": str(error)}) from None
        _partial(cls._contract).model_validate(values)
        return values

    def __hash__(self) -> int:
        return hash((type(self), self.__dict__.get("id")))

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
    return create_model(contract.__name__, __base__=contract, **optional)
