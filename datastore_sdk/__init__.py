"""The SDK for Tally's Restream API: pads and sites, states, stages, time-series data and its corrections.

    from datastore_sdk import Pad

    for pad in Pad.get_models():
        print(pad.id, pad.name)

The token comes from the environment variable TALLY_AUTH_TOKEN, or is passed as `auth_token`. Every call that waits
exists in an async form too, with an `a` before its name. Moments are datetimes with a time zone; the service's own are
in UTC.
"""

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._version import VERSION
from datastore_sdk.client import Client
from datastore_sdk.data import CoverageGap, CoverageReport, Data, DataAsync, Progress, SiteCoverage
from datastore_sdk.entities import DataChange, ObjectList, Pad, Site, Stage, State
from datastore_sdk.enums import DataAggregations, DataFillMethods, DataResolutions, StageNameFilters
from datastore_sdk.instrumentation.events import (
    CallEvent,
    DriftEvent,
    ErrorEvent,
    Hooks,
    QueueEvent,
    RequestEvent,
    ResponseEvent,
    RetryEvent,
)
from datastore_sdk.instrumentation.logs import configure_logging
from datastore_sdk.realtime import Gap, LiveData, LiveDataAsync, LiveStatistics
from datastore_sdk.transport.executor.retry import RetryPolicy

__version__ = VERSION
configure_logging()

__all__ = [
    "CallEvent",
    "Client",
    "CoverageGap",
    "CoverageReport",
    "Data",
    "DataAggregations",
    "DataAsync",
    "DataChange",
    "DataFillMethods",
    "DataResolutions",
    "DriftEvent",
    "ErrorEvent",
    "Gap",
    "Hooks",
    "LiveData",
    "LiveDataAsync",
    "LiveStatistics",
    "ObjectList",
    "Pad",
    "Progress",
    "QueueEvent",
    "RequestEvent",
    "ResponseEvent",
    "RetryEvent",
    "RetryPolicy",
    "Site",
    "SiteCoverage",
    "Stage",
    "StageNameFilters",
    "State",
    "Timeouts",
    "__version__",
]
