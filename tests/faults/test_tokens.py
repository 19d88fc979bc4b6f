"""Faults of the token endpoint, met by calls that need a token: they end as the request for a token ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from datastore_sdk import Pad
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.sandbox import Sandbox
from tests.faults.case_runner import TOKEN_PATH, CaseRunner
from tests.faults.expected_outcomes import EXPECTED, FAULTS
from tests.faults.fault_cases import FORMS
from tests.faults.leak_checks import assert_no_leaks, assert_no_secret, capture_logs, render_error_chain, time_limit
from tests.faults.public_calls import CALLS, PAD, Kind

TOKEN_FAULTS = [fault for fault, kind in EXPECTED if kind is Kind.TOKEN]


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
@pytest.mark.parametrize("form", FORMS)
def test_token_fault_fails_the_call_that_needs_it(service: Sandbox, tmp_path: Path, fault: str, form: str) -> None:
    injected, expected = FAULTS[fault], EXPECTED[fault, Kind.TOKEN]
    run = CaseRunner(service, CALLS["Client.get_access_token"], form, tmp_path, impatient=injected.impatient)
    error: RestreamError | None = None
    with time_limit(), capture_logs() as lines, assert_no_leaks(), run:
        service.faults.add(structs.replace(injected.fault(1), path=TOKEN_PATH))
        try:
            run.caller(Pad, "get_model", PAD, client=run.caller.client)
        except RestreamError as raised:
            error = raised
        assert_no_secret([*lines, render_error_chain(error) if error else ""], run.secrets)
        assert error is None if isinstance(expected, str) else type(error) is expected
        run.another_call()
