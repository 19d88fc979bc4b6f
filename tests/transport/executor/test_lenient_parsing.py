"""Responses that do not match the contract are read as far as they do, in any envelope, charset or form."""

from __future__ import annotations

import copy
import json
import pickle
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.exceptions import CorruptBodyError, NotLoadedError, ResponseValidationError
from restream_api.api.pads import get_pad, list_pad_data_changes, list_pads
from restream_api.models import SimopsConfig
from tests.response_mutations.payloads import CHANGE, PAD, SITE, TOKEN
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    build_chunked_response,
    http_response,
    respond_always,
    respond_by_path,
    respond_in_turn,
)
from tests.support.in_process_client import make_in_process_client
from tests.support.sync_async_clients import Form

SITES = [SITE, {**SITE, "id": 12}, {**SITE, "id": 13}]


def client(body: Any, status: int = 200, content_type: str = "", **options: Any) -> Client:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return make_in_process_client(lambda _: (status, {"content-type": content_type}, content), **options)


@pytest.mark.parametrize(
    "date",
    [
        "2025-03-04T05:06:07Z",
        "2025-03-04T05:06:07",
        "2025-03-04 05:06:07",
        "2025-03-04 05:06:07+00:00",
        "2025-03-03T23:06:07-06:00",
        "2025-03-03T23:06:07-0600",
        "2025-03-04T05:06:07.000000000Z",
        "20250304T050607Z",
        "20250304T050607",
        "2025-W10-2T05:06:07",
        "2025-03-04 05:06:07 UTC",
        "2025-03-04t05:06:07z",
        1741064767,
        "1741064767",
    ],
)
def test_a_date_in_any_form_is_a_datetime(date: object) -> None:
    pad = Pad.get_model(5, client=client({**PAD, "completion_date": date}))
    assert pad.completion_date == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "soon", "2025-13-04", "10000-01-01T00:00:00Z", 1e30, [1], {"date": 1}])
def test_what_is_no_date_is_kept_as_it_came(date: object) -> None:
    assert Pad.get_model(5, client=client({**PAD, "completion_date": date})).completion_date == date


def test_what_was_not_sent_is_not_what_was_not_loaded() -> None:
    sent = {key: value for key, value in PAD.items() if key != "lease_name"}
    pad = Pad.get_model(5, client=client(sent))
    with pytest.raises(NotLoadedError, match=r"Pad\(id=5\)\.lease_name was not sent by the service"):
        pad.lease_name  # noqa: B018
    assert (pad.get("lease_name"), pad["lease_name"], getattr(pad, "lease_name", 7)) == (None, None, 7)
    assert "lease_name" not in dict(pad)
    unloaded = Pad(id=5)
    for read in (lambda: unloaded.lease_name, lambda: unloaded["lease_name"]):
        with pytest.raises(NotLoadedError, match="is not loaded: only part of the object is known"):
            read()
    assert unloaded.get("lease_name") is None


@pytest.mark.parametrize("id_", ["5", 5])
def test_an_id_may_come_as_text(id_: object) -> None:
    assert Pad.get_model(5, client=client({**PAD, "id": id_})).id == 5


@pytest.mark.parametrize("id_", [None, "five", 5.5, [5], {}])
def test_invalid_id_is_reported_when_it_is_needed(id_: object) -> None:
    pads = Pad.get_models(client=client([PAD, {**PAD, "id": id_}]))
    assert len(pads) == len({*pads}) == 2
    assert (pads[1]["id"], dict(pads[1])["id"]) == (id_, id_)
    for act in (pads[1].get_sites, pads[1].update, lambda: pads[1].id):
        with pytest.raises(NotLoadedError, match=r"Pad\(id=None\)\.id: the value that the service sent is not an id"):
            act()


def test_update_keeps_the_id_where_none_came() -> None:
    pad = Pad(id=5, client=client({"name": "Heron"}))
    pad.update()
    assert (pad.id, pad.name) == (5, "Heron")


