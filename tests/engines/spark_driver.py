"""Spark driver that tests kill: it reads wells as a stream from a checkpoint, or as batches.

    python -m tests.engines.spark_driver stream FOLDER sites=981 start=...
    python -m tests.engines.spark_driver batches FOLDER sites=981 start=... end=...

It prints `started`, then the number of each batch when that is complete. Batches are in `FOLDER/out/batch=N`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    # Queries of a few thousand rows take longer to compile than to interpret.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.log.level": "OFF",
    "spark.python.daemon.module": "tests.engines.spark_daemon",
}
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
BATCHES = 10
"""Number of times that the batches are read."""


def build_session(master: str, **settings: str) -> Any:
    """Return a session that starts fast, with the data sources."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-java-options '{JAVA_OPTIONS}' pyspark-shell"
    from pyspark.sql import SparkSession

    from datastore_sdk.distributed.spark import RestreamChangesDataSource, RestreamDataSource

    builder = SparkSession.builder.master(master)
    for name, value in {**SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.dataSource.register(RestreamDataSource)
    session.dataSource.register(RestreamChangesDataSource)
    return session


def save_batch(frame: Any, folder: str, batch: int) -> None:
    """Write a batch into its own folder, which is exact if the batch comes again after a kill."""
    frame.write.mode("overwrite").parquet(f"{folder}/out/batch={batch}")


def main() -> None:
    """Read as the command line says."""
    kind, folder, *pairs = sys.argv[1:]
    options = dict(pair.split("=", 1) for pair in pairs)

    def save(frame: Any, batch: int) -> None:
        save_batch(frame, folder, batch)
        _report(str(batch))

    spark = build_session("local[2,100]", **{"spark.ui.enabled": "false"})  # a task may fail often
    if kind == "stream":
        writer = spark.readStream.format("restream").options(**options).load().writeStream.foreachBatch(save)
        query = writer.option("checkpointLocation", f"{folder}/checkpoint").trigger(availableNow=True).start()
        _report("started")
        query.awaitTermination()
    else:
        frame = spark.read.format("restream").options(**options).load()
        _report("started")
        for number in range(BATCHES):
            save(frame, number)


def _report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
