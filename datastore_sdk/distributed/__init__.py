"""Plans: downloads in independent slices, for engines that read them in other threads, processes and machines."""

from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.slices import Slice

__all__ = ["Plan", "Slice"]
