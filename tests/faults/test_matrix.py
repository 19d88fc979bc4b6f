"""Every public call, in both forms, through faults that can meet one of its requests; with `--all` through every one.

Each case checks the outcome (`expected_outcomes.py`), the requests that the service received, its changes, and that
the call leaves nothing open and reveals no secret (`leak_checks.py`). Then the same client must be able to make another
call.
"""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import structs

import datastore_sdk
from datastore_sdk import Data, DataAsync
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.sandbox import Sandbox
from datastore_sdk.sandbox.faults import CallFault
from datastore_sdk.sandbox.faults.serialization import AnyFault
from tests.faults.case_runner import TOKEN_PATH, CaseRunner, kind_of
from tests.faults.comparable import to_comparable
from tests.faults.expected_outcomes import AGAIN, AMID, ATTEMPTS, DONE, EXPECTED, FAULTS, Injected
from tests.faults.fault_cases import CASES, REPRESENTATIVE, SMOKE_EACH, Case
from tests.faults.leak_checks import (
    assert_no_leaks,
    assert_no_secret,
    capture_logs,
    render_error_chain,
    time_limit,
)
from tests.faults.public_calls import CALLS, PAD, Kind, count_refused
from tests.support.exhaustive import Selection
from tests.support.leak_checks import read_files

TOKEN_ATTEMPTS = 3
REFUSED = {302, 400, 401, 403, 404, 429}
"""With these, a service says that it has not carried out the request."""
WITHOUT_ROW = {
    *("Client.close", "Data.queries", "Data.resumptions", "Data.from_records"),  # they send no request
    *("Pad.get_schema", "Site.get_schema"),  # do without the sample if it fails: tests/entities/test_get_schema.py
}
"""Methods that exist in both forms and have no row in the table."""


@pytest.fixture(autouse=True, scope="module")
def seldom_collected() -> Iterator[None]:
    """Garbage is collected seldom: nothing here may wait for that, and it takes a fifth of the time."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000)
    yield
    gc.set_threshold(*usual)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders, without the cost of pytest's own."""
    base = tmp_path_factory.mktemp("folders")
    return (base / str(number) for number in itertools.count())


@pytest.fixture
def folder(folders: Iterator[Path]) -> Path:
    path = next(folders)
    path.mkdir()
    return path


