"""Secrets appear in no text, copy, log or error."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from datastore_sdk import Client, DataChange, Pad, Site, State
from datastore_sdk.exceptions import (
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    ResponseValidationError,
    RestreamError,
)
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.fake_server import ClientConnection
from tests.support.fake_service import TOKEN, Serving
from tests.support.http_responses import Reply, http_response, send_then
from tests.support.sync_async_calls import Form

CHANGE: dict[str, Any] = {
    "id": 5,
    "site": 981,
    "start_date": "2025-09-17T00:00:00Z",
    "end_date": "2025-09-17T00:01:00Z",
}


def texts(value: Any) -> list[str]:
    """Return every text that an object shows of itself."""
    shown = [repr(value), str(value), f"{value}", repr(deepcopy(value).__dict__), repr(pickle.dumps(value))]
    if isinstance(value, Pad | Site | State | DataChange):
        shown += [repr(value.model_dump()), value.model_dump_json(), repr(dict(value)), repr([*value.values()])]
    return shown


@pytest.mark.parametrize("kind", [Pad, Site, State, DataChange])
def test_objects(kind: Callable[..., Any]) -> None:
    for model in (kind(id=668, auth_token=TOKEN), kind(668, TOKEN, name="Mesquite Draw 14")):
        for text in texts(model):
            assert TOKEN not in text
            assert "auth_token" not in text


@pytest.mark.usefixtures("sandbox")
def test_objects_that_were_fetched(sandbox: Sandbox, form: Form) -> None:
    models = [
        form(Pad, "get_model", 668, auth_token=sandbox.token),
        *form(Pad(id=668, auth_token=sandbox.token), "get_sites"),
        form(Site(id=981, auth_token=sandbox.token), "get_state"),
        *form(Site(id=981, auth_token=sandbox.token), "get_data_changes")[0],
    ]
    for model in models:
        assert sandbox.token not in "".join(texts(model))


def test_clients_and_data(form: Form) -> None:
    client = Client(TOKEN)
    data = form(Pad(id=668, client=client), "get_data")
    for value in (client, data, Client(client_id="the-id", client_secret=TOKEN)):
        assert TOKEN not in repr(value) + str(value)
    assert "the-id" not in repr(Client(client_id="the-id", client_secret=TOKEN))
    with pytest.raises(TypeError, match="a Client cannot be pickled: it holds credentials"):
        pickle.dumps(client)


def test_unpickled_objects_take_the_environments_token(form: Form, sandbox: Sandbox) -> None:
    with Client("another-0123456789", base_url=sandbox.url) as client:
        pickled = pickle.dumps(Pad(id=668, client=client))
    twin = pickle.loads(pickled)
    assert [site.pad_id for site in form(twin, "get_sites")] == [668] * 6
    assert len(sandbox.requests) == 1


def test_unpickled_objects_do_not_call_another_service(serving: Serving, form: Form, sandbox: Sandbox) -> None:
    """An id means something else there: staging's pad 668 is not that of production."""
    service = serving(http_response(200, []))
    twin = pickle.loads(pickle.dumps(Pad(id=668, client=service.client)))
    for pad in (twin, pickle.loads(pickle.dumps(twin))):
        with pytest.raises(ConfigurationError, match=f"pickled with a client of {service.client.base_url}, but the"):
            form(pad, "get_sites")
    assert service.request_lines == []
    assert len(sandbox.requests) == 0


def catch_error(call: Callable[[], Any]) -> RestreamError | None:
    try:
        call()
    except RestreamError as error:
        return error
    return None


ECHO = f"your token {TOKEN} is not good"


