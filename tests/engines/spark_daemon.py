"""Daemon that forks Spark's Python workers. It has imported what they need, which takes each of them a second."""

import runpy
from importlib import import_module

for name in ("pyspark.sql.worker.plan_data_source_read", "datastore_sdk.distributed.spark"):
    import_module(name)

if __name__ == "__main__":
    runpy.run_module("pyspark.daemon", run_name="__main__")
