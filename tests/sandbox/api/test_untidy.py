"""The untidy sandbox: how it changes responses, and that the same seed and request have the same result."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from msgspec import structs

from datastore_sdk import Client, Pad, Site
from datastore_sdk.sandbox import Sandbox, Untidiness
from datastore_sdk.sandbox.api.context import HandlerResponse
from datastore_sdk.sandbox.api.untidy import UntidyResponses
from tests.conftest import NOW
from tests.support.exhaustive import first

QUIET = Untidiness(7, **dict.fromkeys(Untidiness.__struct_fields__[1:], False))
PATHS = ("/pads/", "/pads/681/", "/sites/", "/states/", "/sites/981/history/", "/pads/681/fields/")
RECORDS = "/pads/681/data/?start_datetime=2025-09-18 11:00:00&end_datetime=2025-09-18 11:05:00&routed=true"


@pytest.fixture(scope="module")
def tidy(shared_sandbox: Sandbox) -> dict[str, Any]:
    """Responses that conform to the contract."""
    headers = {"Authorization": f"Bearer {shared_sandbox.token}"}
    with httpx.Client(base_url=shared_sandbox.url + "/external/thirdparty/v1", headers=headers) as http:
        return {path: http.get(path).json() for path in (*PATHS, RECORDS)}


def make_untidy(how: Untidiness, tidy: dict[str, Any]) -> dict[str, Any]:
    untidy = UntidyResponses(how)
    found: dict[str, Any] = {path: untidy.transform_response("GET", path, [], tidy[path]) for path in PATHS}
    return {**found, RECORDS: [*untidy.records(iter(tidy[RECORDS]))]}


def keys_of(value: Any) -> Counter[str]:
    if isinstance(value, HandlerResponse):
        return keys_of(value.content)
    items: list[Any] = [*value] if isinstance(value, list) else []
    found = Counter[str]()
    if isinstance(value, dict):
        entries: dict[str, Any] = {**value}
        found.update(entries.keys())
        items = [*entries.values()]
    return sum(map(keys_of, items), found)


@pytest.mark.skipif("config.getoption('--untidy') is not None")
def test_untidy_seed_is_deterministic(tidy: dict[str, Any]) -> None:
    first, again, other = (make_untidy(Untidiness(seed), tidy) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    quiet = make_untidy(QUIET, tidy)
    assert quiet == {**{path: HandlerResponse(200, tidy[path]) for path in PATHS}, RECORDS: tidy[RECORDS]}


@pytest.mark.skipif("config.getoption('--untidy') is not None")
@pytest.mark.parametrize(
    "name", [name for name in Untidiness.__struct_fields__[1:] if name not in {"pages", "filters", "bodies"}]
)
def test_untidy_options_each_change_responses(name: str, tidy: dict[str, Any]) -> None:
    untidy = make_untidy(structs.replace(QUIET, **{name: True}), tidy)
    same = {path for path in PATHS if untidy[path] == HandlerResponse(200, tidy[path])}
    records = untidy[RECORDS]
    if name == "order":
        assert records != tidy[RECORDS]
        assert sorted(map(json.dumps, records)) == sorted(map(json.dumps, tidy[RECORDS]))
    elif name == "several":
        assert len(records) > len(tidy[RECORDS])
    else:
        assert same != {*PATHS}
        assert records == tidy[RECORDS]
    if name == "missing":
        assert sum(keys_of(untidy[path]).total() for path in PATHS) < sum(keys_of(tidy[path]).total() for path in PATHS)
    if name == "unknown":
        assert sum(keys_of(untidy[path])["revision_note"] for path in PATHS) > 0


def test_untidy_seed_must_be_a_number() -> None:
    with pytest.raises(TypeError, match=r"untidy must be an int \(a seed\) or an Untidiness, not 'very'"):
        Sandbox(untidy="very")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_untidy_ignores_filters() -> None:
    untidy = UntidyResponses(structs.replace(QUIET, filters=True))
    query = [("complete", "true"), ("well_api", "1"), ("fleet_id", "3"), ("pad__id", "5"), ("page", "2")]
    for path in ("/pads/", "/sites/"):
        assert ("pad__id", "5") in untidy.query(path, query)
    assert len(untidy.query("/pads/", query) + untidy.query("/sites/", query)) < 8
    assert untidy.query("/pads/668/history/", query) == query[:-1]


def test_untidy_pages_contain_every_item_once(tidy: dict[str, Any]) -> None:
    how = structs.replace(QUIET, envelopes=True, pages=True)
    (seed,) = [seed for seed in range(20) if Untidiness(seed).chance("envelope", "/sites/") > 0.7][:1]
    untidy, found = UntidyResponses(structs.replace(how, seed=seed)), list[Any]()
    query: list[tuple[str, str]] = [("complete", "true")]
    while True:
        response: Any = untidy.transform_response("GET", "/sites/", query, tidy["/sites/"])
        found += response.content["results"]
        if response.content["next"] is None:
            break
        query = parse_qsl(urlsplit(str(response.content["next"])).query)
        assert ("complete", "true") in query
    assert found == tidy["/sites/"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", first(1, [1, 2]))
def test_untidy_responses_lose_nothing(seed: int) -> None:
    """Except for withheld objects, a walk through an untidy service finds the same as one through a tidy service."""
    found: list[Any] = []
    for untidy in (None, Untidiness(seed, filters=False)):
        with (
            Sandbox(now=NOW, days=1, untidy=untidy, token="t0ken-of-both") as sandbox,
            Client(sandbox.token, base_url=sandbox.url) as client,
        ):
            found.append([*walk(client)])
    assert found[0] == found[1]


def walk(client: Client) -> Iterator[Any]:
    pads = Pad.get_models(client=client)
    yield [(pad.id, pad.name) for pad in pads]
    for pad in pads[1:2]:
        yield [(site.id, site.name) for site in pad.get_sites()]
        yield [(state.id, state.current_state, state.last_state_update) for state in pad.get_states()]
        stages = pad.get_stages_metadata(NOW - timedelta(hours=12), add_aggregations=True)
        yield [(stage.id, stage.start, stage.end, stage.site, stage["stage_number"]) for stage in stages]
        yield [bool(stage.aggregations) for stage in stages]
        yield [field.name for field in pad.get_fields_metadata()]
        yield [each.id for each in pad.get_stages_aggregations()]
        yield {kind: [each.name for each in found] for kind, found in pad.get_measurement_sources_metadata().items()}
        changes, _ = pad.get_data_changes()
        yield [(change.id, change.site, change.start_date, change.end_date) for change in changes]
        yield [change.confirm_data_received() for change in changes]
        yield pad.get_data_changes()[0]
        records = pad.get_data(NOW - timedelta(minutes=2), NOW, is_routed=True)
        seconds: dict[Any, Any] = {}
        for record in records:
            seconds.setdefault((record["timestamp"], record["site_id"]), {}).update(record)
        yield seconds
    site = Site(id=981, client=client)
    yield site.get_pad()["id"], site.get_state()["id"]  # type: ignore[index]
