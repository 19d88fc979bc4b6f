"""How objects and lists of objects look: short text, and tables in notebooks."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from datastore_sdk import ObjectList, Pad, Site, State
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response
from tests.support.sync_async_calls import Form

SINCE = datetime(2025, 9, 16, tzinfo=UTC)


class Cells(HTMLParser):
    """Reader of the rows of an HTML table, which checks that all tags are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


@pytest.mark.usefixtures("sandbox")
def test_stages_with_aggregations_are_short_text(form: Form) -> None:
    stages = form(Site(id=981), "get_stages_metadata", start_date=SINCE, add_aggregations=True)
    assert len(stages) > 30
    assert len(repr(stages)) < 2000
    assert repr(stages) == str(stages)
    assert repr(stages).endswith(f"... and {len(stages) - 10} more]")
    stage = next(stage for stage in stages if stage.state == "frac_frac" and stage.end)
    numbers = [value for name, value in stage.aggregations.items() if name != "id" and value is not None]
    assert repr(stage) == (
        f"Stage(id={stage.id}, site=981, stage_number={stage.stage_number}, state={stage.state!r}, "
        f"start={stage.start.isoformat()}, end={stage.end.isoformat()}, aggregations=<{len(numbers)} numbers>)"
    )
    assert "end" not in repr(stages[0])


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("kind", [Pad, Site, State])
def test_lists_show_as_tables(form: Form, kind: Any) -> None:
    objects = form(kind, "get_models")
    html = objects._repr_html_()
    head, *rows = Cells(html).rows
    assert head[0] == "id"
    assert [int(row[0]) for row in rows] == [item.id for item in objects]
    assert {"simops_config", "metadata", "site"}.isdisjoint(head)
    assert f"{kind.__name__}: {len(objects)}" in html
    assert "nested, not shown: " in html
    assert len(repr(objects).splitlines()) == min(len(objects), 11)


@pytest.mark.usefixtures("sandbox")
def test_fields_changes_and_definitions_are_lists_of_objects(form: Form) -> None:
    pad = Pad(id=681)
    lists: list[ObjectList[Any]] = [
        form(pad, "get_fields_metadata"),
        form(pad, "get_stages_aggregations"),
        form(pad, "get_data_changes")[0],
    ]
    assert {type(objects) for objects in lists} == {ObjectList}
    for objects in lists:
        assert len(repr(objects)) < 2000
        assert len(Cells(objects._repr_html_()).rows) == min(len(objects), 60) + 1
        assert len(objects.to_pandas()) == len(objects)


def test_text_of_the_service_is_escaped(serving: Serving, form: Form) -> None:
    pads = [
        {"id": 1, "name": "<script>alert(1)</script>", "<b>": 1, "unit": 0.123456789},
        {"id": "x" * 300, "name": None, "completion_date": "2025-09-18T12:00:00Z", "unit": 1234567.8},
        {"name": ["<i>"], "customer_name": None},
    ]
    objects = form(Pad, "get_models", client=serving(http_response(200, pads)).client)
    html = objects._repr_html_()
    assert "<script>" not in html
    assert "<i>" not in html
    head, first, second, _ = Cells(html).rows
    assert head == ["id", "<b>", "unit", "completion_date"]
    assert first == ["1", "1", "0.123457", ""]
    assert second[2:] == ["1234568", "2025-09-18 12:00:00 UTC"]
    assert "nested, not shown: name" in html


def test_few_and_many_objects(serving: Serving, form: Form) -> None:
    pads = form(Pad, "get_models", client=serving(http_response(200, [{"id": n + 1} for n in range(100)])).client)
    assert repr(pads[:2]) == "[Pad(id=1), Pad(id=2)]"
    assert repr(pads[:0]) == "[]"
    assert "and 40 more rows" in pads._repr_html_()
    assert Cells(pads[:0]._repr_html_()).rows == [[*Pad.model_fields]]
    assert Cells(ObjectList[Any]()._repr_html_()).rows == [[]]
    assert len(repr(ObjectList([Pad(id=1, name="x" * 10_000)]))) < 200
