"""Entities with an endpoint of their own: fetched by id, listed and updated."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar, cast, overload

from datastore_sdk._io.json_body import parse_id
from datastore_sdk._io.tolerant_parser import RawJson
from datastore_sdk._utils.validation import validate_id
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import ListQuery
from datastore_sdk.entities.matching import check_object, filter_matching, get_value, has_id
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.transport.executor.executor import Flow
from restream_api.types import Model, Operation

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Entity)
T = TypeVar("T")


class GetById(Protocol):
    """Builds the operation that fetches an object by its id."""

    def __call__(self, id: int, /) -> Operation[Any]:
        """Return the operation."""
        ...


class Resource(Entity):
    """Base class of entities with an endpoint of their own."""

    _get_operation: ClassVar[GetById]
    """Builds the operation that fetches the object."""
    _identity_keys: ClassVar[tuple[str, ...]] = ("id",)
    """The keys that must not change when the object is updated."""

    @overload
    @classmethod
    def get_model(
        cls,
        id: int | Self,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
    ) -> Self: ...
    @overload
    @classmethod
    def get_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[True]
    ) -> dict[str, Any]: ...
    @overload
    @classmethod
    def get_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool
    ) -> Self | dict[str, Any]: ...
    @classmethod
    def get_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool = False
    ) -> Self | dict[str, Any]:
        """Fetch one object by its id.

        Args:
            id: Id of the object, or an object with that id.
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as a dict.

        Returns:
            The object, with all its attributes; its own calls use the same token or client. A dict with `as_dict`.

        Raises:
            NotFoundError: The service has no object with this id.
            PermissionDeniedError: The token has no access to the object.
            ObjectMismatchError: The service returned another object.
            TypeError: The id is neither an int nor an object of this class.
            MissingCredentialsError: There are no credentials.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        number = validate_id(id, kind=cls._api_model)
        return client._run(fetch_one(cls, client, cls._get_operation(number), number, as_dict=as_dict))

    @overload
    @classmethod
    async def aget_model(
        cls,
        id: int | Self,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
    ) -> Self: ...
    @overload
    @classmethod
    async def aget_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[True]
    ) -> dict[str, Any]: ...
    @overload
    @classmethod
    async def aget_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool
    ) -> Self | dict[str, Any]: ...
    @classmethod
    async def aget_model(
        cls, id: int | Self, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool = False
    ) -> Self | dict[str, Any]:
        """Fetch one object by its id.

        Args:
            id: Id of the object, or an object with that id.
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as a dict.

        Returns:
            The object, with all its attributes; its own calls use the same token or client. A dict with `as_dict`.

        Raises:
            NotFoundError: The service has no object with this id.
            PermissionDeniedError: The token has no access to the object.
            ObjectMismatchError: The service returned another object.
            TypeError: The id is neither an int nor an object of this class.
            MissingCredentialsError: There are no credentials.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        number = validate_id(id, kind=cls._api_model)
        return await client._arun(fetch_one(cls, client, cls._get_operation(number), number, as_dict=as_dict))

    def update(self) -> None:
        """Load all attributes from the service, in place. The object keeps its client.

        Raises:
            NotFoundError: The service has no object with this id.
            ObjectMismatchError: The service returned another object, or a state of another site.
            RestreamError: The request failed for another reason.
        """
        client = self._get_client()
        self._replace_attributes(client._run(self._fetch_current(client)))

    async def aupdate(self) -> None:
        """Load all attributes from the service, in place. The object keeps its client.

        Raises:
            NotFoundError: The service has no object with this id.
            ObjectMismatchError: The service returned another object, or a state of another site.
            RestreamError: The request failed for another reason.
        """
        client = self._get_client()
        self._replace_attributes(await client._arun(self._fetch_current(client)))

    def _fetch_current(self, client: Client) -> Flow[Model]:
        """Fetch the current values, and check that they belong to this object."""
        operation: Operation[Model] = self._get_operation(self.id)
        model = yield from operation
        known = {key: parse_id(get_value(self, key)) for key in self._identity_keys}
        rules = [has_id(key, value) for key, value in known.items() if value is not None]
        check_object(model, rules, operation, client)
        return model


def fetch_response(operation: Operation[T], *, as_dict: bool) -> Flow[T | Any]:
    """Fetch a response, parsed by the contract; with `as_dict` as unchecked JSON, which may be any value."""
    if as_dict:
        raw: Any = yield from operation.with_parse(RawJson(operation.parse))
        return raw
    return (yield from operation)


def fetch_objects(
    operation: Operation[list[M]], kind: type[M], *, as_dict: bool
) -> Flow[ObjectList[M] | list[dict[str, Any]]]:
    """Fetch a list of objects without an endpoint of their own; with `as_dict` as the service's JSON."""
    response: Any = yield from fetch_response(operation, as_dict=as_dict)
    return cast("list[dict[str, Any]]", response) if as_dict else ObjectList(cast("list[M]", response), kind=kind)


def fetch_one(
    kind: type[R], client: Client, operation: Operation[Any], id: int, *, as_dict: bool
) -> Flow[R | dict[str, Any]]:
    """Fetch the object with an id: as an entity, or with `as_dict` as the service's JSON.

    Raises:
        ObjectMismatchError: The service returned another object.
    """
    response = yield from fetch_response(operation, as_dict=as_dict)
    check_object(response, [has_id("id", id)], operation, client)
    return response if as_dict else kind.from_api_model(response, client)


def fetch_list(
    kind: type[R], client: Client, query: ListQuery, *, as_dict: bool
) -> Flow[ObjectList[R] | list[dict[str, Any]]]:
    """Fetch the objects that match a query: as entities, or with `as_dict` as the service's JSON."""
    operation = query.operation
    response = yield from fetch_response(operation, as_dict=as_dict)
    found = filter_matching(response, query.rules, operation.name)
    return found if as_dict else ObjectList((kind.from_api_model(model, client) for model in found), kind=kind)
