"""Daemon that forks Spark's Python workers. It has imported what they need, which takes each of them a second."""

import runpy

import pyspark.sql.worker.plan_data_source_read  # noqa: F401 - pandas, and the serializers of Arrow

import datastore_sdk.distributed.spark  # noqa: F401 - pyarrow, and the SDK

if __name__ == "__main__":
    runpy.run_module("pyspark.daemon", run_name="__main__")
