"""Current state of a site: the operation under way and the stage number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, Unpack, overload

from datastore_sdk._io.json_body import parse_id
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.intervals import get_site_id
from datastore_sdk.entities.list_queries import build_state_query
from datastore_sdk.entities.matching import build_mismatch_error, get_value
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import Resource, fetch_list
from datastore_sdk.filters import StateFilters
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.states import get_state
from restream_api.models import State as StateModel
from restream_api.types import QueryValue


class State(Resource, StateModel):
    """The current state of a site: the operation under way and the stage number.

    `current_state` is `<operation>_<detail>`, such as `frac_frac`, `wl_runinhole` or `standby_standby`. Only sites that
    are configured for it have a state. A state does not change by itself: `update()` loads the current values.

    `State.get_models(stage_name_filter="frac")` returns every site that is fracturing now, in one call.
    """

    _api_model = StateModel
    _repr_fields = ("id", "site_name", "current_state", "calculated_stage_number", "last_state_update")
    _get_operation = staticmethod(get_state)
    _identity_keys = ("id", "site.id")

    def __init__(  # explicit, because type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @property
    def site_id(self) -> int:
        """Id of the site, the same as `state.site.id`.

        Raises:
            NotLoadedError: The site is not loaded, or the service did not send its id.
            UnusableValueError: The value that the service sent is not an id.
        """
        return get_site_id(self)

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
    @complete_signature(StateFilters)
    def get_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the current states of all sites that you have access to and that are configured to have a state.

        One call shows what happens in the whole field: `State.get_models(stage_name_filter="frac")` returns the sites
        that are fracturing now.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which states to list (`StateFilters`): `stage_name_filter`, `site_id`, `pad_id`.

        Raises:
            TypeError: A filter does not exist, or a value has the wrong type.
            ValueError: A value is empty or invalid.
            MissingCredentialsError: There are no credentials.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return client._run(fetch_list(cls, client, build_state_query(filters, extra_filters), as_dict=as_dict))

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
    @complete_signature(StateFilters)
    async def aget_models(
        cls,
        *,
        auth_token: str | None = None,
        client: Client | None = None,
        as_dict: bool = False,
        extra_filters: Mapping[str, QueryValue] | None = None,
        **filters: Unpack[StateFilters],
    ) -> ObjectList[Self] | list[dict[str, Any]]:
        """List the current states of all sites that you have access to and that are configured to have a state.

        One call shows what happens in the whole field: `State.aget_models(stage_name_filter="frac")` returns the sites
        that are fracturing now.

        Args:
            auth_token: Token from Tally. Default: the credentials of the environment.
            client: Client for the call, instead of a token.
            as_dict: True: return the service's JSON unchanged, as dicts.
            extra_filters: Filters that only the service knows, passed on unchanged.
            **filters: Which states to list (`StateFilters`): `stage_name_filter`, `site_id`, `pad_id`.

        Raises:
            TypeError: A filter does not exist, or a value has the wrong type.
            ValueError: A value is empty or invalid.
            MissingCredentialsError: There are no credentials.
            RestreamError: The request failed for another reason.
        """
        client = client_for(auth_token, client)
        del auth_token
        return await client._arun(fetch_list(cls, client, build_state_query(filters, extra_filters), as_dict=as_dict))


def fetch_site_states(client: Client, site_id: int, *, as_dict: bool) -> Flow[ObjectList[State] | list[dict[str, Any]]]:
    """Fetch the states of one site: one, or none if the site is not configured to have a state.

    Raises:
        ObjectMismatchError: A state has no site id.
    """
    query = build_state_query({}, site_id=site_id)
    states = yield from fetch_list(State, client, query, as_dict=as_dict)
    if any(parse_id(get_value(state, "site.id")) is None for state in states):
        raise build_mismatch_error("a state has no site id", query.operation, client)
    return states
