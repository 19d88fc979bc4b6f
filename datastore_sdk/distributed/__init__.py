"""Plans: downloads in independent slices, for engines that read them in other threads, processes and machines.

Each engine is imported when its function is called. `datastore_sdk.distributed.spark` has the data sources for Spark.
"""

from datastore_sdk.distributed.dask_frame import read_dask
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.polars_frame import scan_restream
from datastore_sdk.distributed.ray_dataset import read_ray
from datastore_sdk.distributed.slices import Slice

__all__ = ["Plan", "Slice", "read_dask", "read_ray", "scan_restream"]
