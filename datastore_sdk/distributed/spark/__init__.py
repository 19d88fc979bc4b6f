"""Data sources for Spark 4: records of a plan (`restream`), in batches and as a stream, and data changes.

    from datastore_sdk.distributed.spark import RestreamChangesDataSource, RestreamDataSource

    spark.dataSource.register(RestreamDataSource)
    frame = spark.read.format("restream").options(sites="981,982", start="...", end="...", fields="...").load()

Needs the extra `spark`.
"""

from datastore_sdk._utils.optional_imports import require_extra

require_extra("pyspark.sql.datasource", "pyarrow", extra="spark")

from datastore_sdk.distributed.spark.changes import RestreamChangesDataSource  # noqa: E402 - the check comes first
from datastore_sdk.distributed.spark.source import RestreamDataSource  # noqa: E402

__all__ = ["RestreamChangesDataSource", "RestreamDataSource"]
