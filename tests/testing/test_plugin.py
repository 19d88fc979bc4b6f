"""The pytest plugin, in runs of pytest."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datastore_sdk.pytest_plugin import _file_name
from datastore_sdk.sandbox import Sandbox
from tests.support.exhaustive import first
from tests.support.fake_server import Server
from tests.support.http_responses import http_response, respond_always
from tests.testing.pytest_runs import run_pytest

EXAMPLE = Path(__file__).with_name("example")
NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
CASSETTE = "cassettes/test_report/test_pads_as_they_were_recorded.yaml"
SECRET = "s3cret-0123456789-of-nobody"

ENVIRONMENT = """
import os
from pathlib import Path
import pytest
from datastore_sdk import Client, Pad
from datastore_sdk.sandbox import Sandbox

def test_nothing_leads_elsewhere(restream_sandbox: Sandbox) -> None:
    ours = {name: value for name, value in os.environ.items() if name.startswith(("RESTREAM_", "TALLY_"))}
    assert ours == {**restream_sandbox.environment, "RESTREAM_LOG": "error", "RESTREAM_SHARED_LIMIT": "off"}
    described = Client().describe()
    assert described["base_url"].value == restream_sandbox.url
    assert described["proxy"].value is None
    assert described["profile"].value is None
    assert len(Pad.get_models()) == 5

@pytest.mark.restream_sandbox(now=None, token="a-token-of-my-own", seed=5)
def test_options(restream_sandbox: Sandbox) -> None:
    assert (restream_sandbox.token, restream_sandbox.field.seed) == ("a-token-of-my-own", 5)

def test_no_cassette(restream_cassette) -> None:
    raise AssertionError("it must not come so far")
"""
CALLING = """
from datastore_sdk import Pad

def test_pads(restream_cassette):
    assert len(Pad.get_models()) == 1
"""
UNUSED = """
import sys

def test_no_extra_was_imported():
    assert not {"httpx", "starlette", "vcr", "yaml", "datastore_sdk.sandbox", "datastore_sdk.testing"} & {*sys.modules}
"""

USING = """
def test_cassette(restream_cassette): ...
def test_sandbox(restream_sandbox): ...
def test_neither(): ...
"""


ALIKE = """
import pytest
from datastore_sdk import Pad

NAMES = ["a b", "a-b", "a/b", "A-b", "a" * 300, "a" * 299 + "b"]

@pytest.mark.parametrize("name", NAMES)
def test_search(restream_cassette, name):
    Pad.get_models(name_search=name)
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def test_example_runs_offline(example: Path) -> None:
    done = run_pytest(example)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_names_of_cassettes_differ() -> None:
    """Also if test names differ only in characters that are invalid in file names, or in their case."""
    parameters = ["a b", "a-b", "a/b", "A-b", "a\\b", "a:b", "x" * 300, "x" * 301, ""]
    files = {_file_name(f"test_search[{each}]") for each in parameters}
    assert len({file.lower() for file in files}) == len(parameters)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", file) for file in files)


@pytest.mark.exhaustive
def test_each_test_has_its_own_cassette(tmp_path: Path) -> None:
    """Also if names differ only in characters that are invalid in file names."""
    (tmp_path / "test_it.py").write_text(ALIKE)
    with Sandbox(now=NOW, days=1) as sandbox:
        done = run_pytest(tmp_path, "--restream-record=once", variables=sandbox.environment)
    assert done.returncode == 0, done.stdout
    names = {path.name.lower() for path in (tmp_path / "cassettes" / "test_it").iterdir()}
    assert len(names) == 6
    assert "test_search-a-b-.yaml" in names
    assert run_pytest(tmp_path).returncode == 0
    assert "1 passed" in run_pytest(tmp_path, "-k", "a/b").stdout


@pytest.mark.exhaustive
def test_sandbox_options_require_names(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.restream_sandbox(7)\ndef test_it(restream_sandbox): ...\n"
    )
    assert "pass the arguments of @pytest.mark.restream_sandbox by name" in run_pytest(tmp_path).stdout


