"""Live data: what pads and sites tell by themselves, over WebSockets."""

from datastore_sdk.realtime.counts import LiveStatistics
from datastore_sdk.realtime.gaps import Gap
from datastore_sdk.realtime.live import LiveData, LiveDataAsync
from datastore_sdk.realtime.manners import Manners, WhenFull
from datastore_sdk.realtime.options import LiveOptions, PadMeasurements, SiteMeasurements, parted

__all__ = [
    "Gap",
    "LiveData",
    "LiveDataAsync",
    "LiveOptions",
    "LiveStatistics",
    "Manners",
    "PadMeasurements",
    "SiteMeasurements",
    "WhenFull",
    "parted",
]
