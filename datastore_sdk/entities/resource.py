"""Entities that the service has an endpoint for: they can be fetched by their id, listed, and updated."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, TypeVar, overload

from datastore_sdk.checks import checked_id
from datastore_sdk.entities.entity import Entity
from datastore_sdk.transport import Client, client_for
from datastore_sdk.transport.calls.exchange import Flow
from datastore_sdk.transport.lenient import Untouched
from restream_api.types import Operation

R = TypeVar("R", bound=Entity)
T = TypeVar("T")


class Resource(Entity):
    """An entity with an endpoint of its own."""

    _get: ClassVar[staticmethod[[int], Operation[Any]]]
    """The operation that fetches it."""

    @overload
    @classmethod
    def get_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[False] = False
    ) -> Self: ...
    @overload
    @classmethod
    def get_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[True]
    ) -> dict[str, Any]: ...
    @overload
    @classmethod
    def get_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool
    ) -> Self | dict[str, Any]: ...
    @classmethod
    def get_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool = False
    ) -> Self | dict[str, Any]:
        """Fetches one object by its id.

        Args:
            id: Id of the object.
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as a dict.

        Returns:
            The object, which keeps the token or client for its own calls; or a dict.

        Raises:
            NotFoundError: There is no such object.
            ForbiddenError: The token gives no access to it.
            MissingCredentialsError: There is no token.
            RestreamError: The call failed in another way.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client.run(one(cls, client, cls._get(checked_id(id)), as_dict=as_dict))

    @overload
    @classmethod
    async def aget_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[False] = False
    ) -> Self: ...
    @overload
    @classmethod
    async def aget_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: Literal[True]
    ) -> dict[str, Any]: ...
    @overload
    @classmethod
    async def aget_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool
    ) -> Self | dict[str, Any]: ...
    @classmethod
    async def aget_model(
        cls, id: int, *, auth_token: str | None = None, client: Client | None = None, as_dict: bool = False
    ) -> Self | dict[str, Any]:
        """Async form of `get_model`."""
        client = client_for(auth_token, client)
        del auth_token
        return await client.arun(one(cls, client, cls._get(checked_id(id)), as_dict=as_dict))

    def update(self) -> None:
        """Loads the object's attributes anew, in place. The token stays.

        Raises:
            NotFoundError: There is no such object any more.
            RestreamError: The call failed in another way.
        """
        self._refresh(self._caller().run(self._get(self.id)))

    async def aupdate(self) -> None:
        """Async form of `update`."""
        self._refresh(await self._caller().arun(self._get(self.id)))


def answer_to(operation: Operation[T], *, as_dict: bool) -> Flow[T | Any]:
    """The answer as the contract has it, or untouched."""
    if as_dict:
        untouched: Any = yield from operation.with_parse(Untouched(operation.parse))
        return untouched
    return (yield from operation)


def one(kind: type[R], client: Client, operation: Operation[Any], *, as_dict: bool) -> Flow[R | dict[str, Any]]:
    """An object as the service answers it: as one of ours, or as a dict untouched."""
    if as_dict:
        untouched: dict[str, Any] = yield from operation.with_parse(Untouched(operation.parse))
        return untouched
    return kind.adopt((yield from operation), client)


def many(
    kind: type[R], client: Client, operation: Operation[list[Any]], *, as_dict: bool
) -> Flow[list[R] | list[dict[str, Any]]]:
    """Objects as the service answers them: as ours, or as dicts untouched."""
    if as_dict:
        untouched: list[dict[str, Any]] = yield from operation.with_parse(Untouched(operation.parse))
        return untouched
    return [kind.adopt(model, client) for model in (yield from operation)]


def first(
    kind: type[R], client: Client, operation: Operation[list[Any]], *, as_dict: bool
) -> Flow[R | dict[str, Any] | None]:
    """The first of them; None where there are none."""
    found = yield from many(kind, client, operation, as_dict=as_dict)
    return found[0] if found else None
