"""Single mutations of responses: nearly none costs a call, and none costs another item of a list.

All of them are tried with `--all`; `python -m tests.response_mutations` prints what they did to which call.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any
from warnings import catch_warnings

import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.data import DataQuery
from datastore_sdk.data.field_metadata import FieldMetadata, fetch_field_metadata
from datastore_sdk.entities.list_queries import build_site_query
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.exceptions import MismatchWarning, ResponseValidationError
from tests.response_mutations.json_mutations import mutations
from tests.response_mutations.mutated_calls import CALLS, run_mutations
from tests.response_mutations.payloads import INVENTED, load_recorded
from tests.support.exhaustive import first
from tests.support.fake_server import HttpRequest, Server
from tests.support.http_responses import http_response, send_reply
from tests.support.in_process_client import make_in_process_client
from tests.support.sync_async_clients import FORMS

MAX_FAILED_SHARE = 0.01
"""Of all mutations, at most so many may make a call fail."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Differences are reported once per process: reported here, they would be missing elsewhere."""
    logging.disable()
    with catch_warnings(category=MismatchWarning, action="ignore"):
        yield
    logging.disable(logging.NOTSET)


def check(payloads: Mapping[str, Any], share: float = 1) -> None:
    total = failed = 0
    for call, each in run_mutations(payloads, share):
        total += each.count.total()
        failed += len(each.failures)
        for mutation, why in each.failures:
            assert "is lost" not in why, (call.name, mutation.kind, mutation.place)
            # The remaining one is the response as a whole: its only item, or the list that it holds.
            # Or the site of a state: it may be another site.
            whole = {(0,), ("change_log",), ("change_log", 0)}
            whose = {(0, "site"), (0, "site", "id")} if call.name == "Site.get_state" else set[object]()
            assert mutation.place in whole | whose, (call.name, mutation, why)
    assert total > 20 * len(CALLS), "hardly anything was tried"
    assert failed <= MAX_FAILED_SHARE * total


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", first(1, (0.3, 1)))
def test_mutated_synthetic_response_is_parsed(share: float) -> None:
    check(INVENTED, share)


@pytest.mark.parametrize("share", first(1, (0.05, 1)))
def test_mutated_recorded_response_is_parsed(share: float) -> None:
    payloads = load_recorded()
    if not payloads:
        pytest.skip("the recorded responses do not exist")
    check({**INVENTED, **payloads}, share)


def test_mutated_fields_still_label_tables() -> None:
    body: list[bytes] = []
    client = make_in_process_client(lambda _: (200, {}, body[-1]))
    query = DataQuery(source="pad", id=5)
    for mutation in mutations(INVENTED["fields"][:1]):
        body.append(json.dumps([*mutation.response, {**INVENTED["fields"][1], "name": "other"}]).encode())
        found = client._drive(fetch_field_metadata(client._executor, [query]))
        assert found["other"] == FieldMetadata("Slurry rate", "bbl/min", INVENTED["fields"][1].get("primary_color"))


@pytest.mark.parametrize("form", [*FORMS])
def test_mutated_response_over_a_socket_is_parsed(form: str) -> None:
    sites = INVENTED["sites_many"]
    bodies = [http_response(200, each.response) for each in mutations(sites) if each.place[:1] == (1,)][::25]
    waiting = iter(bodies)
    with (
        Server(lambda line, _: send_reply(next(waiting), line, HttpRequest("", "", {}, b""))) as server,
        Client("t0ken-0123456789", base_url=server.url) as client,
    ):
        for _ in bodies:
            found = FORMS[form].run(client, fetch_list(Site, client, build_site_query({}), as_dict=False))
            assert 2 <= len(found) <= 3
    assert len(bodies) > 5


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"detail": "soon"}', b"null", b'"text"', b"[]", b"[1, 2]", b"5", b"", b"<html>", b'{"id":'],
)
def test_response_of_another_type_is_refused(body: bytes) -> None:
    with pytest.raises(ResponseValidationError, match="the response does not match the API contract"):
        Pad.get_model(5, client=make_in_process_client(lambda _: (200, {}, body)))
