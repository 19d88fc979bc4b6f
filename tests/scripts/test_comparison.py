"""How scripts/compare makes calls and judges what it sees, without the vendor's client."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _comparison import deviations
from _comparison.calls import CALLS, NOT_COMPARED
from _comparison.driver import Client, at_once, run_call, to_json_value
from _comparison.verdicts import Call, Deviation, Observation, Request, difference, failure, finding

GET = Request("GET", "/pads/", (), 200)
NOT_FOUND = {"$error": ["NotFoundError", "RestreamError", "Exception"]}


def observe(result: Any, *requests: Request) -> Observation:
    return Observation(requests or (GET,), result)


@pytest.mark.parametrize(
    ("vendor", "sdk"),
    [
        (5, 5),
        (None, None),
        ({"a": [1, "x"]}, {"a": [1, "x"]}),
        ({"$datetime": "2025-09-18T12:00:00+00:00"}, {"$datetime": "2025-09-18T12:00:00+00:00"}),
        ("2025-09-18T12:00:00Z", {"$datetime": "2025-09-18T12:00:00+00:00"}),
        (1758196800, {"$datetime": "2025-09-18T12:00:00+00:00"}),
        ({"$datetime": "2025-09-18T07:00:00-05:00"}, "2025-09-18T12:00:00Z"),
        ({"$about": 1.0}, {"$about": 1.0000000000000002}),
        (NOT_FOUND, {"$error": ["NotFoundError", "APIStatusError"]}),
        ({"$error": ["AuthError"]}, {"$error": ["AuthenticationError", "APIStatusError"]}),
        ({"$error": ["ValueError"]}, {"$error": ["ConfigurationError", "RestreamError", "ValueError"]}),
    ],
)
def test_compare_equal_results(vendor: Any, sdk: Any) -> None:
    assert difference(vendor, sdk) is None


@pytest.mark.parametrize(
    ("vendor", "sdk", "words"),
    [
        (5, 5.0, "result: vendor's 5; SDK's 5.0"),
        (1, True, "result: vendor's 1; SDK's True"),
        (None, {}, "result: vendor's None; SDK's {}"),
        ([1, 2], [1], "result: vendor's has 2 items; SDK's 1"),
        ({"a": 1}, {"b": 1}, "result: keys of the vendor's only ['a']; of the SDK only ['b']"),
        ([{"a": [0, 1]}], [{"a": [0, 2]}], "result[0]['a'][1]: vendor's 1; SDK's 2"),
        ("2025-09-18T12:00:00Z", "2025-09-18T12:00:00+00:00", "result: vendor's '2025-09-18T12:00:00Z'; SDK's '2025"),
        ("2025-09-18T12:00:01Z", {"$datetime": "2025-09-18T12:00:00+00:00"}, "result: vendor's '2025-09-18T12:00:01Z'"),
        ("soon", {"$datetime": "2025-09-18T12:00:00+00:00"}, "result: vendor's 'soon'"),
        ({"$about": 1.0}, {"$about": 1.00000001}, "result: vendor's {'$about': 1.0}"),
        (
            NOT_FOUND,
            {"$error": ["PermissionDeniedError", "APIStatusError"]},
            "result: vendor's {'$error': ['NotFoundError'",
        ),
        (NOT_FOUND, None, "result: vendor's {'$error': ['NotFoundError'"),
        ("x" * 200, "y", f"result: vendor's '{'x' * 89}...; SDK's 'y'"),
    ],
)
def test_compare_different_results(vendor: Any, sdk: Any, words: str) -> None:
    found = difference(vendor, sdk)
    assert found is not None
    assert found.startswith(words)


def test_compare_includes_requests() -> None:
    other = GET._replace(query=(("fleet_id", "31"),))
    assert finding(Call("x"), observe([1], GET, GET), observe([1], GET, other)) == (
        "request 2: vendor's GET /pads/ 200; SDK's GET /pads/?fleet_id=31 200"
    )
    assert finding(Call("x"), Observation((), [1]), observe([1])) == "request 1: vendor's none; SDK's GET /pads/ 200"


@pytest.mark.parametrize(
    ("call", "result", "words"),
    [
        (Call("x"), [1], None),
        (Call("x"), False, None),
        (Call("x"), [], "the result is empty"),
        (Call("x"), None, "the result is empty"),
        (Call("x", empty=True), [], None),
        (Call("x", empty=True), [1], "the result is not empty"),
        (Call("x"), NOT_FOUND, "expected no exception, but NotFoundError"),
        (Call("x", error="NotFoundError"), NOT_FOUND, None),
        (Call("x", error="NotFoundError"), [1], "expected NotFoundError, but there is no exception"),
        (Call("x", error="ValueError"), NOT_FOUND, "expected ValueError, but NotFoundError"),
    ],
)
def test_compare_equal_but_unexpected_results_fail(call: Call, result: Any, words: str | None) -> None:
    assert finding(call, observe(result), observe(result)) == words


def test_compare_untidy_checks_only_failures() -> None:
    call, fails = Call("Pad(id=668).get_sites()"), {"$error": ["ResponseValidationError", "RestreamError"]}
    assert failure(call, observe([1]), observe([2])) is None
    assert failure(call, observe(NOT_FOUND), observe(fails)) is None
    assert (
        failure(call, observe([1]), observe(fails))
        == "SDK raises ResponseValidationError; the vendor's client returns [1]"
    )
    assert failure(Call("x", error="RestreamError"), observe([1]), observe(fails)) is None


def test_compare_expected_difference_must_be_the_only_one() -> None:
    twice = Deviation("requests twice", vendor=lambda it: Observation(it.requests * 2, it.result))
    call = Call("x", (twice,))
    assert finding(call, observe([1], GET), observe([1], GET, GET)) is None
    assert finding(call, observe([1], GET), observe([1], GET)) == "not different any more: requests twice"
    assert finding(call, observe([1], GET), observe([2], GET, GET)) == "result[0]: vendor's 1; SDK's 2"


def test_compare_every_expected_difference_must_occur() -> None:
    twice = Deviation("requests twice", vendor=lambda it: Observation(it.requests * 2, it.result))
    more = Deviation("returns more", sdk=lambda it: Observation(it.requests, it.result[:1]))
    call = Call("x", (twice, more))
    assert finding(call, observe([1], GET), observe([1, 2], GET, GET)) is None
    assert finding(call, observe([1], GET), observe([1], GET, GET)) == "not different any more: returns more"
    assert finding(call, observe([1], GET), observe([1, 2], GET)) == "not different any more: requests twice"


@pytest.mark.parametrize(
    ("vendor", "sdk", "same"),
    [
        ("1.0", "1", True),
        ("True", "true", True),
        ("0.0", "false", True),
        ("0.031472132345500003", "0.03147213234550023", True),
        ("", "", True),
        ("O", "O", True),
        ("1.0", "2", False),
        ("", "0", False),
        ("O", "C", False),
    ],
)
def test_compare_allows_pandas_cell_formats(vendor: str, sdk: str, same: bool) -> None:
    found = finding(
        Call("x", (deviations.CSV_AS_SENT,)), observe([{"a": vendor, "b": "1.0"}]), observe([{"a": sdk, "b": "1"}])
    )
    assert (found is None) is same


def test_compare_aggregation_requests_are_sliced() -> None:
    stages = [{"state": "frac_frac"}, *({"id": number} for number in range(1, 103))]
    filters = (("aggregations_filter", "total_proppant"), ("state", "frac"))
    vendor = Observation((GET._replace(query=filters), GET._replace(query=filters)), stages)
    history, first, second = deviations.REQUESTED_BY_IDS.vendor(vendor).requests
    assert history.query == (("state", "frac"),)
    assert first.query[0] == second.query[0] == ("aggregations_filter", "total_proppant")
    assert [value for name, value in first.query if name == "histories"] == sorted(map(str, range(1, 101)))
    assert second.query[1:] == (("histories", "101"), ("histories", "102"))


def test_compare_get_pad_requests() -> None:
    sdk = observe([1], GET, GET._replace(path="/v1/sites/981/"))
    assert deviations.SITE_CONFIRMS.sdk(sdk).requests == (GET,)


def test_compare_calls_are_unique() -> None:
    texts = [str(call) for call in CALLS]
    assert len(set(texts)) == len(texts)


def test_compare_deviations_belong_to_calls() -> None:
    known = {value for value in vars(deviations).values() if isinstance(value, Deviation)}
    assert known == {deviation for call in CALLS for deviation in call.deviations}


def test_compare_skipped_calls_have_a_reason() -> None:
    assert all(NOT_COMPARED.values())


class _Pad:
    """Stands in for a client's class: async forms begin with an `a`."""

    def __init__(self, id: int) -> None:
        self.id = id
        self._token = "secret"

    @classmethod
    def get_models(cls) -> list[_Pad]:
        return [cls(1), cls(2)]

    @classmethod
    async def aget_models(cls) -> list[_Pad]:
        await asyncio.sleep(0)
        return cls.get_models()

    def get_data(self, *, count: int) -> _Data:
        return _Data(self.id, count)

    async def aget_data(self, *, count: int) -> _DataAsync:
        return _DataAsync(self.id, count)

    def update(self) -> None: ...

    async def aupdate(self) -> None: ...


