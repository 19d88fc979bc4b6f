"""The pytest plugin of the Restream Datastore SDK: fixtures for tests of programs that use it.

pytest imports this module in every run if the SDK is installed. The fixtures import what they need, including extras,
when they are used.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from datastore_sdk.sandbox import Sandbox, Scenario
    from datastore_sdk.testing import Cassette

_MARKER = "restream_sandbox"
_MAX_NAME_LENGTH = 150
"""Maximum length of a cassette's name in characters; file systems allow 255 bytes."""
_MODES = ("none", "once", "new_episodes", "all")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for recording cassettes."""
    parser.getgroup("restream", "Restream Datastore SDK").addoption(
        "--restream-record",
        choices=_MODES,
        default="none",
        help="when the fixture restream_cassette sends requests and records them: never (none, the default), if there "
        "is no cassette yet (once), for requests that were not recorded (new_episodes), always (all)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**options): arguments of the Sandbox that the fixture restream_sandbox starts"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Import what the fixtures need before a test freezes time, which replaces the type datetime."""
    wanted = {name for item in items for name in getattr(item, "fixturenames", ())}
    with suppress(ImportError):  # the fixture reports it
        if "restream_sandbox" in wanted:
            import_module("datastore_sdk.testing.sandbox_fixture")
        if "restream_cassette" in wanted:
            import_module("datastore_sdk.testing.cassettes")


@pytest.fixture
def restream_scenario() -> Scenario | None:
    """The `Scenario` that `restream_sandbox` serves; None: a simulated field. Override it in your tests."""
    return None


@pytest.fixture
def restream_sandbox(
    request: pytest.FixtureRequest,
    restream_scenario: Scenario | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sandbox]:
    """A running sandbox. The environment makes the SDK use it; other variables of the SDK are deleted.

    The clock is frozen: at the time of the scenario, else at 2025-09-18 12:00 UTC with ten days of history. The marker
    `@pytest.mark.restream_sandbox(now=..., speed=..., ...)` takes the arguments of `Sandbox`. Inject faults by
    `restream_sandbox.faults`.
    """
    marker = request.node.get_closest_marker(_MARKER)
    if marker and marker.args:
        pytest.fail(f"pass the arguments of @pytest.mark.{_MARKER} by name, such as now=...", pytrace=False)
    with ExitStack() as stack:
        with _requires_extra("restream_sandbox"):
            from datastore_sdk.testing.environment import use_service
            from datastore_sdk.testing.sandbox_fixture import run_sandbox

            sandbox = stack.enter_context(run_sandbox(restream_scenario, marker.kwargs if marker else {}))
        use_service(monkeypatch, sandbox.environment, tmp_path_factory.mktemp("restream"))
        yield sandbox


@pytest.fixture
def restream_cassette(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cassette]:
    """The cassette of a test, `cassettes/<module>/<test>.yaml` in its folder. Its requests get the recorded responses.

    `pytest --restream-record=once` sends the requests with the credentials in the environment, and records them without
    secrets. If a cassette would contain a secret, it is not written and the test fails. During replay, the environment
    has a placeholder token and no other variable of the SDK.
    """
    with _requires_extra("restream_cassette"):
        import_module("vcr")  # it has no types

        from datastore_sdk.testing.cassettes import RecordMode, use_cassette
        from datastore_sdk.testing.environment import use_service

    path = _cassette_path(request)
    record = RecordMode(request.config.getoption("--restream-record"))
    if not record.records(path):
        if not path.exists():
            pytest.fail(f"there is no cassette {path}; record it with pytest --restream-record=once", pytrace=False)
        use_service(monkeypatch, {"TALLY_AUTH_TOKEN": f"replays-{path.stem}"}, tmp_path_factory.mktemp("restream"))
    with use_cassette(path, record) as cassette:
        yield cassette


@contextmanager
def _requires_extra(fixture: str) -> Generator[None]:
    """Fail with the install command if an extra is missing."""
    try:
        yield
    except ImportError as error:
        message = f'{fixture} needs {error.name or error}: pip install "restream-datastore-sdk[testing]"'
        raise pytest.fail.Exception(message, pytrace=False) from None


def _cassette_path(request: pytest.FixtureRequest) -> Path:
    names = request.node.nodeid.partition("::")[2]
    return request.path.parent / "cassettes" / request.path.stem / f"{_file_name(names)}.yaml"


def _file_name(names: str) -> str:
    """Return a unique file name that is valid on all file systems.

    Names with other characters in parameters get a checksum, since they may differ only in these. So do names with
    capitals, since some file systems ignore case.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", names)
    _, _, parameters = names.partition("[")
    if re.fullmatch(r"[a-z0-9_.-]*\]?", parameters) and len(name) <= _MAX_NAME_LENGTH:
        return name
    return f"{name[:_MAX_NAME_LENGTH].rstrip('-')}-{crc32(names.encode('utf-8', 'surrogatepass')):08x}"
