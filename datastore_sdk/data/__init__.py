"""Records: from bytes to rows and files."""

from datastore_sdk.data.data import Data, DataAsync
from datastore_sdk.data.progress import Progress
from datastore_sdk.data.query import DataQuery

__all__ = ["Data", "DataAsync", "DataQuery", "Progress"]
