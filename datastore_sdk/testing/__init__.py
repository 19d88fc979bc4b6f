"""Tools for tests of programs that use the SDK: pytest fixtures, cassettes without secrets, and builders of objects.

pytest loads the fixtures once the package is installed (see `datastore_sdk.pytest_plugin`):

    def test_my_report(restream_sandbox: Sandbox) -> None:  # the environment makes the SDK use a local service
        restream_sandbox.faults.add(faults.Status(503, times=2))
        assert my_report() == ...

    def test_my_other_report(restream_cassette: Cassette) -> None:  # the SDK gets recorded responses
        assert my_other_report() == ...

The fixtures and cassettes require the extra `testing`: `pip install "restream-datastore-sdk[testing]"`.

The builders (`make_pad`, `make_site`, `make_state`, `make_stage`, `make_data_change`) need no extra. They return
objects with all attributes filled; `Data.from_records([...])` returns data. Neither makes a request.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datastore_sdk.testing.builders import make_data_change, make_pad, make_site, make_stage, make_state

if TYPE_CHECKING:
    from datastore_sdk.testing.cassettes import Cassette, RecordMode, use_cassette
    from datastore_sdk.testing.secret_scanner import SecretFoundError

__all__ = [
    "Cassette",
    "RecordMode",
    "SecretFoundError",
    "make_data_change",
    "make_pad",
    "make_site",
    "make_stage",
    "make_state",
    "use_cassette",
]

_MODULES = {
    "Cassette": "cassettes",
    "RecordMode": "cassettes",
    "SecretFoundError": "secret_scanner",
    "use_cassette": "cassettes",
}
"""The modules that need the extra `testing`. They are imported on first use, so that the builders do without it."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
