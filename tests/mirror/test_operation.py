"""Years of operation: backups, fields that come and change, several programs at one credential, a lake kept clean."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from datastore_sdk import Client, Mirror, MirrorConflictError, MirrorError, MirrorProgress, NotFoundError, Pad, Site
from datastore_sdk.mirror import progress as mirror_progress
from datastore_sdk.mirror.stores import delta_store
from datastore_sdk.sandbox import Scenario, faults
from tests.conftest import NOW
from tests.mirror.conftest import BEGIN, FollowedField, at, follow

embedded = pytest.mark.parametrize("followed", ["duckdb"], indirect=True)
NEXT = timedelta()
"""An overlap that leaves corrections to the data changes."""


@embedded
def test_restored_backup_finds_what_was_acknowledged_since(followed: FollowedField, tmp_path: Path) -> None:
    followed.run(overlap=NEXT)
    backup = Path(shutil.copy(followed.store, tmp_path / "backup.duckdb"))
    followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    followed.sites[1].change(at(60), at(80), at=NOW, modification_subtype="delete")
    assert followed.run(overlap=NEXT).acknowledged == 2
    shutil.copy(backup, followed.store)
    assert not followed.compare().is_equal
    followed.clock.ahead = 601  # the next refresh
    assert followed.run(overlap=NEXT).changes == 2
    assert followed.compare().is_equal


@embedded
def test_one_site_of_a_pad_is_read_again(followed: FollowedField) -> None:
    followed.run(overlap=NEXT)
    followed.execute("delete from records")
    with followed.mirror(overlap=NEXT) as mirror:
        mirror.reread(Site(followed.sites[0].id, client=followed.client))
        mirror.run()
    assert followed.read(followed.sites[0]) == followed.fetch(followed.sites[0])
    assert followed.read(followed.sites[1]).total() == 1  # its tail


def test_field_that_changes_its_kind_loses_no_value(followed: FollowedField) -> None:
    followed.run(overlap=NEXT)
    site = followed.sites[0]
    site.change(at(10), at(50), at=NOW, slurry_rate="OFF")
    site.change(at(60), at(80), at=NOW, step=lambda t: t % 2 == 0)
    site.change(at(90), at(95), at=NOW, late_text="open")
    assert followed.run(overlap=NEXT).new_columns == ["late_text"]
    assert followed.compare().is_equal


@pytest.mark.exhaustive
@embedded
def test_mirrors_and_notebook_share_a_credential(followed: FollowedField, tmp_path: Path) -> None:
    follower = replace(followed, store=str(tmp_path / "follower.duckdb"))
    for each in (followed, follower):
        each.run(overlap=NEXT, acknowledge=each is followed)
    for start in (10, 60, 110):
        followed.sites[0].change(at(start), at(start + 40), at=NOW, slurry_rate=1.5)
    (first, *_), _ = Pad(followed.pad, client=followed.client).get_data_changes()
    first.confirm_data_received()  # by the notebook
    assert followed.run(overlap=NEXT).changes == 2
    followed.clock.ahead = 601
    assert followed.run(overlap=NEXT).changes == 1
    assert follower.run(overlap=NEXT, acknowledge=False).changes == 3
    for each in (followed, follower):
        assert each.compare().is_equal
    assert followed.open_changes() == []


def test_change_that_cannot_be_read_is_retried(followed: FollowedField) -> None:
    followed.run(overlap=NEXT)
    broken, good = (site.change(at(10), at(50), at=NOW, slurry_rate=1.5) for site in followed.sites)
    for attempt in (1, 2):
        followed.sandbox.faults.add(faults.Corrupt(at=900, path=f"/sites/{followed.sites[0].id}/data/"))
        report = followed.run(overlap=NEXT)
        assert [str(broken.id) in problem for problem in report.problems] == [True]
        row = followed.contents().ledger[followed.sites[0].id, broken.id]
        assert (row["attempts"], row["applied_at"], bool(row["error"])) == (attempt, None, True)
    assert followed.open_changes() == [broken.id]
    assert followed.ledger()[good.id] == (True, True)
    assert followed.run(overlap=NEXT).changes == 1
    assert followed.compare().is_equal
    assert followed.open_changes() == []


@embedded
def test_coverage_counts_the_seconds_of_a_day(followed: FollowedField) -> None:
    followed.run(overlap=NEXT)
    followed.sites[0].change(at(10), at(50), at=NOW, modification_subtype="delete")
    followed.run(overlap=NEXT)
    with duckdb.connect(followed.store, read_only=True) as connection:
        rows = connection.sql(
            "select number_of_records, seconds_with_records, day, epoch(first) from coverage order by site_id"
        ).fetchall()
    day = NOW.date()
    assert rows == [(301 - 41, 301 - 41, day, BEGIN.timestamp()), (301, 301, day, BEGIN.timestamp())]


@embedded
def test_progress_reaches_the_end(followed: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_progress, "_MIN_INTERVAL_SECONDS", 0)
    followed.run(overlap=NEXT)
    change = followed.sites[1].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    reports: list[MirrorProgress] = []
    with followed.mirror() as mirror:
        mirror.reread(Pad(followed.pad, client=followed.client))
        mirror.run(progress=reports.append)
        assert [report.site_id for report in reports] == [site.id for site in followed.sites]
        assert [report.fraction for report in reports] == [pytest.approx(0.5), pytest.approx(1)]
        assert reports[-1].records == 2 * 301
        assert str(reports[-1]).startswith(f"100%, site {followed.sites[1].id}, 602 records, 2025-09-18 12:00:00")
        followed.sites[1].changes.append(replace(change, id=7))
        mirror.run(progress=reports.append)
        with pytest.raises(TypeError, match="progress must be True, False or an ordinary function"):
            mirror.run(progress="yes")  # type: ignore[arg-type]


@embedded
def test_added_source_must_exist(followed: FollowedField, tmp_path: Path) -> None:
    missing = Site(4, client=followed.client)
    with followed.mirror() as mirror:
        with pytest.raises(NotFoundError):
            mirror.add(missing, since=BEGIN)
        assert not [*tmp_path.glob("*.duckdb")]
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
        with pytest.raises(NotFoundError):
            mirror.add(missing, since=BEGIN)
        followed.sandbox.requests.clear()
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
        assert followed.sandbox.requests == []  # it is known


@embedded
def test_verification_before_the_first_cycle_fails(followed: FollowedField) -> None:
    with followed.mirror() as mirror:
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
        with pytest.raises(MirrorError, match="has no records yet: run the mirror first"):
            mirror.verify()


@pytest.fixture
def lake(scenario: Scenario, tmp_path: Path) -> Iterator[FollowedField]:
    """A mirror in a Delta lake."""
    yield from follow(scenario, f"delta:{tmp_path}/lake")


def records_of(lake: FollowedField) -> DeltaTable:
    return DeltaTable(lake.store.removeprefix("delta:") + "/records")


@pytest.mark.exhaustive
def test_lake_is_cleaned_up_while_it_is_read(lake: FollowedField) -> None:
    for seconds in (0, 30, 30):
        lake.sandbox.advance(seconds)
        lake.run(overlap=timedelta(seconds=60))
    reader = records_of(lake).to_pyarrow_dataset()
    before = records_of(lake).version()
    records_of(lake).optimize.compact()  # by another program
    records_of(lake).vacuum(retention_hours=24, dry_run=False, enforce_retention_duration=False)
    assert reader.count_rows() == 2 * 361
    lake.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    lake.run(overlap=NEXT)
    assert lake.compare().is_equal
    assert reader.count_rows() == 2 * 361
    assert records_of(lake).version() > before + 1


@pytest.mark.exhaustive
def test_lake_is_cleaned_up_by_the_mirror(lake: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_store, "_HOUSEKEEPING", 2)
    monkeypatch.setattr(delta_store, "_KEEP_HOURS", 0)
    for _ in range(5):
        lake.sandbox.advance(30)
        lake.run(overlap=timedelta(seconds=60))
    folder = Path(lake.store.removeprefix("delta:")) / "records"
    assert len([*folder.rglob("*.parquet")]) < records_of(lake).version() - 2  # each commit writes a file
    assert lake.compare().is_equal


def test_two_mirrors_of_a_lake_notice_each_other(lake: FollowedField) -> None:
    lake.run(overlap=NEXT)
    session = lake.mirror()._open_session()
    lake.sandbox.advance(20)
    lake.run(overlap=NEXT)
    (first, *_) = session.contents.sites.values()
    with pytest.raises(MirrorConflictError, match="another mirror wrote to site"):
        session.apply(states=[first])
    assert lake.compare().is_equal


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["duckdb", "delta"])
def test_small_disk_that_is_full_loses_nothing(scenario: Scenario, small_disk: Path, kind: str) -> None:
    store = str(small_disk / "field.duckdb") if kind == "duckdb" else f"delta:{small_disk}/lake"
    for followed in follow(scenario, store):
        followed.run(overlap=NEXT)
        for site in followed.sites:
            site.change(at(0), at(280), at=NOW, slurry_rate=lambda t: t**1.01, other=lambda t: t**1.3)
        before = [followed.read(site) for site in followed.sites]
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(bytes(9_000_000))
        with pytest.raises(MirrorError, match=r"disk is full|No space left"):
            followed.run(overlap=NEXT)
        filler.unlink()
        assert [followed.read(site) for site in followed.sites] == before
        assert len(followed.open_changes()) == 2
        assert followed.run(overlap=NEXT).acknowledged == 2
        assert followed.compare().is_equal


@embedded
def test_mismatch_of_the_credential_needs_no_request(followed: FollowedField) -> None:
    followed.run()
    sandbox = followed.sandbox
    sandbox.requests.clear()
    with (
        Client(client_id="another", client_secret=sandbox.client_secret, base_url=sandbox.url) as client,
        Mirror(followed.store, client=client) as mirror,
    ):
        for act in (mirror.run, mirror.verify, lambda: mirror.add(Site(981, client=client), since=BEGIN)):
            with pytest.raises(MirrorError, match="another credential"):
                act()
    assert sandbox.requests == []