@pytest.mark.parametrize("as_dict", [False, True])
def test_an_interval_that_cannot_be_used_costs_no_other(as_dict: bool, caplog: pytest.LogCaptureFixture) -> None:
    log = {"change_log": [{**CHANGE, "id": 122, "start_date": "soon"}, CHANGE]}
    changes, data = Pad(id=5, client=client(log)).get_data_changes(as_dict=as_dict)
    assert [change["id"] for change in changes] == [122, 121]
    assert [query.start for query in data.queries] == [datetime(2025, 9, 17, 4, tzinfo=UTC)]
    assert (
        "The records of one interval cannot be downloaded: DataChange(id=122).start_date is not a date" in caplog.text
    )


def test_items_that_are_no_objects_are_left_out() -> None:
    pads = Pad.get_models(client=client([None, PAD, "text", {}, {"detail": "gone"}, {**PAD, "id": 6}]))
    assert [pad.id for pad in pads] == [5, 6]


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", "application/json; charset=utf-16le"),
        ("utf-32", ""),
        ("latin-1", 'application/json; charset="ISO-8859-1"'),
        ("utf-8", "application/json; charset=iso-8859-1"),
        ("utf-8", "application/json; charset=no-such-thing"),
    ],
)
@pytest.mark.parametrize("as_dict", [False, True])
def test_other_charsets(encoding: str, content_type: str, as_dict: bool) -> None:
    text = json.dumps([{**PAD, "name": "Señor Müller 4"}], ensure_ascii=False)
    pads: Any = Pad.get_models(client=client(text.encode(encoding), content_type=content_type), as_dict=as_dict)
    assert pads[0]["name"] == "Señor Müller 4"


@pytest.mark.parametrize("text", ["NaN", "Infinity", '"\\ud800"', "1e999", "9" * 30])
def test_json_that_parsers_differ_about(text: str) -> None:
    body = json.dumps([{**PAD, "name": 0}, PAD]).replace('"name": 0', f'"name": {text}').encode()
    assert [pad.id for pad in Pad.get_models(client=client(body))] == [5, 5]
    assert len(Pad.get_models(client=client(body), as_dict=True)) == 2


def test_an_object_nested_too_deep_is_refused() -> None:
    body = b'{"id": 5, "name": 5, "x": %b}' % (b"[" * 100_000 + b"]" * 100_000)
    for as_dict in (False, True):
        with pytest.raises(ResponseValidationError, match="does not match the API contract"):
            Pad.get_model(5, client=client(body), as_dict=as_dict)


ENVELOPES: list[Callable[[list[Any]], Any]] = [
    lambda items: {"count": len(items), "next": None, "previous": None, "results": items},
    lambda items: {"data": items},
    lambda items: {"results": items},
    lambda items: items,
]


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_envelopes(envelope: Any) -> None:
    pad = Pad(id=5, client=client(envelope(SITES)))
    assert [site.id for site in pad.get_sites()] == [11, 12, 13]
    assert pad.get_sites(as_dict=True) == SITES
    changes, _ = Pad(id=5, client=client(envelope([CHANGE]))).get_data_changes()
    assert [change.id for change in changes] == [121]
    untouched, _ = Pad(id=5, client=client(envelope([CHANGE]))).get_data_changes(as_dict=True)
    assert untouched == [CHANGE]


def test_an_object_in_an_envelope() -> None:
    assert Pad.get_model(5, client=client({"data": PAD})).name == "Heron"
    assert Pad.get_model(5, client=client([PAD])).name == "Heron"
    assert dict(Pad.get_model(5, client=client({**PAD, "data": {"id": 7}}))) != {}


def page(items: list[Any], following: object) -> bytes:
    return http_response(200, {"next": following, "results": items})


@pytest.mark.parametrize("link", ["{url}/sites/?page=2", "/sites/?page=2", "?page=2"])
def test_pages_are_followed(link: str, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn())
    link = link.format(url=server.url)
    server.handler = respond_in_turn(page(SITES[:2], link), page(SITES[2:], None))
    pads = form.run(client_of(server), list_pads())
    assert [pad["id"] for pad in pads] == [11, 12, 13]
    assert server.received[1].query == {"page": "2"}
    assert {request.token for request in server.received} == {"t0ken-0123456789"}
    server.handler = respond_in_turn(page([CHANGE], link), page([{**CHANGE, "id": 122}], ""))
    log = form.run(client_of(server), list_pad_data_changes(5))
    assert [change.id for change in log.change_log] == [121, 122]


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("https://elsewhere.example/sites/?page=2", "is on another host, which would receive the token"),
        ("//elsewhere.example/?page=2", "is on another host"),
        ("http://127.0.0.1:1/?page=2", "is on another host"),
        ("ftp://127.0.0.1/", "is on another host"),
        ("http://[", "is not a URL"),
        (2, "is not a URL"),
        ("/external/thirdparty/v1/pads/", "was already fetched"),
    ],
)
def test_pages_that_lead_elsewhere_are_not(link: object, why: str, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(page([PAD], link)))
    with pytest.raises(ResponseValidationError, match=f"the list has a next page, but .*{why}"):
        client_of(server).request(list_pads())
    assert len(server.received) == 1


