"""Base classes of entities: the client they call through, their id, and attributes that may not be loaded yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import BaseModel, GetCoreSchemaHandler, PrivateAttr, create_model
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from datastore_sdk._io.json_body import parse_id
from datastore_sdk._io.tolerant_parser import parse_object
from datastore_sdk._utils.validation import validate_id
from datastore_sdk.client import Client, client_for
from datastore_sdk.exceptions import ConfigurationError, NotLoadedError
from datastore_sdk.transport.executor.schema_drift import report_object
from restream_api.types import Model


class ShortText(str):
    """Text that stands for a value in a representation, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def show_datetime(value: object) -> object:
    """Return a datetime as ISO 8601 text for a representation, and any other value as it is."""
    return ShortText(value.isoformat()) if isinstance(value, datetime) else value


class ClientBound(Model):  # noqa: PLW1641 - its values can change
    """An object that makes calls through a client.

    The client never appears in `repr`, comparisons, dumps or pickles.
    """

    _client: Client | None = PrivateAttr(default=None)
    _pickled_base_url: str | None = PrivateAttr(default=None)
    """The base URL of the client that the object had before it was pickled."""

    def _get_client(self) -> Client:
        """Return the object's own client, or the default client of the environment.

        Raises:
            ConfigurationError: The object was pickled with a client of another service than the environment names.
        """
        if self._client:
            return self._client
        client = client_for()
        if self._pickled_base_url and self._pickled_base_url != client.base_url:
            name = type(self).__name__
            raise ConfigurationError(
                f"this {name} was pickled with a client of {self._pickled_base_url}, but the environment configures"
                f" {client.base_url}: create it again with a client, {name}(..., client=client)"
            )
        return client

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientBound) or type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__

    def __getstate__(self) -> dict[Any, Any]:
        private = self.__pydantic_private__ or {}
        base_url = self._client.base_url if self._client else private.get("_pickled_base_url")
        return {
            **super().__getstate__(),
            "__pydantic_private__": {**private, "_client": None, "_pickled_base_url": base_url},
        }