@dataclass
class _Data:
    id: int
    count: int

    @property
    def data_fetcher(self) -> Generator[int]:
        yield from [self.id] * self.count


class _DataAsync(_Data):
    @property
    def data_fetcher(self) -> AsyncGenerator[int]:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] - as in the clients
        return self._records()

    async def _records(self) -> AsyncGenerator[int]:
        for _ in range(self.count):
            yield self.id


class _Choice(Enum):
    A = "a"


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Client, Run]:
    package = ModuleType("stand_in")
    for name in ("Site", "State", "StageNameFilters", "DataResolutions", "DataAggregations", "DataFillMethods"):
        setattr(package, name, _Choice)
    package.Pad = _Pad  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    asynchronous = request.param == "async"
    return Client(package.__name__, asynchronous=asynchronous), asyncio.run if asynchronous else at_once


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Pad.get_models()", [{"id": 1}, {"id": 2}]),
        ("Pad(id=7)", {"id": 7}),
        ("pad = Pad(id=7); pad.update()", None),
        ("Pad(id=7).get_data(count=2)", {"$lazy": "records"}),
        ("records(Pad(id=7).get_data(count=2))", [7, 7]),
        ("first(Pad(id=7).get_data(count=5), 3)", [7, 7, 7]),
        ("first(Pad(id=7).get_data(count=2), 3)", [7, 7]),
        ("[records(pad.get_data(count=1)) for pad in Pad.get_models()]", [[1], [2]]),
        ('at("2025-09-18 08:30")', {"$datetime": "2025-09-18T08:30:00+00:00"}),
        ('at("2025-09-18 03:30-05:00")', {"$datetime": "2025-09-18T08:30:00+00:00"}),
    ],
)
def test_compare_calls_run_sync_and_async(form: tuple[Client, Run], text: str, result: Any) -> None:
    client, run = form
    assert run_call(client, {"text": text, "environment": {}}, run) == result


