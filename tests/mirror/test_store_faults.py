"""A store that is in use, full, of another service, or newer: a clear error, and nothing lost."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datastore_sdk import Client, Mirror, MirrorConflictError, MirrorError, Pad
from datastore_sdk.data.arrow.spool import Spool
from datastore_sdk.dlt import restream
from datastore_sdk.mirror import download
from datastore_sdk.mirror.contents import info_update
from datastore_sdk.mirror.stores import duckdb_store
from datastore_sdk.mirror.stores.base import Update
from tests.conftest import NOW
from tests.mirror.conftest import BEGIN, FollowedField, at
from tests.mirror.killed_mirrors import open_mirror_store
from tests.support.exhaustive import first

REFUSED = 7
"""Exit status of a mirror that raised `MirrorError`."""
pytestmark = pytest.mark.parametrize("followed", ["duckdb"], indirect=True)

HOLD = "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def other_program(followed: FollowedField) -> Iterator[subprocess.Popen[str]]:
    """A program that has the file open until its input ends."""
    followed.run()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, followed.store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "open\n"
        yield program
        program.kill()


def test_file_that_is_in_use_is_an_error(
    followed: FollowedField, other_program: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_store, "BUSY_SECONDS", 0.2)
    with pytest.raises(MirrorError, match="another program has the file open"):
        followed.run()
    other_program.communicate("")
    assert followed.run().is_complete


@pytest.mark.exhaustive
def test_file_that_is_briefly_in_use_is_waited_for(
    followed: FollowedField, other_program: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_store.time, "sleep", lambda _: other_program.communicate(""))  # type: ignore[attr-defined]
    assert followed.run().is_complete


def test_file_that_this_program_has_open_is_an_error(followed: FollowedField) -> None:
    followed.run()
    with (
        contextlib.closing(duckdb.connect(followed.store, read_only=True)),
        pytest.raises(MirrorError, match="this program has another connection to the file; close it first"),
    ):
        followed.run()
    assert followed.run().is_complete


def test_times_are_read_from_the_file(followed: FollowedField) -> None:
    followed.run()
    with contextlib.closing(duckdb.connect(followed.store, read_only=True)) as connection:
        rows = connection.sql("select min(timestamp) from records").fetchall()
    assert rows[0][0].tzinfo is not None


def test_file_is_free_between_cycles(followed: FollowedField) -> None:
    followed.run()
    query = "select slurry_rate from latest_records"
    script = "import duckdb, sys; file = duckdb.connect(sys.argv[1]); print(file.sql(sys.argv[2]).fetchall())"
    command = [sys.executable, "-c", script, followed.store, query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[(82.0,), (82.0,)]\n"


def test_newer_format_is_refused(followed: FollowedField) -> None:
    followed.run()
    with open_mirror_store(followed.store) as (store, _):
        store.apply(Update(tables=(info_update({"format": "2", "sdk_version": "9.9"}),)))
    with pytest.raises(MirrorError, match=r"SDK 9\.9 wrote this mirror.*update restream-datastore-sdk"):
        followed.run()


def test_store_of_another_service_is_refused(followed: FollowedField) -> None:
    followed.run()
    with (
        Client(followed.sandbox.token, base_url="https://elsewhere.example") as client,
        Mirror(followed.store, client=client) as mirror,
        pytest.raises(MirrorError, match="is a mirror of http"),
    ):
        mirror.run()


@pytest.mark.exhaustive
def test_store_of_another_credential_needs_a_word(followed: FollowedField) -> None:
    followed.run()
    sandbox = followed.sandbox
    with Client(client_id=sandbox.client_id, client_secret=sandbox.client_secret, base_url=sandbox.url) as client:
        followed.client = client
        with pytest.raises(MirrorError, match="accept_credential=True"):
            followed.run()
        followed.run(accept_credential=True)
        followed.run()  # it belongs to the new one now


def test_store_holds_no_secret(followed: FollowedField) -> None:
    followed.run()
    for path in Path(followed.store).parent.iterdir():
        assert followed.sandbox.token.encode() not in path.read_bytes()


def test_file_of_something_else_is_an_error(followed: FollowedField) -> None:
    Path(followed.store).write_text("no database, but a text that is long enough to be one" * 500)
    with pytest.raises(MirrorError):
        followed.run()


def test_two_mirrors_at_once_do_not_mix(followed: FollowedField) -> None:
    followed.run()
    session = followed.mirror()._open_session()
    followed.run()
    (first, *_) = session.contents.sites.values()
    with pytest.raises(MirrorConflictError, match="another mirror wrote to site"):
        session.apply(states=[first])
    assert followed.compare().is_equal


class MemorySpool(list[Any]):
    """Downloaded batches in memory, so that only the store writes to the disk."""

    def close(self) -> None:
        self.clear()


@pytest.mark.parametrize("spool", first(1, [MemorySpool, Spool]))
def test_disk_that_is_full_loses_nothing(
    followed: FollowedField, spool: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.run(overlap=timedelta())
    followed.sites[0].change(at(0), at(250), at=NOW, slurry_rate=lambda t: t**1.01, other=lambda t: t**1.3)
    before = followed.read(followed.sites[0])
    monkeypatch.setattr(download, "Spool", spool)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_run_with_little_disk, args=(followed,))
    process.start()
    process.join(60)
    assert process.exitcode == REFUSED
    assert followed.read(followed.sites[0]) == before
    assert len(followed.open_changes()) == 1
    followed.run(overlap=timedelta())
    assert followed.compare().is_equal


def _run_with_little_disk(followed: FollowedField) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        mirror = followed.mirror(overlap=timedelta())
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # bytes
        mirror.run()
    except MirrorError:
        os._exit(REFUSED)
    finally:
        os._exit(1)


@pytest.mark.parametrize(
    "url", ["postgresql://field:s3cret-pass@127.0.0.1:1/field", "postgres://u:s3cret-pass@/?host=/x"]
)
def test_unreachable_database_is_an_error_without_secret(followed: FollowedField, url: str) -> None:
    with Mirror(url, client=followed.client) as mirror, pytest.raises(MirrorError, match="database failed") as caught:
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
    assert "s3cret" not in str(caught.value) + repr(mirror)


@pytest.mark.parametrize("store", ["oracle:field", "s3://bucket/field"])
def test_unknown_store_is_refused(followed: FollowedField, store: str) -> None:
    with pytest.raises(ValueError, match="unknown store"):
        Mirror(store, client=followed.client)


def test_wrong_arguments_are_refused(followed: FollowedField) -> None:
    arguments: list[tuple[type[Exception], dict[str, Any]]] = [
        (TypeError, {"overlap": 600}),
        (ValueError, {"overlap": timedelta(seconds=-1)}),
        (TypeError, {"acknowledge": "yes"}),
    ]
    for error, options in arguments:
        with pytest.raises(error):
            followed.mirror(**options)
    with pytest.raises(TypeError, match="store must be a path"):
        Mirror(5, client=followed.client)
    with pytest.raises(ValueError, match="dataset is for dlt destinations"):
        Mirror("field.duckdb", client=followed.client, dataset="field")
    with pytest.raises(TypeError, match="dataset must be text"):
        Mirror("field.duckdb", client=followed.client, dataset="")
    with followed.mirror() as mirror:
        pad = Pad(followed.pad, client=followed.client)
        with pytest.raises(TypeError, match="Pad or a Site"):
            mirror.add(668, since=BEGIN)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="since"):
            mirror.add(pad, since=7)  # type: ignore[arg-type]
        mirror.add(pad, since=BEGIN)
        with pytest.raises(ValueError, match="imperial units"):
            mirror.add(pad, since=BEGIN, si_units=True)
        with pytest.raises(ValueError, match="forget it first"):
            mirror.add(pad, since=BEGIN, fields=["slurry_rate"])


def test_missing_extra_is_named(followed: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[mirror\]"):
        Mirror("field.duckdb", client=followed.client)
    monkeypatch.setitem(sys.modules, "dlt", None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[dlt\]"):
        restream(pad=followed.pad, since=BEGIN, client=followed.client)


def test_views_join_stages_and_merge_seconds(followed: FollowedField) -> None:
    followed.run()
    with duckdb.connect(followed.store) as connection:
        stages = connection.sql(
            "select stage_number, stage_state, count(*) from records_with_stage group by all order by 2"
        ).fetchall()
        assert stages == [(1, "frac_frac", 2 * 120), (1, "standby_standby", 2 * 181)]
        assert connection.sql("select count(*), max(number_of_records) from records_by_second").fetchall() == [(602, 1)]
        latest = connection.sql("select epoch(timestamp) from latest_records").fetchall()
        assert latest == [(NOW.timestamp(),)] * 2
        assert (
            connection.sql("select aggregations from stages where id is not null").fetchall()[0][0].count("80.5") == 1
        )
