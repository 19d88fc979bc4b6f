"""Representations of `Data`, which need no request, and its first records."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from datastore_sdk.data import Data, DataAsync, DataQuery
from tests.data.fake_record_service import Record, RecordService, datetime_at, records_of
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(99_999))
STAGE = DataQuery(
    source="pad", id=681, is_routed=True, stage_number=3, stage_name_filter="frac", fields=["a", "<b>"], si_units=True
)


def head(data: Data | DataAsync, *size: int) -> list[Record]:
    if isinstance(data, Data):
        return data.head(*size)
    return asyncio.run(data.head(*size))


@pytest.fixture(params=[Data, DataAsync])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_head_returns_first_records(kind: Any, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(records_of(100))
    data = kind(client_of(serve(service)), [SITE])
    assert head(data) == records_of(5)
    assert head(data, 2) == records_of(2)
    assert head(data, 200) == records_of(100)
    assert service.request_count == 3
    assert head(kind(client_of(serve(RecordService([]))), [SITE])) == []


def test_head_stops_the_download(kind: Any, serve: Serve, client_of: ClientOf) -> None:
    disconnected: list[bool] = []
    service = RecordService(records_of(10))

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        body = service._body(request)
        line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(body) - 1, body[:-1]))
        disconnected.append(line.stall())

    server = serve(handle)
    assert head(kind(client_of(server), [SITE]), 3) == records_of(3)
    server.wait_for_connections()
    assert disconnected == [True]


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (-1, ValueError), ("5", TypeError), (True, TypeError)])
def test_head_with_invalid_size_raises(
    kind: Any, size: Any, error: type[Exception], serve: Serve, client_of: ClientOf
) -> None:
    service = RecordService([])
    with pytest.raises(error, match="n must be"):
        head(kind(client_of(serve(service)), [SITE]), size)
    assert service.request_count == 0


@pytest.fixture
def unasked(serve: Serve, client_of: ClientOf) -> Generator[Any]:
    service = RecordService([])
    yield client_of(serve(service))
    assert service.request_count == 0


def test_repr_shows_queries(kind: Any, unasked: Any) -> None:
    assert repr(kind(unasked, [SITE])) == f"{kind.__name__}({SITE!r})"
    assert repr(kind(unasked, [])) == f"{kind.__name__}()"
    many = repr(kind(unasked, [SITE] * 100))
    assert many.endswith(", and 95 more)")
    assert many.count("DataQuery") == 5


def test_html_shows_queries(kind: Any, unasked: Any) -> None:
    html = kind(unasked, [SITE, STAGE])._repr_html_()
    assert f"<b>{kind.__name__}</b>" in html
    assert "<tr><th>site</th><td>981</td><td></td></tr>" in html
    assert "<tr><th>pad</th><td></td><td>681</td></tr>" in html
    assert "<tr><th>end_datetime</th><td>2025-09-19T15:46:39+00:00</td><td></td></tr>" in html
    assert "<tr><th>fields</th><td></td><td>a, &lt;b&gt;</td></tr>" in html
    assert "<tr><th>stage_name_filter</th><td></td><td>frac</td></tr>" in html
    assert "and 15 more" in kind(unasked, [SITE] * 20)._repr_html_()


def test_arguments_omit_defaults() -> None:
    assert DataQuery(source="site", id=981).arguments() == {"site": 981}
    assert STAGE.arguments() == {
        "pad": 681,
        "is_routed": True,
        "stage_number": 3,
        "stage_name_filter": "frac",
        "fields": ["a", "<b>"],
        "si_units": True,
    }
    assert SITE.arguments()["start_datetime"] == "2025-09-18T12:00:00+00:00"