@pytest.mark.exhaustive
def test_record_option_records_again(example: Path) -> None:
    stored = example / CASSETTE
    before = stored.read_text("utf-8")
    only = ("-k", "recorded")
    with Sandbox(now=NOW, days=10, client_secret=SECRET) as sandbox:
        credentials = {"RESTREAM_CLIENT_ID": sandbox.client_id, "RESTREAM_CLIENT_SECRET": SECRET}
        led = {"RESTREAM_HOST": sandbox.url, **credentials}
        done = run_pytest(example, "--restream-record=all", *only, variables=led)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [(request.path, request.status) for request in sandbox.requests] == [
            ("/o/token/", 200),
            ("/external/thirdparty/v1/pads/", 200),
        ]
    text = stored.read_text("utf-8")
    assert text != before
    assert "client_id=HIDDEN&client_secret=HIDDEN" in text
    assert not any(secret in text for secret in (SECRET, sandbox.token, sandbox.url, "uthorization"))
    stored.write_text(before)
    assert run_pytest(example, "--restream-record=once", *only).returncode == 0, "there is one: it is replayed"


def test_secret_in_a_response_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_pads.py").write_text(CALLING)
    pad = {"id": 1, "name": f"Pad of {SECRET}", "lease_name": "", "customer_name": "", "simops_config": None}
    repeating = respond_always(http_response(200, [{**pad, "completion_date": None, "wireline_enabled": True}]))
    with Server(repeating) as server:
        leading = {"RESTREAM_HOST": server.url, "TALLY_AUTH_TOKEN": SECRET}
        done = run_pytest(tmp_path, "--restream-record=once", "--showlocals", variables=leading)
    assert done.returncode == 1
    assert "was not written: there is a secret in the response body of the recorded request GET" in done.stdout
    assert SECRET not in done.stdout
    assert not (tmp_path / "cassettes").exists()


@pytest.mark.exhaustive
def test_environment_is_isolated(tmp_path: Path) -> None:
    (tmp_path / "test_surroundings.py").write_text(ENVIRONMENT)
    profile = tmp_path / "config" / "restream" / "config.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text('[default]\nproxy = "http://127.0.0.1:9"\n')
    variables = {
        "TALLY_AUTH_TOKEN": "of-somebody",
        "RESTREAM_CLIENT_ID": "me",
        "RESTREAM_PROFILE": "work",
        "RESTREAM_LOG": "error",
        "XDG_CONFIG_HOME": str(profile.parents[1]),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "example.com",
    }
    done = run_pytest(tmp_path, variables=variables)
    assert "2 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "there is no cassette" in done.stdout
    assert "record it with pytest --restream-record=once" in done.stdout


def test_unused_plugin_imports_no_extra(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    assert run_pytest(tmp_path, "--strict-markers").returncode == 0


def test_marker_is_documented(pytestconfig: pytest.Config) -> None:
    assert any(line.startswith("restream_sandbox(**options): ") for line in pytestconfig.getini("markers"))


@pytest.mark.parametrize("missing", first(1, ["vcr yaml starlette uvicorn", "vcr", "starlette"]))
def test_missing_extra_is_reported(missing: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({missing.split()}))\n")
    (tmp_path / "test_using.py").write_text(USING)
    done = run_pytest(tmp_path)
    missing_packages = missing.split()
    assert ("restream_cassette needs vcr" in done.stdout) is ("vcr" in missing_packages)
    assert ("restream_sandbox needs " in done.stdout) is ("starlette" in missing_packages)
    assert done.stdout.count('pip install "restream-datastore-sdk[testing]"') >= 1
    assert "sys.modules" not in done.stdout, "how that was found out is of no interest"
    assert "1 passed" in done.stdout or "2 passed" in done.stdout


@pytest.mark.exhaustive
def test_example_runs_with_xdist(example: Path) -> None:
    done = run_pytest(example, "-p", "xdist", "-n", "2")
    assert "4 passed" in done.stdout, done.stdout + done.stderr
