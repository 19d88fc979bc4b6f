"""The SDK for Tally's Restream API: pads and sites, states, stages, time-series data and its corrections.

    from datastore_sdk import Pad

    for pad in Pad.get_models():
        print(pad.id, pad.name)

The token comes from the environment variable TALLY_AUTH_TOKEN, or is passed as `auth_token`. Every call that waits
exists in an async form too, with an `a` before its name. Moments are datetimes with a time zone; the service's own are
in UTC.
"""

from datastore_sdk.data import Data, DataAsync
from datastore_sdk.entities import DataChange, Pad, Site, Stage, State
from datastore_sdk.enums import DataAggregations, DataFillMethods, DataResolutions, StageNameFilters
from datastore_sdk.transport import Client, RetryPolicy, Timeouts
from datastore_sdk.version import VERSION

__version__ = VERSION

__all__ = [
    "Client",
    "Data",
    "DataAggregations",
    "DataAsync",
    "DataChange",
    "DataFillMethods",
    "DataResolutions",
    "Pad",
    "RetryPolicy",
    "Site",
    "Stage",
    "StageNameFilters",
    "State",
    "Timeouts",
    "__version__",
]
