"""Redirects are not followed: the token stays with the host that it was given for."""

from __future__ import annotations

import httpx
import pytest

from datastore_sdk.exceptions import ResponseValidationError
from restream_api.api.pads import create_pad_parameters, list_pads, stream_pad_data
from restream_api.types import Operation
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always
from tests.support.sync_async_clients import Form

STREAM = stream_pad_data(7, si_units=False, resolution="raw", routed=False)
CREATE = create_pad_parameters(7, body=[], validate_only=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", [list_pads(), CREATE, STREAM], ids=["get", "post", "stream"])
def test_no_redirect_is_followed(
    operation: Operation[object], status: int, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    elsewhere = serve(respond_always(http_response(200, [])))
    server = serve(respond_always(http_response(status, location=f"{elsewhere.url}/pads/")))
    with pytest.raises(ResponseValidationError, match=f"to {elsewhere.url}/pads/, which is not followed"):
        form.run(client_of(server), operation)
    assert elsewhere.connections == 0
    assert len(server.received) == 1


@pytest.mark.filterwarnings("ignore:.*follow_redirects=True")
def test_nor_with_a_client_of_the_user_that_follows_them(serve: Serve, client_of: ClientOf) -> None:
    elsewhere = serve(respond_always(http_response(200, [])))
    server = serve(respond_always(http_response(302, location=f"{elsewhere.url}/pads/")))
    with httpx.Client(follow_redirects=True) as http, pytest.raises(ResponseValidationError):
        client_of(server, http=http).request(list_pads())
    assert elsewhere.connections == 0


def test_a_redirect_that_says_not_where(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(ResponseValidationError, match=r"returned 302, which is not a success status of this call$"):
        client_of(serve(respond_always(http_response(302)))).request(list_pads())
