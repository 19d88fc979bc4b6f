"""For the tests of programs that use the SDK: pytest fixtures, cassettes without secrets, scenarios.

pytest finds the fixtures by itself once the package is installed (they are told in `datastore_sdk.pytest_plugin`):

    def test_my_report(restream_sandbox: Sandbox) -> None:  # a service on this machine, to which the environment leads
        restream_sandbox.faults.add(faults.Status(503, times=2))
        assert my_report() == ...

    def test_my_other_report(restream_cassette: Cassette) -> None:  # what the service answered when it was recorded
        assert my_other_report() == ...

Needs the extra `testing`: `pip install "restream-datastore-sdk[testing]"`.
"""

from __future__ import annotations

from datastore_sdk.testing.cassettes import Cassette, RecordMode, use_cassette
from datastore_sdk.testing.secret_scanner import SecretFoundError

__all__ = ["Cassette", "RecordMode", "SecretFoundError", "use_cassette"]
