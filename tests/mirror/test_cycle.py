"""A cycle stores and acknowledges the right things, while the field changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import APIConnectionError, AuthenticationError, Client, DataChange, Mirror, MirrorError, Pad, Site
from datastore_sdk.mirror.mirror import build_store
from datastore_sdk.sandbox import Sandbox, Scenario, faults
from datastore_sdk.sandbox.simulation.corrections import ModificationSubtype
from tests.conftest import NOW
from tests.mirror.conftest import BEGIN, FollowedField, at, follow
from tests.mirror.killed_mirrors import open_target
from tests.support.exhaustive import first


def test_first_cycle_stores_everything(followed: FollowedField) -> None:
    report = followed.run()
    assert report.is_complete
    assert report.read == 2 * 301
    assert set(report.new_columns) == {"slurry_rate", "step"}
    assert followed.compare().is_equal
    assert "602 records" in str(report)


def test_next_cycle_reads_only_the_tail(followed: FollowedField) -> None:
    followed.run(overlap=timedelta(seconds=60))
    followed.sandbox.advance(20)
    report = followed.run(overlap=timedelta(seconds=60))
    assert report.read == 2 * (60 + 21)
    assert followed.compare().is_equal


@pytest.mark.exhaustive
def test_late_records_within_the_overlap_are_stored(followed: FollowedField) -> None:
    followed.run()
    followed.sites[0].records(at(100), at(140), late_field=1)
    assert not followed.compare().is_equal
    assert followed.run().new_columns == ["late_field"]
    assert followed.compare().is_equal


@pytest.mark.parametrize("kind", first(1, ["override", "delete", "move", "annotate"]))
def test_correction_is_applied_and_acknowledged(followed: FollowedField, kind: ModificationSubtype) -> None:
    followed.run(overlap=timedelta())
    values: dict[str, Any] = {} if kind == "delete" else {"slurry_rate": 1.5}
    change = followed.sites[0].change(at(10), at(50), at=NOW, modification_subtype=kind, **values)
    report = followed.run(overlap=timedelta())
    assert (report.changes, report.acknowledged) == (1, 1)
    assert followed.compare().is_equal
    assert followed.ledger() == {change.id: (True, True)}
    assert followed.open_changes() == []


def test_change_before_the_start_stays_open(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    change = followed.sites[0].change(at(-90), at(-50), at=NOW, slurry_rate=1.5)
    report = followed.run(overlap=timedelta())
    assert report.is_complete
    assert (report.changes, report.acknowledged) == (0, 0)
    assert followed.ledger() == {}
    assert followed.open_changes() == [change.id]


def test_deleted_interval_is_emptied(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    followed.sites[0].change(at(10), at(50), at=NOW, modification_subtype="delete")
    followed.run(overlap=timedelta())
    assert followed.read(followed.sites[0]).total() == 301 - 41
    assert followed.read(followed.sites[1]).total() == 301


def test_killed_after_commit_then_only_acknowledges(followed: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.run(overlap=timedelta())
    change = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    with monkeypatch.context() as patch:
        patch.setattr(DataChange, "confirm_data_received", interrupt)
        with pytest.raises(KeyboardInterrupt):
            followed.run(overlap=timedelta())
    assert followed.ledger() == {change.id: (True, False)}
    followed.data_requests()
    report = followed.run(overlap=timedelta())
    assert (report.changes, report.acknowledged) == (0, 1)
    assert len(followed.data_requests()) == 2  # the tails
    assert followed.open_changes() == []


def test_killed_before_the_commit_changes_nothing(followed: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.run(overlap=timedelta())
    before = followed.read(followed.sites[0])
    followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5, brand_new=1)
    with monkeypatch.context() as patch:
        patch.setattr(type(build_store(open_target(followed.store))), "_commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            followed.run(overlap=timedelta())
    assert followed.read(followed.sites[0]) == before
    assert followed.ledger() == {}
    assert len(followed.open_changes()) == 1
    followed.run(overlap=timedelta())
    assert followed.compare().is_equal


def test_stop_waits_for_the_update_under_way(followed: FollowedField, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.run(overlap=timedelta())
    change = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    mirror, kind = followed.mirror(overlap=timedelta()), type(build_store(open_target(followed.store)))
    commit: Any = vars(kind)["_commit"]

    def stop_and_commit(*arguments: object) -> None:
        mirror.stop()
        commit(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "_commit", stop_and_commit)
        with pytest.raises(KeyboardInterrupt):
            mirror.run()
    assert followed.ledger() == {change.id: (True, False)}
    with pytest.raises(KeyboardInterrupt):  # nothing is being stored
        mirror.stop()


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.exhaustive
def test_unreadable_change_does_not_stop_the_others(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    broken = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    good = followed.sites[1].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    followed.sandbox.faults.add(faults.Status(500, path=f"/sites/{followed.sites[0].id}/data/", times=2))
    report = followed.run(overlap=timedelta())
    assert [str(broken.id) in problem for problem in report.problems] == [True]
    assert followed.ledger() == {broken.id: (False, False), good.id: (True, True)}
    with followed.mirror() as mirror:
        assert [site.pending_changes for site in mirror.status().sites] == [1, 0]
    assert followed.open_changes() == [broken.id]
    assert followed.run(overlap=timedelta()).changes == 1
    assert followed.compare().is_equal
    assert followed.open_changes() == []


def test_data_change_that_is_unusable_is_reported(followed: FollowedField) -> None:
    followed.run()
    whole = {"start_date": "2025-09-18T11:56:00Z", "end_date": "2025-09-18T11:57:00Z"}
    listed = [
        {"id": "one", "site": followed.sites[0].id, **whole},
        {"id": 2, "site": followed.sites[0].id, "start_date": "soon", "end_date": None},
        {"id": 3, "site": followed.sites[1].id, **whole},
    ]
    followed.sandbox.faults.add(faults.WrongJson(content={"change_log": listed}, path="/pads/*/data_changes/"))
    report = followed.run(overlap=timedelta())
    assert report.changes == 1
    assert ["'one'" in problem for problem in report.problems] == [True, False]
    assert "start_date" in report.problems[1]


@pytest.mark.exhaustive
def test_failed_tail_is_reported_and_read_again(followed: FollowedField) -> None:
    followed.run()
    followed.sandbox.advance(30)
    followed.sandbox.faults.add(faults.Corrupt(at=900, path=f"/sites/{followed.sites[0].id}/data/"))
    report = followed.run()
    assert len(report.problems) == 1
    with followed.mirror() as mirror:
        assert [site.error is None for site in mirror.status().sites] == [False, True]
    assert followed.run().is_complete
    with followed.mirror() as mirror:
        assert mirror.status().errors == []
    assert followed.compare().is_equal


def test_change_that_reaches_into_the_tail_is_applied_with_it(followed: FollowedField) -> None:
    followed.run(overlap=timedelta(seconds=60))
    change = followed.sites[0].change(at(100), NOW, at=NOW, slurry_rate=1.5)
    path = f"/sites/{followed.sites[0].id}/data/"
    followed.sandbox.faults.add(faults.Corrupt(at=900, path=path, skip=1))
    report = followed.run(overlap=timedelta(seconds=60))
    assert (report.changes, report.acknowledged, len(report.problems)) == (0, 0, 1)
    assert followed.open_changes() == [change.id]
    assert followed.run(overlap=timedelta(seconds=60)).changes == 1
    assert followed.compare().is_equal


def test_follower_stays_true_and_acknowledges_nothing(followed: FollowedField, tmp_path: Path) -> None:
    follower = replace(followed, store=str(tmp_path / "follower.duckdb"))
    for each in (followed, follower):
        each.run(overlap=timedelta(), acknowledge=each is followed)
    change = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    follower.run(overlap=timedelta(), acknowledge=False)
    assert follower.open_changes() == [change.id]
    second = followed.sites[0].change(at(60), at(70), at=NOW, modification_subtype="delete")
    followed.run(overlap=timedelta())
    assert followed.open_changes() == []
    report = follower.run(overlap=timedelta(), acknowledge=False)
    assert report.changes == 1
    assert follower.ledger() == {change.id: (True, False), second.id: (True, False)}
    assert follower.compare().is_equal


def test_changes_acknowledged_by_others_are_found(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    (change,), _ = Pad(followed.pad, client=followed.client).get_data_changes()
    change.confirm_data_received()
    assert followed.run(overlap=timedelta()).changes == 0
    report = followed.run(overlap=timedelta(), refresh=timedelta())
    assert (report.changes, report.acknowledged) == (1, 0)
    assert followed.compare().is_equal


def test_change_with_another_interval_is_applied_again(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    site = followed.sites[0]
    change = site.change(at(10), at(50), at=NOW, slurry_rate=1.5)
    followed.run(overlap=timedelta())
    site.changes[0] = replace(site.changes[0], start=change.start + 30, end=change.end + 60)
    assert followed.run(overlap=timedelta(), refresh=timedelta()).changes == 1


@pytest.mark.exhaustive
def test_clock_that_is_wrong_loses_nothing(followed: FollowedField) -> None:
    for ahead in (3600, -3600, 7 * 86_400, 0, -200, 0):
        followed.clock.ahead = ahead
        followed.run()
        followed.sandbox.advance(100)
    followed.run()
    assert followed.compare().is_equal
    assert followed.compare().records == 2 * (301 + 600)


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("seed", first(1, range(8)))
def test_untidy_service_is_mirrored_exactly(scenario: Scenario, tmp_path: Path, seed: int) -> None:
    for followed in follow(scenario, str(tmp_path / "field.duckdb"), untidy=seed):
        followed.run(overlap=timedelta())
        followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
        followed.sites[1].change(at(0), at(500), at=NOW, modification_subtype="delete")
        followed.run(overlap=timedelta())
        assert followed.compare().is_equal
        assert followed.open_changes() == []


def test_unreachable_service_raises(followed: FollowedField) -> None:
    followed.run()
    followed.sandbox.stop()
    with pytest.raises(APIConnectionError):
        followed.run()


def test_rejected_credential_raises(followed: FollowedField) -> None:
    followed.run()
    with (
        Client("wr0ng-0123456789", base_url=followed.sandbox.url) as client,
        Mirror(open_target(followed.store), client=client, accept_credential=True) as mirror,
        pytest.raises(AuthenticationError),
    ):
        mirror.run()


def test_site_alone_is_mirrored(followed: FollowedField) -> None:
    with followed.mirror() as mirror:
        mirror.add(Site(followed.sites[1].id, client=followed.client), since=BEGIN)
        assert [site.site_id for site in mirror.run().sites] == [followed.sites[1].id]
    assert followed.read(followed.sites[1]) == followed.fetch(followed.sites[1])


def test_mirror_without_sources_says_what_to_do(followed: FollowedField, tmp_path: Path) -> None:
    with followed.mirror() as mirror, pytest.raises(MirrorError, match="add a pad or site first"):
        mirror.run()
    assert followed.store.startswith("dlt-") or not (tmp_path / "field.duckdb").exists()  # dlt creates it to connect


@pytest.mark.exhaustive
def test_sandbox_of_the_examples_is_mirrored(tmp_path: Path) -> None:
    with (
        Sandbox(now=NOW, days=1) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        Mirror(tmp_path / "field.duckdb", client=client) as mirror,
    ):
        mirror.add(Site(981, client=client), since=NOW - timedelta(minutes=10))
        assert mirror.run().is_complete
        assert mirror.verify(sample=2, seed=3).is_equal
