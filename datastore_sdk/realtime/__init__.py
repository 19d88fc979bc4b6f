"""Live data of pads and sites, received over WebSockets."""

from datastore_sdk.realtime.gaps import Gap
from datastore_sdk.realtime.live import LiveData, LiveDataAsync
from datastore_sdk.realtime.options import (
    LiveOptions,
    PadMeasurements,
    SiteMeasurements,
    StreamOptions,
    WhenFull,
    split_options,
)
from datastore_sdk.realtime.statistics import LiveStatistics

__all__ = [
    "Gap",
    "LiveData",
    "LiveDataAsync",
    "LiveOptions",
    "LiveStatistics",
    "PadMeasurements",
    "SiteMeasurements",
    "StreamOptions",
    "WhenFull",
    "split_options",
]
