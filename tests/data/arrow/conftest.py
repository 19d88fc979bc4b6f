from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datastore_sdk import Data, DataAsync, Site
from datastore_sdk.sandbox import Sandbox
from tests.data.arrow.table_helpers import HOURS
from tests.entities.conftest import form, serving
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.sync_async_calls import Form

__all__ = ["form", "serving"]

Of = Callable[[bytes], Data | DataAsync]


@pytest.fixture
def nothing_left() -> None:
    """Switch the leak check of the folder above off: default clients keep connections to the shared sandbox."""


@pytest.fixture
def hours(sandbox: Sandbox, form: Form) -> Data | DataAsync:  # noqa: ARG001 - the environment leads to the sandbox
    """Wireline, standby and a frac stage in turn: columns appear late, and values of every type are there."""
    data: Data | DataAsync = form(Site(id=981), "get_data", *HOURS)
    return data


@pytest.fixture
def of(serving: Serving, form: Form) -> Of:
    """Return data whose response has a certain body, from a service without fields."""

    def data(body: bytes) -> Any:
        service = serving(respond_by_path({"/fields/": http_response(200, b"[]"), "/data/": http_response(200, body)}))
        return form(Site(id=981, client=service.client), "get_data")

    return data
