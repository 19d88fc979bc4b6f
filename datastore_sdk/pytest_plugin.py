"""The pytest plugin of the Restream Datastore SDK: fixtures for tests of programs that use it.

pytest imports it in every run where the SDK is installed. What the fixtures need, extras among it, is imported when one
is used.
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
_LONGEST_NAME = 150
"""Characters of a cassette's name; file systems take 255 bytes."""
_MODES = ("none", "once", "new_episodes", "all")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that says when cassettes are recorded."""
    parser.getgroup("restream", "Restream Datastore SDK").addoption(
        "--restream-record",
        choices=_MODES,
        default="none",
        help="when the fixture restream_cassette makes calls and records them: never (none, the default), where there "
        "is no cassette yet (once), those that were not recorded (new_episodes), all of them anew (all)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**options): arguments of the Sandbox that the fixture restream_sandbox starts"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Imports what the fixtures need before a test freezes time: types of another datetime are of no use."""
    wanted = {name for item in items for name in getattr(item, "fixturenames", ())}
    with suppress(ImportError):  # told by the fixture
        if "restream_sandbox" in wanted:
            import_module("datastore_sdk.testing.sandbox_fixture")
        if "restream_cassette" in wanted:
            import_module("datastore_sdk.testing.cassettes")


@pytest.fixture
def restream_scenario() -> Scenario | None:
    """The field that `restream_sandbox` serves. Override it to give a `Scenario` of your own; None: a simulated one."""
    return None


@pytest.fixture
def restream_sandbox(
    request: pytest.FixtureRequest,
    restream_scenario: Scenario | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sandbox]:
    """A running sandbox, to which the environment leads the SDK; no other variable of the SDK is set.

    Time stands still: in a scenario when it says, else on 2025-09-18 at noon UTC with ten days of history. The marker
    `@pytest.mark.restream_sandbox(now=..., speed=..., ...)` takes the arguments of `Sandbox`. What goes wrong on
    request is in `restream_sandbox.faults`.
    """
    marker = request.node.get_closest_marker(_MARKER)
    if marker and marker.args:
        pytest.fail(f"the arguments of @pytest.mark.{_MARKER} need their names, such as now=...", pytrace=False)
    with ExitStack() as stack:
        with _of_an_extra("restream_sandbox"):
            from datastore_sdk.testing.environment import lead_to
            from datastore_sdk.testing.sandbox_fixture import served

            sandbox = stack.enter_context(served(restream_scenario, marker.kwargs if marker else {}))
        lead_to(monkeypatch, sandbox.environment, tmp_path_factory.mktemp("restream"))
        yield sandbox


@pytest.fixture
def restream_cassette(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cassette]:
    """Answers the calls of the test from what was recorded: `cassettes/<module>/<test>.yaml` beside the test.

    `pytest --restream-record=once` makes the calls, with the credentials of the environment, and records them without
    anything that is secret; a cassette in which a secret would stand is not kept, and the test fails. While answers
    are replayed, the environment holds a token that is none, and no other variable of the SDK.
    """
    with _of_an_extra("restream_cassette"):
        import_module("vcr")  # it has no types

        from datastore_sdk.testing.cassettes import RecordMode, use_cassette
        from datastore_sdk.testing.environment import lead_to

    path = _path_of(request)
    record = RecordMode(request.config.getoption("--restream-record"))
    if not record.records(path):
        if not path.exists():
            pytest.fail(f"there is no cassette {path}; pytest --restream-record=once records it", pytrace=False)
        lead_to(monkeypatch, {"TALLY_AUTH_TOKEN": f"replays-{path.stem}"}, tmp_path_factory.mktemp("restream"))
    with use_cassette(path, record) as cassette:
        yield cassette


@contextmanager
def _of_an_extra(fixture: str) -> Generator[None]:
    """Says what to install where something is missing."""
    try:
        yield
    except ImportError as error:
        message = f'{fixture} needs {error.name or error}: pip install "restream-datastore-sdk[testing]"'
        raise pytest.fail.Exception(message, pytrace=False) from None


def _path_of(request: pytest.FixtureRequest) -> Path:
    names = request.node.nodeid.partition("::")[2]
    return request.path.parent / "cassettes" / request.path.stem / f"{_file_name(names)}.yaml"


def _file_name(names: str) -> str:
    """A name that all file systems take, of its own for each test.

    Parameters with other characters get a checksum, for they could differ in these alone. So do capitals, which some
    file systems do not tell from small letters.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", names)
    _, _, parameters = names.partition("[")
    if re.fullmatch(r"[a-z0-9_.-]*\]?", parameters) and len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME].rstrip('-')}-{crc32(names.encode('utf-8', 'surrogatepass')):08x}"
