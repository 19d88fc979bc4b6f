"""Live data: what pads and sites tell by themselves, over WebSockets."""

from datastore_sdk.realtime.counts import LiveStatistics
from datastore_sdk.realtime.gaps import Gap
from datastore_sdk.realtime.live import LiveData, LiveDataAsync
from datastore_sdk.realtime.manners import Manners, WhenFull
from datastore_sdk.realtime.measurements import measurements, session_key_from
from datastore_sdk.realtime.options import LiveOptions, PadMeasurements, SiteMeasurements, parted
from datastore_sdk.realtime.updates import updates
from datastore_sdk.realtime.watching import watched

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
    "measurements",
    "parted",
    "session_key_from",
    "updates",
    "watched",
]
