"""Single mutations of answers: nearly none costs a call, and none costs another item of a list."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from datastore_sdk import Pad, Site
from datastore_sdk.exceptions import RestreamError
from tests.facade.forms import PREFIX
from tests.mutations.calls import CALLS, tried
from tests.mutations.mutate import mutations
from tests.mutations.payloads import INVENTED, recorded
from tests.support.answers import answer, give
from tests.support.forms import FORMS
from tests.support.wire import Line, Received, Server

MOST = 0.01
"""Of all mutations, at most so many may make a call fail."""
SEED = 7


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What differs is reported once per process, which would be told of here and missed elsewhere."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def check(payloads: Mapping[str, Any], first: int) -> None:
    total = failed = 0
    for call, each in tried(payloads, first):
        total += each.count.total()
        failed += len(each.failures)
        for mutation, why in each.failures:
            assert "is lost" not in why, (call.name, mutation.kind, mutation.place)
            # What is left is the answer as a whole: its only item, or the list that it holds.
            assert mutation.place in {(0,), ("change_log",), ("change_log", 0)}, (call.name, mutation, why)
    assert total > 100 * len(CALLS), "hardly anything was tried"
    assert failed <= MOST * total


def test_invented_answers_with_one_mutation_are_read() -> None:
    check(INVENTED, first=2)


def test_recorded_answers_with_one_mutation_are_read() -> None:
    payloads = recorded()
    if not payloads:
        pytest.skip("the recorded answers are not at hand")
    check({**INVENTED, **payloads}, first=1)


@pytest.mark.parametrize("form", [*FORMS])
def test_mutated_answers_over_a_socket_are_read(form: str) -> None:
    sites = INVENTED["sites_many"]
    chosen = random.Random(SEED).sample(range(len([*mutations(sites)])), 8)
    bodies = [answer(200, each.answer) for number, each in enumerate(mutations(sites)) if number in chosen]
    waiting = iter(bodies)

    def handle(line: Line, request: Received) -> None:
        assert request.path == f"{PREFIX}/sites/"
        give(next(waiting), line, request)

    from datastore_sdk import Client

    with Server(handle) as server:
        client = Client("t0ken-0123456789", base_url=server.url)
        for _ in bodies:
            found = FORMS[form].run(client, _sites(client))
            assert 2 <= len(found) <= 3


def _sites(client: Any) -> Any:
    from datastore_sdk.entities.lists import sites_with
    from datastore_sdk.entities.resource import many

    return many(Site, client, sites_with({}), as_dict=False)


def test_an_answer_of_another_kind_is_refused() -> None:
    from tests.support.in_process import client_answered

    for body in (b"{}", b'{"detail": "soon"}', b"null", b'"text"', b"[]", b"[1, 2]", b"5", b"", b"<html>", b'{"id":'):
        client = client_answered(lambda _, body=body: (200, {}, body))  # type: ignore[misc]
        with pytest.raises(RestreamError, match="something that the API contract does not allow"):
            Pad.get_model(5, client=client)
