"""The current state of a site: what is done on it, and which stage it is at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk._io.json_body import id_of
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import states_with
from datastore_sdk.entities.matching import carried, mismatch
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import Resource, many
from datastore_sdk.filters import StateFilters, completed_by
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.states import get_state
from restream_api.models import State as StateModel
from restream_api.types import QueryValue


class State(Resource, StateModel):
    """The current state of a site that is configured to have one. `update()` reads it anew."""

    _contract = StateModel
    _shown = ("id", "site_name", "current_state", "calculated_stage_number", "last_state_update")
    _get = staticmethod(get_state)
    _identity = ("id", "site.id")

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
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self]: ...
    @overload
    @classmethod
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
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
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(StateFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """Lists the states of all sites that you have access to and that are configured.

        Args:
            auth_token: The token from Tally. Default: the credentials of the environment.
            client: The client to call with, instead of a token.
            as_dict: True: the service's JSON untouched, as dicts.
            extra_filters: Filters of the service that have no argument here, passed on as they are.
            **filters: Which states (`StateFilters`).

        Raises:
            TypeError: There is no such filter, or a value is of the wrong type.
            ValueError: A value is empty, or cannot be used.
            MissingCredentialsError: There is no token.
            RestreamError: The call failed in another way.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client._run(many(cls, client, states_with(filters, extra_filters), as_dict=as_dict))

    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[False] = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self]: ...
    @overload
    @classmethod
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: Literal[True],
        extra_filters: Mapping[str, QueryValue] | None = None,
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
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]: ...
    @classmethod
    @completed_by(StateFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """Async form of `get_models`."""
        client = client_for(auth_token, client)
        del auth_token
        return await client._arun(many(cls, client, states_with(filters, extra_filters), as_dict=as_dict))


def states_of_site(client: Client, site_id: int, *, as_dict: bool) -> Flow[ObjectList[State] | list[dict[str, Any]]]:
    """Return the states of one site: one, or none where it is not configured.

    Raises:
        ObjectMismatchError: A state does not say which site it is of.
    """
    query = states_with({}, site_id=site_id)
    states = yield from many(State, client, query, as_dict=as_dict)
    if any(id_of(carried(state, "site.id")) is None for state in states):
        raise mismatch("a state does not say which site it is of", query.operation, client)
    return states