class Entity(ClientBound):
    """An object of the service that is identified by its id.

    `Pad(id=668)` makes no request; you can call its methods at once. Reading an attribute that is not loaded raises
    `NotLoadedError`; `update()` loads all attributes.

    `Site(**site_as_dict)` creates an object from a dict. Known values are converted to their types. Unknown keys become
    attributes, and values of an unexpected type are kept as they are. The dict does not hold a client: pass `client=`
    or `auth_token=` again, as in `Site(**site_as_dict, client=client)`. Otherwise the object uses the credentials of
    the environment.

    Two objects are equal if their loaded attributes are equal. The token never appears in `repr`, dumps, comparisons or
    pickles.

    Args:
        id: Id of the object.
        auth_token: Token from Tally. Default: the credentials of the environment.
        client: Client for the object's calls, instead of a token.
        **attributes: Attributes as the service writes them.

    Raises:
        TypeError: The id is not an int.
        ValueError: The id is not positive, both a token and a client are passed, or an attribute has the wrong type and
            the client is strict.
    """

    _api_model: ClassVar[type[Model]]
    """The model of the API contract."""
    _repr_fields: ClassVar[tuple[str, ...]] = ("id",)
    """The attributes that `repr` shows, if they are loaded."""

    _id_fields: ClassVar[Mapping[str, type[Model]]] = {}
    """The attributes besides `id` that become part of URLs and must be ids, with the model of each id."""

    id: int
    """Id of the object."""
    _is_complete: bool = PrivateAttr(default=False)
    """Whether the object holds all attributes that the service sent."""
    _load_hint: ClassVar[str] = "call update() or await aupdate() first"

    def __init__(
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        values = {"id": id, **attributes}
        from_service = not attributes.keys() <= self._id_fields.keys()  # a dict of the service may have ids as text
        self._validate_ids(values, accept_text=from_service)
        own_client = client_for(auth_token, client) if auth_token is not None or client is not None else None
        del auth_token
        if not attributes:  # building pydantic's validators would take long, and there is nothing to validate
            model: Model = self._api_model.model_construct({"id"}, **values)
            known = values
        else:
            whole = _get_required_fields(self._api_model).issubset(values)
            strict = own_client is not None and own_client._executor.strict
            parsed = parse_object(self._api_model if whole else _optional_model(self._api_model), values, strict=strict)
            report_object(parsed.deviations, f"{type(self).__name__}(...)")
            model = parsed.value
            known = {name: value for name, value in model.__dict__.items() if whole or name in model.model_fields_set}
        self._set_state(model, known, self._build_private_state(own_client))

    def _set_state(self, model: BaseModel, values: dict[str, Any], private: dict[str, Any] | None) -> None:
        """Copy validated state into this object. Validating again would make lists four times as slow."""
        fields_set, extra = model.__pydantic_fields_set__, model.__pydantic_extra__
        for name in ("id", *self._id_fields):
            if name in values and type(values[name]) is not int:  # not usable as an id; still readable as an item
                fields_set, extra = fields_set - {name}, {**(extra or {}), name: values.pop(name)}
        object.__setattr__(self, "__dict__", values)
        object.__setattr__(self, "__pydantic_fields_set__", fields_set)
        object.__setattr__(self, "__pydantic_extra__", extra)
        object.__setattr__(self, "__pydantic_private__", private)

    @classmethod
    def _build_private_state(cls, client: Client | None, *, complete: bool = False) -> dict[str, Any]:
        private: dict[str, Any] = {"_client": client, "_is_complete": complete}
        for name, attribute in cls.__private_attributes__.items():
            if name not in private:
                private[name] = attribute.get_default()
        return private

    @classmethod
    def from_api_model(cls, model: BaseModel, client: Client | None = None) -> Self:
        """Return the entity for a model of the generated client; its calls use the given client."""
        entity = cls.__new__(cls)
        private = cls._build_private_state(client, complete=True)
        entity._set_state(model, {**model.__dict__}, private)  # noqa: SLF001 - its own class
        return entity

    def _replace_attributes(self, model: BaseModel) -> None:
        """Replace the attributes in place. Ids that the response lacks stay, because the request used them."""
        ids = {name: self.__dict__[name] for name in ("id", *self._id_fields) if name in self.__dict__}
        received = {name: value for name, value in model.__dict__.items() if name not in ids or type(value) is int}
        self._set_state(model, {**ids, **received}, {**(self.__pydantic_private__ or {}), "_is_complete": True})

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._id_model(name)
        super().__setattr__(name, value if kind is None else validate_id(value, name, kind))

    @classmethod
    def _id_model(cls, name: str) -> type[Model] | None:
        """Return the model that an attribute is the id of; None if the attribute is not an id."""
        return cls._api_model if name == "id" else cls._id_fields.get(name)

    @classmethod
    def _validate_ids(cls, values: dict[str, Any], *, accept_text: bool) -> None:
        """Validate the ids among attributes, and convert ids that came as text, in place."""
        for name, value in values.items():
            if (kind := cls._id_model(name)) is not None:
                number = parse_id(value) if accept_text and isinstance(value, str) else None
                values[name] = validate_id(value if number is None else number, name, kind)

    def __getitem__(self, key: str) -> Any:
        if not self._is_complete and key in type(self).__pydantic_fields__ and key not in self:
            return getattr(self, key)  # raises the error that says how to load it
        return super().__getitem__(key)

    if not TYPE_CHECKING:  # so that type checkers still refuse a name that does not exist

        def __getattr__(self, name: str) -> Any:
            if name not in type(self).__pydantic_fields__:
                return super().__getattr__(name)
            what = f"{type(self).__name__}(id={self.__dict__.get('id')}).{name}"
            if self._id_model(name) and name in (self.__pydantic_extra__ or {}):
                raise NotLoadedError(f"{what}: the value that the service sent is not an id; get({name!r}) returns it")
            if (self.__pydantic_private__ or {}).get("_is_complete"):
                raise NotLoadedError(f"{what} was not sent by the service; get({name!r}) returns None for it")
            raise NotLoadedError(f"{what} is not loaded: only part of the object is known; {self._load_hint}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(cls._validate_input, handler(source))

    @classmethod
    def _validate_input(cls, value: Any) -> Any:
        """Validate the value for a field of a user's model. Pydantic expects every error as a ValidationError."""
        if not isinstance(value, Mapping):
            return value
        values = {"id": None, **cast("Mapping[str, Any]", value)}
        try:
            cls._validate_ids(values, accept_text=True)
        except (TypeError, ValueError) as error:
            raise PydanticCustomError("id", "{problem}", {"problem": str(error)}) from None
        _optional_model(cls._api_model).model_validate(values)
        return values

    def __hash__(self) -> int:
        return hash((type(self), self.__dict__.get("id")))

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ((name, show_datetime(self.__dict__[name])) for name in self._repr_fields if name in self.__dict__)


@cache
def _get_required_fields(api_model: type[Model]) -> frozenset[str]:
    """Return the attributes that a complete object has."""
    return frozenset(name for name, field in api_model.__pydantic_fields__.items() if field.is_required())


@cache
def _optional_model(api_model: type[Model]) -> type[Model]:
    """Return the model of the contract with every attribute optional."""
    optional: dict[str, Any] = {}
    for name, field in api_model.__pydantic_fields__.items():
        optional[name] = (field.annotation, copy(field))
        optional[name][1].default = None
    return create_model(api_model.__name__, __base__=api_model, **optional)
