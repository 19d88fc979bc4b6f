"""The current state of a site: what is done on it, and which stage it is at."""

from __future__ import annotations

from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk.entities.entity import Entity
from datastore_sdk.entities.lists import states_with
from datastore_sdk.entities.resource import Resource, many
from datastore_sdk.filters import StateFilters, completed_by
from datastore_sdk.transport import Client, client_for
from restream_api.api.states import get_state
from restream_api.models import State as StateModel


class State(Resource, StateModel):
    """The current state of a site that is configured to have one. `update()` reads it anew."""

    _contract = StateModel
    _shown = ("id", "site_name", "current_state", "calculated_stage_number", "last_state_update")
    _get = staticmethod(get_state)

    def __init__(  # stated in each class, or type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        **filters: Unpack[StateFilters],
    ) -> list[Self]: ...
    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        **filters: Unpack[StateFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool,
        **filters: Unpack[StateFilters],
    ) -> list[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(StateFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        **filters: Unpack[StateFilters],
    ) -> list[Self] | list[dict[str, Any]]:
        """Lists the states of all sites that you have access to and that are configured.

        Args:
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as dicts.
            **filters: Which states (`StateFilters`); others than those named there are passed on as they are.

        Raises:
            MissingCredentialsError: There is no token.
            RestreamError: The call failed in another way.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client.run(many(cls, client, states_with(filters), as_dict=as_dict))

    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        **filters: Unpack[StateFilters],
    ) -> list[Self]: ...
    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        **filters: Unpack[StateFilters],
    ) -> list[dict[str, Any]]: ...
    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool,
        **filters: Unpack[StateFilters],
    ) -> list[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(StateFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        **filters: Unpack[StateFilters],
    ) -> list[Self] | list[dict[str, Any]]:
        """Async form of `get_models`."""
        client = client_for(auth_token, client)
        del auth_token
        return await client.arun(many(cls, client, states_with(filters), as_dict=as_dict))
