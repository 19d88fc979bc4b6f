"""The file of response shapes has no values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client
from datastore_sdk._version import VERSION
from datastore_sdk.cli import main
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.traffic import LiveProbe
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from datastore_sdk.drift.traffic.response_shapes import FILE_NAME, build_call_shape, collect_keys
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.drift.spec_builders import REAL, parse_spec
from tests.support.environment import set_environment

WORDS = re.compile(
    r"""\*|none|another|chunked|content-length|application/json|gzip|utf-8|revision_note
    |object|array|null|boolean|integer|number|nested|missing|by\ time|site\ by\ site|otherwise
    |text(,\ (empty|number|date-time\ with(out)?\ zone(,\ fraction)?))?|0|1|2\ to\ 9|10\ to\ 99|100\ or\ more
    |(get|list|stream)_[a-z_]+|GET|/external/thirdparty/v1/[a-z_{}/]+
    |sdk|calls|operation|method|path|query|status|framing|media\ type|charset|encoding|length|body|records
    |types|keys|always|lengths|items|count|objects\ only|order|sites|several\ of\ a\ site\ and\ second|timestamp
    |site_id|fields|fields\ in\ a\ record|pad__id|site__id|histories|end_datetime|start_datetime|si_units|resolution
    |routed""",
    re.VERBOSE,
)
"""Everything that may be in the file, besides the keys of the OpenAPI document."""


@pytest.mark.parametrize("untidy", [None, 1])
def test_file_has_only_shapes(
    untidy: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox(now=NOW, days=1, untidy=untidy) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        assert main(["drift", "traffic", "--live", "--shapes"]) in ({0} if untidy is None else {1, 2})
        paths = {request.path for request in sandbox.requests}
    assert f"Wrote {FILE_NAME}" in capsys.readouterr().err
    text = (tmp_path / FILE_NAME).read_text()
    shapes = json.loads(text)
    keys = collect_keys(parse_spec(REAL))
    strange = {each for each in leaves(shapes) if not (WORDS.fullmatch(each) or each in keys)}
    assert strange <= {VERSION, *map(str, (200, 201, 203, 404))}
    assert len(shapes["calls"]) >= len(paths)
    assert len(text) < 200_000


def leaves(value: Any) -> Iterator[str]:
    if is_object(value):
        yield from value
        yield from leaves([*value.values()])
    elif is_array(value):
        for item in value:
            yield from leaves(item)
    elif not isinstance(value, bool):
        yield str(value)


def shape_of(content: Any, path: str = "/pads/681/", **headers: str) -> dict[str, Any]:
    call = RecordedCall(
        method="GET",
        url=f"/external/thirdparty/v1{path}",
        status=200,
        media_type="",
        content=content if isinstance(content, bytes) else json.dumps(content).encode(),
        source="host",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    return build_call_shape("get_pad", call, parse_spec(REAL), collect_keys(parse_spec(REAL)))


def test_keys_that_may_be_data_are_hidden() -> None:
    pad = {
        "id": 5,
        "a_new_key": {"Secret Ranch 4": 1, "secret_ranch": 2},
        "Secret Ranch 4": 7,
        "simops_config": {"measurement_sources": {"frac": [{"name": "Secret", "secret_ranch_no_4": 1}]}},
    }
    text = json.dumps(shape_of(pad))
    assert "ecret" not in text
    assert "a_new_key" in text
    by_site = json.dumps(shape_of({"4711": [{"id": 5, "secret": 1.5}]}, "/pads/681/aggregations/"))
    assert "4711" not in by_site
    assert "secret" not in by_site


def test_headers_are_reduced_to_known_words() -> None:
    shape = shape_of(
        b"[]", content_type='application/json; charset="UTF-8"', transfer_encoding="chunked", server="s3cret"
    )
    assert shape["framing"] == {
        "media type": "application/json",
        "charset": "utf-8",
        "encoding": "none",
        "length": "chunked",
    }
    assert shape_of(b"<html>s3cret</html>", content_type="s3cret/x")["framing"]["media type"] == "another"
    assert shape_of(b"<html>s3cret</html>")["body"] == {"not JSON": "10 to 99"}


@pytest.mark.parametrize(
    ("stamps", "order", "several"),
    [
        ([(1, 1), (1, 2), (2, 1)], "by time", False),
        ([(1, 1), (2, 1), (1, 2), (2, 2)], "site by site", False),
        ([(1, 1), (2, 2), (1, 2), (2, 1)], "otherwise", False),
        ([(1, 1), (1, 1), (2, 1)], "by time", True),
    ],
)
def test_order_of_records_is_detected(stamps: list[tuple[int, int]], order: str, several: bool) -> None:
    records = [{"timestamp": time, "site_id": site, "secret_field": "O"} for time, site in stamps]
    message = shape_of(records, "/pads/681/data/")["records"]
    assert (message["order"], message["several of a site and second"]) == (order, several)
    assert message["fields"] == ["text"]
    assert "secret" not in json.dumps(message)


def test_probe_of_an_untidy_service_has_all_calls() -> None:
    seen: list[set[str]] = []
    for untidy in (None, 3):
        with (
            Sandbox(now=NOW, days=1, untidy=untidy) as sandbox,
            Client(sandbox.token, base_url=sandbox.url) as client,
        ):
            probe = LiveProbe(client)
            probe.run()
        seen.append({operation for operation, _ in probe.calls})
    assert seen[0] == seen[1]