@pytest.mark.parametrize(
    "reply",
    [
        http_response(400, {"detail": ECHO}),
        http_response(400, ECHO.encode()),
        http_response(400, {"auth": [ECHO, {"header": f"Bearer {TOKEN}"}]}),
        http_response(401, {"detail": ECHO}),
        http_response(403, {"detail": ECHO}),
        http_response(404, {"detail": ECHO}),
        http_response(429, {"detail": ECHO}),
        http_response(500, b"x" * 1990 + ECHO.encode()),
        http_response(200, {"id": TOKEN}),
        http_response(200, {"change_log": [{"id": TOKEN}]}),
        http_response(200, ECHO.encode()),
        http_response(302, Location=f"https://elsewhere.example/?token={TOKEN}"),
        send_then(b"", ClientConnection.reset),
    ],
)
def test_errors(serving: Serving, form: Form, caplog: pytest.LogCaptureFixture, reply: Reply) -> None:
    service = serving(reply)
    data = form(Site(id=981, client=service.client), "get_data")
    change = DataChange(**CHANGE, client=service.client)
    calls: list[Callable[[], Any]] = [
        lambda: form(Pad, "get_models", client=service.client),
        lambda: form(change, "confirm_data_received"),
        lambda: form.records(data),
    ]
    with caplog.at_level(logging.DEBUG):
        for call in calls:
            error = catch_error(call)
            if error is None:  # a write that succeeded despite its response; or an invalid id
                continue
            everything = [str(error), repr(error), repr(error.args), repr(vars(error)), repr(pickle.dumps(error))]
            for text in everything:
                assert TOKEN not in text
                assert TOKEN[:12] not in text  # a part that an excerpt may have left
    assert TOKEN not in caplog.text
    assert {request.token for request in service.server.received} == {TOKEN}


def test_logs(sandbox: Sandbox, form: Form, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        form(Site(id=981), "get_data_changes")
        form(Site(id=1042), "get_stages_metadata", stage_number=8, add_aggregations=True)
    assert f"GET {sandbox.url}/external/thirdparty/v1/sites/981/data_changes/" in caplog.text
    levels = {record.levelname for record in caplog.records if record.name.startswith("datastore_sdk")}
    assert levels == {"DEBUG", "WARNING"}
    assert sandbox.token not in caplog.text
    assert "Bearer" not in caplog.text


def test_client_credentials(form: Form, caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox(now=NOW, days=1, client_id="the-id", client_secret="the-s3cret") as sandbox:
        with caplog.at_level(logging.DEBUG):
            good = Client(client_id="the-id", client_secret="the-s3cret", base_url=sandbox.url)
            assert form(Pad, "get_models", client=good)
            wrong = Client(client_id="the-id", client_secret="an0ther", base_url=sandbox.url)
            with pytest.raises(AuthenticationError, match="RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET") as caught:
                form(Pad, "get_models", client=wrong)
        for client in (good, wrong):
            form(client, "close")
    error = caught.value
    assert error.url == f"{sandbox.url}/o/token/"
    for text in (caplog.text, str(error), repr(error), repr(vars(error)), repr(good), repr(wrong)):
        assert "the-s3cret" not in text
        assert "an0ther" not in text
    assert "access_token" not in caplog.text


def test_a_token_response_that_breaks_the_contract(serving: Serving, form: Form) -> None:
    service = serving(
        http_response(200, {"access_token": "issued-t0ken", "expires_in": "soon", "token_type": "Bearer"})
    )
    with Client(client_id="the-id", client_secret="the-s3cret", base_url=service.server.url) as client:
        with pytest.raises(ResponseValidationError, match="expires_in") as caught:
            form(Pad, "get_models", client=client)
        form(client, "close")
    assert "issued-t0ken" not in str(caught.value) + repr(vars(caught.value))


def test_a_url_never_holds_the_token(serving: Serving, form: Form) -> None:
    service = serving(http_response(404))
    with pytest.raises(APIStatusError) as caught:
        form(Pad, "get_models", client=service.client, name_search="Draw")
    assert caught.value.url.endswith("/pads/?name_search=Draw")
    assert all(TOKEN not in request.target for request in service.server.received)
