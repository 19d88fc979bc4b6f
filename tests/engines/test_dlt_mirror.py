"""Mirrors in databases that dlt loads. `scripts/engines` runs tests/mirror/test_cycle.py against them, too."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.normalizers.naming import direct, duck_case, snake_case, sql_ci_v1, sql_cs_v1
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from datastore_sdk import Client, Mirror, MirrorConflictError, MirrorError, Site
from datastore_sdk.mirror.contents import info_update
from datastore_sdk.mirror.stores.base import Update
from datastore_sdk.mirror.stores.dlt_store import DltStore
from datastore_sdk.mirror.stores.dlt_tables import portable_names
from datastore_sdk.mirror.tables import INFO
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.mirror.conftest import FieldClock
from tests.mirror.killed_mirrors import run_killed
from tests.support.paths import ROOT

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [text for text in PYTHON.findall((ROOT / "docs/mirror.md").read_text("utf-8")) if "import dlt" in text]


@pytest.fixture
def client(box: Sandbox) -> Iterator[Client]:
    with Client(box.token, base_url=box.url, clock=FieldClock(box)) as client:
        yield client


@pytest.fixture
def destination(tmp_path: Path) -> Any:
    return dlt.destinations.duckdb(str(tmp_path / "field.duckdb"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs(example: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    exec(example, {"__name__": "__main__"})
    assert list(tmp_path.glob("*.duckdb"))


def test_mirror_sends_no_telemetry(destination: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME__DLTHUB_TELEMETRY")
    Mirror(destination, client=client)
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"


def test_destinations_that_cannot_stay_true_are_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'not a database with SQL.*Mirror\("delta:folder"\)'):
        Mirror(dlt.destinations.filesystem(str(tmp_path)), client=client)


def test_database_without_transactions_is_found_out(
    destination: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def begin_nothing(self: Any) -> Generator[Any]:
        yield self

    monkeypatch.setattr(DuckDbSqlClient, "begin_transaction", begin_nothing)
    mirror = Mirror(destination, client=client)
    with pytest.raises(MirrorError, match="has no transactions"):
        mirror.add(Site(981, client=client), since=NOW)
    store = DltStore(destination, "restream_mirror")
    store.open()
    assert store.read(INFO) == []


def test_datasets_of_a_database_are_apart(destination: Any, client: Client) -> None:
    one, two = (Mirror(destination, client=client, dataset=dataset) for dataset in ("one", "two"))
    for mirror in (one, two):
        mirror.add(Site(981, client=client), since=NOW - timedelta(minutes=1))
    assert repr(two) == "Mirror('dlt:duckdb/two')"
    two.run()
    assert [site.records for site in two.status().sites] == [61]
    assert one.status().sites == []


def test_records_that_are_not_all_there_are_not_stored(
    destination: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(destination, client=client)
    mirror.add(Site(981, client=client), since=NOW - timedelta(minutes=1))
    load = DltStore._load
    monkeypatch.setattr(DltStore, "_load", lambda *arguments: load(*arguments) + 1)
    with pytest.raises(MirrorConflictError, match="not all there"):
        mirror.run()
    monkeypatch.undo()
    assert mirror.run().is_complete
    assert mirror.verify(sample=1, seed=1).is_equal


def test_odd_texts_are_kept(destination: Any) -> None:
    store = DltStore(destination, "restream_mirror")
    store.open(create=True)
    odd = {"{braces} %s :name": 'it\'s "quoted" %(x)s', "ünïcode": "💧", "empty": ""}
    store.apply(Update(tables=(info_update(odd),)))
    assert {row["name"]: row["value"] for row in store.read(INFO)} == odd


def test_names_of_columns_suit_every_naming_convention() -> None:
    names = ["clean_25c", "clean_25C", "_external_power_", "a__b", "7", "Ünï", "frictionInlet", "extra", "site_id"]
    assert [*portable_names(names, ["site_id", "extra"]).values()] == [
        "clean_25c",
        "clean_25c_2",
        "external_power",
        "a_b",
        "field_7",
        "n",
        "frictioninlet",
        "extra_2",
        "site_id_2",
    ]
    portable = [*portable_names(names).values()]
    for module in (direct, duck_case, snake_case, sql_ci_v1, sql_cs_v1):
        convention = module.NamingConvention()
        assert [convention.normalize_identifier(name) for name in portable] == portable


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("kind", ["dlt-duckdb", pytest.param("dlt-sqlite", marks=pytest.mark.exhaustive)])
def test_killed_mirror_stays_true(kind: Any) -> None:
    outcome = run_killed(1, kind, kills=2, since=timedelta(minutes=5))
    assert outcome.sound, outcome
