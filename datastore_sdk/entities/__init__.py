"""Entities: pads, sites, states, stages and data changes."""

from datastore_sdk.entities.data_change import DataChange
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.pad_and_site import Pad, Site
from datastore_sdk.entities.stage import Stage
from datastore_sdk.entities.state import State

__all__ = ["DataChange", "ObjectList", "Pad", "Site", "Stage", "State"]
