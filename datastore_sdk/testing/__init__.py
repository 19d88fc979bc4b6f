"""Tools for tests of programs that use the SDK: pytest fixtures, and cassettes without secrets.

pytest loads the fixtures once the package is installed (see `datastore_sdk.pytest_plugin`):

    def test_my_report(restream_sandbox: Sandbox) -> None:  # the environment makes the SDK use a local service
        restream_sandbox.faults.add(faults.Status(503, times=2))
        assert my_report() == ...

    def test_my_other_report(restream_cassette: Cassette) -> None:  # the SDK gets recorded responses
        assert my_other_report() == ...

Requires the extra `testing`: `pip install "restream-datastore-sdk[testing]"`.
"""

from __future__ import annotations

from datastore_sdk.testing.cassettes import Cassette, RecordMode, use_cassette
from datastore_sdk.testing.secret_scanner import SecretFoundError

__all__ = ["Cassette", "RecordMode", "SecretFoundError", "use_cassette"]
