"""The recorded responses, served unchanged by a plain server: all of them are read, whole and without a complaint."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Pad
from datastore_sdk.data import DataQuery
from tests.support.fake_server import Server
from tests.support.http_responses import build_chunked_response, http_response, respond_by_path
from tests.support.paths import SAMPLES
from tests.support.sync_async_clients import FORMS, Form

PAD, SITE = 697, 1111
FILES = {
    "/pads/": "pad_many",
    f"/pads/{PAD}/": "pad_one",
    "/sites/": "sites_many_by_pad",
    "/states/": "states_many_by_pad",
    "/fields/": "fields_pad",
    "/history/": "stages_pad",
    "/aggregations/": "aggregations_pad",
    "/parameters/": "pad_parameters",
    f"/pads/{PAD}/data_changes/": "data_changes_pad_many",
    "/data_changes/339/": "data_changes_pad_one",
}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded responses do not exist")


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


@pytest.fixture
def client() -> Iterator[Client]:
    records = sample("data_pad")
    pieces = [records[start : start + 1000] for start in range(0, len(records), 1000)]
    replies: dict[str, Any] = {path: http_response(200, sample(name)) for path, name in FILES.items()}
    with (
        Server(respond_by_path({**replies, "/data/": build_chunked_response(*pieces)})) as server,
        Client("t0ken-0123456789", base_url=server.url, strict=True) as client,
    ):
        yield client


def test_recorded_objects_are_parsed(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    pad = Pad(id=PAD, client=client)
    lists: dict[str, Callable[..., Any]] = {
        "pad_many": partial(Pad.get_models, client=client),
        "sites_many_by_pad": pad.get_sites,
        "states_many_by_pad": pad.get_states,
        "fields_pad": pad.get_fields_metadata,
        "stages_pad": pad.get_stages_metadata,
        "pad_parameters": pad.get_stages_aggregations,
    }
    for name, call in lists.items():
        expected: list[dict[str, Any]] = json.loads(sample(name))
        assert call(as_dict=True) == expected
        found = call()
        assert [sorted(dict(each)) for each in found] == [sorted(each) for each in expected]
        assert [each["id"] for each in found] == [each.get("id") for each in expected]
    pad.update()
    assert dict(pad).keys() == json.loads(sample("pad_one")).keys()
    assert pad.get_measurement_sources_metadata().frac[0].attached_sites == [1111, 1112, 1113]
    with_numbers = [stage for stage in pad.get_stages_metadata(add_aggregations=True) if stage.aggregations]
    listed = json.loads(sample("aggregations_pad")).values()
    assert {stage.id for stage in with_numbers} <= {each["id"] for site in listed for each in site}
    assert pad.get_data_changes(as_dict=True)[0] == json.loads(sample("data_changes_pad_many"))["change_log"]
    change = pad.get_data_changes()[0][0]
    change.update()
    assert change.id == 339
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("form", FORMS.values(), ids=[*FORMS])
def test_recorded_pad_records_are_read_site_by_site(form: Form, client: Client, tmp_path: Path) -> None:
    recorded = json.loads(sample("data_pad"))
    found: list[dict[str, Any]] = []
    form.records(client, [DataQuery(source="pad", id=PAD)], into=found)
    assert found == recorded
    form.save(client, [DataQuery(source="pad", id=PAD)], tmp_path / "pad.csv")
    form.save(client, [DataQuery(source="site", id=SITE)], tmp_path / "site.json")
    of_site = [record for record in recorded if record["site_id"] == SITE]  # the service ignores the requested site
    assert json.loads((tmp_path / "site.json").read_text()) == of_site
    with (tmp_path / "pad.csv").open(newline="") as rows:
        assert [row["timestamp"] for row in csv.DictReader(rows)] == [str(each["timestamp"]) for each in recorded]
