"""Calls whose responses are mutated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from datastore_sdk import Client, DataChange, Pad, Site, State
from datastore_sdk._io.effects import Request
from restream_api.types import Model
from tests.response_mutations.json_mutations import FIRST, Mutation, mutations
from tests.support.in_process_client import Reply, make_in_process_client, path_of

SEED = 7


@dataclass(frozen=True)
class Call:
    """A call of the SDK.

    Args:
        name: The name of the call.
        payload: The response that is mutated, by its name.
        path: The end of the path of its request.
        make: Makes the call.
        others: Responses to its other requests: a part of the path, and the name of the payload.
        form: Makes the response of the payload.
    """

    name: str
    payload: str
    path: str
    make: Callable[[Client, Mapping[str, Any]], Any]
    others: tuple[tuple[str, str], ...] = ()
    form: Callable[[Any], Any] = copy


def _pad(client: Client, of: Mapping[str, Any]) -> Pad:
    return Pad(id=of["pad_one"]["id"], client=client)


def _site(client: Client, of: Mapping[str, Any]) -> Site:
    return Site(id=of["site_one"]["id"], client=client)


def _update(entity: Any) -> Any:
    entity.update()
    return entity


def _change(client: Client, of: Mapping[str, Any]) -> DataChange:
    change = of["data_changes_one"]["change_log"][0]
    return DataChange(id=change["id"], site=change["site"], client=client)


DEFINITION = {"name": "mine", "config": {"field": "slurry_rate", "aggregation": "average"}, "description": "d"}

CALLS = (
    Call("Pad.get_models", "pad_many", "/pads/", lambda c, _: Pad.get_models(client=c)),
    Call("Pad.get_model", "pad_one", "/", lambda c, of: Pad.get_model(of["pad_one"]["id"], client=c)),
    Call("Pad.update", "pad_one", "/", lambda c, of: _update(_pad(c, of))),
    Call(
        "Pad.get_measurement_sources_metadata",
        "pad_one",
        "/",
        lambda c, of: _pad(c, of).get_measurement_sources_metadata(),
    ),
    Call("Pad.get_sites", "sites_many", "/sites/", lambda c, of: _pad(c, of).get_sites()),
    Call("Pad.get_states", "states_many", "/states/", lambda c, of: _pad(c, of).get_states()),
    Call("Pad.get_stages_metadata", "stages", "/history/", lambda c, of: _pad(c, of).get_stages_metadata()),
    Call(
        "Pad.get_stages_metadata with aggregations",
        "aggregations",
        "/aggregations/",
        lambda c, of: _pad(c, of).get_stages_metadata(add_aggregations=True),
        (("/history/", "stages"),),
    ),
    Call("Pad.get_fields_metadata", "fields", "/fields/", lambda c, of: _pad(c, of).get_fields_metadata()),
    Call(
        "Pad.get_stages_aggregations", "parameters", "/parameters/", lambda c, of: _pad(c, of).get_stages_aggregations()
    ),
    Call(
        "Pad.get_stages_aggregation",
        "parameters",
        "/",
        lambda c, of: _pad(c, of).get_stages_aggregation(of["parameters"][0]["id"]),
        form=lambda payload: payload[0],
    ),
    Call(
        "Pad.create_stages_aggregations",
        "parameters",
        "/parameters/",
        lambda c, of: _pad(c, of).create_stages_aggregations([DEFINITION]),
    ),
    Call(
        "Pad.update_stages_aggregation",
        "parameters",
        "/",
        lambda c, of: _pad(c, of).update_stages_aggregation(of["parameters"][0]["id"], {"label": "l"}),
        form=lambda payload: payload[0],
    ),
    Call(
        "Pad.get_data_changes", "data_changes_many", "/data_changes/", lambda c, of: _pad(c, of).get_data_changes()[0]
    ),
    Call("Site.get_model", "site_one", "/", lambda c, of: Site.get_model(of["site_one"]["id"], client=c)),
    Call("Site.get_pad", "pad_one", "/", lambda c, of: _site(c, of).get_pad(), (("/sites/", "site_one"),)),
    Call("Site.get_pad by its site", "site_one", "/", lambda c, of: _site(c, of).get_pad(), (("/pads/", "pad_one"),)),
    Call(
        "Site.get_measurement_sources_metadata",
        "pad_one",
        "/",
        lambda c, of: _site(c, of).get_measurement_sources_metadata(),
        (("/sites/", "site_one"),),
    ),
    Call(
        "Site.get_state",
        "states_many",
        "/states/",
        lambda c, of: Site(of["states_many"][0]["site"]["id"], client=c).get_state(),
        form=lambda payload: payload[:1],
    ),
    Call(
        "State.get_model",
        "states_many",
        "/",
        lambda c, of: State.get_model(of["states_many"][0]["id"], client=c),
        form=lambda payload: payload[0],
    ),
    Call("DataChange.update", "data_changes_one", "/", lambda c, of: _update(_change(c, of))),
    Call("DataChange.confirm", "data_changes_many", "/", lambda c, of: _change(c, of).confirm_data_received()),
)


class MutationRun:
    """The effects of mutations on a call: how many there were, and which made it fail.

    Args:
        call: The call.
        payloads: The responses, by name.
        first: How many items of each array are mutated.
        share: The share of the mutations to run, chosen at random, at most 1.
    """

    def __init__(self, call: Call, payloads: Mapping[str, Any], first: int = FIRST, share: float = 1) -> None:
        self._call = call
        self._payloads = payloads
        self._first = first
        self._share = share
        self._body = b""
        self.count = Counter[str]()
        """How many mutations there were, by kind."""
        self.failures: list[tuple[Mutation, str]] = []
        """The mutations that made it fail, without the response, and why."""

    def run(self) -> None:
        """Make the call with each mutation."""
        call, client = self._call, make_in_process_client(self._respond)
        response = call.form(self._payloads[call.payload])
        self._body = orjson.dumps(response)
        sound = self._items(call.make(client, self._payloads))
        rng = Random(SEED)
        for mutation in mutations(response, self._first):
            if rng.random() >= self._share:
                continue
            self.count[mutation.kind] += 1
            self._body = orjson.dumps(mutation.response)
            if why := self._why_it_fails(client, sound, mutation):
                self.failures.append((mutation._replace(response=None), why))

    def _why_it_fails(self, client: Client, sound: list[Any], mutation: Mutation) -> str:
        try:
            items = self._items(self._call.make(client, self._payloads))
            for item in items:
                _use(item)
        except Exception as error:  # noqa: BLE001 - errors are counted
            return f"{type(error).__name__}: {error}"
        place = next((part for part in mutation.place if isinstance(part, int)), None)
        lost = 0 if place is None else sum(item not in items for item in sound)
        return "another item is lost or changed" if lost > 1 else ""

    def _items(self, result: Any) -> list[Any]:
        items: list[Any] = [*result] if isinstance(result, list) else [result]
        return items

    def _respond(self, request: Request) -> Reply:
        path = path_of(request)
        for part, name in self._call.others:
            if part in path:
                return 200, {}, json.dumps(self._payloads[name]).encode()
        assert path.endswith(self._call.path), path
        return 200, {}, self._body


def _use(item: Any) -> None:
    """Use every attribute of the result, as programs do."""
    if item is True or item is False:
        return
    repr(item)
    assert all(name in item for name in dict(item))
    assert isinstance(item, Model)
    for name in type(item).model_fields:
        item.get(name)
        getattr(item, name, None)


def run_mutations(payloads: Mapping[str, Any], share: float = 1) -> Iterator[tuple[Call, MutationRun]]:
    """Yield all calls, with the effects of mutations on them."""
    for call in CALLS:
        each = MutationRun(call, payloads, share=share)
        each.run()
        yield call, each
