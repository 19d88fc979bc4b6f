"""SDK for Tally's Restream API: pads and sites, states, stages, time-series data, live data and data changes.

    from datastore_sdk import Pad

    for pad in Pad.get_models():
        print(pad.id, pad.name)

The token comes from the environment variable TALLY_AUTH_TOKEN, or from the argument `auth_token`. Every method that
waits for the service has an async form with an `a` before its name: `Pad.aget_models`. Times are datetimes with a time
zone; the service sends them in UTC.

Everything that a program names is imported from here; tests also use `datastore_sdk.testing` and
`datastore_sdk.sandbox`.
"""

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._version import VERSION
from datastore_sdk.auth.providers import TokenProvider
from datastore_sdk.client import Client
from datastore_sdk.config.describe import ClientDescription
from datastore_sdk.data import CoverageGap, CoverageReport, Data, DataAsync, DataQuery, Progress, SiteCoverage
from datastore_sdk.data.schema import Column, Schema
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.entities import DataChange, ObjectList, Pad, Site, Stage, State
from datastore_sdk.enums import (
    AggregationName,
    DataAggregations,
    DataFillMethods,
    DataResolutions,
    FillMethodName,
    OperationName,
    ResolutionName,
    StageNameFilters,
)
from datastore_sdk.exceptions import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    BodyError,
    BufferOverflowError,
    CallError,
    ConfigurationError,
    CorruptBodyError,
    DataChangedError,
    DriftFoundError,
    DriftWarning,
    MismatchWarning,
    MissingCredentialsError,
    NotFoundError,
    NotLoadedError,
    ObjectMismatchError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    RestreamError,
    ResumeError,
    RoomInUseError,
    SchemaMismatchError,
    SchemaWarning,
    ServerError,
    TruncatedBodyError,
    UnusableValueError,
)
from datastore_sdk.filters import (
    AllSiteFilters,
    DataForm,
    PadFilters,
    PadStateFilters,
    SiteFilters,
    StageFilters,
    StateFilters,
)
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
from datastore_sdk.realtime import (
    Gap,
    LiveData,
    LiveDataAsync,
    LiveOptions,
    LiveStatistics,
    PadMeasurements,
    SiteMeasurements,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.models import (
    Field,
    MeasurementSource,
    MeasurementSources,
    Parameter,
    ParametersValid,
    SimopsConfig,
    SiteMetadata,
    StageAggregations,
)

__version__ = VERSION
configure_logging()

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AggregationName",
    "AllSiteFilters",
    "AuthenticationError",
    "BadRequestError",
    "BodyError",
    "BufferOverflowError",
    "CallError",
    "CallEvent",
    "Client",
    "ClientDescription",
    "Column",
    "ConfigurationError",
    "CorruptBodyError",
    "CoverageGap",
    "CoverageReport",
    "Data",
    "DataAggregations",
    "DataAsync",
    "DataChange",
    "DataChangedError",
    "DataFillMethods",
    "DataForm",
    "DataQuery",
    "DataResolutions",
    "DriftEvent",
    "DriftFoundError",
    "DriftWarning",
    "ErrorEvent",
    "Field",
    "FillMethodName",
    "Gap",
    "Hooks",
    "LiveData",
    "LiveDataAsync",
    "LiveOptions",
    "LiveStatistics",
    "MeasurementSource",
    "MeasurementSources",
    "MismatchWarning",
    "MissingCredentialsError",
    "NotFoundError",
    "NotLoadedError",
    "ObjectList",
    "ObjectMismatchError",
    "OperationName",
    "Pad",
    "PadFilters",
    "PadMeasurements",
    "PadStateFilters",
    "Parameter",
    "ParametersValid",
    "PermissionDeniedError",
    "Progress",
    "QueueEvent",
    "RateLimitError",
    "Record",
    "RequestEvent",
    "ResolutionName",
    "ResponseEvent",
    "ResponseValidationError",
    "RestreamError",
    "ResumeError",
    "RetryEvent",
    "RetryPolicy",
    "RoomInUseError",
    "Schema",
    "SchemaMismatchError",
    "SchemaWarning",
    "ServerError",
    "SimopsConfig",
    "Site",
    "SiteCoverage",
    "SiteFilters",
    "SiteMeasurements",
    "SiteMetadata",
    "Stage",
    "StageAggregations",
    "StageFilters",
    "StageNameFilters",
    "State",
    "StateFilters",
    "Timeouts",
    "TokenProvider",
    "TruncatedBodyError",
    "UnusableValueError",
    "__version__",
]
