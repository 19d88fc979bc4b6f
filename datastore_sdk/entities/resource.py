"""Entities that the service has an endpoint for: they can be fetched by their id, listed, and updated."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, overload

import orjson
from restream_api.types import Model, Operation

from datastore_sdk.checks import checked_id
from datastore_sdk.entities.entity import Entity
from datastore_sdk.transport import Client, client_for
from datastore_sdk.transport.exchange import Flow


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
        return client.run(cls._one(client, id, as_dict))

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
        return await client.arun(cls._one(client, id, as_dict))

    def update(self) -> None:
        """Loads the object's attributes anew, in place. The token stays.

        Raises:
            NotFoundError: There is no such object any more.
            RestreamError: The call failed in another way.
        """
        self._refresh(self._caller().run(type(self)._get(self.id)))

    async def aupdate(self) -> None:
        """Async form of `update`."""
        self._refresh(await self._caller().arun(type(self)._get(self.id)))

    @classmethod
    def _one(cls, client: Client, id: int, as_dict: bool) -> Flow[Self | dict[str, Any]]:
        operation = cls._get(checked_id(id))
        if as_dict:
            untouched: dict[str, Any] = yield from operation.with_parse(orjson.loads)
            return untouched
        return cls._of((yield from operation), client)

    @classmethod
    def _many(
        cls, client: Client, operation: Operation[list[Any]], as_dict: bool
    ) -> Flow[list[Self] | list[dict[str, Any]]]:
        if as_dict:
            untouched: list[dict[str, Any]] = yield from operation.with_parse(orjson.loads)
            return untouched
        models: list[Model] = yield from operation
        return [cls._of(model, client) for model in models]

    @classmethod
    def _first(
        cls, client: Client, operation: Operation[list[Any]], as_dict: bool
    ) -> Flow[Self | dict[str, Any] | None]:
        found = yield from cls._many(client, operation, as_dict)
        return found[0] if found else None
