"""Spark reads plans as batches and as streams; its Python workers are killed, streams restart from checkpoints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession

from datastore_sdk import DataChange, Pad
from datastore_sdk.sandbox import Sandbox, faults
from tests.engines.conftest import (
    END,
    FIELDS,
    SITES,
    START,
    assert_same_records,
    assert_secret_is_absent,
    downloads,
    read_files,
    wait_for_downloads,
)
from tests.engines.killed_spark import find_workers
from tests.engines.spark_driver import build_session, save_batch
from tests.support.paths import ROOT
from tests.support.slice_faults import SLICE_FAULTS, SliceFault, assert_names_slice_once


@pytest.fixture(scope="module")
def spark(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    session = build_session(
        "local[2,2]",  # a task may fail once
        **{
            "spark.ui.port": "0",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": tmp_path_factory.mktemp("events").as_uri(),
            "spark.executorEnv.TALLY_AUTH_TOKEN": box.token,
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.python.filterPushdown.enabled": "true",
            "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
            "spark.python.use.daemon": "true",
        },
    )
    yield session
    session.stop()


def options(**more: str) -> dict[str, str]:
    sites = ",".join(map(str, SITES))
    return {"sites": sites, "start": START.isoformat(), "fields": ",".join(FIELDS), "seconds": "1800", **more}


def read(spark: SparkSession, **more: str) -> Any:
    return spark.read.format("restream").options(**options(**{"end": END.isoformat(), **more})).load()


def to_table(frame: Any) -> pa.Table:
    table: pa.Table = frame.toArrow()
    return table


def test_batch_has_the_records_of_the_sdk(spark: SparkSession, expected: pa.Table, box: Sandbox) -> None:
    frame = read(spark)
    assert frame.rdd.getNumPartitions() <= 3
    assert frame.schema["slurry_rate"].metadata["unit"] == "bbl/min"
    box.requests.clear()
    assert_same_records(to_table(frame), expected)
    assert len(downloads(box)) == 12


def test_filters_restrict_the_download(spark: SparkSession, expected: pa.Table, box: Sandbox) -> None:
    frame = read(spark, pushdown="true").where("site_id = 982 AND timestamp < '2025-09-17 00:30:00'")
    box.requests.clear()
    found = to_table(frame)
    assert found.num_rows == 1800
    assert set(found.column("site_id").to_pylist()) == {982}
    assert len(downloads(box)) == 2  # 00:30:00 is the first second of a slice
    assert expected.num_rows == 3 * 7200


def test_killed_python_worker_loses_nothing(spark: SparkSession, expected: pa.Table, box: Sandbox) -> None:
    frame = read(spark)
    box.requests.clear()
    box.faults.add(faults.Stall(at=0, seconds=0.6, path="/data/", times=12))
    killer = threading.Thread(target=kill_workers, args=(box,))
    killer.start()
    assert_same_records(to_table(frame), expected)
    killer.join()
    assert len(downloads(box)) > 12


def kill_workers(box: Sandbox) -> None:
    """Kill the workers during their downloads."""
    wait_for_downloads(box, 3)
    for pid in find_workers(os.getpid()):
        os.kill(pid, signal.SIGKILL)


def run_stream(spark: SparkSession, folder: Path, **more: str) -> None:
    stream = spark.readStream.format("restream").options(**options(**more)).load()
    query = (
        stream.writeStream.format("parquet")
        .option("checkpointLocation", str(folder / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(folder / "out"))
    )
    assert query.awaitTermination(60)


def test_stream_goes_on_after_a_restart(spark: SparkSession, expected: pa.Table, tmp_path: Path) -> None:
    for end in (START + timedelta(seconds=3599), END):
        run_stream(spark, tmp_path, end=end.isoformat(), max_seconds="2400")
    assert_same_records(to_table(spark.read.parquet(str(tmp_path / "out"))), expected)


def test_killed_stream_loses_and_doubles_nothing(spark: SparkSession, expected: pa.Table, tmp_path: Path) -> None:
    stream = options(end=END.isoformat(), max_seconds="1200")
    driver = [sys.executable, "-m", "tests.engines.spark_driver", "stream", str(tmp_path)]
    with subprocess.Popen(
        [*driver, *(f"{name}={value}" for name, value in stream.items())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as run:
        assert run.stdout is not None
        while not run.stdout.readline().startswith("1"):
            assert run.poll() is None
        os.killpg(run.pid, signal.SIGKILL)
    batches: list[int] = []

    def save(frame: Any, batch: int) -> None:
        batches.append(batch)
        save_batch(frame, str(tmp_path), batch)

    writer = spark.readStream.format("restream").options(**stream).load().writeStream.foreachBatch(save)
    query = writer.option("checkpointLocation", str(tmp_path / "checkpoint")).trigger(availableNow=True).start()
    assert query.awaitTermination(60)
    assert batches[-1] == 5
    assert 0 not in batches
    assert_same_records(ds.dataset(tmp_path / "out", partitioning="hive").to_table().drop_columns(["batch"]), expected)


PAGES = ("jobs/", "stages/", "storage/", "environment/", "executors/", "SQL/", "StreamingQuery/")
RESOURCES = ("environment", "jobs", "stages?details=true", "allexecutors", "sql?details=true&planDescription=true")


def test_secret_is_not_in_pages_events_and_checkpoints(
    spark: SparkSession, box: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_stream(spark, tmp_path, end=(START + timedelta(seconds=59)).isoformat())
    frame = read(spark, end=(START + timedelta(seconds=59)).isoformat())
    frame.count()
    frame.explain("extended")
    context = spark.sparkContext
    api = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
    ui = [*(f"{context.uiWebUrl}/{page}" for page in PAGES), *(f"{api}/{resource}" for resource in RESOURCES)]
    texts = {url: httpx.get(url, follow_redirects=True, timeout=60).raise_for_status().content for url in ui}
    assert b"TALLY_AUTH_TOKEN" in texts[f"{api}/environment"]  # the name alone: its value is redacted
    events = read_files(Path(urlsplit(spark.conf.get("spark.eventLog.dir")).path))
    checkpoint = read_files(tmp_path / "checkpoint")
    assert events
    assert checkpoint
    captured = capfd.readouterr()
    plan = frame._jdf.queryExecution().toString()
    printed = {"plan": plan.encode(), "output": captured.out.encode(), "errors": captured.err.encode()}
    assert_secret_is_absent(box.token, {**texts, **events, **checkpoint, **printed})


def test_changes_come_once(spark: SparkSession, tmp_path: Path) -> None:
    changes, _ = Pad(id=681).get_data_changes(get_acknowledged=True)
    found = read_changes(spark, tmp_path)
    assert {row.id for row in found} == {change.id for change in changes} != set()
    for row in found:
        change = DataChange(row.id, site=row.site_id)
        change.update()
        assert row.start_date.astimezone(UTC) == change.start_date
    assert read_changes(spark, tmp_path) == []


def read_changes(spark: SparkSession, checkpoint: Path) -> list[Any]:
    found: list[Any] = []
    stream = spark.readStream.format("restream.changes").option("pad", "681").load().writeStream
    query = (
        stream.foreachBatch(lambda frame, _: found.extend(frame.collect()))
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(60)
    return found


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"fields": "slury_rate"}, "did you mean 'slurry_rate'"),
        ({"sites": "99999"}, "sites/99999/fields/"),
        ({"start": "2025-09-17T00:00:00"}, "start has no time zone"),
        ({"auth_token": "x"}, "auth_token cannot be an option"),
        ({"feilds": "x"}, "did you mean 'fields'"),
        ({"pad": "681"}, "pass one of the options"),
    ],
)
def test_invalid_options_are_errors(spark: SparkSession, more: dict[str, str], message: str) -> None:
    with pytest.raises(Exception, match=message) as caught:
        read(spark, **more)
    assert str(caught.value).count('  File "') == 1


@pytest.mark.parametrize("fault", SLICE_FAULTS.values(), ids=SLICE_FAULTS)
def test_error_names_slice_and_reason_once(spark: SparkSession, box: Sandbox, fault: SliceFault) -> None:
    frame = read(spark, sites="981", end=(START + timedelta(seconds=1799)).isoformat())
    with fault.affecting(box), pytest.raises(Exception, match=fault.reason) as caught:
        frame.count()
    assert_names_slice_once(str(caught.value), fault.reason)
    assert str(caught.value).count('  File "') == 1


def test_worker_without_credentials_names_the_slice(spark: SparkSession, profile: Path) -> None:
    frame = read(spark, profile="field")
    assert frame.rdd.getNumPartitions() == 3  # the plan is made now, and read below
    profile.unlink()
    with pytest.raises(Exception, match="there is no profile 'field'") as caught:
        to_table(frame)
    assert_names_slice_once(str(caught.value), "there is no profile 'field'")


def test_error_of_a_stream_names_slice_and_reason_once(spark: SparkSession, box: Sandbox, tmp_path: Path) -> None:
    fault = SLICE_FAULTS["refused credential"]
    with fault.affecting(box), pytest.raises(StreamingQueryException) as caught:
        run_stream(spark, tmp_path, end=END.isoformat())
    assert_names_slice_once(str(caught.value), fault.reason)


def test_spark_without_java_fails_as_documented() -> None:
    command = [sys.executable, "-c", "from pyspark.sql import SparkSession; SparkSession.builder.getOrCreate()"]
    environment = {**os.environ, "JAVA_HOME": "/there/is/none"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.strip().endswith(
        "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number."
    )
