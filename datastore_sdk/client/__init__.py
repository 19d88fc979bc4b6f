"""`Client`, and the cache of default clients."""

from datastore_sdk.client.client import Client
from datastore_sdk.client.client_cache import client_for

__all__ = ["Client", "client_for"]
