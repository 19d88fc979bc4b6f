"""Adding, extending, trimming, reading again, forgetting, status and verification."""

from __future__ import annotations

from datetime import timedelta

import pytest

from datastore_sdk import MirrorError, Pad, Site
from datastore_sdk.mirror.tables import TABLES
from datastore_sdk.sandbox import faults
from tests.conftest import NOW
from tests.mirror.conftest import BEGIN, FollowedField, at
from tests.mirror.killed_mirrors import open_mirror_store


@pytest.mark.exhaustive
def test_adding_again_changes_nothing(followed: FollowedField) -> None:
    followed.run()
    with followed.mirror() as mirror:
        mirror.add(Pad(followed.pad, client=followed.client), since=timedelta(seconds=1))
        mirror.run()
    assert followed.compare().is_equal


@pytest.mark.exhaustive
def test_earlier_since_extends_the_mirror(followed: FollowedField) -> None:
    with followed.mirror() as mirror:
        mirror.add(Pad(followed.pad, client=followed.client), since=at(200))
        mirror.run()
        assert followed.read(followed.sites[0]).total() == 101
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
        mirror.run()
    assert followed.compare().is_equal


@pytest.mark.exhaustive
def test_trimmed_records_stay_away(followed: FollowedField) -> None:
    followed.run()
    with followed.mirror() as mirror:
        mirror.trim(at(200))
        assert [site.records for site in mirror.status().sites] == [101, 101]
        followed.sites[0].change(at(100), at(210), at=NOW, slurry_rate=1.5)
        mirror.run()
        assert [site.records for site in mirror.status().sites] == [101, 101]
        assert followed.open_changes() == []
        assert mirror.verify(seed=1).is_equal


def test_reread_repairs_a_store(followed: FollowedField) -> None:
    followed.run()
    followed.execute('delete from records where extract(epoch from "timestamp")::bigint % 2 = 0')
    followed.run(overlap=timedelta())
    assert not followed.compare().is_equal
    with followed.mirror() as mirror:
        mirror.reread(Pad(followed.pad, client=followed.client))
        mirror.run()
    assert followed.compare().is_equal


def test_forgotten_source_leaves_no_row(followed: FollowedField) -> None:
    followed.run()
    with followed.mirror() as mirror:
        mirror.add(Site(followed.sites[0].id, client=followed.client), since=BEGIN)
        mirror.forget(Pad(followed.pad, client=followed.client))
        with pytest.raises(MirrorError, match="not part of this mirror; it has site"):
            mirror.forget(Pad(followed.pad, client=followed.client))
    with open_mirror_store(followed.store) as (store, _):
        assert store.count_records() == {}
        assert [table.name for table in TABLES if store.read(table)] == ["mirror_info", "mirror_sources", "fields"]


def test_status_reports_progress(followed: FollowedField) -> None:
    with followed.mirror() as mirror:
        mirror.add(Pad(followed.pad, client=followed.client), since=BEGIN)
        assert mirror.status().age is None
        mirror.run()
        followed.clock.ahead = 90
        status = mirror.status()
    assert status.age == timedelta(seconds=90)
    assert [(site.records, site.lag) for site in status.sites] == [(301, timedelta(seconds=90))] * 2
    assert "1 min 30 s ago" in str(status)
    assert status.to_dict()["sites"][0]["lag"] == 90


def test_verification_finds_differences(followed: FollowedField) -> None:
    followed.run()
    with followed.mirror() as mirror:
        assert mirror.verify().is_equal
        followed.execute(f"delete from records where \"timestamp\" = '{at(100)}'")
        followed.execute(f"update records set slurry_rate = 0 where \"timestamp\" = '{at(150)}'")
        found = mirror.verify()
    assert not found.is_equal
    assert sum(each.missing for each in found.differences) == 4
    assert sum(each.surplus for each in found.differences) == 2
    assert "2 missing, 1 surplus" in str(found)
    assert found.to_dict()["equal"] is False


@pytest.mark.exhaustive
def test_verification_of_an_open_change_says_so(followed: FollowedField) -> None:
    followed.run(overlap=timedelta())
    followed.sites[0].change(at(100), at(140), at=NOW, slurry_rate=0.5)
    followed.sandbox.faults.add(faults.Status(500, path=f"/sites/{followed.sites[0].id}/data/", times=2))
    followed.run(overlap=timedelta())
    with followed.mirror() as mirror:
        (difference,) = mirror.verify().differences
    assert difference.has_pending_change
