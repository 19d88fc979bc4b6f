"""Time-series data: download, tables, files and coverage reports."""

from datastore_sdk.data.coverage.report import CoverageGap, CoverageReport, SiteCoverage
from datastore_sdk.data.data import Data
from datastore_sdk.data.data_async import DataAsync
from datastore_sdk.data.estimate import Estimate
from datastore_sdk.data.progress import Progress
from datastore_sdk.data.query import DataQuery

__all__ = ["CoverageGap", "CoverageReport", "Data", "DataAsync", "DataQuery", "Estimate", "Progress", "SiteCoverage"]
