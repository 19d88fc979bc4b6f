"""Entities that the service has an endpoint for: they can be fetched by their id, listed, and updated."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar, overload

from datastore_sdk._io.json_body import id_of
from datastore_sdk._io.tolerant_parser import RawJson
from datastore_sdk._utils.validation import checked_id
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import ListQuery
from datastore_sdk.entities.matching import carried, check_object, has_id, matching
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.transport.executor.executor import Flow
from restream_api.types import Model, Operation

R = TypeVar("R", bound=Entity)
T = TypeVar("T")


class GetById(Protocol):
    """Makes the operation that fetches an object by its id."""

    def __call__(self, id: int, /) -> Operation[Any]:
        """Return the operation."""
        ...


class Resource(Entity):
    """An entity with an endpoint of its own."""

    _get: ClassVar[GetById]
    """The operation that fetches it."""
    _identity: ClassVar[tuple[str, ...]] = ("id",)
    """The keys that never change."""

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
        """Fetches one object by its id.

        Args:
            id: Id of the object, or an object with that id.
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as a dict.

        Returns:
            The object, which keeps the token or client for its own calls; or a dict.

        Raises:
            NotFoundError: There is no such object.
            PermissionDeniedError: The token gives no access to it.
            ObjectMismatchError: The service answered with another object.
            TypeError: The id is not an int, nor an object of this class.
            MissingCredentialsError: There is no token.
            RestreamError: The call failed in another way.
        """
        client = client_for(auth_token, client)
        del auth_token
        number = checked_id(id, kind=cls._contract)
        return client._run(one(cls, client, cls._get(number), number, as_dict=as_dict))

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
        """Async form of `get_model`."""
        client = client_for(auth_token, client)
        del auth_token
        number = checked_id(id, kind=cls._contract)
        return await client._arun(one(cls, client, cls._get(number), number, as_dict=as_dict))

    def update(self) -> None:
        """Loads the object's attributes anew, in place. The token stays.

        Raises:
            NotFoundError: There is no such object any more.
            ObjectMismatchError: The service answered with another object, or with one of another site.
            RestreamError: The call failed in another way.
        """
        client = self._caller()
        self._refresh(client._run(self._reloaded(client)))

    async def aupdate(self) -> None:
        """Async form of `update`."""
        client = self._caller()
        self._refresh(await client._arun(self._reloaded(client)))

    def _reloaded(self, client: Client) -> Flow[Model]:
        """The newer values, of the same object."""
        operation: Operation[Model] = self._get(self.id)
        model = yield from operation
        known = {key: id_of(carried(self, key)) for key in self._identity}
        rules = [has_id(key, value) for key, value in known.items() if value is not None]
        check_object(model, rules, operation, client)
        return model


def answer_to(operation: Operation[T], *, as_dict: bool) -> Flow[T | Any]:
    """Return the answer as the contract has it, or untouched, which may be anything."""
    if as_dict:
        untouched: Any = yield from operation.with_parse(RawJson(operation.parse))
        return untouched
    return (yield from operation)


def one(
    kind: type[R], client: Client, operation: Operation[Any], id: int, *, as_dict: bool
) -> Flow[R | dict[str, Any]]:
    """Return the object of an id: as one of ours, or as a dict untouched.

    Raises:
        ObjectMismatchError: The service answered with another object.
    """
    answer = yield from answer_to(operation, as_dict=as_dict)
    check_object(answer, [has_id("id", id)], operation, client)
    return answer if as_dict else kind.adopt(answer, client)


def many(
    kind: type[R], client: Client, query: ListQuery, *, as_dict: bool
) -> Flow[ObjectList[R] | list[dict[str, Any]]]:
    """Return the objects of a list that were asked for: as ours, or as dicts untouched."""
    operation = query.operation
    answer = yield from answer_to(operation, as_dict=as_dict)
    found = matching(answer, query.rules, operation.name)
    return found if as_dict else ObjectList(kind.adopt(model, client) for model in found)