def test_pages_are_bounded(serve: Serve, client_of: ClientOf) -> None:
    numbers = iter(range(10**6))

    def endless(line: Any, _: Any) -> None:
        line.send(page([PAD], f"?page={next(numbers)}"))

    with pytest.raises(
        ResponseValidationError, match=r"its pages are larger than 20000 bytes \(Client\(max_response_bytes=...\)\)"
    ):
        client_of(serve(endless), max_response_bytes=20_000).request(list_pads())


@pytest.mark.parametrize("status", [201, 202, 203])
def test_other_successes_are_successes(status: int) -> None:
    assert Pad.get_model(5, client=client(PAD, status)).name == "Heron"
    with pytest.raises(ResponseValidationError, match=f"returned {status}, which is not a success status of this call"):
        Pad.get_model(5, client=client(PAD, status, strict=True))


@pytest.mark.parametrize("bare", [False, True])
def test_deflate(bare: bool, serve: Serve, client_of: ClientOf, form: Form) -> None:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
    body = compressor.compress(json.dumps(PAD).encode()) + compressor.flush()
    for reply in (
        http_response(200, body, content_encoding="deflate"),
        build_chunked_response(*(bytes([each]) for each in body), content_encoding="deflate"),
    ):
        assert form.run(client_of(serve(respond_always(reply))), get_pad(5)).name == "Heron"
    broken = http_response(200, body[:20] + b"\0\0\0\0" + body[24:], content_encoding="deflate")
    with pytest.raises(CorruptBodyError, match="compressed body is corrupt"):
        form.run(client_of(serve(respond_always(broken))), get_pad(5))


def test_records_behind_a_byte_order_mark(serve: Serve, client_of: ClientOf) -> None:
    body = b'\xef\xbb\xbf[{"timestamp": 1, "site_id": 11}]'
    for reply in (http_response(200, body), build_chunked_response(*(bytes([each]) for each in body))):
        with client_of(serve(respond_always(reply))) as caller:
            assert [*Site(id=11, client=caller).get_data()] == [{"timestamp": 1, "site_id": 11}]


@pytest.mark.parametrize(
    "token",
    [
        {"access_token": "t0ken"},
        {"access_token": "t0ken", "expires_in": None, "token_type": None},
        {"access_token": "t0ken", "expires_in": "soon", "scope": ["read"]},
        {"access_token": "t0ken", "expires_in": "3600", "token_type": "bearer"},
        {"data": TOKEN},
    ],
)
def test_a_token_is_all_that_its_endpoint_must_send(token: Any, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_by_path({"/o/token/": http_response(201, token), "/pads/5/": http_response(200, PAD)}))
    caller = client_of(server, None, client_id="id", client_secret="secret")
    for _ in range(2):
        assert caller.request(get_pad(5)).name == "Heron"
    assert server.paths.count("/o/token/") == 1
    assert server.received[1].token == "t0ken"


def test_leniently_parsed_model_is_copied_dumped_and_compared() -> None:
    odd = {"id": 5, "name": None, "simops_config": {"frac": 5, "measurement_sources": {"frac": [{"name": "M1"}]}}}
    pad = Pad.get_model(5, client=client(odd))
    for twin in (copy.copy(pad), copy.deepcopy(pad), pickle.loads(pickle.dumps(pad))):
        assert twin == pad
    assert isinstance(pad.simops_config, SimopsConfig)
    assert pad.simops_config.measurement_sources.frac[0].name == "M1"
    assert pad.model_dump(exclude_unset=True) == odd
    assert dict(Pad(**Pad.get_model(5, client=client(odd), as_dict=True))) == dict(pad)