def test_compare_exception_is_a_result(form: tuple[Client, Run]) -> None:
    client, run = form
    errors = run_call(client, {"text": "Pad(id=7).get_data()", "environment": {}}, run)["$error"]
    assert errors[:2] == ["TypeError", "Exception"]


def test_compare_call_has_its_own_environment_and_folder(form: tuple[Client, Run]) -> None:
    client, run = form
    here = Path.cwd()
    call = {"text": 'contents("a.json")', "environment": {"RESTREAM_CLIENT_ID": "someone"}}

    def look(call: Coroutine[Any, Any, Any]) -> Any:
        assert os.environ["RESTREAM_CLIENT_ID"] == "someone"
        assert Path.cwd() != here
        assert list(Path.cwd().iterdir()) == []
        Path("a.json").write_text(json.dumps([1]), encoding="utf-8")
        return run(call)

    assert run_call(client, call, look) == [1]
    assert Path.cwd() == here
    assert "RESTREAM_CLIENT_ID" not in os.environ


def test_compare_reports_uncovered_methods(form: tuple[Client, Run]) -> None:
    client, run = form
    run_call(client, {"text": "Pad.get_models()", "environment": {}}, run)
    assert client.list_unused_methods() == ["_Pad.get_data", "_Pad.update"]
    run_call(client, {"text": "pad = Pad.get_models()[0]; pad.update(); pad.get_data(count=1)", "environment": {}}, run)
    assert client.list_unused_methods() == []


def test_compare_objects_become_values() -> None:
    timestamp = datetime(2025, 9, 18, 12, tzinfo=UTC)
    assert to_json_value({"a": (1, 2.0, True, None), 5: timestamp}) == {
        "a": [1, 2.0, True, None],
        "5": {"$datetime": "2025-09-18T12:00:00+00:00"},
    }


def test_compare_sync_call_must_not_await() -> None:
    with pytest.raises(RuntimeError, match="a sync call waits"):
        at_once(asyncio.sleep(0))
