"""The dlt source `restream`: corrected intervals are replaced, and acknowledged once dlt has completed their load."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.exceptions import PipelineStepFailed

from datastore_sdk import MirrorError, Pad
from datastore_sdk.dlt import restream
from tests.conftest import NOW
from tests.mirror.conftest import BEGIN, FollowedField, at, build_scenario, follow
from tests.mirror.killed_mirrors import open_target, run_killed

Run = Callable[..., None]
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")  # dlt, when it continues a load


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[FollowedField]:
    yield from follow(build_scenario(), f"dlt-pipeline:{tmp_path}/field.duckdb")


@pytest.fixture
def run(followed: FollowedField, tmp_path: Path) -> Run:
    """Return a function that runs the pipeline once."""

    def run(data: Any = None, *, folder: str = "pipelines", **options: Any) -> None:
        pipeline = dlt.pipeline(
            "field",
            destination=open_target(followed.store),
            dataset_name="restream_data",
            pipelines_dir=str(tmp_path / folder),
        )
        pipeline.run(data or source(followed, **options))

    return run


def source(followed: FollowedField, **options: Any) -> Any:
    arguments: dict[str, Any] = {"since": BEGIN, **options}
    return restream(pad=followed.pad, client=followed.client, **arguments)


def count(followed: FollowedField, table: str) -> int:
    pipeline = dlt.pipeline("reader", destination=open_target(followed.store), dataset_name="restream_data")
    with pipeline.sql_client() as client:
        rows = client.execute_sql(f"select count(*) from {client.make_qualified_table_name(table)}")
        assert rows
        return int(rows[0][0])


def test_pipeline_keeps_a_pad_true(followed: FollowedField, run: Run) -> None:
    run()
    assert followed.compare().is_equal
    tables = {"pads": 1, "sites": 2, "stages": 4, "fields": 2, "mirror_state": 2}
    assert {name: count(followed, name) for name in tables} == tables
    first, second = followed.sites
    first.change(at(150), at(160), at=NOW, slurry_rate=3.5)
    first.change(at(10), at(50), at=NOW, slurry_rate=1.5, brand_new=1)
    first.change(at(40), at(90), at=NOW, slurry_rate=2.5)
    second.change(at(20), at(200), at=NOW, modification_subtype="delete")
    followed.sandbox.advance(30)
    run(overlap=timedelta())
    assert followed.compare().is_equal
    assert len(followed.open_changes()) == 4
    run()
    assert followed.open_changes() == []
    assert {*followed.ledger().values()} == {(True, True)}
    assert followed.compare().is_equal


def test_source_that_runs_twice_reads_twice(followed: FollowedField, run: Run) -> None:
    data = source(followed)
    run(data)
    followed.sandbox.advance(30)
    run(data)
    assert followed.compare().is_equal


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_load_that_breaks_off_acknowledges_nothing(
    followed: FollowedField, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    run()
    change = followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    with monkeypatch.context() as patch:
        patch.setattr(SqlJobClientBase, "complete_load", _fail)
        with pytest.raises(PipelineStepFailed):
            run()  # the tables are loaded, ledger included, but dlt has not noted it
    if lost:
        shutil.rmtree(tmp_path / "pipelines")
    assert followed.ledger() == {}
    run()  # loads the rest, or everything again
    assert followed.open_changes() == [change.id]
    assert followed.compare().is_equal
    run()
    assert followed.open_changes() == []


def _fail(*_: object) -> None:
    raise OSError("the database is gone")


def test_other_resources_claim_nothing(followed: FollowedField, run: Run) -> None:
    followed.sites[0].change(at(10), at(50), at=NOW, slurry_rate=1.5)
    run(source(followed).with_resources("pads", "sites"))
    run(source(followed).with_resources("pads", "sites"))
    assert count(followed, "sites") == 2
    assert followed.contents().ledger == {}
    assert len(followed.open_changes()) == 1


def test_two_sources_in_a_run_are_refused(followed: FollowedField, run: Run) -> None:
    with pytest.raises(PipelineStepFailed, match="only one restream"):
        run([source(followed), source(followed)])


def test_failed_jobs_must_stop_a_load(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAD__RAISE_ON_FAILED_JOBS", "false")
    with pytest.raises(PipelineStepFailed, match=r"remove load\.raise_on_failed_jobs"):
        run()


def test_files_are_refused(followed: FollowedField, tmp_path: Path) -> None:
    destination = dlt.destinations.filesystem(str(tmp_path / "lake"))
    pipeline = dlt.pipeline("lake", destination=destination, pipelines_dir=str(tmp_path / "pipelines"))
    with pytest.raises(PipelineStepFailed, match="not a database with SQL"):
        pipeline.run(source(followed))


def test_source_needs_a_pipeline(followed: FollowedField) -> None:
    with pytest.raises(Exception, match=r"pipeline\.run\(restream") as caught:
        list(source(followed))
    assert isinstance(caught.value.__cause__, MirrorError)


def test_wrong_arguments_are_refused(followed: FollowedField) -> None:
    with pytest.raises(TypeError, match="needs a pad or a site"):
        restream(since=BEGIN, client=followed.client)
    with pytest.raises(TypeError, match="overlap"):
        source(followed, overlap=600)
    with pytest.raises(TypeError, match="acknowledge"):
        source(followed, acknowledge="yes")
    assert {*restream(pad=[1, Pad(2)], site=3, since=BEGIN, client=followed.client).resources} == {
        "pads",
        "sites",
        "stages",
        "states",
        "fields",
        "records",
    }


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
def test_killed_pipeline_stays_true() -> None:
    outcome = run_killed(1, "dlt-pipeline", kills=2, since=timedelta(minutes=5))
    assert outcome.sound, outcome