@pytest.fixture(scope="module")
def undisturbed(running: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the result of each call without faults."""
    results: dict[str, Any] = {}
    for call in CALLS.values():
        run = CaseRunner(running, call, "sync", tmp_path_factory.mktemp("undisturbed"))
        with run:
            results[call.name] = to_comparable(call.make(run.caller))
        kinds = tuple(map(kind_of, run.requests))
        assert kinds == tuple(Kind.READ if each is Kind.LABELS else each for each in call.requests), call.name
    return results


SELECTED = [
    pytest.param(case, id=str(case), marks=() if str(case) in REPRESENTATIVE else pytest.mark.exhaustive)
    for case in CASES
    if Selection.run_all or str(case) in REPRESENTATIVE
]


@pytest.mark.parametrize("case", SELECTED)
def test_fault_has_the_expected_outcome(
    case: Case, service: Sandbox, undisturbed: dict[str, Any], folder: Path
) -> None:
    injected, expected, fault = case.injected, EXPECTED[case.fault, case.kind], _fault(case)
    run = CaseRunner(service, case.call, case.form, folder, impatient=injected.impatient, managed=injected.managed)
    result: Any = None
    error: RestreamError | None = None
    with time_limit(), capture_logs() as lines, assert_no_leaks(), run:
        before = read_files(folder)
        service.faults.add(fault)
        try:
            result = to_comparable(case.call.make(run.caller))
        except RestreamError as raised:
            error = raised
        assert_no_secret([*lines, repr(run.caller.client), render_error_chain(error) if error else ""], run.secrets)
        if isinstance(expected, str):
            assert error is None, error
            assert expected == DONE or result == undisturbed[case.call.name]
            more = len(run.requests) - len(case.call.requests) - _more(expected, fault, injected, run)
            # Records before a break are requested once more; as a whole, if they turn out to be in no order.
            assert more in range(
                1 + (case.kind is Kind.RECORDS) + (case.kind is Kind.RECORDS and bool(service._untidiness))
            )
        else:
            assert type(error) is expected, error
            assert case.index < len(run.requests) <= case.index + _max_attempts(case)
            _check_handed_over(run, undisturbed[case.call.name])
            assert "resumable" in case.call.name or read_files(folder) == before
        assert sum(run.clock.sleeps) >= injected.waits
        _check_what_was_changed(case, run, succeeded=error is None)
        run.another_call()


def _fault(case: Case) -> CallFault:
    """Return the fault, at the request that is to meet it."""
    fault = case.injected.fault(AMID if case.kind is Kind.RECORDS else 1)
    if case.kind is Kind.TOKEN:
        return structs.replace(fault, path=TOKEN_PATH)
    return structs.replace(fault, path="/v1/*", skip=case.index)


def _more(expected: str, fault: CallFault, injected: Injected, run: CaseRunner) -> int:
    """Return how many requests more than in an undisturbed call are made."""
    if injected.impatient:  # more than once where this machine is slow
        return max(1, len(run.requests) - len(run.call.requests))
    return fault.times or 0 if expected == AGAIN else 0


def _max_attempts(case: Case) -> int:
    if case.kind is Kind.CREATE and not case.fault.startswith("429"):
        return 1
    attempts = min(case.injected.attempts, TOKEN_ATTEMPTS if case.kind is Kind.TOKEN else ATTEMPTS)
    attempts *= count_refused(case.call.requests[case.index :])
    # A connection that served before may have been closed for being idle: then it does not count.
    return attempts + (case.fault == "reset for ever" and case.index > 0)


def _check_handed_over(run: CaseRunner, undisturbed: Any) -> None:
    """Assert that records before an error are true, in order, and unique."""
    received = to_comparable(run.caller.received)
    assert not received or received == undisturbed[: len(received)]


def _check_what_was_changed(case: Case, run: CaseRunner, *, succeeded: bool) -> None:
    service = run.service._service
    assert service
    custom = [each for each in service.parameters.of_pad(PAD) if each.custom]
    if case.kind is Kind.CREATE:
        assert len([each for each in run.requests if each.status not in REFUSED]) <= 1
        assert len(custom) == 1 if succeeded else len(custom) <= 1
    elif case.kind is Kind.DELETE:
        assert custom == [] or not succeeded
    elif case.call.on_definition and succeeded:
        assert [each.description for each in custom] == ["changed"]


def test_cases_cover_every_public_call() -> None:
    named = {name: getattr(datastore_sdk, name) for name in datastore_sdk.__all__}
    classes = {name: each for name, each in named.items() if isinstance(each, type)}
    calls = {
        f"{name}.{method}"
        for name, kind in classes.items()
        for method in dir(kind)
        if not method.startswith("_") and _is_call(kind, method)
    }
    assert {name.split(" ")[0] for name in CALLS} == {call for call in calls - WITHOUT_ROW if not _is_live(call)}


def _is_live(call: str) -> bool:
    """Return whether the call reads a WebSocket, which meets other faults."""
    kind, _, method = call.partition(".")
    return kind.startswith("LiveData") or method.startswith(("get_realtime_", "monitor_"))


def _is_call(kind: type, method: str) -> bool:
    if kind is Data:
        return method in dir(DataAsync) or f"a{method}" in dir(DataAsync) or method == "head"
    return hasattr(kind, f"a{method}")


def test_default_cases_cover_every_kind() -> None:
    chosen = [case for case in CASES if str(case) in REPRESENTATIVE]
    assert {(case.fault, case.kind) for case in chosen} == {(case.fault, case.kind) for case in CASES}
    assert {(case.fault, case.form) for case in chosen} == {(case.fault, case.form) for case in CASES}
    assert {(case.call.name, case.index, case.form) for case in chosen} == {
        (case.call.name, case.index, case.form) for case in CASES
    }
    assert min(Counter((case.call.name, case.index) for case in chosen).values()) >= SMOKE_EACH


def test_outcomes_cover_every_fault() -> None:
    assert {fault for fault, _ in EXPECTED} == set(FAULTS)
    kinds = {type(injected.fault(0)) for injected in FAULTS.values()}
    assert kinds == {kind for kind in get_args(AnyFault) if issubclass(kind, CallFault)}
