"""Records: from bytes to rows and files."""

from datastore_sdk.data.completeness.report import CoverageGap, CoverageReport, SiteCoverage
from datastore_sdk.data.data import Data, DataAsync
from datastore_sdk.data.progress import Progress
from datastore_sdk.data.query import DataQuery

__all__ = ["CoverageGap", "CoverageReport", "Data", "DataAsync", "DataQuery", "Progress", "SiteCoverage"]
