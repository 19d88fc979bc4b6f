"""Nothing that a program passes on, from a form or a file, can change where a request goes or what its headers are."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastore_sdk import Client, DataChange, Pad, RetryPolicy, Site, State
from datastore_sdk.exceptions import CallError, ConfigurationError
from restream_api.api.pads import list_pads
from tests.support.fake_server import Server
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import http_response, respond_always
from tests.support.hypothesis_settings import PROPERTY
from tests.support.sync_async_clients import FORMS

PREFIX = "/external/thirdparty/v1"
EVIL = [
    "1/../../../../o/token",
    "1",
    "7?x=1",
    "7#",
    "7\r\nX-Evil: 1",
    "%2e%2e",
    "",
    "\u0667",
    b"7",
    7.0,
    True,
    False,
    0,
    -7,
    None,
]
"""None of them is an id."""
TEXTS = [
    "a b",
    "a&b=c",
    "a?b#c/../d",
    "a\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1",
    "ä€\U0001f6e2\x00",
    "%0d%0aX-Evil: 1",
    "+",
]

CALLS_WITH_IDS: dict[str, Callable[[Any, Client], Any]] = {
    "Pad": lambda value, client: Pad(value, client=client).get_sites(),
    "Site": lambda value, client: Site(value, client=client).get_pad(),
    "State": lambda value, client: State(value, client=client).update(),
    "DataChange": lambda value, client: DataChange(value, site=7, client=client).update(),
    "site of a DataChange": lambda value, client: DataChange(7, site=value, client=client).confirm_data_received(),
    "Pad.get_model": lambda value, client: Pad.get_model(value, client=client),
    "Site.aget_model": lambda value, client: Site.aget_model(value, client=client),
    "an id that was changed": lambda value, client: with_id(Pad(7, client=client), value).get_sites(),
    "an id that was changed, and data": lambda value, client: [*with_id(Site(7, client=client), value).get_data()],
    "get_stages_aggregation": lambda value, client: Pad(7, client=client).get_stages_aggregation(value),
    "aget_stages_aggregation": lambda value, client: Pad(7, client=client).aget_stages_aggregation(value),
    "update_stages_aggregation": lambda value, client: Pad(7, client=client).update_stages_aggregation(value, {}),
    "delete_stages_aggregation": lambda value, client: Site(7, client=client).delete_stages_aggregation(value),
}


def with_id(entity: Any, value: Any) -> Any:
    entity.id = value
    return entity


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(respond_always(http_response(200, b"[]")))


@pytest.fixture
def client(server: Server, client_of: ClientOf) -> Client:
    return client_of(server, retries=RetryPolicy(max_attempts=1))


@pytest.mark.parametrize("name", CALLS_WITH_IDS)
def test_ids_are_checked_before_they_reach_a_url(name: str, server: Server, client: Client) -> None:
    for evil in EVIL:
        with pytest.raises((TypeError, ValueError)):
            finish(CALLS_WITH_IDS[name](evil, client))
    assert server.connections == 0


def finish(outcome: Any) -> Any:
    return asyncio.run(outcome) if inspect.isawaitable(outcome) else outcome  # type: ignore[arg-type]


def test_a_large_id_is_an_id(server: Server, client: Client) -> None:
    Pad(10**30, client=client).get_states()
    assert server.received[0].query == {"pad__id": str(10**30)}


@pytest.mark.parametrize("text", TEXTS)
def test_filters_stay_in_the_query(text: str, server: Server, client: Client) -> None:
    unknown: dict[str, Any] = {text: text}
    calls: list[Callable[[], Any]] = [
        lambda: Pad.get_models(client=client, name_search=text),
        lambda: Site.get_models(client=client, well_api=text, pad_name=text),
        lambda: Pad.get_models(client=client, as_dict=True, extra_filters=unknown),
        lambda: [*Site(7, client=client).get_data(fields=[text])],
        lambda: [*Pad(7, client=client).get_data(measurement_sources_names=text)],
    ]
    for call in calls:
        call()
    assert [request.path for request in server.received] == [
        f"{PREFIX}/pads/",
        f"{PREFIX}/sites/",
        f"{PREFIX}/pads/",
        f"{PREFIX}/sites/7/data/",
        f"{PREFIX}/pads/7/data/",
    ]
    assert all("x-evil" not in request.headers for request in server.received)
    values = [dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True)) for request in server.received]
    assert values[0] == {"name_search": text}
    assert values[2] == {text: text}
    assert values[3]["fields"] == text.strip()


@PROPERTY
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_filter_value_is_encoded_in_the_query(text: str) -> None:
    target = urlsplit(list_pads(name_search=text).target)
    assert target.path == f"{PREFIX}/pads/"
    assert dict(parse_qsl(target.query, keep_blank_values=True)) == {"name_search": text}
    assert list_pads(name_search=text).target.isascii()
    assert list_pads(name_search=text).target.isprintable()


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "a b", "ä", "a\x00", "a\x7f", "a\u2028b"])
def test_a_token_is_one_word_of_ascii(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(token, base_url="https://restream.test")
    assert token not in str(caught.value)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a b", "ä"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_so_is_one_that_the_service_issues_or_a_function_gives(
    token: str, form: Any, serve: Serve, client_of: ClientOf
) -> None:
    granted = {"access_token": token, "expires_in": 3600, "token_type": "Bearer", "scope": "read"}
    server = serve(respond_always(http_response(200, granted)))
    with pytest.raises(CallError):
        form.run(client_of(server, None, client_id="crew", client_secret="s3cret"), list_pads())
    assert server.paths == ["/o/token/"]
    with pytest.raises(ConfigurationError):
        form.run(client_of(server, lambda: token), list_pads())
    assert server.paths == ["/o/token/"]


@pytest.mark.parametrize(
    "headers",
    [{"X-Crew": "a\r\nX-Evil: 1"}, {"X-Crew\r\nX-Evil": "1"}, {"X Crew": "1"}, {"": "1"}, {"Authorization": "Bearer x"},
     {"authorization": "x"}, {"Host": "evil.test"}, {"Content-Length": "0"}, {"X-Crew": "ä"}],
)  # fmt: skip
def test_headers_of_the_program_cannot_bring_others_in(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        Client(TOKEN, base_url="https://restream.test", headers=headers)


@pytest.mark.parametrize("agent", ["a\r\nX-Evil: 1", "", "ä"])
def test_nor_can_the_name_of_the_program(agent: str) -> None:
    with pytest.raises(ConfigurationError):
        Client(TOKEN, base_url="https://restream.test", user_agent=agent)


@pytest.mark.filterwarnings("ignore:.*follow_redirects=True")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_client_of_the_user_takes_the_token_elsewhere(status: int, serve: Serve, client_of: ClientOf) -> None:
    elsewhere = serve(respond_always(http_response(200, [])))
    server = serve(respond_always(http_response(status, location=f"{elsewhere.url}/pads/")))

    async def main() -> None:
        async with httpx.AsyncClient(follow_redirects=True) as mine:
            with pytest.raises(CallError, match="which is not followed"):
                await client_of(server, async_http=mine).arequest(list_pads())

    asyncio.run(main())
    with httpx.Client(follow_redirects=True) as mine, pytest.raises(CallError, match="which is not followed"):
        client_of(server, http=mine).request(list_pads())
    assert elsewhere.connections == 0


def test_headers_of_a_custom_client_are_not_changed(serve: Serve, client_of: ClientOf) -> None:
    """But the token is the one that was configured."""
    server = serve(respond_always(http_response(200, b"[]")))
    with httpx.Client(headers={"X-Crew": "7", "Authorization": "Bearer other"}) as mine:
        client_of(server, http=mine).request(list_pads())
    assert (server.received[0].token, server.received[0].headers["x-crew"]) == (TOKEN, "7")
