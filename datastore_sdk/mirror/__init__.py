"""Mirror: pads and sites kept true in a database or lake of the user."""

from datastore_sdk.mirror.mirror import Mirror
from datastore_sdk.mirror.progress import MirrorProgress
from datastore_sdk.mirror.report import (
    MirrorDifference,
    MirrorReport,
    MirrorStatus,
    MirrorVerification,
    SiteReport,
    SiteStatus,
)

__all__ = [
    "Mirror",
    "MirrorDifference",
    "MirrorProgress",
    "MirrorReport",
    "MirrorStatus",
    "MirrorVerification",
    "SiteReport",
    "SiteStatus",
]
