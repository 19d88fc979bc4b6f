from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datastore_sdk import Data, DataAsync, Site
from datastore_sdk.sandbox import Sandbox
from tests.facade.conftest import form, serving
from tests.facade.forms import Form
from tests.facade.services import Serving
from tests.formats.records import HOURS
from tests.support.answers import answer, by_path

__all__ = ["form", "serving"]

Of = Callable[[bytes], Data | DataAsync]


@pytest.fixture
def hours(sandbox: Sandbox, form: Form) -> Data | DataAsync:  # noqa: ARG001 - the environment leads to the sandbox
    """Wireline, standby and a frac stage in turn: columns appear late, and values of every type are there."""
    data: Data | DataAsync = form(Site(id=981), "get_data", *HOURS)
    return data


@pytest.fixture
def of(serving: Serving, form: Form) -> Of:
    """Data whose answer has a certain body, from a service that knows of no fields."""

    def data(body: bytes) -> Any:
        service = serving(by_path({"/fields/": answer(200, b"[]"), "/data/": answer(200, body)}))
        return form(Site(id=981, client=service.client), "get_data")

    return data
